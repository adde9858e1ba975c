"""Which database this is and whether dbclone made it: takes a session, gives an identity and a stamp.

The stamp lies in a table of its own, which MySQL and MariaDB both let rename into place with the others.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict

from dbclone.dialects.mysql.connect import Session, literal, quote, rows_of
from dbclone.dialects.mysql.names import STAMP_TABLE
from dbclone.dialects.protocol import Stamp

_OF_SERVER = "SELECT @@hostname, @@port, @@datadir"
_OF_ANY = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('server_uuid', 'server_uid')"


def read_identity(session: Session, database: str) -> str:
    """``mysql:server:database``, however the server was reached. The server is told by what it says of itself."""
    facts = [*rows_of(session, _OF_SERVER)[0], *sorted(row[1] for row in rows_of(session, _OF_ANY))]
    server = hashlib.sha256("|".join(map(str, facts)).encode()).hexdigest()[:16]
    folded = rows_of(session, "SELECT @@lower_case_table_names")[0][0] != 0
    return f"mysql:{server}:{database.lower() if folded else database}"


def read_stamp(session: Session, database: str) -> Stamp | None:
    """The stamp of a database, None where somebody else made it."""
    place = f"table_schema = {literal(database)} AND table_name = {literal(STAMP_TABLE)}"
    if not rows_of(session, f"SELECT 1 FROM information_schema.tables WHERE {place}"):
        return None
    rows = rows_of(session, f"SELECT stamp FROM {quote(database)}.{quote(STAMP_TABLE)}")
    try:
        facts = json.loads(str(rows[0][0]))
        return Stamp(facts["version"], facts["bundle"], facts["seed"], facts["time"], facts.get("synthetic", True))
    except (IndexError, ValueError, KeyError, TypeError):
        return None


def write_stamp(session: Session, database: str, stamp: Stamp) -> None:
    """Stamps a database that has no stamp yet."""
    table = f"{quote(database)}.{quote(STAMP_TABLE)}"
    with session.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {table} (stamp VARCHAR(1000) NOT NULL) CHARACTER SET utf8mb4")
        cursor.execute(f"INSERT INTO {table} VALUES (%s)", (json.dumps(asdict(stamp), sort_keys=True),))
