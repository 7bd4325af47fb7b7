"""Checks of what is elsewhere: STUN and TURN servers, and the Jupyter server that calls go through, by HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from aiortc import RTCIceGatherer, RTCIceServer
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest

from rtc_notebook.protocol import IceServer
from rtc_notebook.server import Server

from .finding import Finding

ANSWER_SECONDS = 8.0
_NO_ANSWER = 599  # as tornado has it
_LOCAL = ("localhost", "127.0.0.1", "::1")


async def ice(servers: tuple[IceServer, ...]) -> AsyncIterator[Finding]:
    """Ask every STUN server for this machine's address, and every TURN server for one of its own, all at once."""
    if not servers:
        text = (
            "none are configured. Media goes over UDP straight between browsers and the Jupyter server's machine; "
            "where a firewall is between them, set c.RtcNotebookApp.turn_urls and turn_secret."
        )
        yield Finding("STUN and TURN", "note", text)
    for finding in await asyncio.gather(*(_ask(url, server) for server in servers for url in server.urls)):
        yield finding


async def _ask(url: str, server: IceServer) -> Finding:
    if url.startswith("stuns:") or (url.startswith("turns:") and url.endswith("transport=udp")):
        return Finding(url, "note", "not asked: for browsers alone; kernels and the SFU speak no TLS over UDP")
    wanted = "relay" if url.startswith("turn") else "srflx"
    try:
        gatherer = RTCIceGatherer([RTCIceServer([url], server.username, server.credential)])
        await asyncio.wait_for(gatherer.gather(), ANSWER_SECONDS)
        found = [candidate for candidate in gatherer.getLocalCandidates() if candidate.type == wanted]
    except asyncio.TimeoutError:
        return Finding(
            url, "fail", f"did not answer within {ANSWER_SECONDS:g} s. Is the address right, and the port open?"
        )
    except Exception as error:  # whatever aioice stumbles over: a name that is none, a refusal, a broken TLS
        return Finding(url, "fail", f"cannot be used: {str(error) or type(error).__name__}. Check address and secret.")
    if not found and wanted == "relay":
        return Finding(url, "fail", "gives no address. Is it up, and are its secret and its credentials these?")
    if not found:
        text = "does not answer. Is it up, and is UDP let through to it? It is asked over IPv4."
        return Finding(url, "fail", text)
    if wanted == "relay":
        return Finding(url, "ok", f"gives the address {found[0].ip}")
    behind = "behind a NAT" if found[0].ip != found[0].relatedAddress else "its own address: no NAT in between"
    return Finding(url, "ok", f"answers, and sees this machine at {found[0].ip}, {behind}")


async def jupyter(server: Server) -> AsyncIterator[Finding]:
    """Ask a Jupyter server for its rooms."""
    parts = urlsplit(server.url)
    if parts.scheme == "https" or parts.hostname in _LOCAL:
        yield Finding("secure context", "ok", f"browsers open cameras on {parts.scheme}://{parts.netloc}")
    else:
        text = (
            f"browsers open no camera on {parts.scheme}://{parts.netloc}. Put the server behind HTTPS, or reach it as "
            f"localhost: ssh -L {parts.port or 80}:localhost:{parts.port or 80} {parts.hostname}"
        )
        yield Finding("secure context", "fail", text)
    headers = {"Authorization": server.authorization} if server.authorization else {}
    try:
        request = HTTPRequest(f"{server.url}rtc-notebook/api/rooms", headers=headers, request_timeout=ANSWER_SECONDS)
        rooms = json.loads((await AsyncHTTPClient().fetch(request)).body)["rooms"]
    except HTTPClientError as error:
        yield Finding("Jupyter server", "fail", _refusal(error.code, server.url))
        return
    except (OSError, ValueError, KeyError) as error:
        yield Finding("Jupyter server", "fail", f"{server.url} does not answer as one: {error}. Is the address right?")
        return
    yield Finding("Jupyter server", "ok", f"{server.url} has rtc-notebook, and {len(rooms)} open rooms")


def _refusal(code: int, url: str) -> str:
    if code in (401, 403):
        return (
            f"{url} lets nobody in without its token. Give it: --token=..., as in the address that your browser shows."
        )
    if code == 404:
        return (
            f"{url} has no rtc-notebook: `pip install rtc-notebook` in the server's environment, then start it again."
        )
    if code == _NO_ANSWER:
        return (
            f"{url} takes connections and gives no answer within {ANSWER_SECONDS:g} s. Is it busy, or the address "
            "another program's?"
        )
    return f"{url} answers with status {code}; its log says why."
