"""New values for a column whose own are taken or forbidden: near to what its rows hold, in the same form.

Takes a table's values and the conditions over them, gives single values. Texts keep their pattern: a digit becomes
another digit, a letter another letter.
"""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import json
import math
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from sqlglot import expressions as exp

from dbclone.sample.demands import spelled
from dbclone.sample.expressions import column_names
from dbclone.sample.spans import axis_of_range
from dbclone.schema import Column, Kind, Table

_SEEN = 2_000


class Fresh:
    """``value`` makes them; ``rows`` are those whose values are known to be sound. ``listed`` are the constants that
    conditions compare each column with."""

    def __init__(
        self,
        table: Table,
        values: Mapping[str, list[Any]],
        rows: Sequence[int],
        conditions: Iterable[exp.Expression],
        rng: np.random.Generator,
    ) -> None:
        self._table, self._rng = table, rng
        some = list(rows[:_SEEN])
        self._seen = {name: [column[row] for row in some if column[row] is not None] for name, column in values.items()}
        self._spread = {name: len(column) for name, column in values.items()}
        self.listed: dict[str, list[str]] = {}
        for tree in conditions:
            self._note(tree)

    def _note(self, tree: exp.Expression) -> None:
        """Remembers the constants that a condition compares its columns with: the schema lists them itself."""
        constants = [str(one.this) for one in tree.find_all(exp.Literal)]
        for name in column_names(tree):
            column = spelled(self._table, name)
            if column is not None:
                self.listed.setdefault(column, []).extend(constants)

    def value(self, name: str, now: Any, turn: int) -> Any:
        """Another value for column ``name``, which is ``now``; the later the turn, the further away."""
        column = self._table.column(name)
        seen = self._seen[name]
        model = seen[int(self._rng.integers(len(seen)))] if seen and self._rng.random() < 0.8 else now
        kind = column.type.kind
        if column.type.labels:
            return str(self._rng.choice(column.type.labels))
        if kind is Kind.BOOLEAN:
            return bool(self._rng.random() < 0.5)
        if kind.value in ("integer", "decimal", "float", "money"):
            return self._number(column, turn)
        if kind.value in ("date", "time", "timestamp", "timestamptz"):
            return self._moment(model, turn, kind)
        if isinstance(model, bytes):
            return self._rng.bytes(max(1, len(model)))
        return self._text(column, model, turn)

    def _number(self, column: Column, turn: int) -> Any:
        listed = [float(text) for text in self.listed.get(column.name, ()) if _is_number(text)]
        seen = self._seen[column.name]
        if listed and self._rng.random() < 0.4:
            made = float(self._rng.choice(listed)) + float(self._rng.choice([-1.0, 0.0, 1.0]))
        elif column.type.kind is Kind.INTEGER and seen:
            # Whole numbers throughout: large ids differ in digits that a float does not have.
            low, high = min(seen), max(seen)
            room = (self._spread[column.name] + 1) * (1 + turn // 10)
            return int(low) + int(self._rng.integers(-room if low < 0 else 0, int(high) - int(low) + room + 1))
        else:
            low, high = (min(seen), max(seen)) if seen else (0.0, 100.0)
            made = low + (high - low + 1 + turn) * float(self._rng.random())
        if column.type.kind is Kind.INTEGER:
            return round(made)
        scale = 2 if column.type.scale is None else column.type.scale
        return round(made, scale)

    def _moment(self, model: Any, turn: int, kind: Kind) -> Any:
        if kind is Kind.TIME or model is None:
            hours = int(self._rng.integers(0, 24))
            day = datetime.date(2020, 1, 1) + datetime.timedelta(days=int(self._rng.integers(0, 1000)))
            zone = datetime.UTC if kind is Kind.TIMESTAMPTZ else None
            time = datetime.time(hours, int(self._rng.integers(0, 60)))
            if kind is Kind.TIME:
                return time
            return day if kind is Kind.DATE else datetime.datetime.combine(day, time, zone)
        days = int(self._rng.integers(-2 - turn * 8, 3 + turn * 8))
        try:
            moved = model + datetime.timedelta(days=days)
            seconds = int(self._rng.integers(0, 86_400))
            return moved if kind is Kind.DATE else moved + datetime.timedelta(seconds=seconds)
        except OverflowError:
            return model

    def _text(self, column: Column, model: Any, turn: int) -> str:
        if column.type.kind is Kind.UUID:
            return str(uuid.UUID(bytes=self._rng.bytes(16), version=4))
        if column.type.kind is Kind.JSON and turn % 2:
            return self._document(str(model or "{}"))
        if column.type.kind is Kind.ARRAY and not model:
            return "{}"
        moved = self._moved(column, str(model or ""), turn)
        if moved is not None:
            return moved
        if column.type.kind is not Kind.TEXT:
            # Of a form that is not known here only the digits are safe to change.
            return "".join(self._sign(sign) if sign.isdigit() else sign for sign in str(model or ""))
        listed = [text for text in self.listed.get(column.name, ()) if len(text) <= (column.type.length or len(text))]
        if listed and self._rng.random() < 0.5:
            return str(self._rng.choice(listed))
        text = str(model) if model else "a" * int(self._rng.integers(1, 2 + turn // 8))
        if not self._seen[column.name] and self._rng.random() < 0.5:
            # Nothing sound to go by: one word as long as the text, then shorter ones, may be plain enough.
            text = "a" * max(1, len(text) - int(self._rng.integers(0, 1 + turn // 4)))
        made = "".join(self._sign(sign) for sign in text)
        return (made + self._sign("a") if turn > 20 else made)[: column.type.length]

    def _moved(self, column: Column, text: str, turn: int) -> str | None:
        """A range or a network as large as the given one, elsewhere; None for other values."""
        step = int(self._rng.integers(1, 3 + 4 * turn)) * (1 if self._rng.random() < 0.5 else -1)
        if column.type.kind is Kind.RANGE:
            axis = axis_of_range(column.type.sql)
            span = None if axis is None else axis.parse(text)
            if axis is None or span is None or not all(map(math.isfinite, span)):
                return None
            way = step * (span[1] - span[0])
            return axis.spell((span[0] + way, span[1] + way))
        if column.type.kind is not Kind.NETWORK:
            return None
        with contextlib.suppress(ValueError):
            made = ipaddress.ip_interface(text)
            way = step << (made.max_prefixlen - made.network.prefixlen)
            there = (int(made.ip) + way) % (1 << made.max_prefixlen)
            return str(type(made.ip)(there)) + ("/" + text.partition("/")[2] if "/" in text else "")
        return None

    def _document(self, text: str) -> str:
        """A document with other texts in it, of the same form."""
        with contextlib.suppress(ValueError):
            share = float(self._rng.choice([0.3, 1.0]))
            return json.dumps(self._leaves(json.loads(text), share), ensure_ascii=False)
        return text

    def _leaves(self, value: Any, share: float) -> Any:
        """The value with a ``share`` of its texts changed."""
        if isinstance(value, dict):
            return {key: self._leaves(one, share) for key, one in value.items()}
        if isinstance(value, list):
            return [self._leaves(one, share) for one in value]
        return "".join(map(self._sign, value)) if isinstance(value, str) and self._rng.random() < share else value

    def _sign(self, sign: str) -> str:
        """Another sign of the same class; never a leading nought where there was none."""
        if sign.isdigit():
            return str(int(self._rng.integers(1, 10))) if sign != "0" else str(int(self._rng.integers(0, 10)))
        if sign.isascii() and sign.isalpha():
            made = chr(ord("a") + int(self._rng.integers(26)))
            return made.upper() if sign.isupper() else made
        return sign


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
