"""Writes the generated blocks of the README anew.

python tests/docs/refresh.py          the config block
python tests/docs/refresh.py --demo   also what `make demo` and `inspect --rules` print, which takes a while
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from examples.shop import build  # noqa: E402
from tests.docs.test_readme import config_block  # noqa: E402 - found through the line above


def demo_block() -> str:
    """What the demo prints to a pipe, without the progress on stderr."""
    command = [sys.executable, "examples/demo.py"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return f"\n```text\n{run.stdout.rstrip()}\n```\n\n"


def rules_block() -> str:
    """The rules of the example shop."""
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder) / "shop.db")
        command = [sys.executable, "-m", "dbclone", "inspect", "shop.db", "--rules", "--quiet"]
        run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, env=_environment())
    lines = "\n".join(line.rstrip() for line in run.stdout.rstrip().splitlines())
    return f"\n```text\n$ dbclone inspect shop.db --rules\n{lines}\n```\n\n"


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}


def write(name: str, content: str) -> None:
    """Puts ``content`` between the markers of that name."""
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    pattern = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
    text = re.sub(pattern, lambda found: found[1] + content + found[2], text, flags=re.DOTALL)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write("config", config_block())
    if "--demo" in sys.argv:
        write("demo", demo_block())
        write("rules", rules_block())
