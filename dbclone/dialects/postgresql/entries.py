"""A pg_dump script as a list of entries: takes its text, gives what each part makes and the SQL of it.

Relies on the comment that pg_dump puts before every entry. Never runs SQL.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass

from dbclone.dialects.protocol import Loss
from dbclone.schema import ForeignKey, Schema

_HEADER = re.compile(r"^--\n-- Name: (?P<name>.*); Type: (?P<kind>[A-Z ]+); Schema: (?P<schema>.*?); Owner: (?P<owner>.*)\n--\n", re.M)  # noqa: E501  # fmt: skip
_META = re.compile(r"^\\(?:un)?restrict [A-Za-z0-9]+\n", re.M)
_SETTING = re.compile(r"^SET default_table_access_method = .*;\n", re.M)
_TABLESPACE = re.compile(r"^SET default_(?:tablespace|with_oids) = .*;\n", re.M)
_FACTS = "-- dbclone database: "
_LOSS = "-- dbclone leaves out: "


@dataclass(frozen=True)
class Entry:
    """``kind`` and ``name`` as pg_dump prints them: ``FK CONSTRAINT`` is named by table and constraint."""

    kind: str
    schema: str
    name: str
    sql: str


def parse_entries(text: str) -> tuple[Entry, ...]:
    """The entries of a script in order, without the settings at its head and without psql's own commands."""
    text = _TABLESPACE.sub("", _META.sub("", text))
    found: list[Entry] = []
    headers = list(_HEADER.finditer(text))
    for number, header in enumerate(headers):
        end = headers[number + 1].start() if number + 1 < len(headers) else len(text)
        body = text[header.end() : end]
        setting = _SETTING.search(body)
        found.append(Entry(header["kind"], header["schema"], header["name"], _SETTING.sub("", body).strip() + "\n"))
        if setting:
            # It stands before the next entry's header and outlives whatever becomes of this one.
            found.append(Entry("SETTING", "-", "default_table_access_method", setting[0]))
    first = _SETTING.search(text[: headers[0].start()]) if headers else None
    if first:
        found.insert(0, Entry("SETTING", "-", "default_table_access_method", first[0]))
    return tuple(entry for entry in found if entry.sql.strip())


def render(entries: Iterable[Entry]) -> str:
    """A script that ``parse_entries`` reads back."""
    return "\n".join(
        entry.sql
        if entry.kind == "SETTING"
        else f"--\n-- Name: {entry.name}; Type: {entry.kind}; Schema: {entry.schema}; Owner: -\n--\n\n{entry.sql}"
        for entry in entries
    )


def without_keys(text: str, keys: Collection[ForeignKey], schema: Schema) -> str:
    """The script without ``keys`` of ``schema``; a partition's copy of a key goes with it."""
    wanted: set[tuple[str, str]] = set()
    for key in keys:
        referenced = f" FOREIGN KEY ({', '.join(key.columns)}) REFERENCES {key.parent}("
        owners = [key.table, *(part.name for part in schema.table(key.table).partitions)]
        wanted |= {(str(owner), referenced) for owner in owners}
    gone: set[tuple[str, str]] = set()
    kept = []
    for entry in parse_entries(text):
        # pg_dump writes a name without quotes where it needs none.
        table, _, rest = entry.sql.lstrip().replace('"', "").removeprefix("ALTER TABLE ").partition("\n")
        if entry.kind == "FK CONSTRAINT" and any(
            table.removeprefix("ONLY ").strip() == owner and referenced in rest for owner, referenced in wanted
        ):
            gone.add((entry.schema, entry.name))
            continue
        # A comment on a key is called "CONSTRAINT name ON table", the key itself "table name".
        named = re.fullmatch(r"CONSTRAINT (.+) ON (.+)", entry.name) if entry.kind == "COMMENT" else None
        if named is None or (entry.schema, f"{named[2]} {named[1]}") not in gone:
            kept.append(entry)
    return render(kept)


def write_facts(facts: dict[str, str], losses: Sequence[Loss]) -> str:
    """Comment lines for the head of a script: what CREATE DATABASE takes, and what the script leaves out."""
    lines = [_FACTS + json.dumps(facts, sort_keys=True)]
    lines += [_LOSS + json.dumps(asdict(loss), sort_keys=True) for loss in losses]
    return "\n".join(lines) + "\n\n"


def read_facts(text: str) -> tuple[dict[str, str], tuple[Loss, ...]]:
    """What ``write_facts`` wrote, empty where the script has no such head."""
    facts: dict[str, str] = {}
    losses: list[Loss] = []
    for line in text.splitlines():
        if line.startswith(_FACTS):
            facts = {str(name): str(value) for name, value in json.loads(line.removeprefix(_FACTS)).items()}
        elif line.startswith(_LOSS):
            losses.append(Loss(**json.loads(line.removeprefix(_LOSS))))
        elif line.strip():
            break
    return facts, tuple(losses)
