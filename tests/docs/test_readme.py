"""The README keeps up with the code: every command, option and config key, and the generated block is fresh."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest

from dbclone.cli import app
from dbclone.config import LEARNERS, Config, starter_yaml

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", README, re.DOTALL)
    assert found, f"the README has no {name} block"
    return found[1]


def config_block() -> str:
    text = starter_yaml("postgresql://localhost/shop", [])
    return f"\n```yaml\n{text.partition('# The tables of this source')[0].rstrip()}\n```\n\n"


def every_option() -> list[tuple[str, str]]:
    return [
        (name, flag)
        for name, command in app.commands.items()
        for option in command.params
        if isinstance(option, click.Option)
        for flag in (*option.opts, *option.secondary_opts)
        if flag.startswith("--") and flag != "--help"
    ]


def every_key(section: Any = Config, prefix: str = "") -> list[str]:
    keys = []
    for name, info in section.model_fields.items():
        inner = getattr(info.annotation, "model_fields", None)
        keys += every_key(info.annotation, f"{prefix}{name}.") if inner else [prefix + name]
    return keys


def commands_in(text: str) -> list[str]:
    blocks = "\n".join(re.findall(r"```(?:sh|text)\n(.*?)```", text, re.DOTALL))
    return re.findall(r"^(?:\$ )?(dbclone .+)$", blocks, re.MULTILINE)


@pytest.mark.parametrize("name", list(app.commands))
def test_every_command_is_documented(name: str) -> None:
    assert f"`dbclone {name} " in README


@pytest.mark.parametrize(("name", "flag"), every_option())
def test_every_option_is_documented(name: str, flag: str) -> None:
    assert re.search(rf"`{flag}\b", README), f"dbclone {name} {flag} is not in the README"


@pytest.mark.parametrize("key", every_key())
def test_every_config_key_is_documented(key: str) -> None:
    assert re.search(rf"^ *#? ?{key.rpartition('.')[2]}: ", block("config"), re.MULTILINE)


def test_every_learner_is_documented() -> None:
    assert all(learner in block("config") for learner in LEARNERS)


def test_the_config_block_is_fresh() -> None:
    assert block("config") == config_block(), "run python tests/docs/refresh.py"


@pytest.mark.parametrize("line", commands_in(README) + commands_in((ROOT / "CONTRIBUTING.md").read_text("utf-8")))
def test_commands_in_the_documents_exist_with_their_options(line: str) -> None:
    _, name, *args = shlex.split(line, comments=True)
    command = app.commands[name]
    if name == "generate":
        args[0] = __file__
    context = command.make_context(name, args, resilient_parsing=False)
    assert context.params


@pytest.mark.parametrize("target", [*re.findall(r"`make (\w+)`", README), "demo", "test", "check"])
def test_make_targets_exist(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("path", re.findall(r"\]\(([^)#:]+)\)|`(docker/[\w.]+)`", README))
def test_linked_files_exist(path: tuple[str, str]) -> None:
    assert (ROOT / (path[0] or path[1])).exists()
