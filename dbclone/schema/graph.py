"""The foreign-key graph: components, cycles and the edge that breaks each one.

Takes a Schema, gives foreign keys in groups with the reason for each choice. Never opens a database.
"""

from __future__ import annotations

import graphlib
import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

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
    ordered = _in_order(wanted, keys)
    cycles = () if ordered else tuple(tuple(sorted(knot)) for knot in _knots(wanted, keys))
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
        knots += sorted(_knots(knot, inside), key=min, reverse=True)
    ordered = ordered or _in_order(wanted, keys)
    return Order(ordered, tuple(cuts), tuple(sorted(cycles)))


def is_nullable(table: Table, key: ForeignKey) -> bool:
    """True where a row may leave the key empty (with MATCH FULL every column must be nullable)."""
    if key.empty is not None:
        return True
    nullable = [table.column(name).nullable for name in key.columns]
    return all(nullable) if key.match == "FULL" else any(nullable)


def _in_order(tables: set[TableName], keys: list[ForeignKey]) -> tuple[TableName, ...]:
    """The tables, parents first and else by name; empty where the keys form a cycle."""
    above: dict[TableName, set[TableName]] = {table: set() for table in tables}
    for key in keys:
        above[key.table].add(key.parent)
    sorter = graphlib.TopologicalSorter(above)
    try:
        sorter.prepare()
    except graphlib.CycleError:
        return ()
    ordered: list[TableName] = []
    ready = [(str(table), table) for table in sorter.get_ready()]
    heapq.heapify(ready)
    while ready:
        _, table = heapq.heappop(ready)
        ordered.append(table)
        sorter.done(table)
        for freed in sorter.get_ready():
            heapq.heappush(ready, (str(freed), freed))
    return tuple(ordered)


def _knots(tables: set[TableName], keys: list[ForeignKey]) -> list[set[TableName]]:
    """The strongly connected components of more than one table."""
    # Few schemas have a cycle, and the library takes a while to be imported.
    import networkx as nx

    graph: nx.DiGraph[TableName] = nx.DiGraph()
    graph.add_nodes_from(sorted(tables))
    graph.add_edges_from((key.parent, key.table) for key in keys)
    return [component for component in nx.strongly_connected_components(graph) if len(component) > 1]


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
