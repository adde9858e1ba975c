"""A place beside a target, where a file or folder is made in peace before it takes the target's place in one step.

Takes a target path. Never leaves litter: what a dead run left is removed by the next one, known by its free lock.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sys
from pathlib import Path

from dbclone.errors import TargetError

_MARK = ".dbclone-"
_TOKEN_LENGTH = 12


class Scratch:
    """``path`` is where to write. ``publish`` or ``discard`` ends it; both may be called again without harm."""

    def __init__(self, target: Path, *, folder: bool) -> None:
        self.target = Path(os.path.realpath(target))
        self.folder = folder
        self._done = False
        parent = self.target.parent
        if not parent.is_dir():
            raise TargetError(f"There is no folder {parent} to write {target.name} into.", hint="create it first.")
        restore_interrupted(self.target)
        remove_stale(self.target)
        self.path = parent / f".{self.target.name}{_MARK}{secrets.token_hex(_TOKEN_LENGTH // 2)}"
        try:
            if folder:
                self.path.mkdir()
            else:
                self.path.touch(exist_ok=False)
        except OSError as error:
            raise TargetError(
                f"{parent} cannot be written: {error.strerror}.", hint="choose a folder that you may write to."
            ) from None
        self._lock = _lock(self.path)

    def publish(self) -> None:
        """Puts the scratch in the target's place. A crash between two steps is undone or completed by the next run."""
        if self._done:
            return
        try:
            if self.folder:
                self._publish_folder()
            else:
                if self.target.exists():
                    shutil.copymode(self.target, self.path)
                else:
                    _give_default_mode(self.path)
                _sync(self.path)
                os.replace(self.path, self.target)
            _sync(self.target.parent)
        except OSError as error:
            self.discard()
            raise TargetError(f"{self.target} cannot be replaced: {error.strerror}.") from None
        self._close()

    def discard(self) -> None:
        if self._done:
            return
        self._close()
        _remove(self.path)

    def _publish_folder(self) -> None:
        if not self.target.exists() or not any(self.target.iterdir()):
            os.replace(self.path, self.target)
            return
        old = self.target.parent / f".{self.target.name}{_MARK}old"
        _remove(old)
        os.replace(self.target, old)
        os.replace(self.path, self.target)
        _remove(old)

    def _close(self) -> None:
        self._done = True
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def remove_stale(target: Path) -> None:
    """Removes what runs that died left beside ``target``; a run that lives holds the lock of its own."""
    for path in target.parent.glob(f".{_escaped(target.name)}{_MARK}*"):
        if path.name.endswith(f"{_MARK}old"):
            continue
        if _is_free(path):
            _remove(path)


def restore_interrupted(target: Path) -> None:
    """A folder set aside by a run that died before the new one stood in its place comes back."""
    old = target.parent / f".{target.name}{_MARK}old"
    if old.exists():
        if target.exists():
            _remove(old)
        else:
            os.replace(old, target)


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _lock(path: Path) -> int | None:
    """An open descriptor that holds an exclusive lock until it is closed or its process dies."""
    if sys.platform == "win32":
        return None
    import fcntl

    descriptor = os.open(path, os.O_RDONLY)
    with contextlib.suppress(OSError):  # a file system without locks: the scratch then looks stale to another run
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return descriptor


def _is_free(path: Path) -> bool:
    if sys.platform == "win32":
        return True  # an open file cannot be removed there
    import fcntl

    # Side files (SQLite's -journal, parts of a script) follow the file whose name they continue.
    start, mark, rest = path.name.rpartition(_MARK)
    owner = path.with_name(start + mark + rest[:_TOKEN_LENGTH])
    if owner != path and owner.exists():
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        for name in path.parent.glob(f"{_escaped(path.name)}*"):
            with contextlib.suppress(OSError):
                name.unlink()


def _give_default_mode(path: Path) -> None:
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)


def _sync(path: Path) -> None:
    """What was renamed must be on disk before the rename is; folders cannot be synced everywhere."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
