"""A ``.sql`` file: DDL, INSERT statements, constraints, in the source's dialect or in the one that was asked for.

Takes Arrow batches, gives one text file. Rows become literals column by column; never more than a batch in memory.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from dbclone.dialects.address import Address
from dbclone.dialects.portable import Attempt, PortableDdl
from dbclone.dialects.portable_ddl import portable_ddl
from dbclone.dialects.portable_writer import column_list, quote, target_names
from dbclone.dialects.protocol import Ddl, DdlMode, Loss, Stamp, Violation
from dbclone.dialects.scratch import Scratch
from dbclone.errors import TargetRefused
from dbclone.schema import Schema, Table, TableName
from dbclone.write.literals import literals

_MARK = "-- dbclone: "
_ROWS_A_STATEMENT = 200
_FLAVOURS = ("postgresql", "sqlite", "mysql")


class ScriptLoader:
    """Implements ``protocol.Loader``. Every table is a part of its own until ``finish`` joins them."""

    def __init__(self, address: Address, *, replace: bool = False, ddl_mode: DdlMode = "native") -> None:
        self.address = address
        self.plain: frozenset[tuple[TableName, str]] = frozenset()
        self._ddl_mode = ddl_mode
        _guard(address.file, replace=replace)
        self._scratch = Scratch(address.file, folder=False)
        self._lock = threading.Lock()
        self._schema: Schema | None = None
        self._flavour = "sqlite"
        self._is_native = False
        self._names: dict[TableName, TableName] = {}
        self._computed: dict[TableName, frozenset[str]] = {}
        self._parts: dict[TableName, Path] = {}
        self._portable: PortableDdl | None = None
        self._before = ""
        self._after = ""

    @property
    def holds(self) -> frozenset[str]:
        """What the database can hold that will run the script."""
        every = frozenset({"nan", "infinity", "decimal", "moment"})
        return {"postgresql": every, "sqlite": frozenset({"infinity", "decimal"})}.get(self._flavour, frozenset())

    def create(self, schema: Schema, ddl: Ddl | None) -> tuple[Loss, ...]:
        self._schema = schema
        own = schema.dialect if schema.dialect in _FLAVOURS else "postgresql"
        self._flavour = self.address.flavour or own
        self._names = target_names(schema, self._flavour)
        self._is_native = ddl is not None and ddl.dialect == self._flavour and self._ddl_mode == "native"
        losses: tuple[Loss, ...] = ()
        if ddl is not None and self._is_native:
            self._before, self._after = ddl.pre_data, ddl.post_data
        else:
            portable = self._portable = portable_ddl(schema, self._flavour)
            self.plain, losses = portable.plain, portable.losses
            self._schema = portable.schema
            attempts = [self._attempt(attempt) for attempt in portable.attempts]
            self._before, self._after = _script(portable.pre) + "".join(attempts), _script(portable.post)
        for table in self._schema or ():
            names = {column.name for column in table.columns if column.generated is not None}
            self._computed[table.name] = frozenset(n for n in names if (table.name, n) not in self.plain)
        return losses

    def load(self, table: Table, batches: Iterable[pa.RecordBatch]) -> int:
        if self._portable is not None:
            table, batches = self._portable.under_names(table, batches)
        with self._lock:
            path = self._parts.get(table.name)
            if path is None:
                path = self._scratch.path.with_name(f"{self._scratch.path.name}-{len(self._parts)}")
                self._parts[table.name] = path
        total = 0
        with path.open("a", encoding="utf-8", newline="\n") as file:
            for batch in batches:
                file.writelines(self._inserts(table, batch))
                total += batch.num_rows
        return total

    def finish(self) -> tuple[Violation, ...]:
        """Joins the parts in the order of the schema. A script proves nothing until a database runs it."""
        assert self._schema is not None, "create comes first"
        with self._scratch.path.open("w", encoding="utf-8", newline="\n") as file:
            # The stamp's place: its first line is written last, padded to this width.
            file.write(" " * _STAMP_WIDTH + "\n" + self._opening() + self._before + "\n")
            if self._flavour == "mysql":
                file.write(f"SET SQL_MODE = '{_MYSQL_ROWS}';\n")
            if self._flavour == "sqlite":
                file.write("BEGIN;\n")
            for table in self._schema:
                part = self._parts.get(table.name)
                if part is not None:
                    with part.open(encoding="utf-8", newline="\n") as rows:
                        shutil.copyfileobj(rows, file)
                    part.unlink()
            file.write("\n" + self._mode() + self._after + self._sequences() + self._refreshes() + self._closing())
        return ()

    def publish(self, stamp: Stamp) -> None:
        line = _MARK + json.dumps(asdict(stamp), sort_keys=True)
        with self._scratch.path.open("r+", encoding="utf-8", newline="\n") as file:
            file.write(line[:_STAMP_WIDTH])
        self._scratch.publish()

    def discard(self) -> None:
        self._scratch.discard()

    def _inserts(self, table: Table, batch: pa.RecordBatch) -> Iterator[str]:
        computed = self._computed.get(table.name, frozenset())
        names = [name for name in batch.schema.names if name in table.by_name and name not in computed]
        if not names or not batch.num_rows:
            return
        rows = self._rows(table, batch, names)
        automatic = self._flavour == "postgresql" and any(column.identity for column in table.columns)
        override = " OVERRIDING SYSTEM VALUE" if automatic else ""
        own = self._sql_name(table.name)
        columns = self._quoted(column_list(names))
        for start in range(0, len(rows), _ROWS_A_STATEMENT):
            part = rows[start : start + _ROWS_A_STATEMENT]
            yield f"INSERT INTO {own} ({columns}){override} VALUES\n" + ",\n".join(part) + ";\n"

    def _rows(self, table: Table, batch: pa.RecordBatch, names: list[str]) -> list[str]:
        """One ``(a, b, c)`` a row."""
        if self._flavour == "mysql":
            from dbclone.dialects.mysql.encode import Place, to_values
            from dbclone.dialects.portable_mysql import MysqlWriter

            assert self._schema is not None, "create comes first"
            types, zeros = MysqlWriter(self._schema, "mysql"), self._schema.dialect == "mysql"
            columns = [table.column(name) for name in names]
            places = [Place(column, types.type_in(table, column), zeros) for column in columns]
            return to_values(batch, places)
        endless = self._schema is not None and self._schema.dialect == "postgresql"
        cells = [literals(batch.column(name), table.column(name), self._flavour, endless=endless) for name in names]
        rows: list[str] = pc.binary_join_element_wise(
            "(", pc.binary_join_element_wise(*cells, ","), ")", ""
        ).to_pylist()
        return rows

    def _sql_name(self, name: TableName) -> str:
        own = self._names[name]
        has_place = own.schema and self._flavour == "postgresql"
        return self._quoted(f"{quote(own.schema)}.{quote(own.name)}" if has_place else quote(own.name))

    def _quoted(self, text: str) -> str:
        return text.replace('"', "`") if self._flavour == "mysql" else text

    def _attempt(self, attempt: Attempt) -> str:
        """A statement that the database may refuse without harm."""
        if self._flavour != "postgresql":
            return f"{attempt.sql};\n"
        return (
            f"DO $dbclone$ BEGIN {attempt.sql};\n"
            f"EXCEPTION WHEN OTHERS THEN RAISE NOTICE 'left out: %', SQLERRM; END $dbclone$;\n"
        )

    def _opening(self) -> str:
        if self._flavour == "sqlite":
            return "PRAGMA foreign_keys = OFF;\n"
        if self._flavour == "mysql":
            return f"SET NAMES utf8mb4;\nSET TIME_ZONE = '+00:00';\nSET FOREIGN_KEY_CHECKS = 0;\n{self._mode()}"
        # Functions may name tables that come later, and every name is written with its schema.
        return (
            "SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\nSET check_function_bodies = false;\n"
            "SELECT pg_catalog.set_config('search_path', '', false);\n"
        )

    def _mode(self) -> str:
        """How MySQL is to read the DDL: names in double quotes where it is not its own."""
        if self._flavour != "mysql":
            return ""
        return f"SET SQL_MODE = '{'' if self._is_native else 'ANSI_QUOTES,'}NO_AUTO_VALUE_ON_ZERO';\n"

    def _closing(self) -> str:
        if self._flavour == "sqlite":
            return "COMMIT;\nPRAGMA foreign_keys = ON;\n"
        return "SET FOREIGN_KEY_CHECKS = 1;\n" if self._flavour == "mysql" else ""

    def _sequences(self) -> str:
        """PostgreSQL's sequences go on after the highest number; SQLite and MySQL see to that themselves."""
        if self._flavour != "postgresql" or self._schema is None:
            return ""
        named = {str(s.name): f"{quote(s.name.schema)}.{quote(s.name.name)}" for s in self._schema.sequences}
        lines = []
        for table in self._schema:
            name = self._sql_name(table.name)
            for column in table.columns:
                if not column.is_automatic:
                    continue
                own = f"pg_get_serial_sequence({_text(name)}, {_text(column.name)})"
                if self._is_native and column.sequence in named:
                    own = _text(named[str(column.sequence)])
                top = f"max({quote(column.name)})"
                lines.append(f"SELECT pg_catalog.setval({own}, {top}) FROM {name} HAVING {top} IS NOT NULL;\n")
        return "".join(lines)

    def _refreshes(self) -> str:
        if not self._is_native or self._flavour != "postgresql" or self._schema is None:
            return ""
        views = [item.name.partition(".") for item in self._schema.objects if item.kind == "materialized view"]
        return "".join(f"REFRESH MATERIALIZED VIEW {quote(place)}.{quote(name)};\n" for place, _, name in views)


_STAMP_WIDTH = 400
_MYSQL_ROWS = "NO_BACKSLASH_ESCAPES,NO_AUTO_VALUE_ON_ZERO"


def read_stamp(path: Path) -> Stamp | None:
    """The stamp in a script's first line, None where dbclone did not write it."""
    try:
        with path.open(encoding="utf-8") as file:
            line = file.readline(_STAMP_WIDTH + 1)
        facts = json.loads(line[len(_MARK) :]) if line.startswith(_MARK) else {}
        return Stamp(facts["version"], facts["bundle"], facts["seed"], facts["time"], facts["synthetic"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _guard(path: Path, *, replace: bool) -> None:
    if not path.exists():
        return
    if not path.is_file():
        raise TargetRefused(f"{path} is no file.", hint="choose another name.")
    if path.stat().st_size and read_stamp(path) is None and not replace:
        raise TargetRefused(
            f"{path} exists and was not made by dbclone.",
            hint="choose another name, or pass --replace to overwrite it.",
        )


def _script(statements: Iterable[str]) -> str:
    return "".join(f"{statement.rstrip().rstrip(';')};\n" for statement in statements)


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
