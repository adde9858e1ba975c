"""Where the boxes and lines of a schema's drawing lie: layers from parents to children, few crossings, short lines.

Takes a Schema, gives coordinates. Sugiyama's scheme in its plainest form: layers by longest path, order by the mean
place of neighbours, positions by pulling boxes toward their neighbours. Never opens a database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from dbclone.report.names import Names
from dbclone.schema import ForeignKey, Schema, Table, TableName, is_nullable, order_tables

_HEAD, _ROW, _PAD = 25.0, 18.0, 5.0
_GAP_X, _GAP_Y, _MARGIN = 84.0, 20.0, 16.0
_LETTER, _LETTER_BOLD = 6.8, 8.3
_NARROWEST = 120.0
_SWEEPS = 12
_PULLS = 24
_THREAD = 6.0


@dataclass(frozen=True)
class Box:
    """One table: ``columns`` are its key columns with their marks (``PK, FK``)."""

    label: str
    title: str
    columns: tuple[tuple[str, str], ...]
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Path:
    """One foreign key as SVG path data; ``cut`` where it is the edge that breaks a cycle."""

    data: str
    title: str
    optional: bool
    cut: bool


@dataclass(frozen=True)
class Layout:
    boxes: tuple[Box, ...]
    paths: tuple[Path, ...]
    width: float
    height: float
    head: float = _HEAD
    row: float = _ROW


@dataclass
class _Node:
    """A table, or a place where a line passes a layer that it only crosses (``table`` is None)."""

    layer: int
    height: float
    table: TableName | None = None
    y: float = 0.0
    order: float = 0.0


def lay_out(schema: Schema) -> Layout:
    """Places every table: those with foreign keys in layers, the others in rows below."""
    boxes = {table.name: _box(table, Names.of(one.name for one in schema)) for table in schema}
    order = order_tables(schema, boxes)
    cuts = {cut.key for cut in order.cuts}
    keys = [key for key in schema.foreign_keys if key.parent in schema]
    linked = {name for key in keys for name in (key.table, key.parent)}
    forward = [key for key in keys if key not in cuts and not key.is_self]
    layers = _layers([name for name in order.tables if name in linked], forward)
    nodes = {name: _Node(layer, boxes[name].height, name) for name, layer in layers.items()}
    chains = {key: _chain(key, nodes) for key in forward}
    columns = _columns(nodes, chains)
    _untangle(columns, chains)
    _settle(columns, chains)
    lefts = _place(columns, nodes, boxes)
    bottom = max((box.y + box.height for name, box in boxes.items() if name in linked), default=_MARGIN - _GAP_Y)
    _shelve([name for name in boxes if name not in linked], boxes, bottom)
    paths = tuple(_path(key, schema, boxes, chains.get(key), lefts, key in cuts) for key in keys)
    loops = 30.0 if any(key.is_self for key in keys) or cuts else 0.0
    return Layout(
        tuple(boxes.values()),
        paths,
        max((box.x + box.width for box in boxes.values()), default=0.0) + _MARGIN + loops,
        max((box.y + box.height for box in boxes.values()), default=0.0) + _MARGIN,
    )


def _box(table: Table, names: Names) -> Box:
    keys = set(table.key) | {name for key in table.foreign_keys for name in key.columns}
    foreign = {name for key in table.foreign_keys for name in key.columns}
    columns = tuple(
        (
            column.name,
            ", ".join(m for m, true in (("PK", column.name in table.key), ("FK", column.name in foreign)) if true),
        )
        for column in table.columns
        if column.name in keys
    )
    label = names.table(table.name)
    widths = [
        len(label) * _LETTER_BOLD + 20.0,
        *(len(name) * _LETTER + len(note) * 6.5 + 34.0 for name, note in columns),
    ]
    height = _HEAD + _ROW * len(columns) + (_PAD if columns else 0.0)
    return Box(
        label, f"{table.name}: {len(table.columns)} columns", columns, 0.0, 0.0, max(_NARROWEST, *widths), height
    )


def _layers(tables: Sequence[TableName], keys: Sequence[ForeignKey]) -> dict[TableName, int]:
    """Every table one layer right of its rightmost parent; parents of later children are then pulled to them."""
    layers = dict.fromkeys(tables, 0)
    for name in tables:
        layers[name] = max((layers[key.parent] + 1 for key in keys if key.table == name), default=0)
    for name in reversed(tables):
        below = [layers[key.table] for key in keys if key.parent == name]
        if below and not any(key.table == name for key in keys):
            layers[name] = min(below) - 1
    return layers


def _chain(key: ForeignKey, nodes: Mapping[TableName, _Node]) -> list[_Node]:
    parent, child = nodes[key.parent], nodes[key.table]
    between = [_Node(layer, _THREAD) for layer in range(parent.layer + 1, child.layer)]
    return [parent, *between, child]


def _columns(nodes: Mapping[TableName, _Node], chains: Mapping[ForeignKey, list[_Node]]) -> list[list[_Node]]:
    columns: list[list[_Node]] = [[] for _ in range(max((node.layer for node in nodes.values()), default=-1) + 1)]
    for node in nodes.values():
        columns[node.layer].append(node)
    for chain in chains.values():
        for node in chain[1:-1]:
            columns[node.layer].append(node)
    for column in columns:
        for place, node in enumerate(column):
            node.order = float(place)
    return columns


def _neighbours(chains: Mapping[ForeignKey, list[_Node]]) -> dict[int, tuple[list[_Node], list[_Node]]]:
    """For each node those one layer left and one layer right of it."""
    found: dict[int, tuple[list[_Node], list[_Node]]] = {}
    for chain in chains.values():
        for left, right in pairwise(chain):
            found.setdefault(id(left), ([], []))[1].append(right)
            found.setdefault(id(right), ([], []))[0].append(left)
    return found


def _untangle(columns: list[list[_Node]], chains: Mapping[ForeignKey, list[_Node]]) -> None:
    """Orders every layer by the mean place of the neighbours left, then right, and so on; the best order is kept."""
    near = _neighbours(chains)
    best, kept = _crossings(columns, near), [list(column) for column in columns]
    for sweep in range(_SWEEPS):
        side = sweep % 2
        for column in columns if side == 0 else columns[::-1]:
            for node in column:
                others = near.get(id(node), ([], []))[side]
                if others:
                    node.order = sum(other.order for other in others) / len(others)
            column.sort(key=lambda node: node.order)
            for place, node in enumerate(column):
                node.order = place - (len(column) - 1) / 2.0
        crossings = _crossings(columns, near)
        if crossings < best:
            best, kept = crossings, [list(column) for column in columns]
    for column, order in zip(columns, kept, strict=True):
        column[:] = order


def _crossings(columns: list[list[_Node]], near: Mapping[int, tuple[list[_Node], list[_Node]]]) -> int:
    total = 0
    for left, right in pairwise(columns):
        places = {id(node): place for place, node in enumerate(right)}
        ends: list[int] = []
        for node in left:
            mine = sorted(places[id(other)] for other in near.get(id(node), ([], []))[1])
            total += sum(1 for end in ends for one in mine if end > one)
            ends += mine
    return total


def _settle(columns: list[list[_Node]], chains: Mapping[ForeignKey, list[_Node]]) -> None:
    """Pulls every node toward the mean of its neighbours, then pushes apart what overlaps, keeping the order."""
    near = _neighbours(chains)
    for column in columns:
        y = -sum(node.height + _GAP_Y for node in column) / 2.0
        for node in column:
            node.y = y + node.height / 2.0
            y += node.height + _GAP_Y
    for pull in range(_PULLS):
        for column in columns if pull % 2 == 0 else columns[::-1]:
            for node in column:
                others = [one for side in near.get(id(node), ([], [])) for one in side]
                if others:
                    node.y = sum(other.y for other in others) / len(others)
            _spread(column)


def _spread(column: list[_Node]) -> None:
    """Moves nodes apart by as little as it takes: blocks that overlap are joined around their mean place."""
    blocks: list[tuple[list[_Node], float, float]] = []
    for node in column:
        block, centre, height = [node], node.y, node.height + _GAP_Y
        while blocks and blocks[-1][1] + blocks[-1][2] / 2.0 > centre - height / 2.0:
            above, middle, tall = blocks.pop()
            weight = len(above) + len(block)
            shift = (middle * len(above) + centre * len(block)) / weight
            block, centre, height = [*above, *block], shift, tall + height
        blocks.append((block, centre, height))
    for block, centre, height in blocks:
        y = centre - height / 2.0
        for node in block:
            node.y = y + (node.height + _GAP_Y) / 2.0
            y += node.height + _GAP_Y


def _place(columns: list[list[_Node]], nodes: Mapping[TableName, _Node], boxes: dict[TableName, Box]) -> list[float]:
    top = min((node.y - node.height / 2.0 for node in nodes.values()), default=0.0)
    top = min([top, *(node.y - node.height / 2.0 for column in columns for node in column)])
    lefts, x = [], _MARGIN
    for column in columns:
        width = max((boxes[node.table].width for node in column if node.table), default=_NARROWEST)
        lefts.append(x)
        for node in column:
            node.y += _MARGIN - top
            if node.table:
                box = boxes[node.table]
                boxes[node.table] = replace(box, x=x, y=node.y - node.height / 2.0, width=width)
        x += width + _GAP_X
    return lefts


def _shelve(names: Sequence[TableName], boxes: dict[TableName, Box], bottom: float) -> None:
    """Tables without a foreign key stand in rows below the graph."""
    widest = max(900.0, max((box.x + box.width for box in boxes.values()), default=0.0))
    x, y, tallest = _MARGIN, bottom + _GAP_Y, 0.0
    for name in names:
        box = boxes[name]
        if x > _MARGIN and x + box.width > widest:
            x, y, tallest = _MARGIN, y + tallest + _GAP_Y, 0.0
        boxes[name] = replace(box, x=x, y=y)
        x += box.width + _GAP_Y
        tallest = max(tallest, box.height)


def _path(
    key: ForeignKey,
    schema: Schema,
    boxes: Mapping[TableName, Box],
    chain: list[_Node] | None,
    lefts: Sequence[float],
    cut: bool,
) -> Path:
    child, parent = boxes[key.table], boxes[key.parent]
    start, end = _row(child, key.columns[0]), _row(parent, key.parent_columns[0])
    if chain is None and parent.x > child.x + child.width:
        # A cut key whose parent stands further right runs against the stream, into the parent's left side.
        data = _curve([(child.x + child.width, start), (parent.x, end)])
    elif chain is None:
        # Self references, and cut keys within a layer, leave and arrive on the right.
        right = max(child.x + child.width, parent.x + parent.width)
        bend = right + (30.0 if key.is_self else 40.0)
        end = end if end != start else parent.y + _HEAD / 2.0
        data = (
            f"M{child.x + child.width:.1f} {start:.1f}C{bend:.1f} {start:.1f} {bend:.1f} {end:.1f}"
            f" {parent.x + parent.width:.1f} {end:.1f}"
        )
    else:
        points = [(child.x, start)]
        for node in reversed(chain[1:-1]):
            width = lefts[node.layer + 1] - lefts[node.layer] - _GAP_X
            points += [(lefts[node.layer] + width, node.y), (lefts[node.layer], node.y)]
        points.append((parent.x + parent.width, end))
        data = _curve(points)
    return Path(data, str(key), is_nullable(schema.table(key.table), key), cut)


def _row(box: Box, column: str) -> float:
    """The height of a column in its box, of the heading where the column is not listed."""
    for number, (name, _) in enumerate(box.columns):
        if name == column:
            return box.y + _HEAD + _ROW * number + 10.0
    return box.y + _HEAD / 2.0


def _curve(points: Sequence[tuple[float, float]]) -> str:
    parts = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for number, ((x, y), (to_x, to_y)) in enumerate(pairwise(points)):
        if number % 2:
            parts.append(f"L{to_x:.1f} {to_y:.1f}")
        else:
            middle = (x + to_x) / 2.0
            parts.append(f"C{middle:.1f} {y:.1f} {middle:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}")
    return "".join(parts)
