"""Folders of Parquet and CSV files: every row, the same bytes however batched, and nobody's files lost."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet
import pytest

from dbclone.dialects import open_source, parse_address
from dbclone.dialects.protocol import Reading
from dbclone.errors import ConfigError, TargetRefused
from dbclone.schema import Schema
from dbclone.write import folder, open_target
from tests.sqlite_cases import HARD, copy, sqlite_file


def bytes_of(path: Path) -> dict[str, bytes]:
    return {entry.name: entry.read_bytes() for entry in path.iterdir() if entry.suffix != ".json"}


def test_parquet_holds_every_row(tmp_path: Path) -> None:
    source_path = sqlite_file(tmp_path / "a.db", HARD)
    copied = copy(source_path, f"{tmp_path}/out/")
    assert copied.rows == 11
    source = open_source(parse_address(str(source_path)))
    for table in source.schema():
        stem = folder.file_stem(table.name.name)
        expected = pa.Table.from_batches(source.read(Reading(table)))
        assert pa_parquet.read_table(tmp_path / "out" / f"{stem}.parquet").equals(expected)
    source.close()
    facts = json.loads((tmp_path / "out" / "_dbclone.json").read_text())
    assert (facts["format"], facts["seed"], facts["rows"]["child"]) == ("parquet", 1, 3)
    assert Schema.from_json(facts["schema"]) == copied.schema


def test_bytes_depend_on_rows_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "_GROUP_ROWS", 1000)
    script = """CREATE TABLE t (i INTEGER, s TEXT); CREATE TABLE empty (x INTEGER);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3500)
        INSERT INTO t SELECT i, 's' || i FROM n"""
    source = sqlite_file(tmp_path / "a.db", script)
    for kind in ("parquet", "csv"):
        copy(source, f"{kind}:{tmp_path}/{kind}1", chunk_rows=7)
        copy(source, f"{kind}:{tmp_path}/{kind}2", chunk_rows=100_000)
        assert bytes_of(tmp_path / f"{kind}1") == bytes_of(tmp_path / f"{kind}2")
        assert sorted(bytes_of(tmp_path / f"{kind}1")) == [f"empty.{kind}", f"t.{kind}"]
    metadata = pa_parquet.ParquetFile(tmp_path / "parquet1" / "t.parquet").metadata
    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [1000, 1000, 1000, 500]


def test_csv_tells_null_from_empty(tmp_path: Path) -> None:
    script = """CREATE TABLE t (a TEXT, b BLOB, c INTEGER);
        INSERT INTO t VALUES ('', x'00ff', NULL), (NULL, NULL, 1), ('a,"b', x'', 2)"""
    copy(sqlite_file(tmp_path / "a.db", script), f"csv:{tmp_path}/out")
    text = (tmp_path / "out" / "t.csv").read_text()
    assert text == '"a","b","c"\n"","\\x00ff",\n,,1\n"a,""b","\\x",2\n'
    options = pa_csv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=False)
    read = pa_csv.read_csv(tmp_path / "out" / "t.csv", convert_options=options)
    assert read.column("a").to_pylist() == ["", None, 'a,"b']


def test_replacing(tmp_path: Path) -> None:
    source = sqlite_file(tmp_path / "a.db", "CREATE TABLE t (i INTEGER)")
    copy(source, f"{tmp_path}/out/")
    sqlite_file(source, "CREATE TABLE u (i INTEGER); DROP TABLE t")
    copy(source, f"{tmp_path}/out/")
    assert sorted(entry.name for entry in (tmp_path / "out").iterdir()) == ["_dbclone.json", "u.parquet"]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a.db", "out"]


def test_the_guard(tmp_path: Path) -> None:
    source = sqlite_file(tmp_path / "a.db", "CREATE TABLE t (i INTEGER)")
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.parquet").write_text("mine")
    with pytest.raises(TargetRefused) as held:
        copy(source, f"{out}/")
    assert str(held.value) == (
        f"{out} is not empty (1 file) and was not made by dbclone.\n\n"
        "Hint: choose another name, or pass --replace to overwrite it."
    )
    (out / "thesis.tex").write_text("years of work")
    with pytest.raises(TargetRefused, match=r"holds files that are no tables \(thesis.tex\)"):
        copy(source, f"{out}/", replace=True)
    assert (out / "thesis.tex").exists()
    (out / "thesis.tex").unlink()
    copy(source, f"{out}/", replace=True)
    assert sorted(entry.name for entry in out.iterdir()) == ["_dbclone.json", "t.parquet"]


def test_discarding_leaves_nothing(tmp_path: Path) -> None:
    source = open_source(parse_address(str(sqlite_file(tmp_path / "a.db", "CREATE TABLE t (i INTEGER)"))))
    loader = open_target(parse_address(f"{tmp_path}/out/"))
    loader.create(source.schema(), source.ddl())
    loader.load(source.schema().tables[0], source.read(Reading(source.schema().tables[0])))
    loader.discard()
    source.close()
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.db"]


def test_an_interrupted_change_is_undone(tmp_path: Path) -> None:
    source = sqlite_file(tmp_path / "a.db", "CREATE TABLE t (i INTEGER)")
    copy(source, f"{tmp_path}/out/")
    (tmp_path / "out").rename(tmp_path / ".out.dbclone-old")
    loader = open_target(parse_address(f"{tmp_path}/out/"))
    assert (tmp_path / "out" / "t.parquet").exists()
    loader.discard()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a.db", "out"]


def test_file_names() -> None:
    assert [folder.file_stem(name) for name in ("orders", "a/b", "..", "sales.orders", "é ü")] == [
        "orders", "a%2Fb", "%2E.", "sales.orders", "é ü",
    ]  # fmt: skip


def test_a_bundle_is_no_target() -> None:
    with pytest.raises(ConfigError, match=r"x\.dbclone is a bundle, which holds models and no rows"):
        open_target(parse_address("x.dbclone"))
