"""Use cases. They know neither HTTP nor SQL, and hand over frozen values."""
