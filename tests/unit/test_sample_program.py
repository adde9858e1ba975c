"""Programs: where the flat arrays of each codec and tree begin, and what stages lean on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dbclone.models.table import Base, Stage
from dbclone.sample.program import ParentColumn, compile_program
from tests.made_rows import category_entry, leaf, model_of, number_entry


def test_a_program_without_entries() -> None:
    program, bases = compile_program(model_of([]), np.zeros(0, np.uint64))
    assert bases == []
    assert program.entries.shape == (0, 8)
    assert program.stages.shape == (0, 10)
    assert program.mask.shape == (0, 4)
    assert program.node_first.tolist() == program.leaf_first.tolist() == [0]


def test_trees_and_codecs_lie_one_after_the_other() -> None:
    a, b = number_entry("a", [1.0, 2.0, 2.0]), category_entry("word", ["x", "y", "y"])
    b = replace(b, tree=leaf([1, 2], [0.5, 0.5], rows=500))
    program, _ = compile_program(model_of([a, b]), np.array([3, 4], np.uint64))
    # Slot, value column, codec, tree: a category has neither value nor codec.
    assert program.entries[:, :4].tolist() == [[0, 0, 0, 0], [1, -1, -1, 1]]
    assert program.node_first.tolist() == [0, 1, 2]
    # A leaf has one start more than it has ends, and one stratum a row, at most 250.
    assert program.leaf_first.tolist() == [0, 2, 4]
    assert program.start.tolist() == [0, 1, 1, 3]
    assert program.strata.tolist() == [10, 0, 250, 0]
    assert program.codes.tolist() == [1, 1, 2]
    assert program.seeds.tolist() == [3, 4]


def test_stages_name_their_base_and_parents_are_asked_for_once() -> None:
    a, b = number_entry("a", [1.0, 2.0]), number_entry("b", [5.0, 7.0])
    assert a.numbers is not None
    none = np.zeros(0)
    above = Base("parent", "price", 2, "ratio")
    stages = (
        Stage(above, leaf(), a.numbers, np.array([4.0, 6.0])),
        Stage(Base("column", "a"), leaf(), a.numbers, np.array([8.0])),
        Stage(replace(above, way="difference"), leaf(), a.numbers, none),
        Stage(Base("sibling", "b", way="same"), leaf(), None, none),
    )
    program, bases = compile_program(model_of([a, replace(b, stages=stages)]), np.zeros(2, np.uint64))
    assert bases == [ParentColumn(2, "price")]
    kind_argument_way = program.stages[:, :3].tolist()
    assert kind_argument_way == [[2, 0, 1], [3, 0, 0], [2, 0, 0], [1, 1, 2]]
    # Slots follow the entry's own; anchors follow a first that stands for none.
    assert program.stages[:, 5].tolist() == [2, 3, 4, 5]
    assert program.stages[:, 6:8].tolist() == [[1, 2], [3, 1], [4, 0], [4, 0]]
    assert program.anchors.tolist() == [0.0, 4.0, 6.0, 8.0]
    assert program.entries[1, 6:].tolist() == [0, 4]
    assert program.stages[3, 3] == -1
