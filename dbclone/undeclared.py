"""Keys that a source does not declare: names suggest them, queries over whole tables decide.

Takes an opened Source and its Schema, gives proposals and the schema with those that may be used. Only ever selects.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace

from dbclone.dialects import Source
from dbclone.dialects.counting import count_lost, count_orphans, row_counts
from dbclone.dialects.inclusion import count_key, count_types, count_values, empty_value, is_key, read_names
from dbclone.errors import ConfigError
from dbclone.profile.evidence import MOST_LOST, Candidate, ColumnCounts, Inclusion, Proposal, choose, gap_of, judge
from dbclone.profile.infer import may_reference, named_candidates, unnamed_candidates, wide_candidates
from dbclone.profile.infer_pairs import MOST_TYPES, PairProposal, key_of, pair_candidates, table_of, types_table
from dbclone.schema import Column, ForeignKey, Pair, PairTarget, Schema, Table, TableName, is_nullable

Telling = Callable[[str, int, int | None], None]


def find_keys(
    source: Source, schema: Schema, *, ignore: Iterable[str] = (), tell: Telling = lambda _label, _done, _total: None
) -> tuple[Proposal, ...]:
    """Every undeclared key that names and rows speak for, the doubtful ones included.

    ``ignore`` are columns that reference nothing, as ``table.column`` or ``schema.table.column``.
    """
    return _Search(source, schema, frozenset(ignore), tell).run()


def find_pairs(source: Source, schema: Schema, *, ignore: Iterable[str] = ()) -> tuple[PairProposal, ...]:
    """Every polymorphic pair whose types name tables that hold its keys, the doubtful ones included."""
    ignored = frozenset(ignore)
    found = []
    for table, types, column in pair_candidates(schema):
        names = {f"{owner}.{one.name}" for one in (types, column) for owner in (table.name, table.name.name)}
        proposal = None if names & ignored else _pair(source, schema, table, types, column)
        if proposal is not None:
            found.append(proposal)
    return tuple(found)


def with_pairs(schema: Schema, pairs: Iterable[PairProposal]) -> Schema:
    """The schema with the usable pairs among its tables' own."""
    added: dict[TableName, list[Pair]] = {}
    for one in pairs:
        if one.usable:
            added.setdefault(one.table, []).append(one.pair)
    tables = (replace(table, pairs=(*table.pairs, *added.get(table.name, ()))) for table in schema)
    return replace(schema, tables=tuple(tables))


def _pair(source: Source, schema: Schema, table: Table, types: Column, column: Column) -> PairProposal | None:
    """None where no type names a table that holds what the rows of that type hold."""
    named = count_types(source, schema, table, types.name, MOST_TYPES)
    if not named:
        return None
    targets, evidence, doubts = [], [], []
    spelled = _spelled_types(source, schema, table, types)
    for value, rows in sorted(named.items()):
        meant = spelled.get(value, (value,))
        parent = next((found for name in meant if (found := table_of(schema, name)) is not None), None)
        key = None if parent is None else key_of(schema.table(parent), column)
        if parent is None or key is None:
            doubts.append(f'"{value}" ({rows:,} rows) names no table whose key it could hold')
            continue
        target = PairTarget(value, parent, key)
        alone = Pair(types.name, column.name, (target,))
        filled, lost = count_lost(source, schema, table, alone, target)
        evidence.append(f'"{value}": {filled - lost:,} of {filled:,} rows find their {parent.name}.{key}')
        if lost > MOST_LOST * filled:
            return None
        if lost and not column.nullable:
            doubts.append(f'{lost:,} rows of "{value}" find no parent, and the column may not be NULL')
        targets.append(target)
    if not targets:
        return None
    return PairProposal(Pair(types.name, column.name, tuple(targets)), table.name, tuple(evidence), "; ".join(doubts))


def _spelled_types(source: Source, schema: Schema, table: Table, types: Column) -> dict[str, tuple[str, ...]]:
    """What a table of types calls each of them: all its texts together, then one by one, the last first."""
    found = types_table(schema, table, types)
    if found is None:
        return {}
    named, texts = found
    rows = read_names(source, schema, named, texts)
    return {number: ("_".join(words), *reversed(words)) for number, *words in rows}


def with_proposals(schema: Schema, proposals: Iterable[Proposal]) -> Schema:
    """The schema with the usable keys among its tables' own."""
    added: dict[TableName, list[ForeignKey]] = {}
    for one in proposals:
        if one.usable:
            added.setdefault(one.key.table, []).append(one.key)
    tables = tuple(
        replace(table, foreign_keys=(*table.foreign_keys, *added[table.name])) if table.name in added else table
        for table in schema
    )
    return replace(schema, tables=tables)


def check_asked(source: Source, schema: Schema) -> Schema:
    """The schema whose undeclared keys are known to be borne by the rows; what stands for no parent is noted in them.

    Raises ConfigError where rows find no parent in a column that may not be NULL.
    """
    tables = []
    for table in schema:
        keys = tuple(_checked(source, schema, key) if key.inferred else key for key in table.foreign_keys)
        tables.append(table if keys == table.foreign_keys else replace(table, foreign_keys=keys))
    return replace(schema, tables=tuple(tables))


