"""What a user can decide: the sections of dbclone.yaml with their defaults and their documentation.

Takes plain values, gives a frozen Config. Never reads a file and never knows a schema.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from dbclone.schema import Strategy

Place = tuple[str | int, ...]
Lines = dict[Place, int | None]
"""Where everything was read; None for what did not come from the file."""

LEARNERS = (
    "trees",
    "independent",
    "sdv:gaussian_copula",
    "sdv:ctgan",
    "sdv:tvae",
    "sdv:copulagan",
)


def _check_locale(value: str) -> str:
    if not re.fullmatch("[a-z]{2,3}(_[A-Z]{2})?", value):
        raise ValueError(f'must be a language or language_COUNTRY such as de or de_DE, not "{value}"')
    return value


def _check_learner(value: str) -> str:
    if value not in LEARNERS:
        raise ValueError(f'must be one of {", ".join(LEARNERS)}, not "{value}"')
    return value


_Count = Annotated[int, Field(strict=True, ge=1)]
_Whole = Annotated[int, Field(strict=True, ge=0)]
_Flag = Annotated[bool, Field(strict=True)]
_Locale = Annotated[str, AfterValidator(_check_locale)]
_Learner = Annotated[str, AfterValidator(_check_learner)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _empty_means_default(cls, data: Any) -> Any:
        """A key with nothing behind it (all its lines commented out) means its default."""
        if data is None:
            return {}
        if isinstance(data, Mapping):
            return {key: value for key, value in data.items() if value is not None or key not in cls.model_fields}
        return data


class TablesConfig(_Section):
    include: list[str] = Field(
        default=[], description='Only these tables. Shell globs over "schema.table" or "table"; all where empty.'
    )
    exclude: list[str] = Field(default=[], description="Not these tables. Same spelling; wins over include.")
    strategies: dict[str, Strategy] = Field(
        default={}, description="What becomes of a table's rows: synthesize, copy, mask, empty or skip."
    )
    copy_reference: _Flag = Field(
        default=True, description="Copy small tables of reference data (countries, currencies, roles) as they are."
    )


class ColumnConfig(_Section):
    meaning: str | None = Field(default=None, description="What the values are: email, first_name, city, price...")
    sensitive: Annotated[bool | None, Field(strict=True)] = Field(
        default=None, description="true: never a value of the source; false: judged harmless by you."
    )
    role: Literal["coded", "text", "numbered", "foreign", "computed"] | None = Field(
        default=None, description="Who fills the column: coded (the engine), text (a maker), numbered (a key)."
    )
    locale: _Locale | None = Field(default=None, description="The locale of invented values here, such as de_DE.")


class ExtraKey(_Section):
    table: str = Field(description="The table that references.")
    columns: Annotated[list[str], Field(min_length=1)] = Field(description="Its columns.")
    parent: str = Field(description="The table that is referenced.")
    parent_columns: Annotated[list[str], Field(min_length=1)] = Field(description="Its columns, pairwise.")

    @model_validator(mode="after")
    def _pairwise(self) -> Self:
        if len(self.columns) != len(self.parent_columns):
            raise ValueError(f"has {len(self.columns)} columns but {len(self.parent_columns)} parent_columns")
        return self


class KeysConfig(_Section):
    ignore: list[str] = Field(
        default=[],
        description='Foreign keys not to follow, by "table.column": a plain column, and no such key in the clone.',
    )
    infer: _Flag = Field(default=False, description="Also use foreign keys that the schema does not declare.")
    extra: list[ExtraKey] = Field(
        default=[], description="Foreign keys that you know of: {table, columns, parent, parent_columns}."
    )


class PrivacyConfig(_Section):
    k: _Count = Field(default=5, description="A value leaves as it stands only where at least k rows share it.")
    locale: _Locale | None = Field(
        default=None, description="The locale of invented names and addresses, such as de_DE; else found in the data."
    )


class MaskConfig(_Section):
    key_file: str | None = Field(
        default=None,
        description="A file with the secret of masked values; else the variable DBCLONE_MASK_KEY, else a random one.",
    )


class RulesConfig(_Section):
    enabled: _Flag = Field(default=True, description="Keep rules that hold in every row though no constraint says so.")
    off: list[str] = Field(default=[], description="Rules not to keep, by the name that inspect gives them.")


class WriteConfig(_Section):
    ddl: Literal["native", "sqlalchemy"] = Field(
        default="native", description="native: the database's own DDL. sqlalchemy: portable, with its losses listed."
    )
    grants: _Flag = Field(
        default=False, description="PostgreSQL: grant what the source grants, to roles that the target's server has."
    )
    replace: _Flag = Field(default=False, description="Replace a target that is not empty and no clone of dbclone's.")


@dataclass(frozen=True)
class Origin:
    """Where a Config came from, so that a problem found later still has its line."""

    file: str | None = field(default=None, compare=False)
    lines: Mapping[Place, int | None] = field(default_factory=dict, compare=False)


class Config(_Section):
    """Everything a user can decide, with its default. A flag wins over the file."""

    seed: _Whole = Field(default=0, description="Same source, same seed: same bytes.")
    scale: Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)] = Field(
        default=1.0, description="Rows of the clone for each row of the source; children per parent stay as they are."
    )
    rows: dict[str, _Whole] = Field(default={}, description="Rows wanted in single tables; wins over scale.")
    sample_rows: _Count = Field(default=200_000, description="At most so many rows of a table are read to learn from.")
    workers: _Whole = Field(default=1, description="Processes that work at a time; 0 means every core.")
    chunk_rows: _Count = Field(default=50_000, description="Rows that travel together; less needs less memory.")
    tables: TablesConfig = Field(default=TablesConfig(), description="Which tables, and what becomes of their rows.")
    columns: dict[str, ColumnConfig] = Field(
        default={}, description='What you know better about a column, by "table.column".'
    )
    keys: KeysConfig = Field(default=KeysConfig(), description="Foreign keys to ignore, to infer or to add.")
    learner: _Learner = Field(default="trees", description=f"What learns the tables: {', '.join(LEARNERS)}.")
    learners: dict[str, _Learner] = Field(default={}, description="Another learner for single tables.")
    privacy: PrivacyConfig = Field(default=PrivacyConfig(), description="What may leave the source.")
    mask: MaskConfig = Field(default=MaskConfig(), description="How the values of masked tables are replaced.")
    rules: RulesConfig = Field(default=RulesConfig(), description="Rules found in the rows.")
    write: WriteConfig = Field(default=WriteConfig(), description="How the target is written.")

    _origin: Origin = PrivateAttr(default_factory=Origin)
