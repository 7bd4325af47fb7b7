"""Who somebody is in a room: who they are to Jupyter."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jupyter_server.auth import User

from rtc_notebook.protocol import Hello

from .local_key import OWNER
from .rooms import Guest, names

_GENERATED = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Identity:
    """A user as the rooms know them. ``user`` is None for the anonymous, who choose their own name.

    ``guest`` is set for who has no account and came by an invite. ``login`` is what a browser of the anonymous is known
    by as long as it keeps its cookie; what comes with a token alone has another each time.
    """

    user: str | None
    display_name: str
    guest: Guest | None = None
    login: str | None = None

    @property
    def anonymous(self) -> bool:
        """Whether Jupyter does not know who this is."""
        return self.user is None

    def name_for(self, hello: Hello) -> str:
        """Return the name to go by in a room."""
        kernel = hello.client == "kernel"
        if self.anonymous:
            return names.clean(hello.name) or ("notebook kernel" if kernel else "Notebook" if hello.call else "Guest")
        return f"{self.display_name}'s kernel" if kernel else self.display_name


def identify(user: User) -> Identity:
    """Tell the users that a login knows from those that jupyter_server makes up for a token or password."""
    if _GENERATED.fullmatch(user.username) and (user.name or "Anonymous ").startswith("Anonymous "):
        return Identity(user=None, display_name="", login=None if user.name == OWNER else user.username)
    shown = names.clean(user.display_name) or names.clean(user.name) or names.clean(user.username) or "User"
    return Identity(user=user.username, display_name=shown)
