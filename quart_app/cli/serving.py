"""`tallystream serve`: the engines if need be, the newest schema, and the server."""

import errno
import os

import click

from quart_app import serve as server
from quart_app.cli.access import operator
from quart_app.cli.running import Failure, run, running_engines
from quart_app.keys import warn_of_kept_keys
from quart_app.settings import load_settings
from repositories.migrations import migrate

PORT = click.IntRange(1, 65535)


@operator
@click.command()
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes.")
@click.option("--port", type=PORT, help="Of HTTP/1.1 without TLS; 8000 unless config.toml says otherwise.")
@click.option("--tls-port", type=PORT, help="Of HTTP/2 over TLS; 8443 unless config.toml says otherwise.")
def serve(workers: int, port: int | None, tls_port: int | None) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    with running_engines() as settings:
        run(migrate(settings.database_url or ""))
        try:
            if server.WORKER not in os.environ:
                server.check_addresses(settings, port=port, tls_port=tls_port)
                warn_of_kept_keys(load_settings())
            server.serve(settings, workers=workers, port=port, tls_port=tls_port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise Failure(f"{error.strerror}; choose others with --port and --tls-port.") from error
