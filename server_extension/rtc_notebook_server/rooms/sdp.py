"""The little that a room needs to know of an SDP (RFC 8866); the SFU reads the rest."""

from __future__ import annotations

from rtc_notebook.errors import ProtocolError
from rtc_notebook.protocol import Kind


def kinds(sdp: str) -> dict[str, Kind]:
    """Return the kind of each audio and video m-line by its mid.

    Raises
    ------
    ProtocolError
        If the text is no SDP.
    """
    if not sdp.startswith("v=0"):
        raise ProtocolError(
            "bad-sdp", "The offer is no SDP: it does not begin with 'v=0'. Send what createOffer() gave."
        )
    found: dict[str, Kind] = {}
    kind: Kind | None = None
    for line in sdp.splitlines():
        if line.startswith("m="):
            kind = "audio" if line.startswith("m=audio ") else "video" if line.startswith("m=video ") else None
        elif line.startswith("a=mid:") and kind is not None:
            found[line[len("a=mid:") :].strip()] = kind
    return found
