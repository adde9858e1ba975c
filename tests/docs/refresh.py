"""Writes the generated blocks of the README anew.

python tests/docs/refresh.py          the config block
python tests/docs/refresh.py --demo   also what `make demo` prints, which takes a while
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.docs.test_readme import config_block  # noqa: E402 - found through the line above


def demo_block() -> str:
    """What the demo prints to a pipe, without the progress on stderr."""
    command = [sys.executable, "examples/demo.py"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return f"\n```text\n{run.stdout.rstrip()}\n```\n\n"


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
