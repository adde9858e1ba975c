"""Everything that is wrong with a config, in the words of this house.

Takes what pydantic or a schema objects to, gives one ConfigError for all of it. Never raises anything itself.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from dbclone.config.fields import LEARNERS, Config, Place
from dbclone.errors import ConfigError


@dataclass(frozen=True)
class Problem:
    path: Place
    text: str
    hint: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        return self.text if not self.path else f"{_dotted(self.path)}: {self.text}"


def config_error(problems: list[Problem], file: str | None) -> ConfigError:
    """One problem reads as a sentence with a hint; several as a list, each with its own."""
    problems = sorted(problems, key=lambda problem: (problem.line is None, problem.line or 0))
    if len(problems) == 1:
        [only] = problems
        place = "" if only.line is None else f"{file}, line {only.line}: "
        return ConfigError(f"{place}{only}.", hint=only.hint)
    rows = []
    for problem in problems:
        place = "" if problem.line is None else f"line {problem.line}: "
        rows.append(f"  {place}{problem}." + (f" {problem.hint}" if problem.hint else ""))
    return ConfigError("\n".join([f"{file or 'The configuration'} has {len(problems)} problems:", *rows]))


def _dotted(path: Place) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def line_of(lines: Mapping[Place, int | None], path: Place) -> int | None:
    return next((lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in lines), None)


def nearest(text: str, known: Iterable[str]) -> str | None:
    names = list(dict.fromkeys(known))
    folded = {name.lower(): name for name in reversed(names)}
    close = difflib.get_close_matches(text.lower(), folded, n=1, cutoff=0.6)
    if close:
        return f'Did you mean "{folded[close[0]]}"?'
    shown = ", ".join(names[:12])
    return f"Known: {shown}{', ...' if len(names) > 12 else '.'}" if names else None


def from_pydantic(detail: dict[str, Any], lines: Mapping[Place, int | None]) -> Problem:
    """A pydantic error in the words of this house."""
    path: Place = tuple(part for part in detail["loc"] if part != "[key]")
    kind, given, context = detail["type"], detail["input"], detail.get("ctx", {})
    hint = None
    if kind == "extra_forbidden":
        text, hint = "is not a known key", nearest(str(path[-1]), _keys_at(path[:-1]))
    elif kind == "missing":
        text = "is missing"
    elif kind in ("literal_error", "enum"):
        allowed = [part.strip("' ") for part in str(context["expected"]).replace(" or ", ", ").split(",")]
        text, hint = f"must be one of {', '.join(allowed)}, not {shown(given)}", nearest(str(given), allowed)
    elif kind == "value_error":
        text = str(context["error"])
        if path[:1] in (("learner",), ("learners",)):
            hint = nearest(str(given), LEARNERS)
    elif kind in _BOUNDS:
        words, key = _BOUNDS[kind]
        text = f"must {words} {context[key]:g}, not {shown(given)}"
    else:
        text = f"must be {_WANTED.get(kind, detail['msg'])}, not {shown(given)}"
    return Problem(path, text, hint, line_of(lines, path))


_BOUNDS = {"greater_than": ("be greater than", "gt"), "greater_than_equal": ("be at least", "ge")}
_WANTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "text",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "too_short": "a list that names at least one column",
}


def shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list" if value else "an empty one"
    return str(value)


def _keys_at(path: Place) -> list[str]:
    """The keys that a section knows, through lists and mappings of sections."""
    section: type[BaseModel] = Config
    for part in path:
        inner = _section_of(section.model_fields[part].annotation) if part in section.model_fields else section
        section = inner or section
    return list(section.model_fields)


def _section_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_section_of(part) for part in getattr(annotation, "__args__", ()))
    return next((section for section in inner if section is not None), None)
