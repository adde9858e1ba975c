"""The compiler of the loops: where its work is kept, and that it takes a moment the first time.

Takes a function that tells the user, gives nothing. Never compiles anything itself.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

_FIRST_TIME = "compiling the loops for this machine; this happens once and takes about half a minute"
_TOLD = threading.Event()


def keep_compiled() -> None:
    """Gives the compiler a place to keep its work where it would find none: it looks beside the package, then in the
    user's cache folder; what is left is the folder for temporary files. Comes before any compiled function is imported.
    """
    if "NUMBA_CACHE_DIR" in os.environ or any(_is_writable(place) for place in _usual_places()):
        return
    owner = os.getuid() if hasattr(os, "getuid") else 0
    place = Path(tempfile.gettempdir()) / f"dbclone-compiled-{owner}"
    if not _is_writable(place) or _belongs_to_another(place):
        place = Path(tempfile.mkdtemp(prefix="dbclone-compiled-"))
    os.environ["NUMBA_CACHE_DIR"] = str(place)


@contextlib.contextmanager
def telling_of_compilation(tell: Callable[[str], None]) -> Iterator[None]:
    """Tells, once in a process, as soon as something really is compiled."""
    from numba.core import event

    class _Listener(event.Listener):
        def on_start(self, event: object) -> None:  # noqa: ARG002
            if not _TOLD.is_set():
                _TOLD.set()
                tell(_FIRST_TIME)

        def on_end(self, event: object) -> None: ...

    with event.install_listener("numba:compile", _Listener()):
        yield


def _usual_places() -> tuple[Path, ...]:
    """Where numba itself looks, in its order."""
    beside = Path(__file__).parent / "__pycache__"
    try:
        home = Path.home()
    except RuntimeError:
        return (beside,)
    usual = home / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    return beside, Path(os.environ.get("XDG_CACHE_HOME") or usual)


def _is_writable(place: Path) -> bool:
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place):
            return True
    except OSError:
        return False


def _belongs_to_another(place: Path) -> bool:
    """Code is loaded from there: nobody else may have put it there."""
    return hasattr(os, "getuid") and (place.stat().st_uid != os.getuid() or bool(place.stat().st_mode & 0o022))
