"""The file that a fit writes: schema, profile, models, the rows of copied tables. Runs no code when it is opened.

Takes and gives a Bundle; on disk a zip of JSON, npy and Arrow, of the same bytes for the same fit. A bundle from a
stranger is checked before anything is made of it: sizes, shapes, references and every index that compiled loops follow.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import io
import json
import math
import re
import types
import typing
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Union

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import TypeAdapter

from dbclone import __version__
from dbclone.dialects.protocol import Ddl
from dbclone.errors import BundleError
from dbclone.models.arrows import arrow_type
from dbclone.models.table import Models
from dbclone.models.validate import check_models, require
from dbclone.profile.rules_valid import is_valid
from dbclone.profile.settings import problem_of
from dbclone.profile.value import Profile
from dbclone.schema import ForeignKey, Kind, Schema, Strategy, Table, TableName, make_plan

FORMAT_VERSION = 1
_MOST_MEMBERS = 10_000
# A file of a few kilobytes must not unpack to what fills the memory.
_MOST_BYTES = 16 * 2**30
_MOST_JSON = 128 * 2**20
_FREE_BYTES = 2**30
_MOST_RATIO = 200
_KINDS = ("bool", "int32", "int64", "uint8", "uint64", "float64")
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclasses.dataclass(frozen=True)
class Bundle:
    """What was learned of a source. ``real`` are the rows of copied and masked tables, ``codes`` their codes.

    ``schema`` holds the tables that a clone will have; ``strategies`` those of every table of the source.
    """

    schema: Schema
    profile: Profile
    models: Models
    strategies: Mapping[TableName, Strategy]
    rows: Mapping[TableName, int]
    real: Mapping[TableName, pa.Table]
    codes: Mapping[TableName, npt.NDArray[np.uint8]]
    ddl: Ddl | None = None
    source_identity: str = ""
    notes: tuple[str, ...] = ()

    @functools.cached_property
    def hash(self) -> str:
        """SHA-256 of the bundle's bytes, in hex."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def save(self, path: str | Path) -> None:
        """Writes the bundle. Raises BundleError where the place cannot be written."""
        target = Path(path)
        partial = target.with_name(target.name + ".part")
        try:
            partial.write_bytes(self.to_bytes())
            partial.replace(target)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise BundleError(
                f"{path} cannot be written: {error.strerror}.", hint="name a place that may be written with -o."
            ) from None

    def to_bytes(self) -> bytes:
        """The file's bytes: equal bundles give equal bytes."""
        arrays = _Arrays()
        names = sorted(self.strategies)
        manifest = {
            "format_version": FORMAT_VERSION,
            "dbclone": __version__,
            "strategies": [[name.schema, name.name, self.strategies[name].value] for name in names],
            "rows": [[name.schema, name.name, rows] for name, rows in sorted(self.rows.items())],
            "real": [[name.schema, name.name] for name in sorted(self.real)],
            "codes": [[name.schema, name.name, arrays.put(self.codes[name])] for name in sorted(self.codes)],
            "ddl": dataclasses.asdict(self.ddl) if self.ddl else None,
            "source_identity": hashlib.sha256(self.source_identity.encode()).hexdigest()
            if self.source_identity
            else "",
            "notes": list(self.notes),
        }
        models = _pack(self.models, arrays)
        members: dict[str, bytes] = {
            "manifest.json": _json(manifest),
            "schema.json": _json(self.schema.to_json()),
            "profile.json": _json(self.profile.to_json()),
            "models.json": _json(models),
        }
        members |= {f"arrays/{kind}.npy": data for kind, data in arrays.members().items()}
        members |= {f"rows/{number}.arrow": _ipc(self.real[name]) for number, name in enumerate(sorted(self.real))}
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
            for name_, data in sorted(members.items()):
                info = zipfile.ZipInfo(name_, _EPOCH)
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, data)
        return buffer.getvalue()


def load(path: str | Path) -> Bundle:
    """Opens a bundle.

    Raises BundleError where the file is none, is damaged, of a later format, or holds what a fit never writes.
    """
    try:
        with open(path, "rb") as file, zipfile.ZipFile(file) as archive:
            _check_size(archive, path)
            return _read(archive, path)
    except FileNotFoundError:
        raise BundleError(f"{path} does not exist.", hint=f"write it with: dbclone fit SOURCE -o {path}") from None
    except (PermissionError, IsADirectoryError) as error:
        raise BundleError(f"{path} cannot be read: {error.strerror}.", hint="name a bundle that may be read.") from None
    except BundleError as error:
        raise BundleError(_printable(error.message), where=error.where, hint=error.hint) from None
    except Exception as error:  # noqa: BLE001 - whatever a damaged file trips, in zip, JSON, npy or Arrow, it is its fault
        raise BundleError(
            f"{path} is not a bundle, or is damaged: {_first_line(error)}",
            hint="write it anew with: dbclone fit SOURCE -o FILE",
        ) from None


