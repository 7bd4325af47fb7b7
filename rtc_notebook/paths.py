"""The paths of files that authors name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path


def whole_path(path: str | os.PathLike[str], error: Callable[[str], Exception], cannot: str) -> Path:
    """Return the whole path of a file, which need not be there.

    Parameters
    ----------
    path : path-like
        As an author gave it; ``~`` is somebody's home.
    error : callable
        Makes the error to raise.
    cannot : str
        What cannot be done with the file, such as ``"cannot be read"``.

    Raises
    ------
    Exception
        ``error``'s, where the system can tell at once that no file can be there: says why.
    """
    try:
        target = Path(path).expanduser().absolute()
        str(target).encode()  # it goes to other processes as text
        target.stat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except TypeError:
        raise error(f"A file is named by its path, not by {path!r:.80}.") from None
    except (OSError, RuntimeError, ValueError) as failure:  # no way into the folder, nobody's home, no name for a file
        why = (failure.strerror if isinstance(failure, OSError) else None) or failure
        raise error(f"{os.fspath(path)!r:.200} {cannot}: {why}. Name another file.") from None
    return target
