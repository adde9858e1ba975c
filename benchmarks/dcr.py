"""Whether clones lie nearer to the rows that were learned than to rows of the same kind that were not.

    python benchmarks/dcr.py postgresql://postgres@127.0.0.1/postgres [NAME...] [--seeds 0,1,2]

A random half of the root rows with their descendants is learned, and whatever else those reference. For each row of the
clone the nearest row of the learned and of the other part is sought, over equally many rows of both. Gives one Markdown
table on stdout: the share that lies nearer to the learned part, ties counted half. 0.5 is no trace of having been
learned; the bar is 0.55 on every table of 500 rows and more. Halves of families differ by themselves: the column
``independent`` shows what columns without any dependence reach, which remember no row. Exits 1 where a table lies above
the bar and above that.

Distance is Gower's (Biometrics, 1971) over the columns that the engine codes: numbers by their range between the 1st
and the 99th percentile, categories equal or not, NULL like another category, free text by its length as in the score.
Copied tables are the same on both sides.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from databases import NAMES, figure, load_score, parser, source, table
from numba import njit

from dbclone.dialects import open_source, parse_address
from dbclone.dialects.counting import row_counts
from dbclone.dialects.sampling import choose_families, read_tables
from dbclone.models.arrows import to_numbers
from dbclone.models.learn import learn
from dbclone.models.links import link_rows
from dbclone.models.work import Sample
from dbclone.profile import Profile, learn_profile
from dbclone.profile.value import Role
from dbclone.sample.generate import Draw, Generator
from dbclone.schema import Plan, Schema, Strategy, TableName, make_plan

FEWEST_ROWS = 500
FEWEST_OTHERS = 100
# A half of two shops is no half of anything: tables of fewer rows stay whole, and families begin below them.
FEWEST_ROOTS = 100
MOST_ASKED = 3_000
MOST_HELD = 200_000
BAR = 0.55
MARGIN = 0.02
MEANS = ("learned", "share", "blind", "exact", "others_exact")
Tables = Mapping[TableName, pa.Table]
Chosen = Mapping[TableName, npt.NDArray[np.bool_]]


@dataclass(frozen=True)
class Content:
    """A whole source: its schema and plan, and all its rows."""

    schema: Schema
    plan: Plan
    profile: Profile
    tables: Tables


@dataclass(frozen=True)
class Finding:
    """``learned`` is the part of the rows that was learned, ``share`` that of the clone's rows nearer to it, ``blind``
    the same for independent columns, which remember no row: what the halves differ by themselves. ``exact`` of the
    clone's rows equal a learned row; as many of the other part's rows do as ``others_exact`` says."""

    table: TableName
    rows: int
    columns: int
    learned: float
    share: float
    blind: float
    exact: float
    others_exact: float


def main() -> int:
    """Measures every database with every seed."""
    options = parser(__doc__)
    options.add_argument("--seeds", default="0", help="seeds of the halves, by comma; shares are means over them")
    options.add_argument("--learner", default="trees")
    given = options.parse_args()
    score = load_score(given.shared)
    rows, above = [], []
    for name in given.names or NAMES:
        with source(given.server, name, given.shared) as url:
            content = _read(url)
        findings = [_measure(score, content, int(seed), given.learner) for seed in given.seeds.split(",")]
        for one in _joined(findings):
            cells = [name, one.table.name, f"{one.rows:,}", str(one.columns), f"{one.learned:.0%}", figure(one.share)]
            rows.append([*cells, figure(one.blind), figure(one.exact), figure(one.others_exact)])
            above += [(f"{name}.{one.table.name}", one.share > one.blind + MARGIN)] if one.share > BAR else []
            print(" ".join(rows[-1]), file=sys.stderr, flush=True)
    heads = ("database", "table", "rows", "columns", "learned", "nearer", "independent", "equal", "others equal")
    print(table(heads, rows, left=2))
    beyond = [name for name, real in above if real]
    print(f"\nAbove {BAR}: {', '.join(name for name, _ in above) or 'none'}.")
    print(f"Of these beyond what independent columns reach: {', '.join(beyond) or 'none'}.")
    return 1 if beyond else 0


def _read(url: str) -> Content:
    opened = open_source(parse_address(url), force=True)
    try:
        schema = opened.schema()
        names = make_plan(schema).tables
        rows = row_counts(opened, names)
        tables = read_tables(opened, schema, names, {}, lambda _label, _done, _total: None)
    finally:
        opened.close()
    profile = learn_profile(schema, tables, rows, k=5)
    copied = {one.name: Strategy.COPY for one in profile.tables if one.reference}
    return Content(schema, make_plan(schema, copied), profile, tables)


def _measure(score: ModuleType, content: Content, seed: int, learner: str) -> list[Finding]:
    learned = _halve(content, seed)
    clone, blind = (_clone(content, learned, seed, one) for one in (learner, "independent"))
    found = []
    for name, rows in content.tables.items():
        chosen = learned[name]
        others = int((~chosen).sum())
        if rows.num_rows < FEWEST_ROWS or others < FEWEST_OTHERS or content.plan.strategy(name).is_real:
            continue
        coded, control = (_encoded(score, content, name, rows, one[name]) for one in (clone, blind))
        if coded is not None and control is not None:
            plain = _compare(name, *control, chosen, np.random.default_rng(seed)).share
            found.append(replace(_compare(name, *coded, chosen, np.random.default_rng(seed)), blind=plain))
    return found


def _halve(content: Content, seed: int) -> dict[TableName, npt.NDArray[np.bool_]]:
    """The rows that are learned: half of the families, and all rows that those reference."""
    counts = {name: rows.num_rows for name, rows in content.tables.items()}
    whole = {name for name in counts if content.plan.strategy(name).is_real or counts[name] < FEWEST_ROOTS}
    families = choose_families(content.schema, counts, content.plan.tables, frozenset(whole), 0, seed)
    links = {key: link_rows(key, content.tables) for key in content.schema.foreign_keys if key.parent in content.tables}
    drawn = {
        name: np.random.default_rng([seed, turn]).random(rows) < 0.5 for turn, (name, rows) in enumerate(counts.items())
    }
    chosen = {name: np.ones(rows, bool) if name in whole else drawn[name].copy() for name, rows in counts.items()}
    for name, family in families.items():
        at, side, row = name, drawn[name].copy(), np.arange(counts[name])
        for key in family.path:
            row = np.where(row >= 0, links[key][np.clip(row, 0, None)], -1)
            at = key.parent
            side = np.where(row >= 0, drawn[at][np.clip(row, 0, None)], side)
        chosen[name] = side
    for _ in range(len(counts) + 20):
        before = sum(int(one.sum()) for one in chosen.values())
        for key, row in links.items():
            needed = row[chosen[key.table]]
            chosen[key.parent][needed[needed >= 0]] = True
        if sum(int(one.sum()) for one in chosen.values()) == before:
            break
    return chosen


def _clone(content: Content, learned: Chosen, seed: int, learner: str) -> dict[TableName, pa.Table]:
    """A clone of the learned part alone."""
    tables = {name: rows.filter(pa.array(learned[name])) for name, rows in content.tables.items()}
    counts = {name: rows.num_rows for name, rows in tables.items()}
    profile = learn_profile(content.schema, tables, counts, k=5)
    models, codes = learn(content.schema, content.plan, profile, Sample(tables, counts, {}), learner=learner)
    real = {name: rows for name, rows in tables.items() if content.plan.strategy(name).is_real}
    with tempfile.TemporaryDirectory() as folder:
        draw = Draw(seed=seed)
        generator = Generator(content.schema, content.plan, profile, models, real, codes, draw, Path(folder))
        generator.fill()
        drawn = {name: list(generator.batches(name)) for name in generator.tables}
    return {name: pa.Table.from_batches(rows) if rows else tables[name].slice(0, 0) for name, rows in drawn.items()}


# -- distances --------------------------------------------------------------------------------------------------------


def _encoded(
    score: ModuleType, content: Content, name: TableName, rows: pa.Table, clone: pa.Table
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], int] | None:
    """Source and clone as (rows, columns), numbers first, and how many of them there are; None without two columns."""
    numbers, categories = [], []
    for column in content.schema.table(name).stored_columns:
        if content.profile.table(name).column(column.name).role is not Role.CODED:
            continue
        ours, theirs = rows.column(column.name), clone.column(column.name)
        if column.type.storage == "bool" or (
            column.type.storage == "string" and not score.is_free_text(ours.to_pandas())
        ):
            known = pc.unique(ours.cast(pa.string()))
            categories.append([_category(one, known) for one in (ours, theirs)])
        else:
            numbers.append(_scaled(to_numbers(ours), to_numbers(theirs)))
    pairs = [*numbers, *categories]
    if len(pairs) < 2:
        return None
    first, second = (np.stack([pair[side] for pair in pairs], axis=1).astype(np.float32) for side in (0, 1))
    return first, second, len(numbers)


def _category(values: pa.ChunkedArray, known: pa.Array) -> npt.NDArray[np.float64]:
    place = pc.fill_null(pc.index_in(values.cast(pa.string()), value_set=known), -1)
    return np.asarray(place).astype(np.float64)


def _scaled(ours: npt.NDArray[np.float64], theirs: npt.NDArray[np.float64]) -> list[npt.NDArray[np.float64]]:
    low, high = np.nanquantile(ours, [0.01, 0.99]) if (~np.isnan(ours)).any() else (0.0, 1.0)
    return [(one - low) / max(high - low, 1e-9) for one in (ours, theirs)]


def _compare(
    name: TableName,
    ours: npt.NDArray[np.float32],
    clone: npt.NDArray[np.float32],
    numbers: int,
    chosen: npt.NDArray[np.bool_],
    rng: np.random.Generator,
) -> Finding:
    learned, others = np.flatnonzero(chosen), np.flatnonzero(~chosen)
    size = min(len(learned), len(others), MOST_HELD)
    learned, others = rng.choice(learned, size, replace=False), rng.choice(others, size, replace=False)
    asked = clone[rng.choice(len(clone), min(len(clone), MOST_ASKED), replace=False)]
    near, far = _nearest(asked, ours[learned], numbers), _nearest(asked, ours[others], numbers)
    share = float((near < far).mean() + 0.5 * (near == far).mean())
    some = ours[others[:MOST_ASKED]]
    exact, others_exact = float((near == 0).mean()), float((_nearest(some, ours[learned], numbers) == 0).mean())
    return Finding(name, len(ours), ours.shape[1], float(chosen.mean()), share, 0.5, exact, others_exact)


@njit(cache=True)
def _nearest(asked, held, numbers):  # type: ignore[no-untyped-def]
    """(asked,) Gower distance to the nearest row of ``held``, whose first ``numbers`` columns are numbers."""
    result = np.empty(len(asked), np.float32)
    for row in range(len(asked)):
        best = np.float32(np.inf)
        for other in range(len(held)):
            distance = np.float32(0.0)
            for column in range(asked.shape[1]):
                one, two = asked[row, column], held[other, column]
                if column >= numbers:
                    distance += np.float32(one != two)
                elif np.isnan(one) or np.isnan(two):
                    distance += np.float32(np.isnan(one) != np.isnan(two))
                else:
                    distance += min(np.float32(1.0), abs(one - two))
                if distance >= best:
                    break
            best = min(best, distance)
        result[row] = best
    return result


def _joined(findings: list[list[Finding]]) -> list[Finding]:
    """Means over the seeds."""
    names = list(dict.fromkeys(one.table for part in findings for one in part))
    result = []
    for name in names:
        same = [one for part in findings for one in part if one.table == name]
        means = {what: float(np.mean([getattr(one, what) for one in same])) for what in MEANS}
        result.append(replace(same[0], **means))
    return result


if __name__ == "__main__":
    sys.exit(main())
