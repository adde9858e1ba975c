"""All text columns of a chunk of rows, made together so that they fit each other.

Takes a TableProfile, the wanted lengths and a random stream, gives Arrow arrays. Never sees a source value except in
``mask_columns``, whose whole purpose is to replace them.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dbclone.errors import ModelError
from dbclone.profile.value import ColumnProfile, TableProfile
from dbclone.sample.makers import MAKERS
from dbclone.sample.makers.masks import mask_values
from dbclone.sample.makers.people import make_people
from dbclone.sample.makers.places import fit_postcodes
from dbclone.sample.makers.request import Ints, Request

MENDED_ROWS = 5_000
"""Up to so many rows of a table, each one is looked at afterwards, whatever is unique by construction."""
NULL, EMPTY, UNWANTED, ANY = -1, 0, -2, -3
"""Lengths that mean something else: NULL, the empty text, a row filled elsewhere, any length the source had."""

_NAMES = ("first_name", "last_name", "full_name")
_STATES = ("state", "state_code")


def make_texts(
    table: TableProfile,
    columns: Mapping[str, npt.NDArray[Any]],
    *,
    first_row: int,
    total_rows: int,
    rng: np.random.Generator,
    locale: str,
    known: Mapping[str, pa.Array] = {},
) -> dict[str, pa.Array]:
    """One array for each of ``columns``, whose values are wanted lengths in characters (bytes for binary columns), or
    shapes and sizes where the maker was told that these are drawn.

    -1 asks for NULL, 0 for the empty text, -2 for nothing (NULL is returned; the row is filled elsewhere), -3 for any
    length. Rows are numbers ``first_row`` and on of ``total_rows``; unique columns depend on these alone, not on
    chunks. ``known`` are columns of the same rows that are filled already, NULL where they are not. Raises
    ModelError where uniqueness is impossible.
    """
    root = int(rng.integers(0, 2**63))
    requests: dict[str, Request] = {}
    wanted: dict[str, Ints] = {}
    columns = {name: _unemptied(table.column(name), lengths) for name, lengths in columns.items()}
    for name, lengths in columns.items():
        profile = table.column(name)
        rows = np.flatnonzero((lengths > 0) | (lengths == ANY) | (profile.unique & (lengths == EMPTY)))
        stream = np.random.default_rng([root, zlib.crc32(f"{table.name}.{name}".encode())])
        wanted[name] = rows
        asked = np.asarray(lengths)[rows].astype(np.int64)
        requests[name] = _request(table, profile, asked, rows + first_row, total_rows, stream, locale)
    made: dict[str, pa.Array] = {}
    for names in _groups(requests):
        if len(names) == 1 and not _is_person(requests[names[0]]):
            name = names[0]
            requests[name], made[name] = _make(requests[name])
        else:
            group = {name: requests[name] for name in names}
            made |= _make_people(group, wanted, first_row, _known_people(table, names, known))
    placed = {
        name: _place(_limited(made[name], requests[name]), wanted[name], np.asarray(columns[name])) for name in columns
    }
    return placed | _fit_places(table, placed, requests, known)


def _unemptied(profile: ColumnProfile, lengths: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Documents and arrays of any shape or size where an empty text is asked for: that is none of either."""
    drawn = profile.maker is not None and bool(profile.maker.settings.get("drawn"))
    return np.where(lengths == EMPTY, ANY, lengths) if drawn else lengths


def _make(request: Request) -> tuple[Request, pa.Array]:
    """What the column's maker makes; few rows that it cannot tell apart may repeat, to be mended one by one."""
    maker = MAKERS[request.settings["maker"]]
    try:
        return request, maker(request)
    except ModelError:
        if not request.unique or request.total > MENDED_ROWS:
            raise
        request = replace(request, unique=False)
        return request, maker(request)


def _request(
    table: TableProfile,
    profile: ColumnProfile,
    asked: Ints,
    numbers: Ints,
    total: int,
    stream: np.random.Generator,
    locale: str,
) -> Request:
    settings = dict(profile.maker.settings) if profile.maker else {}
    settings["maker"] = profile.maker.name if profile.maker else "other"
    free = np.flatnonzero(asked <= 0)
    if settings.get("drawn"):
        # A maker that is told a shape or a size takes 0 for any.
        asked[free] = 0
        return Request(f"{table.name}.{profile.name}", settings, asked, numbers, total, profile.unique, locale, stream)
    if len(free):
        asked[free] = stream.choice(np.array(settings.get("lengths") or [10], np.int64), len(free))
    if settings.get("max"):
        asked = np.minimum(asked, settings["max"])
    column = f"{table.name}.{profile.name}"
    return Request(column, settings, asked, numbers, total, profile.unique, locale, stream)


def _is_person(request: Request) -> bool:
    return str(request.settings.get("group", "")).startswith("person:")


