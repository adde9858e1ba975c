"""How rules are called: names that a person understands and a config can repeat.

Takes the parts of a rule, gives a text. Never sees rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from dbclone.profile.rules import Factor, Key, Part, Ref, Term
from dbclone.schema import Kind, Schema, TableName

_SIGNS = {"lower": "lower({})", "upper": "upper({})", "": "{}"}


@dataclass(frozen=True)
class RuleNames:
    """Names in the words of one schema."""

    schema: Schema

    def table(self, name: TableName) -> str:
        return self.schema.short_names[name]

    def ref(self, table: TableName, ref: Ref) -> str:
        """``orders.placed_at``, also of a parent; by the key's columns where several keys lead to that parent."""
        if not ref.key:
            return f"{self.table(table)}.{ref.column}"
        keys = self.schema.table(table).foreign_keys
        parent = next(key.parent for key in keys if key.columns == ref.key)
        if parent != table and sum(key.parent == parent for key in keys) == 1:
            return f"{self.table(parent)}.{ref.column}"
        return f"{self.table(table)}.{self.key(ref.key)}->{self.table(parent)}.{ref.column}"

    def key(self, key: Key) -> str:
        return key[0] if len(key) == 1 else f"({', '.join(key)})"

    def path(self, table: TableName, path: tuple[Key, ...]) -> str:
        """``items.order_id->orders.tenant_id``."""
        text, name = "", table
        for columns in path:
            text += f"{'->' if text else ''}{self.table(name)}.{self.key(columns)}"
            name = next(key.parent for key in self.schema.table(name).foreign_keys if key.columns == columns)
        return text

    def terms(self, table: TableName, terms: tuple[Term, ...]) -> str:
        """``quantity * unit_price * (1 - discount)``; columns of the row itself go by their bare names."""
        text = ""
        for place, term in enumerate(terms):
            sign = ("- " if term.scale < 0 else "") if not place else (" - " if term.scale < 0 else " + ")
            text += f"{sign}{self._term(table, term)}"
        return text

    def _term(self, table: TableName, term: Term) -> str:
        size = abs(term.scale)
        bare = size != 1 or not term.factors
        pieces = [f"{size:.12g}"] if bare else []
        for factor in term.factors:
            name = factor.ref.column if not factor.ref.key else self.ref(table, factor.ref)
            if factor.way == "over":
                pieces = [f"{' * '.join(pieces) or '1'} / {name}"]
            else:
                pieces.append({"plain": name, "rest": f"(1 - {name})", "more": f"(1 + {name})"}[factor.way])
        return " * ".join(pieces)

    def parts(self, table: TableName, parts: tuple[Part, ...]) -> str:
        """``first_name || ' ' || last_name``."""
        return " || ".join(
            _SIGNS[part.case].format(self.ref(table, Ref(part.column, part.key)) if part.key else part.column)
            if part.column
            else "'" + part.text.replace("'", "''") + "'"
            for part in parts
        )


def plain(column: str, key: Key = ()) -> Factor:
    """The column's value as a factor."""
    return Factor(Ref(column, key))


NUMBERS = (Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT, Kind.MONEY)
STAMPS = (Kind.TIMESTAMP, Kind.TIMESTAMPTZ)


def comparable(first: Kind, second: Kind) -> bool:
    """True where ``first <= second`` means something: two numbers, two moments, two times of day."""
    if first in NUMBERS:
        return second in NUMBERS
    if first is Kind.DATE or first in STAMPS:
        return second is Kind.DATE or second in STAMPS
    return first is Kind.TIME and second is Kind.TIME
