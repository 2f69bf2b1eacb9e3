"""What Hypercorn serves: `hypercorn --config config.toml asgi:app`."""

from quart_app import create_app
from quart_app.garbage import look_seldom

app = create_app()
look_seldom()