def _read(archive: zipfile.ZipFile, path: str | Path) -> Bundle:
    manifest = json.loads(archive.read("manifest.json"))
    version = manifest.get("format_version")
    if version != FORMAT_VERSION:
        raise BundleError(
            f"{path} is of format {version}, and this dbclone reads format {FORMAT_VERSION}.",
            hint="use the dbclone that wrote it, or fit the source again.",
        )
    members = set(archive.namelist())
    arrays = {
        kind: _from_npy(archive.read(f"arrays/{kind}.npy"), kind) for kind in _KINDS if f"arrays/{kind}.npy" in members
    }
    schema = Schema.from_json(json.loads(archive.read("schema.json")))
    _check_schema(schema)
    profile = Profile.from_json(json.loads(archive.read("profile.json")))
    _check_makers(profile, schema)
    models = _unpack(Models, json.loads(archive.read("models.json")), arrays)
    names = [_name(schema_, name) for schema_, name in manifest["real"]]
    require(all(name in schema for name in names), "the bundle", "holds rows of a table that is not there")
    real = {name: _from_ipc(archive.read(f"rows/{n}.arrow"), schema.table(name)) for n, name in enumerate(names)}
    codes = {_name(schema_, name): _take(reference, arrays) for schema_, name, reference in manifest["codes"]}
    strategies = {_name(first, name): Strategy(value) for first, name, value in manifest["strategies"]}
    require(all(table.name in strategies for table in schema), "the bundle", "leaves open what becomes of a table")
    plan = make_plan(schema, {table.name: strategies[table.name] for table in schema})
    check_models(models, schema, profile, plan, real, codes)
    for rule in profile.rules:
        require(is_valid(rule, schema), rule.table, "has a rule about a column or a key that is not there")
    return Bundle(
        schema=schema,
        profile=profile,
        models=models,
        strategies=strategies,
        rows={_name(first, name): int(value) for first, name, value in manifest["rows"]},
        real=real,
        codes=codes,
        ddl=TypeAdapter(Ddl | None).validate_python(manifest["ddl"]),
        notes=tuple(str(note) for note in manifest["notes"]),
    )


def _check_size(archive: zipfile.ZipFile, path: str | Path) -> None:
    members = archive.infolist()
    size = sum(member.file_size for member in members)
    most = min(_MOST_BYTES, max(_FREE_BYTES, _MOST_RATIO * Path(path).stat().st_size))
    texts = max((member.file_size for member in members if member.filename.endswith(".json")), default=0)
    if len(members) > _MOST_MEMBERS or size > most or texts > _MOST_JSON:
        raise BundleError(
            f"{path} unpacks to more than a bundle ever holds.", hint="do not open it; ask where it came from."
        )


def _check_schema(schema: Schema) -> None:
    """Raises BundleError where a key or a unique set names what is not there."""
    require(len(schema.by_name) == len(schema.tables), "the schema", "has two tables of one name")
    for table in schema:
        require(len(table.by_name) == len(table.columns), table.name, "has two columns of one name")
        for columns in table.unique_sets:
            require(set(columns) <= set(table.by_name), table.name, "is unique over a column that is not there")
        for pair in table.pairs:
            own = {pair.type_column, pair.id_column} <= set(table.by_name)
            require(own and table.column(pair.type_column).type.storage == "string", table.name, "has no such pair")
            for target in pair.targets:
                above = schema.table(target.table).by_name.get(target.column) if target.table in schema else None
                kinds = above is not None and (above.type.storage, table.column(pair.id_column).type.storage)
                fits = kinds and (kinds[0] == kinds[1] or kinds in (("int64", "string"),))
                require(bool(fits), table.name, "has a pair that leads to a column of another kind")
        for key in table.foreign_keys:
            paired = 0 < len(key.columns) == len(key.parent_columns) and key.table == table.name
            require(paired and set(key.columns) <= set(table.by_name), table.name, "has a key that is not its own")
            require(_is_plain_empty(table, key), table.name, "has a key whose empty value is none of its column")
            # SQLite takes keys to tables and columns that are not there; nothing follows those.
            parent = set(schema.table(key.parent).by_name) if key.parent in schema else set(key.parent_columns)
            require(set(key.parent_columns) <= parent, table.name, "references a column that is not there")


def _check_makers(profile: Profile, schema: Schema) -> None:
    """Raises BundleError where the settings of a maker are none that it could follow."""
    for table in profile.tables:
        columns = schema.table(table.name).by_name if table.name in schema else {}
        for column in table.columns:
            if column.maker is None or column.name not in columns:
                continue
            problem = problem_of(column.maker, columns[column.name].type.storage)
            if problem is not None:
                where = f"{table.name}.{column.name}"
                raise BundleError(
                    f"the bundle's maker of {where} cannot be followed: {problem}.",
                    where=where,
                    hint="it is damaged, or not what a fit writes; do not use it.",
                )


def _is_plain_empty(table: Table, key: ForeignKey) -> bool:
    """Whether the value that stands for no parent can stand in the key's column."""
    if key.empty is None:
        return True
    kind = table.column(key.columns[0]).type.kind
    is_number = re.fullmatch("-?[0-9]{1,18}", key.empty) is not None
    return key.inferred and len(key.columns) == 1 and (kind is Kind.TEXT or (kind is Kind.INTEGER and is_number))


