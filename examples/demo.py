"""Two minutes with dbclone: builds the example shop, clones it, checks the clone and shows both side by side.

Writes to demo/ beside the package and prints every command before it runs it, so that it can be repeated by hand.

    make demo
"""

from __future__ import annotations

import os
import shlex
import sqlite3
import subprocess
import sys
from pathlib import Path

from shop import build

ROOT = Path(__file__).resolve().parents[1]
SOURCE, CLONE, REPORT = "demo/shop.db", "demo/shop-clone.db", "demo/report.html"


def main() -> int:
    """Runs the demo and returns the exit code of the first command that fails."""
    os.chdir(ROOT)
    Path("demo").mkdir(exist_ok=True)
    _title("A shop to clone: customers, orders, staff. Every row is invented here, but imagine that they are real.")
    rows = build(Path(SOURCE))
    print(f"{SOURCE}: {len(rows)} tables, {sum(rows.values()):,} rows\n")
    for title, *command in (
        ("Learn it and fill a new database with rows of nobody", "clone", SOURCE, CLONE),
        ("Ask the clone whether every constraint of the shop holds", "verify", CLONE, "--against", SOURCE),
        ("Put both side by side", "compare", SOURCE, CLONE, "--html", REPORT),
    ):
        _title(title)
        print("$ dbclone " + shlex.join(command), flush=True)
        code = subprocess.run([sys.executable, "-m", "dbclone", *command], check=False).returncode
        print(flush=True)
        if code:
            return code
    _title("The first customers of the shop, and of its clone")
    for name, path in (("shop", SOURCE), ("clone", CLONE)):
        _customers(name, path)
    print(
        f"\nWhat to try next:\n"
        f"  open {REPORT} in a browser\n"
        f"  sqlite3 {CLONE} 'SELECT * FROM revenue_by_month'\n"
        f"  .venv/bin/dbclone clone {SOURCE} demo/small.db --scale 0.1     a tenth of it\n"
        f"  .venv/bin/dbclone inspect {SOURCE}                            what dbclone sees in it\n"
        f"  .venv/bin/dbclone clone postgresql://HOST/NAME mine.db        your own, which is only read\n"
    )
    return 0


def _title(text: str) -> None:
    print(f"--- {text}", flush=True)


def _customers(name: str, path: str) -> None:
    query = """
        SELECT first_name, last_name, email, segment, count(order_id), coalesce(sum(total), 0)
        FROM customers LEFT JOIN orders USING (customer_id)
        GROUP BY customers.rowid ORDER BY customers.rowid LIMIT 4
    """
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    for first, last, email, segment, orders, total in connection.execute(query):
        print(f"  {name:6} {first + ' ' + last:20.20} {email:34.34} {segment:9} {orders:3} orders {total:12,.2f}")
    connection.close()


if __name__ == "__main__":
    sys.exit(main())