def _checked(source: Source, schema: Schema, key: ForeignKey) -> ForeignKey:
    orphans = count_orphans(source, schema, key)
    if not orphans:
        return key
    key = replace(key, empty=empty_value(source, schema, key))
    if not is_nullable(schema.table(key.table), key):
        where = f"{key.table}.{key.columns[0]}"
        raise ConfigError(
            f"keys.extra says that {key}, but {orphans:,} rows find no parent there, and {where} may not be NULL.",
            where=where,
            hint="leave this key out, or mend those rows in the source.",
        )
    return key


class _Search:
    """One look at a source; every column and key is counted once."""

    def __init__(self, source: Source, schema: Schema, ignore: frozenset[str], tell: Telling) -> None:
        self._source, self._schema, self._ignore, self._tell = source, schema, ignore, tell
        self._rows = row_counts(source, [table.name for table in schema])
        self._values: dict[tuple[TableName, str], ColumnCounts] = {}
        self._unique: dict[tuple[TableName, tuple[str, ...]], bool] = {}

    def run(self) -> tuple[Proposal, ...]:
        self._count_columns()
        found = self._judged(named_candidates(self._schema))
        singles = choose(found)
        known = {(one.key.table, one.key.columns[0]) for one in singles}
        unnamed = unnamed_candidates(self._schema, self._values)
        found += self._judged(one for one in unnamed if (one.key.table, one.key.columns[0]) not in known)
        singles = choose(found)
        known = {(one.key.table, one.key.columns[0]) for one in singles}
        known |= {(key.table, key.columns[0]) for key in self._schema.foreign_keys if len(key.columns) == 1}
        wide = self._judged(wide_candidates(self._schema, known))
        return choose([*singles, *wide])

    def _count_columns(self) -> None:
        for done, table in enumerate(self._schema):
            self._tell(str(table.name), done, len(self._schema.tables))
            columns = [column for column in table.columns if may_reference(column)]
            if columns and self._rows[table.name]:
                counted = count_values(self._source, self._schema, table, columns)
                self._values |= {
                    (table.name, name): ColumnCounts(one.filled, one.distinct, one.low, one.high, one.width)
                    for name, one in counted.items()
                }

    def _judged(self, candidates: Iterable[Candidate]) -> list[Proposal]:
        """Candidates come best first: a key that is found spares the weaker ones of the same columns."""
        found: list[Proposal] = []
        settled: dict[tuple[TableName, tuple[str, ...]], float] = {}
        for candidate in candidates:
            key, strength = candidate.key, candidate.likeness.strength if candidate.likeness else 0.0
            place = key.table, key.columns
            if settled.get(place, 0.0) > strength or self._is_ignored(key):
                continue
            counted = self._inclusion(key)
            nullable = is_nullable(self._schema.table(key.table), key)
            proposal = None if counted is None else judge(candidate, counted, nullable=nullable)
            if proposal is not None:
                settled[place] = strength
                found.append(proposal)
        return found

    def _is_ignored(self, key: ForeignKey) -> bool:
        names = {f"{table}.{column}" for column in key.columns for table in (key.table, key.table.name)}
        return bool(names & self._ignore)

    def _inclusion(self, key: ForeignKey) -> Inclusion | None:
        """None where the rows cannot bear the key at all: its target repeats, or its types cannot be compared."""
        rows, parents = self._rows[key.table], self._rows[key.parent]
        if not rows:
            return Inclusion(0, 0, 0, 0, parents)
        if len(key.columns) == 1 and not self._fits(key):
            return None
        if not self._is_unique(key.parent, key.parent_columns):
            return None
        counted = count_key(self._source, self._schema, key)
        if counted is None:
            return None
        filled, distinct, orphans = counted
        empty = empty_value(self._source, self._schema, key) if orphans else None
        vacant = orphans if empty is not None else 0
        seen = filled - vacant, orphans - vacant, distinct - bool(vacant)
        return Inclusion(rows, *seen, parents, self._gap(key, parents), empty, vacant)

    def _fits(self, key: ForeignKey) -> bool:
        """Whether the values could all be there at all, which their number and range tell without a join."""
        own = self._values.get((key.table, key.columns[0]))
        above = self._values.get((key.parent, key.parent_columns[0]))
        if own is None or not own.filled:
            return True
        if above is not None and above.distinct < above.filled:
            return False
        # A few rows without a parent are forgiven later, so the ranges need only meet.
        meet = above is None or None in (own.low, own.high, above.low, above.high)
        return meet or (own.low <= above.high and above.low <= own.high)  # type: ignore[operator, union-attr]

    def _is_unique(self, table: TableName, columns: tuple[str, ...]) -> bool:
        if (table, columns) not in self._unique:
            found = is_key(self._source, self._schema, self._schema.table(table), columns)
            self._unique[table, columns] = found
        return self._unique[table, columns]

    def _gap(self, key: ForeignKey, parents: int) -> float:
        """How unlikely one value is to be found above by chance, in bits."""
        if len(key.columns) == 1:
            above = self._values.get((key.parent, key.parent_columns[0]))
            kind = self._schema.table(key.parent).column(key.parent_columns[0]).type.kind
            return 0.0 if above is None else gap_of(kind, above)
        spread = 1.0
        for column in key.parent_columns:
            spread *= max(1, self._values[key.parent, column].distinct if (key.parent, column) in self._values else 1)
        return min(20.0, max(0.0, math.log2(spread / parents))) if parents and spread > parents else 0.0
