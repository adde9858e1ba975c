"""What is imported when: the help is quick, the package is light, and its names are the ones promised."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import dbclone

ROOT = Path(__file__).parents[2]
HEAVY = ("pandas", "sqlalchemy", "numba", "sdv", "numpy", "pyarrow", "psycopg", "faker", "networkx", "sqlglot")


def loaded_by(code: str) -> list[str]:
    """The heavy libraries that a fresh Python holds after ``code``."""
    probe = f"{code}\nimport sys\nprint(*(name for name in {HEAVY!r} if name in sys.modules), file=sys.stderr)"
    run = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True)
    return run.stderr.split()


def test_the_package_loads_nothing_heavy() -> None:
    assert loaded_by("import dbclone") == []


@pytest.mark.parametrize("command", ["", "inspect", "init", "fit", "generate", "clone", "verify", "compare"])
def test_help_loads_nothing_heavy(command: str) -> None:
    help_of = [command, "--help"] if command else ["--help"]
    assert loaded_by(f"from dbclone.cli import app\napp({help_of!r}, standalone_mode=False)") == []


def test_exported_names() -> None:
    assert dbclone.__all__ == sorted(dbclone.__all__)
    for name in dbclone.__all__:
        assert getattr(dbclone, name) is not None
    assert set(dbclone.__all__) <= set(dir(dbclone))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'dbclone' has no attribute 'copy'"):
        _ = dbclone.copy  # type: ignore[attr-defined]


def test_the_wheel_has_the_version_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["hatch"]["version"]["path"] == "dbclone/__init__.py"
    assert dbclone.__version__ in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
