"""The foreign-key graph: components, cycles and the edge that breaks each one.

Takes a Schema, gives foreign keys in groups with the reason for each choice. Never opens a database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import networkx as nx

from dbclone.schema.table import ForeignKey, Schema, Table, TableName


@dataclass(frozen=True)
class Cut:
    """A foreign key that is filled after both its tables exist, and why this one was chosen."""

    key: ForeignKey
    reason: str


@dataclass(frozen=True)
class Order:
    """Tables, parents first, once the cut keys are left out; ``cycles`` are the components that needed a cut."""

    tables: tuple[TableName, ...]
    cuts: tuple[Cut, ...]
    cycles: tuple[tuple[TableName, ...], ...]


def order_tables(schema: Schema, tables: Iterable[TableName]) -> Order:
    """Orders ``tables`` so that parents come first, cutting one cheapest edge at a time until no cycle is left.

    Cheapest: a nullable key, then a deferrable one, then the one whose table has fewest keys of its own.
    """
    wanted = set(tables)
    keys = [k for k in schema.foreign_keys if k.table in wanted and k.parent in wanted and not k.is_self]
    cycles = tuple(
        tuple(sorted(component))
        for component in nx.strongly_connected_components(_graph(wanted, keys))
        if len(component) > 1
    )
    cuts: list[Cut] = []
    knots = [set(cycle) for cycle in sorted(cycles, reverse=True)]
    while knots:
        # What a cut leaves of a cycle is looked at alone: the rest of the graph has not changed.
        knot = knots.pop()
        inside = [key for key in keys if key.table in knot and key.parent in knot]
        chosen = _cheapest(schema, inside)
        cuts.append(Cut(chosen, _reason(schema, chosen)))
        keys.remove(chosen)
        inside.remove(chosen)
        left = nx.strongly_connected_components(_graph(knot, inside))
        knots += sorted((part for part in left if len(part) > 1), key=min, reverse=True)
    graph = _graph(wanted, keys)
    ordered = tuple(nx.lexicographical_topological_sort(graph, key=str))
    return Order(ordered, tuple(cuts), tuple(sorted(cycles)))


def is_nullable(table: Table, key: ForeignKey) -> bool:
    """True where a row may leave the key empty (with MATCH FULL every column must be nullable)."""
    if key.empty is not None:
        return True
    nullable = [table.column(name).nullable for name in key.columns]
    return all(nullable) if key.match == "FULL" else any(nullable)


def _graph(tables: set[TableName], keys: list[ForeignKey]) -> nx.DiGraph[TableName]:
    graph: nx.DiGraph[TableName] = nx.DiGraph()
    graph.add_nodes_from(sorted(tables))
    graph.add_edges_from((key.parent, key.table) for key in keys)
    return graph


def _cheapest(schema: Schema, inside: list[ForeignKey]) -> ForeignKey:
    """The key of a cycle's keys that costs least to cut."""
    own = Counter(key.table for key in inside)
    parallel = Counter((key.table, key.parent) for key in inside)

    def cost(key: ForeignKey) -> tuple[bool, bool, bool, int, int, str]:
        table = schema.table(key.table)
        owned = any(set(key.columns) & set(columns) for columns in table.unique_sets)
        among = parallel[key.table, key.parent], own[key.table]
        return (not is_nullable(table, key), not key.deferrable, owned, *among, str(key))

    return min(inside, key=cost)


def _reason(schema: Schema, key: ForeignKey) -> str:
    if is_nullable(schema.table(key.table), key):
        return "its columns may be NULL, so it is linked once both tables exist"
    if key.deferrable:
        return "it is deferrable, so it is linked before the transaction ends"
    return "no key of this cycle may be NULL or wait; it is linked before the constraint is created"
