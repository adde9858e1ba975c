"""Compiled loops are kept where they can be, beside a package or not, and compiling is said when it really happens."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import dbclone

_PROGRAM = """
import numpy as np
from dbclone.models.compiled import telling_of_compilation
with telling_of_compilation(lambda text: print("note:", text)):
    from dbclone.models.calendar_parts import position_codes
    position_codes(np.arange(3))
    position_codes(np.arange(3).astype(np.int32))
import os
print("folder:", os.environ.get("NUMBA_CACHE_DIR", ""))
"""


def run(package: Path, home: Path, temporary: Path) -> str:
    clean = {name: value for name, value in os.environ.items() if name not in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")}
    environment = {**clean, "PYTHONPATH": str(package), "HOME": str(home), "TMPDIR": str(temporary)}
    command = [sys.executable, "-B", "-c", _PROGRAM]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, cwd=package).stdout


def installed(tmp_path: Path, *, writable: bool) -> Path:
    package = tmp_path / "installed"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(dbclone.__file__).parent, package / "dbclone", ignore=ignore)
    if not writable:
        # Not even root can make files below a file.
        for part in ("models", "sample"):
            (package / "dbclone" / part / "__pycache__").touch()
    return package


def test_compiling_is_said_once_and_only_the_first_time(tmp_path: Path) -> None:
    package = installed(tmp_path, writable=True)
    first, second = (run(package, tmp_path, tmp_path) for _ in range(2))
    assert first.count("note: compiling the loops for this machine; this happens once") == 1
    assert "note:" not in second


def test_a_package_that_cannot_be_written_keeps_them_in_the_users_cache(tmp_path: Path) -> None:
    package = installed(tmp_path, writable=False)
    first, second = (run(package, tmp_path, tmp_path) for _ in range(2))
    assert "note:" in first
    assert "note:" not in second
    assert "folder: \n" in second
    assert (tmp_path / ".cache").is_dir()


def test_without_a_home_they_are_kept_among_temporary_files(tmp_path: Path) -> None:
    package = installed(tmp_path, writable=False)
    home = tmp_path / "home"
    home.touch()
    first, second = (run(package, home, tmp_path) for _ in range(2))
    assert "note:" in first
    assert "note:" not in second
    assert f"folder: {tmp_path}/dbclone-compiled-" in second
