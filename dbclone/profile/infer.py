"""Foreign keys that the schema does not declare: which ones names, or the values themselves, could speak for.

Takes a Schema and counts, gives candidates for `evidence` to judge. Asks no database; the counts come from whoever may.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from dbclone.profile.evidence import Candidate, ColumnCounts, could_prove
from dbclone.profile.key_names import (
    Likeness,
    NamedColumn,
    NamedKey,
    Tokens,
    common_prefix,
    compare,
    holds_people,
    names_somebody,
    points_within,
    read_column,
    table_words,
    words_of,
)
from dbclone.schema import Column, ForeignKey, Kind, Schema, Table, TableName

_KINDS = (Kind.INTEGER, Kind.TEXT, Kind.UUID, Kind.DECIMAL, Kind.BINARY, Kind.OTHER)
_UNNAMED_KINDS = (Kind.INTEGER, Kind.TEXT, Kind.UUID, Kind.BINARY)
_UNCOUNTED = (Kind.JSON, Kind.XML, Kind.ARRAY, Kind.RANGE, Kind.COMPOSITE, Kind.GEOMETRIC, Kind.TSVECTOR)
_LEAST_NAMED = 0.7
_MOST_ROLES = 4
_PEOPLE = "+people"
_Place = tuple[TableName, str]


@dataclass(frozen=True)
class _Target:
    """A single column that can be referenced."""

    table: Table
    column: Column
    named: NamedKey


@dataclass(frozen=True)
class _Index:
    """The targets under every word that may lead to them."""

    targets: tuple[_Target, ...]
    prefix: str
    run_together: frozenset[str]
    hooks: Mapping[str, list[_Target]]
    at: Mapping[_Place, list[_Target]]


def named_candidates(schema: Schema) -> list[Candidate]:
    """Every key over one column that names suggest, the most likely ones first."""
    index = _index(schema)
    declared = _declared_names(schema)
    found: list[Candidate] = []
    for table in schema:
        own = table_words(table.name.name, index.prefix)
        for column in _open_columns(table):
            named = read_column(column.name, index.run_together)
            known = [one for place in declared.get(named.words, ()) for one in index.at.get(place, ())]
            for target in {id(one): one for one in (*_near(index, named, table), *known)}.values():
                is_self = target.table.name == table.name
                if not _comparable(column, target.column) or (is_self and target.column == column):
                    continue
                likeness = compare(named, own, target.named, is_self=is_self)
                hint = declared.get(named.words, {}).get((target.table.name, target.column.name))
                if hint is not None and not is_self and (likeness is None or likeness.strength < 0.97):
                    likeness = Likeness(0.97, f"{hint} is declared to reference it under this name")
                if likeness is not None:
                    found.append(Candidate(_key(table, (column.name,), target.table, (target.column.name,)), likeness))
    return sorted(found, key=_order)


def wide_candidates(schema: Schema, explained: Collection[tuple[TableName, str]]) -> list[Candidate]:
    """Keys over several columns: every column of a unique set has a namesake in the child.

    ``explained`` are columns that reference another table by themselves; a key of nothing but these needs more.
    """
    prefix = common_prefix([table.name.name for table in schema])
    having = _having(schema)
    found: list[Candidate] = []
    for parent in schema:
        above = table_words(parent.name.name, prefix)
        for columns in parent.unique_sets:
            if len(columns) < 2 or not above:
                continue
            # A table needs a namesake of every column, or one that names the parent.
            naming = having[f"<{above[0]}"] | having[f">{above[-1]}"] | {parent.name}
            possible = set.intersection(*(having[" ".join(words_of(name))] | naming for name in columns))
            for name in sorted(possible):
                found += _wide(schema.table(name), parent, columns, prefix, explained)
    return sorted(found, key=_order)


def _having(schema: Schema) -> dict[str, set[TableName]]:
    """The tables that have a column of some words, or one whose words begin or end with one."""
    found: dict[str, set[TableName]] = defaultdict(set)
    for table in schema:
        for column in table.columns:
            named = read_column(column.name)
            found[" ".join(named.words)].add(table.name)
            if named.stem:
                found[f"<{named.stem[0]}"].add(table.name)
                found[f">{named.stem[-1]}"].add(table.name)
    return found


def unnamed_candidates(schema: Schema, counts: Mapping[tuple[TableName, str], ColumnCounts]) -> list[Candidate]:
    """Keys that no name suggests, as far as the values themselves could prove one: never those of a dense numbering."""
    index = _index(schema)
    found = []
    for table in schema:
        for column in _open_columns(table):
            about = counts.get((table.name, column.name))
            if column.type.kind not in _UNNAMED_KINDS or about is None:
                continue
            for target in index.targets:
                if target.table.name == table.name or not _comparable(column, target.column):
                    continue
                above = counts.get((target.table.name, target.column.name))
                if above is not None and could_prove(column.type.kind, about, above):
                    found.append(Candidate(_key(table, (column.name,), target.table, (target.column.name,)), None))
    return found


def may_reference(column: Column) -> bool:
    """True for columns of a kind that keys are made of."""
    return column.type.kind in _KINDS and column.generated is None


def _order(candidate: Candidate) -> tuple[float, str]:
    return (-candidate.likeness.strength if candidate.likeness else 0.0, str(candidate.key))


def _key(table: Table, columns: tuple[str, ...], parent: Table, parent_columns: tuple[str, ...]) -> ForeignKey:
    return ForeignKey(table.name, columns, parent.name, parent_columns, inferred=True)


def _open_columns(table: Table) -> Iterator[Column]:
    """Columns that may reference something and that no declared key of one column explains."""
    explained = {key.columns[0] for key in table.foreign_keys if len(key.columns) == 1}
    for column in table.columns:
        numbers_itself = column.is_automatic and table.key == (column.name,)
        if may_reference(column) and column.name not in explained and not numbers_itself:
            yield column


def _comparable(column: Column, other: Column) -> bool:
    kind = column.type.kind
    if kind is not other.type.kind:
        return False
    return kind is not Kind.OTHER or column.type.sql == other.type.sql


def _index(schema: Schema) -> _Index:
    prefix = common_prefix([table.name.name for table in schema])
    words = {table.name: table_words(table.name.name, prefix) for table in schema}
    run_together = frozenset("".join(own) for own in words.values())
    targets = []
    for table in schema:
        for name in _referable(table, words[table.name]):
            column = table.column(name)
            if column.type.kind in _KINDS and words[table.name]:
                about = read_column(name, run_together).words
                targets.append(_Target(table, column, NamedKey(words[table.name], about, table.key in ((name,), ()))))
    named_alike = Counter(target.named.column for target in targets)
    targets = [
        replace(one, named=replace(one.named, is_only=named_alike[one.named.column] == 1)) for one in targets
    ]
    hooks: dict[str, list[_Target]] = defaultdict(list)
    for target in targets:
        named = target.named
        people = [_PEOPLE] if named.is_primary and holds_people(named.table) else []
        short = _initials(named.table)
        for hook in {f"<{named.table[0]}", f">{named.table[-1]}", " ".join(named.column), short, *people}:
            hooks[hook].append(target)
    at: dict[_Place, list[_Target]] = defaultdict(list)
    for target in targets:
        at[target.table.name, target.column.name].append(target)
    return _Index(tuple(targets), prefix, run_together, hooks, at)


def _initials(words: Tokens) -> str:
    """What an abbreviation and the name that it stands for have in common."""
    return "~" + "".join(word[0] for word in words)


def _referable(table: Table, own: Tokens) -> list[str]:
    """Single columns that tell the rows apart; where nothing is declared, those that are called like a key."""
    declared = [columns[0] for columns in table.unique_sets if len(columns) == 1]
    if declared or table.unique_sets:
        return declared
    names = {("id",), (*own, "id"), (*own, "no"), (*own, "key"), (*own, "code"), (own[-1], "id")} if own else set()
    return [column.name for column in table.columns if words_of(column.name) in names][:1]


def _near(index: _Index, named: NamedColumn, table: Table) -> Iterator[_Target]:
    """The targets that could be meant by a column's name, each once."""
    hooks = {" ".join(named.words)}
    if named.stem:
        hooks |= {f"<{named.stem[0]}", f">{named.stem[-1]}"}
    if named.is_marked and named.stem:
        hooks.add(_initials(named.stem))
    if names_somebody(named.stem):
        hooks.add(_PEOPLE)
    found = {id(target): target for hook in hooks for target in index.hooks.get(hook, ())}
    if named.is_marked or points_within(named.stem):
        found |= {id(one): one for name in table.by_name for one in index.at.get((table.name, name), ())}
    yield from found.values()


