"""The command line: words, streams and exit codes."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import dbclone
from dbclone.cli import app
from dbclone.cli.settings import SETTINGS, read_config
from dbclone.cli.words import without_passwords
from dbclone.config import Config

COMMANDS = ["inspect", "init", "fit", "generate", "clone", "verify", "diff", "compare"]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No dbclone.yaml of the developer's own has a say."""
    monkeypatch.chdir(tmp_path)


def run(*args: str) -> Result:
    return CliRunner().invoke(app, list(args))


def test_commands_stand_in_the_order_of_the_stages() -> None:
    assert list(app.commands) == COMMANDS
    listed = [line.split()[0] for line in run("--help").output.partition("Commands:\n")[2].splitlines()]
    assert listed == COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_sentence_an_example_and_described_options(name: str) -> None:
    command = app.commands[name]
    sentence, _, rest = inspect.cleandoc(command.help or "").partition("\n\n")
    assert sentence.endswith(".")
    assert len(sentence) < 80
    assert rest.startswith(f"\b\nExample:\n  dbclone {name} ")
    for option in command.params:
        assert not isinstance(option, click.Option) or option.help, f"{name} {option.name} has no help"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_speaks_json_and_can_be_quiet(name: str) -> None:
    flags = {flag for option in app.commands[name].params for flag in option.opts}
    assert {"--json", "--quiet", "--verbose", "--config", "-c", "-q", "-v"} <= flags


def test_every_setting_is_a_key_of_the_config() -> None:
    for path, _ in SETTINGS.values():
        section = Config()
        for key in path:
            assert hasattr(section, key), path
            section = getattr(section, key)


def test_flags_that_were_not_given_change_nothing() -> None:
    options = dict.fromkeys(SETTINGS) | {"include": (), "exclude": (), "rows": {}}
    assert read_config(None, options) == Config()


def test_flags_reach_their_keys() -> None:
    config = read_config(None, {"seed": 0, "scale": 2.0, "rows": {"a": 1}, "include": ("b",), "copy_reference": False})
    assert (config.seed, config.scale, config.rows, config.tables.include) == (0, 2.0, {"a": 1}, ["b"])
    assert not config.tables.copy_reference


def test_the_config_of_the_folder_is_used() -> None:
    Path("dbclone.yaml").write_text("seed: 12\n", encoding="utf-8")
    assert read_config(None, {}).seed == 12
    assert read_config(None, {"seed": 1}).seed == 1


def test_version() -> None:
    assert run("--version").output == f"dbclone, version {dbclone.__version__}\n"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["clone", "a.db"], "Error: Missing argument 'TARGET'."),
        (["clone", "a.db", "b.db", "--rows", "film"], "Error: Invalid value for '--rows': \"film\" is not TABLE=N."),
        (["fit", "a.db"], "Error: Missing option '-o' / '--output'."),
        (["generate", "x.dbclone", "b.db"], "Error: Invalid value for 'BUNDLE': File 'x.dbclone' does not exist."),
        (["compare", "a.db", "b.db", "--fail-under", "x"], '"x" is neither a figure nor NAME=FIGURE.'),
        (["clone", "a.db", "b.db", "--scale", "0"], "Error: scale: must be greater than 0, not 0.0."),
        (["clone", "a.db", "b.db", "-c", "no.yaml"], "Error: There is no config file no.yaml."),
        (["clone", "a.db", "b.db", "--learner", "tree"], 'Hint: Did you mean "trees"?'),
        (["clone", "a.db", "b.db", "--k", "0"], "Error: privacy.k: must be at least 1, not 0."),
    ],
)
def test_usage_errors_exit_2_and_say_why_on_stderr(args: list[str], said: str) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_init_does_not_overwrite() -> None:
    Path("dbclone.yaml").write_text("seed: 1\n", encoding="utf-8")
    result = run("init", "a.db")
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: dbclone.yaml is there already.\n\nHint: --force overwrites it, -o names another file.\n"
    )


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("postgresql://ann:s3cr:et/@x@host/db failed", "postgresql://ann:***@host/db failed"),
        ("postgresql://ann@host/db", "postgresql://ann@host/db"),
        ("host=h password=hush user=u", "host=h password=*** user=u"),
        ("postgresql://h/db?user=a&password=hush&x=1", "postgresql://h/db?user=a&password=***&x=1"),
        ("at 10:30, see a@b.example", "at 10:30, see a@b.example"),
    ],
)
def test_passwords_never_show(text: str, clean: str) -> None:
    assert without_passwords(text) == clean


def faulty(traceback: bool) -> subprocess.CompletedProcess[str]:
    code = (
        "import click\nfrom dbclone.cli import app, main\n"
        "@app.command()\ndef boom(): raise KeyError('postgresql://ann:hush@host/db')\n"
        "import sys; sys.argv = ['dbclone', 'boom']; main()"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(dbclone.__file__).parents[1])}
    env.pop("DBCLONE_TRACEBACK", None)
    if traceback:
        env["DBCLONE_TRACEBACK"] = "1"
    return subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)


def test_a_fault_of_ours_says_how_to_report_it() -> None:
    result = faulty(traceback=False)
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr == (
        "Error: this is a fault in dbclone: KeyError: 'postgresql://ann:***@host/db'\n\n"
        "Hint: run it again with DBCLONE_TRACEBACK=1 and report what it prints, with the schema if you may.\n"
    )


def test_a_traceback_is_there_for_those_who_ask() -> None:
    result = faulty(traceback=True)
    assert "Traceback (most recent call last)" in result.stderr
    assert "hush" not in result.stderr
