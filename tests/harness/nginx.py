"""nginx in front of a Jupyter server, over HTTPS, as deployments have it."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import tenacity

from .jupyter import free_port

# What docs/deployment.md says.
_CONFIG = """
daemon off;
worker_processes 1;
pid {home}/nginx.pid;
error_log stderr warn;
events {{ }}
http {{
    access_log {home}/access.log;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    map $http_upgrade $connection_upgrade {{ default upgrade; "" close; }}
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {home}/cert.pem;
        ssl_certificate_key {home}/key.pem;
        client_max_body_size 100m;
        location {prefix} {{
            proxy_pass {upstream};
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_buffering off;
            proxy_read_timeout 1h;
        }}
    }}
}}
"""


def unavailable() -> str:
    """Return why nginx cannot be run here; empty where it can."""
    for tool in (_executable(), "openssl"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    return ""


@contextmanager
def nginx(upstream: str, prefix: str, home: Path) -> Iterator[str]:
    """Run nginx with a certificate of its own; gives the address under which ``prefix`` of ``upstream`` is reached.

    Where ``upstream`` ends in a slash, the prefix is taken off, as jupyter-server-proxy does.
    """
    home.mkdir(parents=True, exist_ok=True)
    port = free_port()
    certificate = [
        "-subj",
        "/CN=localhost",
        "-days",
        "2",
        "-keyout",
        str(home / "key.pem"),
        "-out",
        str(home / "cert.pem"),
    ]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *certificate], check=True, capture_output=True
    )
    config = home / "nginx.conf"
    config.write_text(_CONFIG.format(home=home, port=port, prefix=prefix, upstream=upstream))
    with (home / "error.log").open("wb") as log:
        process = subprocess.Popen([_executable(), "-c", str(config), "-p", str(home)], stdout=log, stderr=log)
    try:
        _wait_for_port(port)
        yield f"https://127.0.0.1:{port}{prefix}"
    finally:
        process.terminate()
        process.wait(10)


def _executable() -> str:
    return shutil.which("nginx") or "/usr/sbin/nginx"


@tenacity.retry(stop=tenacity.stop_after_delay(10), wait=tenacity.wait_fixed(0.1))
def _wait_for_port(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), 1).close()
