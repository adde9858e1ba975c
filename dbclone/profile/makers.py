"""Which maker fills a column's texts, with the settings that it learned.

Takes a Column, its Facts and Meaning, gives a Maker. Settings hold nothing that fewer than k distinct texts share.
"""

from __future__ import annotations

import re
from typing import Any

from dbclone.profile.checks import demanded_pattern, demands_format, listed_values
from dbclone.profile.documents import MOST_DOCUMENTS, read_documents
from dbclone.profile.facts import Facts
from dbclone.profile.meanings import Meaning
from dbclone.profile.roles import unique_expression
from dbclone.profile.structures import learn_structure
from dbclone.profile.text_makers import text_maker
from dbclone.profile.value import Maker
from dbclone.schema import Column, Kind, Table, Type

_MOST_CHOICES = 60


def choose_maker(
    table: Table, column: Column, facts: Facts, meaning: Meaning, k: int, locale: str | None = None
) -> Maker:
    """The maker for a column's texts that cannot be repeated.

    Settings for every maker: ``lengths`` (quantiles), ``max`` (declared), ``locale`` (the config's for this column),
    ``folds`` where texts that differ in case alone count as equal.
    """
    basic: dict[str, Any] = {"lengths": list(facts.lengths)}
    if column.type.length is not None:
        basic["max"] = column.type.length
    if locale is not None:
        basic["locale"] = locale
    folded = re.search(r"\b(?:lower|upper)\s*\(", unique_expression(table, column) or "", re.I)
    if folded or (column.ignores_case and any(column.name in columns for columns in table.unique_sets)):
        basic["folds"] = True
    kind = column.type.kind
    if kind is Kind.ENUM:
        return Maker("labels", {"labels": list(column.type.labels)} | basic)
    if kind is Kind.TEXT:
        return _text(table, column, facts, meaning, k, basic)
    texts = facts.spread(MOST_DOCUMENTS) if kind is Kind.JSON else facts.texts
    name, settings = learn_structure(column.type, texts, k)
    if kind in (Kind.COMPOSITE, Kind.OTHER, Kind.NETWORK):
        settings |= _shared(facts, k)
    return Maker(name, settings | basic | {"nullable": column.nullable})


def _text(table: Table, column: Column, facts: Facts, meaning: Meaning, k: int, basic: dict[str, Any]) -> Maker:
    """What the schema lists or demands comes before what the rows show."""
    # Whatever the column is called, what the schema lists is nobody's.
    listed = listed_values(table, column, facts) if facts.texts or not meaning.sensitive else ()
    if listed:
        return Maker("labels", {"labels": list(listed)} | basic)
    if column.type.length is None and read_documents(facts, k):
        name, settings = learn_structure(Type(Kind.JSON, "json"), facts.spread(MOST_DOCUMENTS), k)
        return Maker(name, settings | basic | {"nullable": column.nullable})
    maker = text_maker(facts, meaning, k, basic)
    if not demands_format(table, column):
        return maker
    if maker.name == "pattern":
        return Maker("pattern", maker.settings | {"strict": True})
    demanded = demanded_pattern(table, column)
    return maker if demanded is None else Maker("pattern", demanded | {"strict": True} | basic)


def _shared(facts: Facts, k: int) -> dict[str, Any]:
    """Whole values that k rows share, for kinds that nothing else is known of."""
    pairs = [(text, count) for text, count in zip(facts.texts, facts.counts, strict=True) if count >= k][:_MOST_CHOICES]
    return {"choices": [text for text, _ in pairs], "weights": [count for _, count in pairs]} if pairs else {}
