"""The command."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

from jupyter_core.application import JupyterApp, NoStart
from traitlets import TraitError, Unicode

from rtc_notebook import server as servers
from rtc_notebook.errors import RtcNotebookError, ServerNotFound
from rtc_notebook.protocol import IceServer
from rtc_notebook.rtp import seam

from ..ice import IceSettings
from ..sfu.base import Network
from . import away, here, there
from .finding import Finding
from .visit import Visit


class DoctorApp(JupyterApp):
    """Says what works from here."""

    name = "jupyter-rtc-notebook-doctor"
    description = "Says what of a call works from here, and what to do where something does not."
    config_file_name = Unicode("jupyter_server_config")
    server = Unicode("", help="Address of the Jupyter server; by default the one that runs here.").tag(config=True)
    token = Unicode("", help="That server's token.").tag(config=True)
    aliases: dict[str, Any] = {"server": "DoctorApp.server", "token": "DoctorApp.token"}  # noqa: RUF012

    def start(self) -> None:
        """Check everything and print; ends with status 1 if something does not work."""
        try:
            super().start()
        except NoStart:
            return
        seam.use_short_gathering()  # as kernels and the SFU do: who answers later is of no use to them
        failed = asyncio.run(self._check())
        sys.exit(1 if failed else 0)

    async def _check(self) -> int:
        failed = 0
        async for finding in self._findings():
            print(finding, flush=True)
            failed += finding.verdict == "fail"
        return failed

    async def _findings(self) -> AsyncIterator[Finding]:
        for check in (here.versions, here.codecs):
            for finding in check():
                yield finding
        try:
            ice, network = self._settings()
        except (ValueError, TraitError) as error:
            yield Finding("configuration", "fail", str(error))
            return
        configured = ice.for_participant("doctor", time.time())
        try:
            server = servers.named(self.server, self.token or None) if self.server else servers.notebooks_own()
        except ServerNotFound as error:
            yield await here.sfu(network)
            async for finding in away.ice(configured):
                yield finding
            yield Finding("Jupyter server", "note", str(error))
            return
        well = True
        async for finding in away.jupyter(server):
            well = well and (finding.subject, finding.verdict) != ("Jupyter server", "fail")
            yield finding
        if not well:
            async for finding in self._from_outside(configured):
                yield finding
            return
        try:
            async with Visit(server).stay() as visit:
                async for finding in there.sfu(visit):
                    yield finding
                theirs = visit.welcome.media.ice_servers
            more = (
                () if self.server else tuple(one for one in configured if one.urls not in [its.urls for its in theirs])
            )
            if more:
                named = ", ".join(url for one in more for url in one.urls)
                yield Finding("configuration", "note", f"names {named}; the server that runs does not. Start it again.")
            async for finding in away.ice((*theirs, *more)):
                yield finding
        except RtcNotebookError as error:
            yield Finding("WebSocket", "fail", str(error))
            async for finding in self._from_outside(configured):
                yield finding

    async def _from_outside(self, configured: tuple[IceServer, ...]) -> AsyncIterator[Finding]:
        """Say what can be said where a server lets nobody in: which servers it names, and its SFU, only rooms know."""
        text = "not asked: the server says only in a room where its SFU is and which STUN and TURN servers it has"
        yield Finding("SFU", "note", text)
        if configured:
            async for finding in away.ice(configured):
                yield finding

    def _settings(self) -> tuple[IceSettings, Network]:
        from ..app import RtcNotebookApp

        configured: Any = RtcNotebookApp(config=self.config)
        ice = configured.ice_settings()
        return ice, configured.network(ice)
