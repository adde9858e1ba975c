"""dbclone.yaml and flags -> Config.

Takes a YAML file and overrides, gives a Config or one ConfigError with every problem. Never opens a database.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from dbclone.config.fields import Config, Lines, Origin, Place
from dbclone.config.problems import Problem, config_error, from_pydantic, shown
from dbclone.errors import ConfigError


def load_config(path: str | Path | None = None, overrides: Mapping[str, Any] | None = None) -> Config:
    """Reads ``path`` (defaults where None) and lays ``overrides``, nested like the file, over it.

    Raises ConfigError with every problem of both, those of the file with their line.
    """
    file = None if path is None else str(path)
    lines: Lines = {}
    problems: list[Problem] = []
    data = {} if path is None else _read(Path(path), lines, problems)
    data = _overlay(data, overrides or {}, lines)
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        problems += [from_pydantic(dict(detail), lines) for detail in error.errors()]
        raise config_error(problems, file) from None
    if problems:
        raise config_error(problems, file)
    config._origin = Origin(file, lines)
    return config


class _Loader(yaml.SafeLoader):
    """YAML with the booleans of version 1.2: in 1.1 the key ``off`` and the locale ``no`` both mean false."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _read(path: Path, lines: Lines, problems: list[Problem]) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"There is no config file {path}.", hint="dbclone init SOURCE writes one.") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(f"The config file {path} cannot be read: {reason}.") from None
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        data = {} if root is None else _value(loader, root, (), lines, problems)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark is not None else ""
        reason = getattr(error, "problem", None) or "it cannot be parsed"
        raise ConfigError(
            f"{path}{place}: this is not YAML: {reason}.", hint="indent with spaces, and quote text that holds : or #."
        ) from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: a config file is a mapping of keys, this is {shown(data)}.")
    return data


def _value(loader: _Loader, node: yaml.Node, path: Place, lines: Lines, problems: list[Problem]) -> Any:
    """The value of a node. Keys are taken as they are written, and the line of everything is noted on the way."""
    lines.setdefault(path, node.start_mark.line + 1)
    if len(path) > 16:
        raise ConfigError(f"line {node.start_mark.line + 1} is nested too deeply.")
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, item, (*path, i), lines, problems) for i, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return loader.construct_object(node)
    result: dict[str, Any] = {}
    for key, value in node.value:
        here, line = (*path, str(key.value)), key.start_mark.line + 1
        if str(key.value) in result:
            problems.append(Problem(here, f"is set twice, first on line {lines[here]}", None, line))
        lines[here] = line
        result[str(key.value)] = _value(loader, value, here, lines, problems)
    return result


def _overlay(data: dict[str, Any], over: Mapping[str, Any], lines: Lines, path: Place = ()) -> dict[str, Any]:
    """``data`` with ``over`` laid on it, which has no lines."""
    result = dict(data)
    for key, value in over.items():
        here = (*path, key)
        below = result.get(key)
        if isinstance(value, Mapping) and (below is None or isinstance(below, dict)):
            result[key] = _overlay(below or {}, value, lines, here)
        else:
            result[key] = value
            for known in [known for known in lines if known[: len(here)] == here]:
                del lines[known]
            lines[here] = None
    return result
