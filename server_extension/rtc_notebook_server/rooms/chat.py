"""What is written in a room: plain text, bounded, in order."""

from __future__ import annotations

import unicodedata
from collections import deque
from collections.abc import Iterable

from rtc_notebook.errors import ProtocolError
from rtc_notebook.protocol import MAX_CHAT_TEXT, ChatLine

MAX_LINES = 200


class ChatLog:
    """The newest lines, for those who come later."""

    def __init__(self) -> None:
        self.lines: deque[ChatLine] = deque(maxlen=MAX_LINES)
        self._last = 0

    def take_over(self, lines: Iterable[ChatLine]) -> None:
        """Begin with the lines of a former log."""
        for line in lines:
            self._last = max(self._last, line.id)
            self.lines.append(line)

    def write(self, by: str, name: str, text: str, time: float) -> ChatLine:
        """Add a line and return it.

        Raises
        ------
        ProtocolError
            If there is nothing to read in it, or too much.
        """
        text = _clean(text)
        if not text:
            raise ProtocolError("empty-chat", "There is nothing to read in this line.")
        if len(text) > MAX_CHAT_TEXT:
            raise ProtocolError("chat-too-long", f"A line of the chat has {MAX_CHAT_TEXT} characters at most.")
        self._last += 1
        line = ChatLine(id=self._last, by=by, name=name, text=text, time=time)
        self.lines.append(line)
        return line


def _clean(text: str) -> str:
    """Drop control and direction marks but for line ends and tabs, which code needs."""
    normal = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = (c for c in normal if c in "\n\t\u200d" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    return "".join(kept).strip("\n").rstrip()
