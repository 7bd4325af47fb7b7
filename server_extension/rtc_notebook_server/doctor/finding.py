"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "note", "fail"]


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's: what was looked at, how it is, and what to do where it is not well.

    Attributes
    ----------
    subject : str
        What was looked at.
    verdict : {"ok", "note", "fail"}
        ``note``: works, but not in every case that users have.
    text : str
        What was seen, and what to do about it.
    """

    subject: str
    verdict: Verdict
    text: str

    def __str__(self) -> str:
        return f"{_MARK[self.verdict]} {self.subject}: {self.text}"


_MARK = {"ok": "✓", "note": "•", "fail": "✗"}
