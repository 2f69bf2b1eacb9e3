"""nginx: handing out a file, which is what the wire allows; and deploy/nginx.conf in front of a server."""

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from benchmarks.load.wire import HOST
from benchmarks.peers.ready import Ready
from benchmarks.stage import Server
from quart_app.certificate import localhost_certificate
from quart_app.settings import ROOT

COMMAND = ("nginx", "-e", "stderr", "-p", "{folder}", "-c")
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
MANY = "1000000000"

# nginx makes an entity tag of its own from the file's time and size; the other headers are ours.
_STATIC = """\
{account}
worker_processes 1;
daemon off;
pid {folder}/static.pid;
error_log stderr warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    open_file_cache max=100;
    keepalive_requests {many};
    {temporary}
    server {{
        listen {host}:{port}{tls};
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        location ~ . {{
            types {{ }}
            default_type {content_type};
            {headers}
            alias {folder}/body;
        }}
    }}
}}
"""


def static(ready: Ready, *, tls: bool = False) -> Server:
    """The same body as a file."""
    made_by_nginx = ("etag", "content-type")
    headers = [
        f"add_header {name} {_quoted(value)};"
        for name, value in ready.headers.items()
        if name not in made_by_nginx
    ]

    def prepare(folder: Path, port: int) -> None:
        certificate = localhost_certificate(folder)
        (folder / "body").write_bytes(ready.body)
        config = _STATIC.format(
            account=_account(),
            folder=folder,
            many=MANY,
            temporary=_temporary(folder),
            host=HOST,
            port=port,
            tls=" ssl http2" if tls else "",
            certificate=certificate.certfile,
            key=certificate.keyfile,
            content_type=ready.headers["content-type"],
            headers="\n            ".join(headers),
        )
        (folder / "static.conf").write_text(config)

    return Server("nginx-static", (*COMMAND, "{folder}/static.conf"), prepare)


def cache(upstream: int, *, tls: bool = False) -> Server:
    """deploy/nginx.conf before the server on port `upstream`: as it is shipped, but for its addresses, with
    one worker and with limits that one address alone does not meet.
    """
    return Server("nginx-cache", (*COMMAND, "{folder}/cache.conf"), _as_shipped(upstream, tls))


def _as_shipped(upstream: int, tls: bool) -> Callable[[Path, int], None]:
    def prepare(folder: Path, port: int) -> None:
        certificate = localhost_certificate(folder)
        text = (ROOT / "deploy" / "nginx.conf").read_text()
        for shipped, here in {
            "user www-data;": _account(),
            "worker_processes auto;": "worker_processes 1;\ndaemon off;",
            "/run/nginx.pid": f"{folder}/cache.pid",
            "error_log /var/log/nginx/error.log": "error_log stderr",
            "/var/cache": str(folder),
            "http {\n": f"http {{\n    {_temporary(folder)}\n",
            "server 127.0.0.1:8000;": f"server 127.0.0.1:{upstream};",
            "keepalive_requests 10000;": f"keepalive_requests {MANY};",
            "rate=100r/s": "rate=1000000r/s",
            "listen 80": f"listen unix:{folder}/plain-{port}",
            "listen 443 ssl http2": f"listen {HOST}:{port}" + (" ssl http2" if tls else ""),
            "/etc/nginx/tallystream.crt": str(certificate.certfile),
            "/etc/nginx/tallystream.key": str(certificate.keyfile),
            "tally.example.org": HOST,
            # An address is no name that a handshake could bring.
            "ssl_reject_handshake on;": "",
        }.items():
            text = text.replace(shipped, here)
        (folder / "cache.conf").write_text(text)

    return prepare


def _account() -> str:
    return "user root;" if os.geteuid() == 0 else ""


def _temporary(folder: Path) -> str:
    return " ".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)


def _quoted(value: str) -> str:
    return msgspec.json.encode(value).decode()
