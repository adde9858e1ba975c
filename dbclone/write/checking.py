"""Folders of Parquet or CSV read back: their rows, and whether they would satisfy a schema.

Takes an Address and a Schema, gives Arrow tables or Violations. Rows without a database are put into a scratch SQLite
file, whose own constraints are the proof.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from dbclone.dialects.address import Address, parse_address
from dbclone.dialects.protocol import Stamp, Violation
from dbclone.dialects.sampling import empty_table
from dbclone.errors import SourceError
from dbclone.schema import Schema, Table, TableName
from dbclone.write.folder import STAMP_FILE, file_stem


def read_files(address: Address, schema: Schema) -> tuple[dict[TableName, pa.Table], Stamp | None]:
    """The tables of ``schema`` that the folder holds, in their storage types, and its stamp.

    Raises SourceError where the address is no folder of rows, or a file cannot be read.
    """
    folder = Path(address.path or "")
    if address.dialect not in ("parquet", "csv") or not folder.is_dir():
        raise SourceError(f"{address} is no folder of Parquet or CSV files.", hint="name a database, or such a folder.")
    tables = {}
    for table in schema:
        file = folder / f"{file_stem(schema.short_names[table.name])}.{address.dialect}"
        if not file.exists():
            continue
        try:
            tables[table.name] = pa.parquet.read_table(file) if address.dialect == "parquet" else _read_csv(file, table)
        except (pa.ArrowException, OSError) as error:
            reason = str(error).splitlines()[0]
            raise SourceError(f"{file} cannot be read: {reason}", hint="write the folder anew.") from None
    return tables, _stamp(folder)


def check_files(address: Address, schema: Schema) -> tuple[tuple[Violation, ...], dict[TableName, int]]:
    """What the rows of a folder would break of ``schema``, and their number per table."""
    from dbclone.write import open_target

    tables, _ = read_files(address, schema)
    missing = tuple(Violation(table.name, "table", "is missing", 0) for table in schema if table.name not in tables)
    with tempfile.TemporaryDirectory(prefix="dbclone-") as folder:
        loader = open_target(parse_address(f"{folder}/check.db"))
        try:
            loader.create(schema, None)
            rows = {
                table.name: loader.load(table, tables[table.name].to_batches()) if table.name in tables else 0
                for table in schema
            }
            found = loader.finish()
        finally:
            loader.discard()
    return (*missing, *found), rows


def _read_csv(file: Path, table: Table) -> pa.Table:
    wanted = empty_table(table).schema
    kinds = {field.name: pa.string() if pa.types.is_binary(field.type) else field.type for field in wanted}
    return pa.csv.read_csv(
        file,
        convert_options=pa.csv.ConvertOptions(
            column_types=kinds,
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
    )


def _stamp(folder: Path) -> Stamp | None:
    stamp = folder / STAMP_FILE
    if not stamp.exists():
        return None
    facts = json.loads(stamp.read_text(encoding="utf-8"))
    fields = {name: facts[name] for name in ("version", "bundle", "seed", "time") if name in facts}
    return Stamp(**fields) if len(fields) == 4 else None
