"""A MariaDB or MySQL server for one test session, and fresh databases on it.

Takes ``DBCLONE_TEST_MYSQL`` (a URL whose user may create databases) or the machine's own server binary, which is
started in a temporary folder and gone when the session ends. Never touches a server that already runs.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymysql
from pymysql.constants import CLIENT

MISSING = "no MariaDB here: apt install mariadb-server, or name a server with DBCLONE_TEST_MYSQL=mysql://root@host"
_SETTINGS = (
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=64M",
    "--innodb-log-file-size=16M",
    "--skip-innodb-doublewrite",
    "--skip-log-bin",
    "--skip-name-resolve",
    "--sync-frm=0",
    "--local-infile=1",
)
_MEMORY = Path("/dev/shm")
_ROOM = 1 << 30


def find_server() -> tuple[Path, Path] | None:
    """The server binary and what makes its first files, None where this machine has them not."""
    folders = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin:/usr/local/mysql/bin"
    server = shutil.which("mariadbd", path=folders)
    maker = shutil.which("mariadb-install-db", path=folders)
    return (Path(server), Path(maker)) if server and maker else None


@contextlib.contextmanager
def throwaway_server() -> Iterator[str]:
    """Starts a MariaDB server and gives the URL of its root, without a database; stops it and removes its files."""
    found = find_server()
    assert found is not None, MISSING
    server, maker = found
    # MariaDB cannot be told not to wait for the disk, and a test needs none.
    in_memory = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM
    folder = Path(tempfile.mkdtemp(prefix="dbclone-my-", dir=_MEMORY if in_memory else None))
    user = ["--user=root"] if os.geteuid() == 0 else []
    try:
        data, socket_path = folder / "data", folder / "s"
        first = [str(maker), "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal",
                 "--skip-test-db", *user]  # fmt: skip
        done = subprocess.run(first, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        port = _free_port()
        command = [str(server), "--no-defaults", f"--datadir={data}", f"--socket={socket_path}", f"--port={port}",
                   "--bind-address=127.0.0.1", *_SETTINGS, *user]  # fmt: skip
        with (folder / "log").open("wb") as log:
            started: dict[str, Any] = {"preexec_fn": _die_with_parent}
            process = subprocess.Popen(command, stdout=log, stderr=log, **started)
        try:
            _await(port, process, folder / "log")
            yield f"mysql://root@127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(url: str, script: str) -> list[tuple[Any, ...]]:
    """Runs statements, as the server itself cuts them; the rows of the last one that gives any."""
    host, _, name = url.removeprefix("mysql://").partition("/")
    account, _, place = host.rpartition("@")
    user, _, password = account.partition(":")
    server, _, port = place.partition(":")
    options: dict[str, Any] = {"client_flag": CLIENT.MULTI_STATEMENTS, "init_command": "SET time_zone = '+00:00'"}
    named = {"host": server, "port": int(port or 3306), "user": user, "password": password, "database": name or None}
    with contextlib.closing(pymysql.connect(**named, **options, autocommit=True)) as connection:
        cursor = connection.cursor()
        cursor.execute(script)
        rows: list[tuple[Any, ...]] = list(cursor.fetchall())
        while cursor.nextset():
            rows = list(cursor.fetchall()) or rows
    return rows


def _die_with_parent() -> None:
    # A test session killed hard must not leave its server behind.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _await(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()[-2000:]
        with contextlib.suppress(pymysql.err.OperationalError):
            run(f"mysql://root@127.0.0.1:{port}", "SELECT 1")
            return
        time.sleep(0.05)
    raise AssertionError(log.read_text()[-2000:])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
