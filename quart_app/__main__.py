"""`python -m quart_app` is the command `tallystream`."""

from quart_app.cli import main

if __name__ == "__main__":
    main()
