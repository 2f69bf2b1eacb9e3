"""The only place with SQL. A repository works in the session it is given and never commits."""
