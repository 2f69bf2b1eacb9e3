"""Other ways to do the same work, each in the few lines that its own documentation shows."""
