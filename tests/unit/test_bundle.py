"""Bundles: the same bytes for the same fit, back comes what was saved, and damage is an error at worst."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dbclone
from dbclone.bundle import FORMAT_VERSION, Bundle, load
from dbclone.errors import BundleError, DbcloneError
from dbclone.sample.generate import Draw, Generator
from dbclone.schema import make_plan
from examples.shop import build

Members = dict[str, bytes]
FIT_AGAIN = "\n\nHint: write it anew with: dbclone fit SOURCE -o FILE"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bundles")


@pytest.fixture(scope="module")
def bundle(folder: Path) -> Bundle:
    build(folder / "shop.db", customers=60)
    return dbclone.fit(str(folder / "shop.db"), tables={"strategies": {"tags": "copy", "categories": "mask"}})


@pytest.fixture(scope="module")
def members(bundle: Bundle) -> Members:
    with zipfile.ZipFile(io.BytesIO(bundle.to_bytes())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def opened(folder: Path) -> Callable[[bytes], Bundle]:
    """A function that loads a bundle from bytes."""

    def opened(data: bytes) -> Bundle:
        path = folder / "x.dbclone"
        path.write_bytes(data)
        return load(path)

    return opened


def zipped(members: Members) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def equal(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(equal, one, other))
    if is_dataclass(one):
        return all(equal(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
    return bool(one == other)


def test_what_is_loaded_is_what_was_saved(bundle: Bundle, opened: Callable[[bytes], Bundle]) -> None:
    again = opened(bundle.to_bytes())
    assert again.schema == bundle.schema
    assert again.profile == bundle.profile
    assert equal(again.models, bundle.models)
    assert again.strategies == bundle.strategies
    assert again.rows == bundle.rows
    assert again.notes == bundle.notes
    assert {name: rows.to_pylist() for name, rows in again.real.items()} == {
        name: rows.to_pylist() for name, rows in bundle.real.items()
    }
    assert {name.name for name in again.real} == {"tags", "categories"}
    assert all(np.array_equal(again.codes[name], codes) for name, codes in bundle.codes.items())


def test_equal_fits_give_equal_bytes(bundle: Bundle, folder: Path) -> None:
    strategies = {"strategies": {"tags": "copy", "categories": "mask"}}
    again = dbclone.fit(str(folder / "shop.db"), tables=strategies)
    assert again.to_bytes() == bundle.to_bytes()
    assert again.hash == bundle.hash


def test_a_loaded_bundle_generates_the_same_rows(
    bundle: Bundle, opened: Callable[[bytes], Bundle], folder: Path
) -> None:
    for name, one in (("saved", bundle), ("loaded", opened(bundle.to_bytes()))):
        dbclone.generate(one, f"{folder / name}/", seed=4)
    files = sorted((folder / "saved").glob("*.parquet"))
    assert len(files) == len(bundle.schema.tables)
    for file in files:
        assert file.read_bytes() == (folder / "loaded" / file.name).read_bytes()


def test_no_value_that_few_rows_share_is_in_it(members: Members, folder: Path) -> None:
    """E-mails are unique, and a masked or synthesized table keeps none; prices and dates are numbers, blurred."""
    with closing(sqlite3.connect(folder / "shop.db")) as source:
        emails = [row[0] for row in source.execute("SELECT email FROM customers UNION SELECT email FROM employees")]
        streets = [row[0] for row in source.execute("SELECT street FROM addresses GROUP BY street HAVING count(*) < 5")]
    held = b"".join(members.values())
    assert len(emails) > 60
    assert [value for value in (*emails, *streets) if value.encode() in held] == []


def test_a_failed_save_leaves_nothing(bundle: Bundle, tmp_path: Path) -> None:
    place = tmp_path / "missing" / "x.dbclone"
    with pytest.raises(BundleError) as caught:
        bundle.save(place)
    hint = "Hint: name a place that may be written with -o."
    assert str(caught.value) == f"{place} cannot be written: No such file or directory.\n\n{hint}"
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_bundle_is_said(tmp_path: Path) -> None:
    missing = tmp_path / "none.dbclone"
    with pytest.raises(BundleError) as caught:
        load(missing)
    assert str(caught.value) == f"{missing} does not exist.\n\nHint: write it with: dbclone fit SOURCE -o {missing}"
    with pytest.raises(BundleError) as caught:
        load(tmp_path)
    assert str(caught.value) == f"{tmp_path} cannot be read: Is a directory.\n\nHint: name a bundle that may be read."
    (tmp_path / "x").write_text("hello")
    with pytest.raises(BundleError) as caught:
        load(tmp_path / "x")
    assert str(caught.value) == f"{tmp_path / 'x'} is not a bundle, or is damaged: File is not a zip file{FIT_AGAIN}"


def test_a_later_format_is_said(members: Members, opened: Callable[[bytes], Bundle]) -> None:
    manifest = json.loads(members["manifest.json"]) | {"format_version": FORMAT_VERSION + 1}
    with pytest.raises(BundleError, match=f"is of format {FORMAT_VERSION + 1}, and this dbclone reads format"):
        opened(zipped(members | {"manifest.json": json.dumps(manifest).encode()}))


def npy(array: np.ndarray[Any, np.dtype[Any]], **header: Any) -> bytes:
    """An npy file whose header may say something else than what follows it."""
    buffer = io.BytesIO()
    told = {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape} | header
    np.lib.format.write_array_header_1_0(buffer, told)
    return buffer.getvalue() + array.tobytes()


HOSTILE = {
    "an archive in place of an array": ("arrays/uint8.npy", zipped({"a.npy": npy(np.zeros(3))})),
    "an array of a terabyte": ("arrays/uint8.npy", npy(np.zeros(3, np.uint8), shape=(2**40,))),
    "an array of negative size": ("arrays/uint8.npy", npy(np.zeros(3, np.uint8), shape=(-3,))),
    "an array of objects": ("arrays/int64.npy", npy(np.zeros(3, np.int64), descr="|O")),
    "an array of another type": ("arrays/int64.npy", npy(np.zeros(3, np.float64))),
    "an array of two dimensions": ("arrays/int64.npy", npy(np.zeros((3, 3), np.int64))),
    "a manifest that is a list": ("manifest.json", b"[]"),
    "a manifest that is empty": ("manifest.json", b"{}"),
    "a manifest that ends early": ("manifest.json", b'{"format_version": 1'),
    "models that are a number": ("models.json", b"1"),
    "models nested too deep": ("models.json", b"[" * 200_000),
    "models of infinite size": ("models.json", b'{"tables": [], "learner": "trees", "k": 1e999}'),
    "models with an unknown part": ("models.json", b'{"tables": [], "learner": "trees", "k": 5, "code": "x"}'),
    "a schema that is no schema": ("schema.json", b'{"tables": 3}'),
    "rows that are no rows": ("rows/0.arrow", b"ARROW1\0\0nothing"),
    "rows of other columns": ("rows/0.arrow", b""),
}


@pytest.mark.parametrize("damage", HOSTILE)
def test_a_hostile_part_is_an_error(damage: str, members: Members, opened: Callable[[bytes], Bundle]) -> None:
    name, data = HOSTILE[damage]
    if damage == "rows of other columns":
        sink = pa.BufferOutputStream()
        table = pa.table({"x": [1, 2]})
        with pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        data = bytes(sink.getvalue())
    assert name in members
    with pytest.raises(BundleError):
        opened(zipped(members | {name: data}))


def test_a_missing_part_is_an_error(members: Members, opened: Callable[[bytes], Bundle]) -> None:
    for name in members:
        with pytest.raises(BundleError):
            opened(zipped({other: data for other, data in members.items() if other != name}))


def test_a_file_that_unpacks_to_too_much_is_not_unpacked(
    members: Members, folder: Path, opened: Callable[[bytes], Bundle]
) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("models.json", "w") as member:
        for _ in range(130):
            member.write(b" " * 2**20)
    with pytest.raises(BundleError) as caught:
        opened(bomb.getvalue())
    hint = "Hint: do not open it; ask where it came from."
    assert str(caught.value) == f"{folder / 'x.dbclone'} unpacks to more than a bundle ever holds.\n\n{hint}"


def test_an_error_repeats_no_control_characters(opened: Callable[[bytes], Bundle], members: Members) -> None:
    models = json.loads(members["models.json"])
    models["\x1b[2J"] = 1
    with pytest.raises(BundleError) as caught:
        opened(zipped(members | {"models.json": json.dumps(models).encode()}))
    assert "\x1b" not in str(caught.value)


# -- fuzzing ----------------------------------------------------------------------------------------------------------

FUZZ = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def survives(opened: Callable[[bytes], Bundle], data: bytes, folder: Path) -> None:
    """Damage is refused, or it is of no consequence: the bundle then generates rows or says why not."""
    try:
        bundle = opened(data)
        if sum(model.rows for model in bundle.models.tables) < 100_000:
            drawn(bundle, folder)
    except DbcloneError:
        pass


def drawn(bundle: Bundle, folder: Path) -> None:
    plan = make_plan(bundle.schema, {table.name: bundle.strategies[table.name] for table in bundle.schema})
    parts = (bundle.schema, plan, bundle.profile, bundle.models, bundle.real, bundle.codes)
    place = folder / "drawn"
    place.mkdir(exist_ok=True)
    generator = Generator(*parts, Draw(), place)
    generator.fill()
    for name in generator.tables:
        for _ in generator.batches(name):
            pass


@FUZZ
@given(data=st.data())
def test_flipped_bytes_of_the_file(
    data: st.DataObject, bundle: Bundle, opened: Callable[[bytes], Bundle], folder: Path
) -> None:
    raw = bytearray(bundle.to_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    survives(opened, bytes(raw), folder)


@FUZZ
@given(data=st.data())
def test_cut_off_files(data: st.DataObject, bundle: Bundle, opened: Callable[[bytes], Bundle]) -> None:
    raw = bundle.to_bytes()
    with pytest.raises(BundleError):
        opened(raw[: data.draw(st.integers(0, len(raw) - 1))])


@FUZZ
@given(data=st.data())
def test_flipped_bytes_inside_a_member(
    data: st.DataObject, members: Members, opened: Callable[[bytes], Bundle], folder: Path
) -> None:
    """What a zip's checksum would catch is zipped again here, so that the bytes arrive."""
    name = data.draw(st.sampled_from(sorted(members)))
    raw = bytearray(members[name])
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    survives(opened, zipped(members | {name: bytes(raw)}), folder)