def _groups(requests: Mapping[str, Request]) -> list[list[str]]:
    """Columns that are made together: those of one person; the rest alone."""
    groups: dict[str, list[str]] = {}
    for name, request in requests.items():
        groups.setdefault(request.settings["group"] if _is_person(request) else f"alone:{name}", []).append(name)
    return list(groups.values())


def _known_people(table: TableProfile, names: list[str], known: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
    """What stands already of the person whose other columns are made, by meaning."""
    maker = table.column(names[0]).maker
    group = maker.settings.get("group") if maker else None
    found = {}
    for column in table.columns:
        if column.name not in known or not pa.types.is_string(known[column.name].type):
            continue
        own = column.maker.settings.get("group") if column.maker else None
        if column.meaning == "gender" or (own == group and column.meaning in _NAMES):
            found[column.meaning] = known[column.name]
        elif column.meaning == "name_title" and "gender" not in found:
            found["gender"] = _gender_of(known[column.name])
    return found


def _gender_of(titles: pa.Array) -> pa.Array:
    """M and F for courtesy titles that tell, NULL for the others."""
    plain = pc.utf8_rtrim(pc.utf8_lower(titles), ".")
    men = pc.is_in(plain, pa.array(["mr", "herr", "sr", "m", "sir", "don"]))
    women = pc.is_in(plain, pa.array(["ms", "mrs", "miss", "frau", "sra", "mme", "madam", "mlle"]))
    return pc.if_else(men, "M", pc.if_else(women, "F", pa.scalar(None, pa.string())))


def _make_people(
    requests: dict[str, Request], wanted: Mapping[str, Ints], first_row: int, known: Mapping[str, pa.Array]
) -> dict[str, pa.Array]:
    """One person a row, for every row that wants any of the columns."""
    rows = np.unique(np.concatenate([wanted[name] for name in requests]))
    widened = {name: _widen(request, wanted[name], rows, first_row) for name, request in requests.items()}
    standing = {meaning: values.take(pa.array(rows)) for meaning, values in known.items()}
    made = make_people(widened, standing)
    return {name: array.take(pa.array(np.searchsorted(rows, wanted[name]))) for name, array in made.items()}


def _widen(request: Request, own: Ints, rows: Ints, first_row: int) -> Request:
    """The request over all of the group's rows; rows that it did not want get a usual length."""
    lengths = request.rng.choice(np.array(request.settings.get("lengths") or [6], np.int64), len(rows))
    lengths[np.searchsorted(rows, own)] = request.lengths
    return replace(request, lengths=lengths, numbers=rows + first_row)


def _limited(array: pa.Array, request: Request) -> pa.Array:
    """Never longer than the column is declared; unique texts are made to fit."""
    longest = request.longest
    if longest is None or not pa.types.is_string(array.type) or request.unique:
        return array
    return pc.utf8_slice_codeunits(array, 0, longest)


def _place(array: pa.Array, rows: Ints, lengths: npt.NDArray[Any]) -> pa.Array:
    """Made texts at their rows, the empty text where asked, NULL elsewhere."""
    places = np.full(len(lengths), -1, np.int64)
    places[rows] = np.arange(len(rows))
    taken = array.take(pa.array(places, mask=places < 0))
    empty = (lengths == EMPTY) & (places < 0)
    if not empty.any():
        return taken
    blank = pa.scalar(b"" if pa.types.is_binary(array.type) else "", array.type)
    return pc.if_else(pa.array(empty), blank, taken)


def _fit_places(
    table: TableProfile,
    placed: Mapping[str, pa.Array],
    requests: Mapping[str, Request],
    known: Mapping[str, pa.Array],
) -> dict[str, pa.Array]:
    """Postcodes again, for the state of their row."""
    fitted = {}
    for name, request in requests.items():
        group = request.settings.get("group")
        if table.column(name).meaning != "postcode" or group is None:
            continue
        for column in table.columns:
            same = column.maker is not None and column.maker.settings.get("group") == group
            if same and column.meaning in _STATES and (column.name in placed or column.name in known):
                parts = [values[column.name] for values in (placed, known) if column.name in values]
                whole = replace(request, lengths=np.zeros(len(placed[name]), np.int64))
                fitted[name] = fit_postcodes(placed[name], pc.coalesce(*parts), whole)
                break
    return fitted


def mask_columns(table: pa.Table, profile: TableProfile, *, locale: str, secret: bytes) -> pa.Table:
    """Real rows with their sensitive columns replaced; every other column stays as it is.

    The same original gets the same replacement wherever meaning and ``secret`` are the same; who knows the secret can
    try out guesses. No replacement leads back by itself. NULL and empty values stay, and what was unique stays unique.
    """
    for place, name in enumerate(table.column_names):
        if name not in profile.by_name or not profile.column(name).sensitive:
            continue
        masked = mask_values(table.column(name), profile.column(name), secret, locale)
        table = table.set_column(place, table.schema.field(place), masked)
    return table
