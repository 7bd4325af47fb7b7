"""A way in for kernels on this machine when the server has no token that they could use.

A server with a password or an identity provider of its own has no token to hand to a kernel. So the extension leaves
a key in Jupyter's runtime directory, in a file that only the server's own user can read: whoever can read it could
read the server's cookie secret beside it, too. A request that carries it (``Authorization: rtc-notebook <key>``) acts
as the server's owner, on the extension's own endpoints and nowhere else.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import uuid
from pathlib import Path
from typing import Any

from jupyter_core.paths import secure_write
from jupyter_server.auth import AllowAllAuthorizer, Authorizer, IdentityProvider, User

SCHEME = "rtc-notebook "
OWNER = "Anonymous owner"


class LocalKey:
    """The key of this server process, and the file that kernels find it in."""

    def __init__(self, runtime_dir: str) -> None:
        self.path = Path(runtime_dir) / f"rtc-notebook-{os.getpid()}.json"
        self.owner = User(username=uuid.uuid4().hex, name=OWNER, display_name=OWNER)
        self._key = secrets.token_urlsafe(32)

    def write(self, url: str) -> None:
        """Leave ``{"url", "key"}`` for kernels to find; readable by this user alone (mode 0600)."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with secure_write(str(self.path)) as file:
            json.dump({"url": url, "key": self._key}, file)

    def remove(self) -> None:
        """Take the file away."""
        with contextlib.suppress(OSError):
            self.path.unlink()

    def opens(self, authorization: str) -> bool:
        """Whether this Authorization header carries the key."""
        if not authorization.startswith(SCHEME):
            return False
        return secrets.compare_digest(authorization[len(SCHEME) :].strip().encode(), self._key.encode())


class _Owner(IdentityProvider):
    owner: User

    def get_user(self, handler: Any) -> User:
        return self.owner

    def is_token_authenticated(self, handler: Any) -> bool:
        return True


class LocalKeyMixin:
    """A handler that also lets the holder of the local key in."""

    settings: dict[str, Any]
    request: Any

    @property
    def _by_local_key(self) -> LocalKey | None:
        key: LocalKey = self.settings["rtc_notebook_local_key"]
        return key if key.opens(self.request.headers.get("Authorization", "")) else None

    @property
    def identity_provider(self) -> IdentityProvider:
        """Who tells who this is: the server's provider, unless the key says it."""
        key = self._by_local_key
        if key is None:
            return super().identity_provider  # type: ignore[misc,no-any-return]
        provider = _Owner()
        provider.owner = key.owner
        return provider

    @property
    def authorizer(self) -> Authorizer:
        """Who tells what they may: the server's authorizer, unless this is its owner."""
        return super().authorizer if self._by_local_key is None else AllowAllAuthorizer()  # type: ignore[misc]
