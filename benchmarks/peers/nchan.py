"""nginx with Nchan, in one process that keeps messages in its own memory."""

import os
import shutil
from pathlib import Path

import click

from benchmarks.load.wire import HOST, WrongAnswer
from benchmarks.stage import Server

APT = "apt-get install nginx libnginx-mod-nchan"
MODULE = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")

# One process, which is then the one that is pinned and looked at. As its documentation has it: one location
# publishes, an EventSource listens at another, and the channel is the same for both.
_CONFIG = """\
load_module {module};
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 16384; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    nchan_shared_memory_size 512m;
    server {{
        listen {host}:{port} backlog=4096;
        location = /publish {{
            nchan_publisher;
            nchan_channel_id results;
            nchan_message_buffer_length 100000;
            nchan_message_timeout 10m;
        }}
        location = /stream {{
            nchan_subscriber eventsource;
            nchan_channel_id results;
            nchan_subscriber_first_message newest;
        }}
    }}
}}
"""


def is_here() -> bool:
    return shutil.which("nginx") is not None and MODULE.exists()


def left_out() -> None:
    """Says that there is no such row and what brings it. Raises WrongAnswer in CI, where nothing may miss."""
    message = f"Nchan is left out, for it is not here: {APT}"
    if os.environ.get("CI") == "true":
        raise WrongAnswer(message)
    click.echo(message, err=True)


def _prepare(folder: Path, port: int) -> None:
    config = _CONFIG.format(module=MODULE, folder=folder, host=HOST, port=port)
    (folder / "nchan.conf").write_text(config)


SERVER = Server("nchan", ("nginx", "-p", "{folder}", "-c", "{folder}/nchan.conf"), _prepare)
