"""What is written in the call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import overload

from .errors import CallEnded, MessageError
from .house import House
from .protocol import MAX_CHAT_TEXT, ChatLine


@dataclass(frozen=True)
class ChatMessage:
    """A line of the chat.

    Attributes
    ----------
    name : str
        Who wrote it, as they were called then.
    text : str
        Plain text; several lines if there are line ends in it.
    time : datetime
        When, by the server's clock.
    participant : str
        The room's own id of who wrote it; see `Participant.id`.
    """

    name: str
    text: str
    time: datetime
    participant: str

    @classmethod
    def of(cls, line: ChatLine) -> ChatMessage:
        """Return a line as authors see it."""
        return cls(line.name, line.text, datetime.fromtimestamp(line.time, timezone.utc), line.by)

    def __str__(self) -> str:
        return f"{self.time.astimezone():%H:%M} {self.name}: {self.text}"


class Chat(Sequence[ChatMessage]):
    """The chat, live: the newest lines in order, those from before this kernel came included.

    Examples
    --------
    >>> call.chat[-1].text                              # doctest: +SKIP
    >>> call.chat.send("The results are in.")           # doctest: +SKIP
    """

    def __init__(self, house: House, over: Callable[[], CallEnded | None]) -> None:
        self._house = house
        self._over = over

    def send(self, text: object) -> None:
        """Write to everybody in the call; anything that is no string is written as ``str`` has it.

        Parameters
        ----------
        text : object
            At most 4,000 characters, line ends among them.

        Raises
        ------
        MessageError
            If it is longer.
        CallEnded
            If the call was left or has ended.
        """
        over = self._over()
        if over is not None:
            raise over
        line = str(text)
        if len(line) > MAX_CHAT_TEXT:
            raise MessageError(
                f"A line of the chat has {MAX_CHAT_TEXT:,} characters at most, this one has {len(line):,}. "
                "Write a part of it, or several."
            )
        self._house.write(line)

    @overload
    def __getitem__(self, index: int) -> ChatMessage: ...
    @overload
    def __getitem__(self, index: slice) -> list[ChatMessage]: ...
    def __getitem__(self, index: int | slice) -> ChatMessage | list[ChatMessage]:
        lines = self._house.lines
        return (
            [ChatMessage.of(line) for line in lines[index]]
            if isinstance(index, slice)
            else ChatMessage.of(lines[index])
        )

    def __len__(self) -> int:
        return len(self._house.lines)

    def __repr__(self) -> str:
        return "\n".join(str(message) for message in self) or "<Chat: nothing written yet>"
