"""What an election is: mapped tables, pure rules and values. Nothing here does I/O."""