def _name(schema: object, name: object) -> TableName:
    if not isinstance(schema, str) or not isinstance(name, str):
        raise BundleError("the bundle holds a table without a name.")
    return TableName(schema, name)


# -- values and arrays ------------------------------------------------------------------------------------------------


class _Arrays:
    """Many small arrays, one npy file a type."""

    def __init__(self) -> None:
        self._parts: dict[str, list[npt.NDArray[np.generic]]] = {}
        self._sizes: dict[str, int] = {}

    def put(self, array: npt.NDArray[np.generic]) -> dict[str, Any]:
        kind = array.dtype.name
        start = self._sizes.get(kind, 0)
        self._parts.setdefault(kind, []).append(np.ascontiguousarray(array).ravel())
        self._sizes[kind] = start + array.size
        return {"array": kind, "from": start, "shape": list(array.shape)}

    def members(self) -> dict[str, bytes]:
        result = {}
        for kind, parts in sorted(self._parts.items()):
            buffer = io.BytesIO()
            np.save(buffer, np.concatenate(parts), allow_pickle=False)
            result[kind] = buffer.getvalue()
        return result


def _from_npy(data: bytes, kind: str) -> npt.NDArray[np.generic]:
    """The array of a member; nothing is allocated before its header is known to tell the truth."""
    buffer = io.BytesIO(data)
    if np.lib.format.read_magic(buffer) != (1, 0):
        raise BundleError(f"the bundle's array of {kind} is of another format.")
    shape, _, dtype = np.lib.format.read_array_header_1_0(buffer)
    start = buffer.tell()
    if dtype.name != kind or dtype.hasobject or len(shape) != 1 or shape[0] * dtype.itemsize != len(data) - start:
        raise BundleError(f"the bundle's array of {kind} does not hold what it says.")
    return np.frombuffer(data, dtype, offset=start).copy()


def _take(reference: Any, arrays: Mapping[str, npt.NDArray[np.generic]]) -> Any:
    flat = arrays[reference["array"]]
    shape = tuple(int(length) for length in reference["shape"])
    start, size = int(reference["from"]), math.prod(shape)
    if min((start, *shape), default=0) < 0 or start + size > len(flat):
        raise BundleError("an array of the bundle lies outside its file.")
    return flat[start : start + size].reshape(shape)


def _pack(value: Any, arrays: _Arrays) -> Any:
    if isinstance(value, np.ndarray):
        return arrays.put(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _pack(getattr(value, field.name), arrays) for field in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [_pack(item, arrays) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    return value


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _unpack(kind: Any, data: Any, arrays: Mapping[str, npt.NDArray[np.generic]]) -> Any:
    origin = typing.get_origin(kind)
    if origin in (Union, types.UnionType):
        if data is None:
            return None
        return _unpack(next(one for one in typing.get_args(kind) if one is not type(None)), data, arrays)
    if origin is np.ndarray:
        array = _take(data, arrays)
        wanted = np.dtype(typing.get_args(typing.get_args(kind)[1])[0])
        if array.dtype != wanted:
            raise BundleError(f"an array of the bundle is of {array.dtype}, not {wanted}.")
        return array
    if origin is tuple:
        if not isinstance(data, list):
            raise BundleError(f"the bundle holds a {type(data).__name__} where a list belongs.")
        part = typing.get_args(kind)[0]
        return tuple(_unpack(part, item, arrays) for item in data)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(data, dict):
            raise BundleError(f"the bundle holds a {type(data).__name__} where a {kind.__name__} belongs.")
        hints = _hints(kind)
        unknown = set(data) - set(hints)
        if unknown:
            raise BundleError(f"the bundle holds an unknown part: {sorted(unknown)[0]}.")
        return kind(**{name: _unpack(hints[name], value, arrays) for name, value in data.items()})
    if kind is float and isinstance(data, int | float) and math.isfinite(data):
        return float(data)
    whole = kind is not int or (not isinstance(data, bool) and -(2**63) <= data < 2**63)
    if not isinstance(data, kind) or kind is float or not whole:
        raise BundleError(f"the bundle holds a {type(data).__name__} where a {kind.__name__} belongs.")
    return data


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _ipc(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema.remove_metadata()) as writer:
        writer.write_table(table.combine_chunks().replace_schema_metadata(None))
    return bytes(sink.getvalue())


def _from_ipc(data: bytes, table: Table) -> pa.Table:
    """The rows of ``table``, whose columns are known to be its own before any of them is read."""
    reader = pa.ipc.open_file(pa.py_buffer(data))
    wanted = [(column.name, arrow_type(column.type.storage)) for column in table.columns]
    require([(field.name, field.type) for field in reader.schema] == wanted, table.name, "has rows of other columns")
    rows = reader.read_all()
    rows.validate(full=True)
    return rows


def _first_line(error: Exception) -> str:
    line = (str(error) or type(error).__name__).splitlines()[0]
    return _printable(line)[:200]


def _printable(text: str) -> str:
    """A stranger's names must not command the terminal."""
    return "".join(letter for letter in text if letter.isprintable())
