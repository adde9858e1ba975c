"""What is said on stderr: one line a stage in a log, bars in a terminal, nothing when quiet."""

from __future__ import annotations

import re

import pytest

from dbclone.cli.progress import Progress


def play(*, quiet: bool = False, verbose: bool = False) -> None:
    with Progress(quiet=quiet, verbose=verbose) as progress:
        progress.stage("Reading postgresql://ann:hush@host/shop")
        progress.advance("customers", 0, 2)
        progress.advance("orders", 1, 2)
        progress.advance("orders", 1, 2)
        progress.advance("", 2, 2)
        progress.stage("Learning")
        progress.advance("orders", 1, None)
        progress.note("three rows [of 10] were left out")


def test_a_log_sees_one_line_a_stage(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    play()
    out, err = capfd.readouterr()
    assert out == ""
    assert err == "Reading postgresql://ann:***@host/shop\nLearning\nNote: three rows [of 10] were left out\n"


def test_verbose_adds_labels_and_seconds(capfd: pytest.CaptureFixture[str]) -> None:
    play(verbose=True)
    lines = re.sub(r"[\d.]+ s$", "0 s", capfd.readouterr().err, flags=re.MULTILINE).splitlines()
    assert lines == [
        "Reading postgresql://ann:***@host/shop",
        "  customers",
        "  orders",
        "Reading postgresql://ann:***@host/shop  0 s",
        "Learning",
        "  orders",
        "Note: three rows [of 10] were left out",
        "Learning  0 s",
    ]


def test_quiet_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    play(quiet=True)
    assert capfd.readouterr() == ("", "")


def test_a_terminal_sees_bars(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    play()
    out, err = capfd.readouterr()
    assert out == ""
    assert "hush" not in err
    assert re.search(r"Reading postgresql://ann:\*\*\*@host/shop  [\d.]+ s", err)


def test_a_stage_that_fails_is_not_reported_as_done(capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        with Progress(quiet=False, verbose=True) as progress:
            progress.stage("Writing")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert capfd.readouterr().err == "Writing\n"
