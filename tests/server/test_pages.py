from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urljoin

import pytest
from fake_engine import FakeEngine
from tornado.httpclient import HTTPClientError

from rtc_notebook import __version__


def config(body: bytes) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="rtc-notebook-config">(.*?)</script>', body.decode())
    assert found
    told: dict[str, Any] = json.loads(found[1])
    return told


@pytest.mark.parametrize(
    ("path", "room", "module"),
    [([], None, "rooms.js"), (["room", "demo"], "demo", "page.js"), (["room", "名前 1"], "名前 1", "page.js")],
)
async def test_pages(jp_fetch: Any, jp_base_url: str, path: list[str], room: str | None, module: str) -> None:
    page = await jp_fetch("rtc-notebook", *path, params={"name": "Guest", "join": ""})
    told = config(page.body)
    assert (told["room"], told["version"]) == (room, __version__)
    asked = jp_base_url + "/".join(["rtc-notebook", *path])
    assert urljoin(f"/outer{asked}", told["baseUrl"]) == f"/outer{jp_base_url}", "whatever a proxy takes off"
    assert told["page"] == ("room" if room else "rooms")
    assert told["user"] == {"name": "", "anonymous": True}
    assert f'src="{told["baseUrl"]}static/rtc_notebook/{module}"' in page.body.decode()


async def test_pages_run_no_script_of_others_and_hold_no_token(
    jp_fetch: Any, jp_serverapp: Any, http_server_port: Any
) -> None:
    page = await jp_fetch("rtc-notebook", "room", "demo")
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    host = f"127.0.0.1:{http_server_port[1]}"
    assert policy.endswith(f"; connect-src 'self' ws://{host} wss://{host}"), "and it speaks to nobody else"
    assert jp_serverapp.identity_provider.token not in page.body.decode()
    scripts = re.findall(r"<script(.*?)>(.*?)</script>", page.body.decode(), re.DOTALL)
    assert all("application/json" in attributes or not text for attributes, text in scripts)
    assert " style=" not in page.body.decode()


@pytest.mark.parametrize("path", ["room/a..b", "room/-", "api/rooms/-", "api/rooms/nobody", "api/rooms/100%"])
async def test_what_is_no_room_is_not_found(jp_fetch: Any, path: str) -> None:
    with pytest.raises(HTTPClientError) as refusal:
        await jp_fetch("rtc-notebook", *path.split("/"))
    assert refusal.value.code == 404


async def test_the_list_of_rooms(join: Any, jp_fetch: Any) -> None:
    await join("demo", name="Ana")
    await join("名前", name="Bo")
    rooms = json.loads((await jp_fetch("rtc-notebook", "api", "rooms")).body)
    assert rooms == {"rooms": [{"name": "demo", "participants": ["Ana"]}, {"name": "名前", "participants": ["Bo"]}]}


async def test_one_room_with_the_counters_of_its_sfu(join: Any, jp_fetch: Any, engines: list[FakeEngine]) -> None:
    ana = await join("名前", name="Ana")
    track = (await ana.publish(m1="camera"))["1"]
    engines[0].push(track)
    told = json.loads((await jp_fetch("rtc-notebook", "api", "rooms", "名前")).body)
    assert told["name"] == "名前"
    assert [t["source"] for t in told["participants"][0]["tracks"]] == ["camera"]
    assert told["sfu"]["process"]["pid"]
    assert told["sfu"]["participants"][ana.id]["publish"] == {track: {"kind": "video", "packets": 1}}
    assert ana.session not in json.dumps(told)


async def test_modules_are_asked_for_each_time_and_sent_only_when_changed(jp_fetch: Any) -> None:
    first = await jp_fetch("static", "rtc_notebook", "protocol.js")
    assert first.headers["Cache-Control"] == "no-cache"
    assert "javascript" in first.headers["Content-Type"]
    with pytest.raises(HTTPClientError) as unchanged:
        await jp_fetch("static", "rtc_notebook", "protocol.js", headers={"If-None-Match": first.headers["Etag"]})
    assert unchanged.value.code == 304
