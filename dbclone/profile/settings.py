"""What the settings of each maker may be: the contract between those who learn them and those who follow them.

Takes a maker from a stranger's bundle, says what is wrong with it. Checks shapes, ranges and sums, so that no maker
divides by nothing, looks outside its lists or makes what no source would; what it does not know it lets pass.
"""

from __future__ import annotations

import base64
import functools
import json
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from dbclone.profile.clear import MOST_BUCKETS, SHARE
from dbclone.profile.groups import DERIVED, NAMES
from dbclone.profile.numbers import MOST_NUMBER
from dbclone.profile.value import Maker

_LONGEST = 1 << 30
_PERSONAL = NAMES | DERIVED
_ALPHABETS = {"digit": 10, "upper": 26, "lower": 26, "letter": 52, "hex": 16, "HEX": 16, "alnum": 62}
_ALPHABETS |= {"base64": 64, "base64url": 64}
_ZONE = r"(\|(Z|[+-]\d\d(:?\d\d)?)?)?"
_FORMAT = re.compile(rf"%Y-%m-%d([T ]%H:%M(:%S)?)?{_ZONE}|%[dm]([./-])%[dm]\4%Y")
_KINDS = ("object", "array", "string", "number", "boolean", "null")


def problem_of(maker: Maker, storage: str) -> str | None:
    """What is wrong with a maker of a column of this Arrow type, None where it can be followed."""
    known = makers()
    if maker.name not in known:
        return f"there is no maker {maker.name[:40]}"
    if maker.name == "binary" and storage != "binary":
        return "bytes are made for a column of texts"
    try:
        # As JSON, where a pair is a list.
        known[maker.name].validate_json(json.dumps(maker.settings))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "they"
        return f"{place[:80]}: {first['msg'].removeprefix('Value error, ')}"
    except RecursionError:
        return "they are nested too deeply"
    return _stranger_in_group(maker)


def _stranger_in_group(maker: Maker) -> str | None:
    """Columns of one person are made together, by what each of them means."""
    if not str(maker.settings.get("group", "")).startswith("person:"):
        return None
    fits = maker.name == "faker" and maker.settings["meaning"] in _PERSONAL
    return None if fits else "group: it is no part of a person"


def _sum_is_positive(weights: list[float]) -> list[float]:
    if weights and not sum(weights) > 0:
        raise ValueError("the weights are all nothing")
    return weights


_Share = Annotated[float, Field(ge=0, le=1)]
_Weight = Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)]
_Length = Annotated[int, Field(ge=0, le=_LONGEST)]
_Count = Annotated[int, Field(ge=1, le=_LONGEST)]
_Weights = Annotated[list[_Weight], AfterValidator(_sum_is_positive)]
_Counted = Annotated[dict[str, _Count], Field(max_length=1000)]


