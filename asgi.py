"""What Hypercorn serves: `hypercorn --config config.toml asgi:app`."""

from quart_app import create_app

app = create_app()