@FUZZ
@given(data=st.data())
def test_changed_numbers_in_the_arrays(
    data: st.DataObject, members: Members, opened: Callable[[bytes], Bundle], folder: Path
) -> None:
    name = data.draw(st.sampled_from(sorted(name for name in members if name.startswith("arrays/"))))
    array = np.load(io.BytesIO(members[name])).copy()
    low, high = (0, 255) if array.dtype.kind in "bu" else (-300, 100_000)
    for _ in range(data.draw(st.integers(1, 20))):
        array[data.draw(st.integers(0, len(array) - 1))] = data.draw(st.integers(low, high))
    survives(opened, zipped(members | {name: npy(array)}), folder)


JSON_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.integers(-3, 300),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.sampled_from(
        ["drive", "draw", "lookup", "category", "self", "column", "key", "same", "parent", "sibling", "copy"]
    ),
    st.just([]),
    st.just({}),
)


@FUZZ
@given(data=st.data())
def test_changed_values_in_the_documents(
    data: st.DataObject, members: Members, opened: Callable[[bytes], Bundle], folder: Path
) -> None:
    name = data.draw(st.sampled_from(["manifest.json", "models.json", "models.json", "schema.json"]))
    document = json.loads(members[name])
    for _ in range(data.draw(st.integers(1, 3))):
        at: Any = document
        while True:
            places = list(at) if isinstance(at, dict) else list(range(len(at)))
            if not places:
                break
            place = data.draw(st.sampled_from(places))
            if isinstance(at[place], dict | list) and at[place] and data.draw(st.integers(0, 9)):
                at = at[place]
                continue
            at[place] = data.draw(JSON_VALUES)
            break
    survives(opened, zipped(members | {name: json.dumps(document).encode()}), folder)


def test_the_source_is_not_named(bundle: Bundle, folder: Path) -> None:
    named = replace(bundle, source_identity="postgresql://user:sesame77@host/db")
    with zipfile.ZipFile(io.BytesIO(named.to_bytes())) as archive:
        assert all(b"sesame77" not in archive.read(name) for name in archive.namelist())
