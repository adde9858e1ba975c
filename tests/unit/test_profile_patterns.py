"""Patterns and words: what is kept of codes and prose, and what never is."""

from __future__ import annotations

import json

from dbclone.profile.numbers import learn_moment, learn_number, learn_numeric_texts
from dbclone.profile.patterns import learn_pattern
from dbclone.profile.words import learn_words


def test_a_code_becomes_literals_choices_and_classes() -> None:
    texts = [f"INV-{2019 + n % 4}-{n:05d}" for n in range(0, 4000, 7)]

    pattern = learn_pattern(texts, 5)

    assert pattern is not None
    segments = pattern["shapes"][0]["segments"]
    assert segments[0] == {"literal": "INV"}
    assert segments[2]["choices"] == ["2019", "2020", "2021", "2022"]
    assert (segments[4]["class"], segments[4]["min"], segments[4]["max"]) == ("digit", 5, 5)


def test_a_literal_that_fewer_than_k_texts_share_becomes_a_class() -> None:
    texts = [f"{prefix}-{n:04d}" for n in range(50) for prefix in ("AB",)] + ["QX-0001", "QX-0002"]

    kept = json.dumps(learn_pattern(texts, 5))

    assert "AB" in kept
    assert "QX" not in kept


def test_a_roomy_pattern_gives_up_digits_until_chance_meets_no_text() -> None:
    texts = [f"1 (11) 500 555-01{n:02d}" for n in range(100)]

    tight, roomy = learn_pattern(texts, 5), learn_pattern(texts, 5, roomy=True)

    assert tight is not None
    assert roomy is not None
    literals = ["".join(s.get("literal", "#") for s in pattern["shapes"][0]["segments"]) for pattern in (tight, roomy)]
    assert literals == ["1 (11) 500 555-#", "1 (11) 500 #-#"]


def test_shapes_of_fewer_than_k_texts_are_left_out() -> None:
    texts = [f"{n:04d}" for n in range(50)] + ["A-1-B-2-C"]

    pattern = learn_pattern(texts, 5)

    assert pattern is not None
    assert len(pattern["shapes"]) == 1


def test_random_tokens_keep_their_alphabet_and_length_only() -> None:
    texts = [f"{n * 2654435761 % 2**64:016x}" for n in range(1, 200)]

    pattern = learn_pattern(texts, 5)

    assert pattern is not None
    assert pattern["shapes"] == [{"weight": 199, "segments": [{"class": "hex", "min": 16, "max": 16}]}]


def test_words_are_no_pattern() -> None:
    assert learn_pattern(["Alpha", "Bravo", "Charly", "Delta", "Echo", "Foxtrot"] * 3, 5) is None


def test_only_words_that_k_texts_use_are_kept() -> None:
    texts = [f"The order of customer{n} was late" for n in range(10)] + ["The heir of Mrs Winterbottom was late"] * 1

    words = learn_words(texts, 5)

    assert {"The", "order", "of", "was", "late"} == set(words["words"])
    assert words["starts"] == [[words["words"].index("The"), 11]]
    assert "Winterbottom" not in json.dumps(words)


def test_numbers_are_means_of_k_values_or_more() -> None:
    model = learn_numeric_texts([str(n) for n in range(100)], 5)

    assert len(model["quantiles"]) == 20
    assert model["quantiles"][0] == 2.0
    assert model["quantiles"][-1] == 97.0


def test_fewer_than_k_numbers_leave_their_magnitude_only() -> None:
    import numpy as np

    assert learn_number(np.array([48_211.0]), 5)["quantiles"] == [25_000.0, 75_000.0]


def test_moments_keep_their_format() -> None:
    days = [f"2024-01-{n:02d}" for n in range(1, 29)]

    assert learn_moment(days, 5)["format"] == "%Y-%m-%d"  # type: ignore[index]
    assert learn_moment([f"{d} 10:00:00" for d in days], 5)["format"] == "%Y-%m-%d %H:%M:%S|"  # type: ignore[index]
    assert learn_moment([f"{d}T10:00:00.123Z" for d in days], 5)["fraction"] == 3  # type: ignore[index]
    assert learn_moment([f"{n:02d}.03.2024" for n in range(1, 29)], 5)["format"] == "%d.%m.%Y"  # type: ignore[index]
    assert learn_moment(["n/a"] * 10, 5) is None