def _declared_names(schema: Schema) -> dict[Tokens, dict[_Place, str]]:
    """What columns of a name are declared to reference elsewhere, with one such column."""
    found: dict[Tokens, dict[_Place, str]] = defaultdict(dict)
    for key in schema.foreign_keys:
        if len(key.columns) == 1 and not key.inferred and not key.is_self:
            found[words_of(key.columns[0])][key.parent, key.parent_columns[0]] = f"{key.table}.{key.columns[0]}"
    return found


# -- keys over several columns ----------------------------------------------------------------------------------------


def _wide(
    table: Table,
    parent: Table,
    columns: tuple[str, ...],
    prefix: str,
    explained: Collection[tuple[TableName, str]],
) -> Iterator[Candidate]:
    """``columns`` of ``parent`` by their namesakes in ``table``; an ``id`` by what names the parent."""
    own, above = table_words(table.name.name, prefix), table_words(parent.name.name, prefix)
    choices = [_namesakes(table, parent, name, own, above) for name in columns]
    taken = {key.columns for key in table.foreign_keys}
    for picked in itertools.islice(itertools.product(*choices), _MOST_ROLES):
        names = tuple(name for name, _ in picked)
        if len(set(names)) < len(names) or names in taken or (table.name == parent.name and names == columns):
            continue
        told = any(mention for _, mention in picked) or (own != above and set(above) <= set(own))
        # Dates and columns that lead elsewhere are in many tables; a line number is not.
        rest = [name for name in names if (table.name, name) not in explained]
        telling = [name for name in rest if not table.column(name).type.is_temporal]
        strength, reason = 0.4, "columns of the same names"
        if told:
            strength, reason = 0.9, f"names {parent.name.name} and every column of its key"
        elif telling:
            strength, reason = 0.7, f"columns named like the whole key of {parent.name.name}"
        yield Candidate(_key(table, names, parent, columns), Likeness(strength, reason))


def _shares_an_end(stem: Tokens, table: Tokens) -> bool:
    return bool(stem) and (stem[0] == table[0] or stem[-1] == table[-1])


def _namesakes(table: Table, parent: Table, name: str, own: Tokens, above: Tokens) -> list[tuple[str, bool]]:
    """Columns of ``table`` that could stand for the parent's column ``name``, and whether each names the parent."""
    wanted, is_self = parent.column(name), table.name == parent.name
    named = NamedKey(above, words_of(name))
    found = []
    for column in table.columns:
        if column.type.kind in _UNCOUNTED or column.type.kind is not wanted.type.kind:
            continue
        read = read_column(column.name)
        if read.words == named.column:
            if not named.is_generic:
                found.append((column.name, set(above) <= set(read.words)))
        elif read.words[-1:] == named.column[-1:] and (is_self or _shares_an_end(read.stem, above)):
            likeness = compare(read, own, named, is_self=is_self)
            if likeness is not None and likeness.strength >= _LEAST_NAMED:
                found.append((column.name, True))
    return found
