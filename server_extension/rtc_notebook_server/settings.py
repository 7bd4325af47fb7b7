"""What rooms are made with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from rtc_notebook.protocol import MediaSettings

from .ice import IceSettings
from .invites import Invites
from .kept import KeptRooms
from .sfu.base import Engine


@dataclass(frozen=True)
class Settings:
    """What rooms are made with; times in seconds."""

    make_engine: Callable[[], Engine]
    media: MediaSettings = field(default_factory=MediaSettings)
    ice: IceSettings = field(default_factory=IceSettings)
    resume_grace: float = 30.0
    kernel_grace: float = 5.0
    reload_grace: float = 4.0
    widget_grace: float = 12.0
    max_participants: int = 50
    max_rooms: int = 100
    max_places_of_a_guest: int = 3
    linger: float = 10.0
    tell_seconds: float = 0.05
    invites: Invites = field(default_factory=Invites)
    kept: KeptRooms = field(default_factory=KeptRooms)
    public_url: str = ""
    inner_url: Callable[[], str] = lambda: "/"
    base_url: str = "/"