class _Settings(BaseModel):
    """Any maker's: ``lengths`` are quantiles, ``max`` is declared, ``locale`` the config's."""

    model_config = ConfigDict(strict=True, extra="allow")

    lengths: list[_Count] = []
    max: _Count | None = None
    locale: Annotated[str, Field(pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$")] | None = None
    group: str = ""
    sql: str = ""


class _Number(_Settings):
    quantiles: Annotated[list[Annotated[float, Field(allow_inf_nan=False)]], Field(min_length=1, max_length=1000)]
    decimals: Annotated[int, Field(ge=0, le=18)] = 0
    share: _Share = 1.0

    @model_validator(mode="after")
    def _fits(self) -> _Number:
        if max(map(abs, self.quantiles)) * 10**self.decimals > 2 * MOST_NUMBER:
            raise ValueError("a number has more digits than can be written")
        return self


class _Moment(_Number):
    format: str
    fraction: Annotated[int, Field(ge=0, le=9)] = 0
    daily: bool = False

    @model_validator(mode="after")
    def _is_known(self) -> _Moment:
        if not _FORMAT.fullmatch(self.format):
            raise ValueError("the format is none of a date")
        return self


class _Chosen(_Settings):
    """``choices`` with their ``weights``; ``rest`` is the weight of everything else."""

    choices: list[str] = []
    weights: list[_Weight] = []
    rest: _Weight = 0

    @model_validator(mode="after")
    def _pairwise(self) -> _Chosen:
        if len(self.choices) != len(self.weights):
            raise ValueError("choices and weights are not as many")
        if self.choices and not sum(self.weights) + self.rest > 0:
            raise ValueError("the weights are all nothing")
        return self


class _Segment(_Chosen):
    literal: str | None = None
    name: str | None = Field(default=None, alias="class", min_length=1)
    min: _Length = 0
    max: _Length = 0
    first: list[_Weight] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> _Segment:
        if self.literal is not None:
            return self
        if "literal" in self.model_fields_set or not {"min", "max"} <= self.model_fields_set:
            raise ValueError("a segment has no length")
        if self.name is None or (self.name not in _ALPHABETS and not self.name.isascii()):
            raise ValueError("a segment is of no class")
        if self.min > self.max:
            raise ValueError("a segment is longer than it may be")
        if "choices" in self.model_fields_set and not self.choices:
            raise ValueError("a segment has nothing to choose from")
        if self.first and len(self.first) != _ALPHABETS.get(self.name, len(self.name)):
            raise ValueError("first signs and their weights are not as many")
        return self


class _Shape(_Settings):
    weight: Annotated[float, Field(gt=0, le=1e15)]
    segments: Annotated[list[_Segment], Field(max_length=1000)]


class _Clear(BaseModel):
    """Which buckets are free, one bit each."""

    model_config = ConfigDict(strict=True)

    buckets: Annotated[int, Field(ge=SHARE, le=MOST_BUCKETS)]
    free: Annotated[str, Field(max_length=MOST_BUCKETS)]

    @model_validator(mode="after")
    def _is_bitmap(self) -> _Clear:
        try:
            bits = base64.b64decode(self.free, validate=True)
        except ValueError:
            raise ValueError("the free buckets are no bits") from None
        if self.buckets & (self.buckets - 1) or len(bits) * 8 != self.buckets:
            raise ValueError("buckets and bits are not as many")
        return self


class _Pattern(_Settings):
    clear: _Clear | None = None
    shapes: Annotated[list[_Shape], Field(min_length=1, max_length=10_000)]
    distinct: _Count | None = None


class _Words(_Settings):
    words: list[Annotated[str, Field(min_length=1)]] = []
    weights: list[_Count] = []
    starts: list[tuple[_Length, _Count]] = []
    ends: list[tuple[_Length, _Count]] = []
    next: dict[str, list[tuple[_Length, _Count]]] = {}
    after: dict[str, list[tuple[_Length, _Count]]] = {}
    coverage: _Share = 0.0
    case: str = "sentence"

    @model_validator(mode="after")
    def _stays_inside(self) -> _Words:
        many = len(self.words)
        if len(self.weights) != many:
            raise ValueError("words and weights are not as many")
        for name, befores, length in (("next", self.next, 1), ("after", self.after, 2)):
            for key, ways in befores.items():
                parts = key.split()
                if len(parts) != length or not all(re.fullmatch(r"\d{1,9}", part, re.ASCII) for part in parts):
                    raise ValueError(f"{name} follows what is no word")
                if not ways or any(int(part) >= many for part in parts):
                    raise ValueError(f"{name} follows a word that is not there")
        follows = [self.starts, self.ends, *self.next.values(), *self.after.values()]
        if any(place >= many for ways in follows for place, _ in ways):
            raise ValueError("a word is named that is not there")
        return self


class _Faker(_Settings):
    clear: _Clear | None = None
    meaning: str
    case: str | None = None
    separator: Literal["", " ", "-"] = ""
    endings: _Counted = {}
    distinct: _Count | None = None
    realm: bool = False
    realm_length: Annotated[int, Field(ge=0, le=1000)] = 0
    shapes: _Counted = {}
    domains: Annotated[list[tuple[Annotated[int, Field(ge=0, le=1000)], _Count]], Field(max_length=1000)] = []
    other_domains: _Weight = 0
    format: str = ""


class _Uuid(_Settings):
    version: Annotated[int, Field(ge=0, le=15)] = 4
    upper: bool = False


class _Labels(_Settings):
    labels: list[str]


class _Network(_Settings):
    six: _Share = 0.0
    masked: _Share = 0.0


class _Named(_Settings):
    """A maker inside a structure."""

    name: str
    settings: dict[str, Any] = {}

    @model_validator(mode="after")
    def _can_be_followed(self) -> _Named:
        if self.name not in LEAVES:
            raise ValueError("a leaf is made by nothing that makes leaves")
        problem = problem_of(Maker(self.name, self.settings), "string")
        if problem is not None:
            raise ValueError(problem)
        return self


class _Leaf(_Chosen):
    maker: _Named | None = None

    @model_validator(mode="after")
    def _is_made(self) -> _Leaf:
        if self.maker is None and (not self.choices or self.rest):
            raise ValueError("a leaf is made by nothing")
        return self


class _JsonNumber(_Number, _Chosen):
    pass


class _Node(_Settings):
    kinds: dict[str, _Weight]
    named: str = ""
    shapes: Annotated[list[_Documents], Field(max_length=250)] = []
    keys: Annotated[list[_Key], Field(max_length=1000)] | None = None
    size: _Number | None = None
    items: _Node | None = None
    cover: Annotated[list[_Length], Field(max_length=200)] = []
    text: _Leaf | None = None
    number: _JsonNumber | None = None
    true: _Share | None = None

    @model_validator(mode="after")
    def _has_what_its_kinds_need(self) -> _Node:
        if any(number >= len(self.items.shapes if self.items else ()) for number in self.cover):
            raise ValueError("cover names a shape that is not there")
        _follow_no_circle(self.keys or [])
        if self.shapes:
            _sum_is_positive([shape.weight for shape in self.shapes])
            return self
        own = {kind: weight for kind, weight in self.kinds.items() if kind in _KINDS}
        if own and not sum(own.values()) > 0:
            raise ValueError("the weights are all nothing")
        needed = {"object": ("keys",), "array": ("size", "items"), "string": ("text",)}
        needed |= {"number": ("number",), "boolean": ("true",)}
        for kind in own:
            for name in needed.get(kind, ()):
                if getattr(self, name) is None:
                    raise ValueError(f"{kind} without {name}")
        return self


class _Key(_Settings):
    key: str
    share: _Share
    after: _Length | None = None
    given: Annotated[list[_Share], Field(min_length=2, max_length=2)] | None = None
    node: _Node


def _follow_no_circle(keys: list[_Key]) -> None:
    """Keys are drawn one after the other: none may wait for itself."""
    for place, entry in enumerate(keys):
        if (entry.after is None) is not (entry.given is None):
            raise ValueError("a key follows another without shares")
        seen, at = {place}, entry.after
        while at is not None:
            if at >= len(keys) or at in seen:
                raise ValueError("a key follows one that is not there, or itself")
            seen.add(at)
            at = keys[at].after


class _Documents(_Settings):
    """What the documents of one shape hold."""

    weight: _Weight
    value: str
    open: bool
    paths: Annotated[list[str], Field(max_length=10_000)]
    node: _Node


class _Json(_Settings):
    root: _Node | None = None
    drawn: Literal["", "shape"] = ""

    @model_validator(mode="after")
    def _has_what_is_drawn(self) -> _Json:
        if self.drawn and not (self.root and self.root.shapes):
            raise ValueError("a shape is drawn, and there is none")
        return self


class _Child(_Settings):
    share: _Share
    size: Annotated[float, Field(ge=0, le=1e6)]
    node: _Element


class _Element(_Settings):
    tag: Annotated[str, Field(min_length=1)]
    text: _Leaf | None = None
    attributes: dict[str, _Leaf] = {}
    children: list[_Child] = []

    @model_validator(mode="after")
    def _says_what_it_holds(self) -> _Element:
        if self.text is None and "text" in self.model_fields_set:
            raise ValueError("a text of nothing")
        return self


class _Xml(_Settings):
    root: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _is_element(self) -> _Xml:
        if self.root:
            _Element.model_validate(self.root)
        return self


class _Array(_Settings):
    leaf: _Leaf | None = None
    size: _Number | None = None
    nulls: _Share = 0.0
    distinct: bool = False
    drawn: Literal["", "size"] = ""
    order: list[Annotated[float, Field(allow_inf_nan=False)]] = []

    @model_validator(mode="after")
    def _is_whole(self) -> _Array:
        if "leaf" in self.model_fields_set or self.drawn:
            if self.leaf is None or self.size is None:
                raise ValueError("arrays of nothing")
            if self.order and len(self.order) != len(self.leaf.choices):
                raise ValueError("order and choices are not as many")
            if self.distinct and not all(weight > 0 for weight in self.leaf.weights):
                raise ValueError("a choice that is never made")
        return self


class _Range(_Settings):
    kind: str
    sql: str
    low: _Number
    width: _Number
    empty: _Share
    open_low: _Share
    open_high: _Share
    bounds: Literal["[)", "[]", "(]", "()"]


class _Part(_Settings):
    nulls: _Share
    leaf: _Leaf | None = None

    @model_validator(mode="after")
    def _names_its_leaf(self) -> _Part:
        if "leaf" not in self.model_fields_set:
            raise ValueError("a field of nothing")
        return self


class _Composite(_Chosen):
    fields: Annotated[int, Field(ge=0, le=10_000)] = 0
    parts: Annotated[list[_Part], Field(max_length=10_000)] = []


class _Geometric(_Settings):
    x: _Number | None = None
    y: _Number | None = None


class _Interval(_Settings):
    months: _Number | None = None
    days: _Number | None = None
    seconds: _Number | None = None


class _Bit(_Settings):
    length: _Count | None = None


class _Vector(_Settings):
    lexemes: list[Annotated[str, Field(min_length=1)]] = []
    weights: _Weights = []

    @model_validator(mode="after")
    def _pairwise(self) -> _Vector:
        if len(self.lexemes) != len(self.weights):
            raise ValueError("lexemes and weights are not as many")
        return self


class _Level(_Settings):
    choices: Annotated[list[Annotated[str, Field(pattern=r"^[\w-]+$")]], Field(max_length=1000)]
    weights: list[_Weight]
    rest: _Weight

    @model_validator(mode="after")
    def _pairwise(self) -> _Level:
        if len(self.choices) != len(self.weights):
            raise ValueError("choices and weights are not as many")
        return self


class _Pair(_Settings):
    key: str
    share: _Share
    leaf: _Leaf


class _Other(_Chosen):
    """``levels`` and ``depth`` of paths, ``pairs`` of keys and values, or neither."""

    levels: Annotated[list[_Level], Field(max_length=1000)] = []
    depth: _Number | None = None
    pairs: Annotated[list[_Pair], Field(max_length=1000)] = []

    @model_validator(mode="after")
    def _is_whole(self) -> _Other:
        if self.levels and self.depth is None:
            raise ValueError("paths of no length")
        return self


LEAVES = frozenset("faker pattern words number moment uuid labels network composite range array json".split())
"""Makers that a structure may hold."""


@functools.cache
def makers() -> dict[str, TypeAdapter[Any]]:
    """What each maker's settings must look like, by its name."""
    models: dict[str, type[_Settings]] = {
        "array": _Array,
        "binary": _Settings,
        "bit": _Bit,
        "composite": _Composite,
        "faker": _Faker,
        "geometric": _Geometric,
        "interval": _Interval,
        "json": _Json,
        "labels": _Labels,
        "moment": _Moment,
        "network": _Network,
        "number": _Number,
        "other": _Other,
        "pattern": _Pattern,
        "range": _Range,
        "tsvector": _Vector,
        "uuid": _Uuid,
        "words": _Words,
        "xml": _Xml,
    }
    return {name: TypeAdapter(model) for name, model in models.items()}

