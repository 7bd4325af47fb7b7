"""Messages as text, and back."""

from __future__ import annotations

from typing import Any

import msgspec

from ..errors import ProtocolError
from .asks import Answer, AnswerAsk, Asked, AskKernel
from .base import MAX_MESSAGE_BYTES
from .chat import Chat, SendChat
from .connections import Candidate, Offer, OfferAnswer, Restart, Restarted
from .data import Data, SendData
from .filters import ClearFilter, SetFilter
from .invites import CreateInvite, Invited, Invites, RevokeInvite
from .overlays import DrawOverlay, Overlay
from .people import EndRoom, LowerHand, Moderate, MuteAll, RoomState, SetHand, SetLock, SetRole
from .reactions import Reaction, SendReaction
from .recording import SetRecording
from .session import Bye, Error, Heard, Hello, Leave, Pair, Waiting, Welcome
from .statistics import GetStats, Stats
from .tracks import Mute, Publish, PublishAnswer, PublishLink, Subscribe

ClientMessage = (
    Hello
    | Publish
    | PublishLink
    | Subscribe
    | OfferAnswer
    | Candidate
    | Mute
    | SetFilter
    | ClearFilter
    | DrawOverlay
    | SendData
    | SetRecording
    | GetStats
    | Restart
    | Pair
    | SetRole
    | Moderate
    | MuteAll
    | SetLock
    | SetHand
    | LowerHand
    | EndRoom
    | SendChat
    | SendReaction
    | AskKernel
    | AnswerAsk
    | CreateInvite
    | RevokeInvite
    | Leave
    | Heard
)
"""From a participant to the server."""

ServerMessage = (
    Welcome
    | RoomState
    | PublishAnswer
    | Offer
    | Candidate
    | Restarted
    | Overlay
    | Data
    | Stats
    | Waiting
    | Chat
    | Reaction
    | Asked
    | Answer
    | Invites
    | Invited
    | Error
    | Bye
    | Heard
)
"""From the server to a participant."""

_UNCOUNTED = (Hello, Welcome, Waiting, Leave, Bye, Heard, DrawOverlay, Overlay)


def counted(message: ClientMessage | ServerMessage) -> bool:
    """Whether a message is said again on the next socket if it was not heard on this one.

    Both sides count those, from the welcome that began the place. A socket delivers in order, so that a number is all
    it takes to know which of them were lost with it. Old drawings are of no use to anybody.
    """
    return not isinstance(message, _UNCOUNTED)


_encoder = msgspec.json.Encoder()
_client_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(ClientMessage)
_server_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(ServerMessage)


def encode(message: ClientMessage | ServerMessage) -> str:
    """Return a message as the text of a WebSocket frame."""
    return _encoder.encode(message).decode()


def fits(message: ClientMessage) -> bool:
    """Whether the server takes a message of this size; a larger one would close the socket."""
    return len(_encoder.encode(message)) <= MAX_MESSAGE_BYTES


def decode_client(data: str | bytes) -> ClientMessage:
    """Read a message that a participant sent.

    Raises
    ------
    ProtocolError
        If the text is no JSON, the type unknown, or a field missing, unknown or of the wrong type.
    """
    return _decode(_client_decoder, data)  # type: ignore[no-any-return]


def decode_server(data: str | bytes) -> ServerMessage:
    """Read a message that the server sent.

    Raises
    ------
    ProtocolError
        If the text is no JSON, the type unknown, or a field missing, unknown or of the wrong type.
    """
    return _decode(_server_decoder, data)  # type: ignore[no-any-return]


def _decode(decoder: msgspec.json.Decoder[Any], data: str | bytes) -> Any:
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        raise ProtocolError("bad-message", f"The message does not fit the protocol: {error}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError("bad-json", f"The message is not JSON: {error}.") from None
