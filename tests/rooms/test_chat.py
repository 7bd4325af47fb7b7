from __future__ import annotations

import pytest
from rtc_notebook_server.rooms.chat import MAX_LINES, ChatLog

from rtc_notebook.errors import ProtocolError
from rtc_notebook.protocol import MAX_CHAT_TEXT


def test_lines_are_numbered_and_bounded() -> None:
    log = ChatLog()
    for number in range(MAX_LINES + 5):
        log.write("p", "Ana", f"line {number}", 1.0)
    assert len(log.lines) == MAX_LINES
    assert [log.lines[0].id, log.lines[-1].id] == [6, MAX_LINES + 5]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("a\u202eb\x00\x1b[2J\x07", "ab[2J"),
        ("\n\n```py\r\nfor x in y:\r\n\tz\n```\n", "```py\nfor x in y:\n\tz\n```"),
        ("  indented", "  indented"),
        ("👩\u200d🔬 名前", "👩\u200d🔬 名前"),
    ],
)
def test_text_is_kept_as_it_is_but_for_what_does_not_show(given: str, kept: str) -> None:
    assert ChatLog().write("p", "Ana", given, 1.0).text == kept


@pytest.mark.parametrize(
    ("text", "code"), [("", "empty-chat"), (" \n\x00", "empty-chat"), ("x" * (MAX_CHAT_TEXT + 1), "chat-too-long")]
)
def test_what_is_refused_leaves_nothing(text: str, code: str) -> None:
    log = ChatLog()
    with pytest.raises(ProtocolError) as refusal:
        log.write("p", "Ana", text, 1.0)
    assert refusal.value.code == code and not log.lines
