"""A guest: somebody with a link and no account."""

from __future__ import annotations

import json
import re
from typing import Any

from client import Client
from tornado.httpclient import HTTPClientError

NOBODY = {"Authorization": "user "}


class Guests:
    """What a guest's page does, with no credentials but the link's."""

    def __init__(self, jp_fetch: Any, jp_ws_fetch: Any) -> None:
        self._fetch, self._ws_fetch = jp_fetch, jp_ws_fetch

    async def page(self) -> Any:
        return await self._fetch("rtc-notebook", "guest", headers=dict(NOBODY))

    async def exchange(self, secret: str, field: str = "token", address: str | None = None) -> dict[str, Any]:
        """Post a token as the page does; return the answer, or ``{"status", "code", "message"}``."""
        page = await self.page()
        found = re.search(r'id="rtc-notebook-config">(.*?)</script>', page.body.decode())
        assert found
        xsrf = json.loads(found[1])["xsrf"]
        cookie = "; ".join(each.split(";")[0] for each in page.headers.get_list("Set-Cookie"))
        headers = {**NOBODY, "Cookie": cookie, "X-XSRFToken": xsrf, **({"X-Real-Ip": address} if address else {})}
        body = json.dumps({field: secret})
        try:
            answer = await self._fetch("rtc-notebook", "api", "guest", method="POST", headers=headers, body=body)
        except HTTPClientError as error:
            assert error.response is not None
            return {"status": error.code, **json.loads(error.response.body)}
        told: dict[str, Any] = json.loads(answer.body)
        return told

    async def connect(self, session: str, **headers: str) -> Client:
        """Open the guests' socket with a session."""
        subprotocols = ["rtc-notebook.guest", session]
        path = ("rtc-notebook", "api", "guest", "socket")
        return Client(await self._ws_fetch(*path, headers={**NOBODY, **headers}, subprotocols=subprotocols))

    async def come(self, url: str, **hello: Any) -> Client:
        """Open a link and join."""
        told = await self.exchange(url.partition("#")[2])
        guest = await self.connect(told["session"])
        await guest.hello(**hello)
        return guest


async def invite(host: Client, **wanted: Any) -> dict[str, Any]:
    """Have a host make an invite."""
    host.say("create-invite", id=1, **wanted)
    told = await host.next("invited")
    assert told["id"] == 1
    return dict(told["invite"])
