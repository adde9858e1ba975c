"""How well made texts hit the lengths that they are asked for: takes databases, prints one line a text column.

    python benchmarks/texts.py postgresql://postgres@127.0.0.1/chinook postgresql://postgres@127.0.0.1/pagila
    python benchmarks/texts.py SOURCE --show 3

Every column is asked for the source's own lengths, rows shuffled, one chunk a table. ``ks`` is the largest gap between
the two cumulative shares, ``exact`` the share of rows that have the length asked for. Columns of reference tables are
left out unless ``--all``. Never passes or fails.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.dialects import open_source, parse_address
from dbclone.dialects.counting import row_counts
from dbclone.dialects.sampling import choose_families, read_tables
from dbclone.profile import ColumnProfile, Profile, Role, exempt_values, learn_profile
from dbclone.sample.texts import UNWANTED, make_texts
from dbclone.schema import Schema, TableName

Lengths = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Line:
    """One column's result; ``made`` and ``own`` are a few values of the clone and of the source."""

    where: str
    maker: str
    unique: bool
    rows: int
    distance: float
    exact: float
    means: tuple[float, float]
    made: tuple[str, ...]
    own: tuple[str, ...]


def measure(url: str, *, everything: bool = False, seed: int = 0) -> Iterator[Line]:
    """A line for each text column of a database."""
    source = open_source(parse_address(url))
    try:
        schema, profile, tables = _learn(source)
    finally:
        source.close()
    for table in schema:
        about = profile.table(table.name)
        data = tables[table.name]
        if not data.num_rows or (about.reference and not everything):
            continue
        order = np.random.default_rng(seed).permutation(data.num_rows)
        asked = {
            column.name: wanted_lengths(data.column(column.name), column, profile.k)[order]
            for column in about.columns
            if column.maker is not None and column.role in (Role.TEXT, Role.CODED)
        }
        asked = {name: lengths for name, lengths in asked.items() if (lengths > 0).any()}
        shuffled = data.take(pa.array(order))
        known = {name: shuffled.column(name).combine_chunks() for name in data.column_names if name not in asked}
        made = make_texts(
            about,
            asked,
            first_row=0,
            total_rows=data.num_rows,
            rng=np.random.default_rng(seed),
            locale=profile.locale,
            known=known,
        )
        for name, lengths in asked.items():
            yield _line(url, table.name, about.column(name), lengths, made[name], data.column(name))


def _learn(source: Any) -> tuple[Schema, Profile, dict[TableName, pa.Table]]:
    schema = source.schema()
    names = [table.name for table in schema]
    rows = row_counts(source, names)
    families = choose_families(schema, rows, names, frozenset(names), 200_000, 0)
    tables = dict(read_tables(source, schema, names, families, lambda *_: None))
    return schema, learn_profile(schema, tables, rows), tables


def wanted_lengths(values: pa.ChunkedArray, column: ColumnProfile, k: int) -> Lengths:
    """What the engine asks of a maker: the lengths of all values, or of the rare ones where it codes the others."""
    binary = pa.types.is_binary(values.type)
    lengths = pc.binary_length(values) if binary else pc.utf8_length(values)
    wanted: Lengths = pc.fill_null(lengths, -1).to_numpy().astype(np.int64)
    if column.role is Role.CODED and not binary:
        encoded = values.combine_chunks().dictionary_encode()
        codes = pc.fill_null(encoded.indices, 0).to_numpy(zero_copy_only=False)
        public = exempt_values(column, encoded.dictionary.to_pylist())
        exempt = np.array([text in public for text in encoded.dictionary.to_pylist()] or [False])
        shared = (np.bincount(codes, minlength=1)[codes] >= k) | exempt[codes]
        wanted[(wanted >= 0) & shared] = UNWANTED
    return wanted


def _line(
    url: str, table: TableName, column: ColumnProfile, asked: Lengths, made: pa.Array, own: pa.ChunkedArray
) -> Line:
    lengths = pc.binary_length(made) if pa.types.is_binary(made.type) else pc.utf8_length(made)
    rows = asked > 0
    got, want = pc.fill_null(lengths, -1).to_numpy(zero_copy_only=False)[rows], asked[rows]
    grid = np.unique(np.concatenate([got, want]))
    below = [np.searchsorted(np.sort(side), grid, side="right") / len(side) for side in (got, want)]
    assert column.maker is not None
    return Line(
        f"{url.rpartition('/')[2]}.{table.name}.{column.name}",
        f"{column.maker.name}:{column.meaning}",
        column.unique,
        int(rows.sum()),
        float(np.abs(below[0] - below[1]).max()),
        float((got == want).mean()),
        (float(want.mean()), float(got.mean())),
        tuple(str(text)[:150] for text in made.filter(pa.array(rows)).slice(0, 8).to_pylist()),
        tuple(str(text)[:150] for text in own.drop_null().slice(0, 8).to_pylist()),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", nargs="+")
    parser.add_argument("--show", type=int, default=0, help="values of the clone and of the source to print")
    parser.add_argument("--all", action="store_true", help="reference tables too")
    parser.add_argument("--column", default="", help="only columns whose name holds this")
    chosen = parser.parse_args()
    print(f"{'ks':>6} {'exact':>6} {'asked':>7} {'made':>7} {'rows':>7}  column")
    for url in chosen.source:
        for line in measure(url, everything=chosen.all):
            if chosen.column not in line.where:
                continue
            mark = "*" if line.distance > 0.02 or line.exact < 0.98 else " "
            unique = " unique" if line.unique else ""
            print(
                f"{line.distance:6.3f} {line.exact:6.3f} {line.means[0]:7.1f} {line.means[1]:7.1f} {line.rows:7}"
                f"{mark} {line.where} [{line.maker}{unique}]"
            )
            for sign, texts in (("+", line.made), ("-", line.own)):
                for text in texts[: chosen.show]:
                    print(f"{sign:>16} {text}")


if __name__ == "__main__":
    main()
