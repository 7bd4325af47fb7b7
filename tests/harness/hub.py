"""A real JupyterHub with its proxy, and its users' servers on this machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tenacity

from .jupyter import free_port

REPOSITORY = Path(__file__).parents[2]
PROXY = shutil.which("configurable-http-proxy") or str(REPOSITORY / "node_modules/.bin/configurable-http-proxy")

_CONFIG = """
c.JupyterHub.bind_url = "http://127.0.0.1:{port}{base}"
c.JupyterHub.hub_port = {hub}
c.JupyterHub.db_url = "sqlite:///{home}/hub.sqlite"
c.JupyterHub.cookie_secret_file = "{home}/cookie_secret"
c.ConfigurableHTTPProxy.command = {proxy!r}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api}"
c.ConfigurableHTTPProxy.pid_file = "{home}/proxy.pid"
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "{home}/home/{{username}}"
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser"]
c.Spawner.args = [
    "--allow-root",
    "--LabApp.expose_app_in_browser=True",
    "--ServerApp.allow_unauthenticated_access=False",
]
c.Spawner.environment = {environment!r}
c.Spawner.start_timeout = 90
c.Spawner.http_timeout = 90
c.JupyterHub.services = [{{"name": "tests", "api_token": "{token}"}}]
c.JupyterHub.load_roles = [
    {{"name": "tests", "services": ["tests"], "scopes": ["admin:users", "admin:servers", "tokens", "access:servers"]}},
]
"""


def unavailable() -> str:
    """Return why no hub can be run here; empty where it can."""
    if not Path(PROXY).exists():
        return "configurable-http-proxy is not installed (npm install)"
    return ""


class Hub:
    """JupyterHub with configurable-http-proxy, DummyAuthenticator and SimpleLocalProcessSpawner; a context manager."""

    def __init__(self, home: Path, base: str = "/") -> None:
        self.home = home
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}{base}"
        self.log = home / "hub.log"
        self._token = os.urandom(16).hex()
        config = home / "jupyterhub_config.py"
        home.mkdir(parents=True, exist_ok=True)
        environment = {"PYTHONPATH": os.environ.get("PYTHONPATH", "")}
        config.write_text(
            _CONFIG.format(
                port=self.port,
                base=base,
                hub=free_port(),
                api=free_port(),
                home=home,
                proxy=[PROXY],
                python=sys.executable,
                environment=environment,
                token=self._token,
            )
        )
        self._command = [sys.executable, "-m", "jupyterhub", f"--config={config}"]
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Hub:
        env = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "JPY_"))}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(self._command, stdout=log, stderr=log, cwd=self.home, env=env)
        try:
            self._wait()
        except BaseException as error:
            self.__exit__()
            raise RuntimeError(self.log.read_text()[-4000:]) from error
        return self

    def __exit__(self, *exc: object) -> None:
        if self.process is None:
            return
        self.process.terminate()  # it ends its proxy and its users' servers
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    @tenacity.retry(
        stop=tenacity.stop_after_delay(60),
        wait=tenacity.wait_fixed(0.2),
        retry=tenacity.retry_if_exception_type(OSError),
    )
    def _wait(self) -> None:
        assert self.process is not None
        if self.process.poll() is not None:
            raise RuntimeError("JupyterHub ended at once")
        self.api("GET", "")

    def api(self, method: str, path: str, body: object = None) -> Any:
        """Ask the hub's REST API as its administrator."""
        return self._request(method, f"{self.url}hub/api/{path}", body)

    def start_server(self, user: str) -> HubServer:
        """Add a user and start their server."""
        self.api("POST", f"users/{user}")
        self.api("POST", f"users/{user}/server")
        self._ready(user)
        runtime = self.home / "home" / user / ".local/share/jupyter/runtime"
        return HubServer(f"{self.url}user/{user}/", self._token, runtime, self.home / "home" / user)

    @tenacity.retry(stop=tenacity.stop_after_delay(90), wait=tenacity.wait_fixed(0.3))
    def _ready(self, user: str) -> None:
        assert self.api("GET", f"users/{user}")["server"], "not started yet"

    def _request(self, method: str, url: str, body: object) -> Any:
        data = None if method == "GET" else json.dumps(body or {}).encode()
        headers = {"Authorization": f"token {self._token}", "Content-Type": "application/json"}
        request = urllib.request.Request(url, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text else None


@dataclass
class HubServer:
    """A user's server; what a test does to it goes through the proxy, with the administrator's token."""

    url: str
    token: str
    runtime: Path
    notebooks: Path

    def page(self, path: str, **query: str) -> str:
        """Return the URL of a page, for whoever is logged in."""
        more = "&".join(f"{key}={value}" if value else key for key, value in query.items())
        return f"{self.url}{path}?{more}"
