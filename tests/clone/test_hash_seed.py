"""The same seed gives the same bytes in every process: nothing hangs on the order in which a set is walked."""

import os
import subprocess
import sys
from pathlib import Path

SHOP = Path(__file__).resolve().parents[2] / "examples" / "shop.py"


def test_the_order_of_sets_changes_nothing(tmp_path: Path) -> None:
    shop = tmp_path / "shop.db"
    subprocess.run([sys.executable, str(SHOP), str(shop), "--customers", "150"], check=True, capture_output=True)
    folders = []
    for hash_seed in ("1", "2"):
        folder = tmp_path / hash_seed
        command = [sys.executable, "-m", "dbclone", "clone", str(shop), f"parquet:{folder}", "--seed", "5", "--quiet"]
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONHASHSEED": hash_seed})
        folders.append({file.name: file.read_bytes() for file in folder.glob("*.parquet")})
    assert len(folders[0]) == 11
    assert folders[0] == folders[1]
