"""Parts of JSON documents, as SQL's operators take them out: takes texts and a path, gives texts.

``->``, ``->>``, ``#>`` and ``#>>`` of PostgreSQL and ``json_extract`` with a plain path. Never changes a document.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

_PATH = re.compile(r"""\$((?:\.(?:\w+|"[^"]*")|\[\d+\])*)""")
_STEP = re.compile(r"""\.(\w+)|\."([^"]*)"|\[(\d+)\]""")
_TYPES = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}
Step = str | int


def steps_of(path: str) -> tuple[Step, ...] | None:
    """The steps of a path as JSONPath (``$.a[0]``) or as PostgreSQL's array (``{a,0}``) spells it, None for others."""
    if path.startswith("{") and path.endswith("}") and '"' not in path:
        return tuple(int(step) if step.isdigit() else step for step in path[1:-1].split(","))
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    return tuple(int(place) if place else bare or quoted for bare, quoted, place in _STEP.findall(found[1]))


def pick(text: str, steps: Sequence[Step], *, as_text: bool) -> str | None:
    """The part of a document: a string as it is where ``as_text``, JSON otherwise; None where there is none.

    Raises ValueError where ``text`` is no JSON.
    """
    found: Any = json.loads(text)
    for step in steps:
        if isinstance(found, list) and isinstance(step, int) and step < len(found):
            found = found[step]
        elif isinstance(found, dict) and str(step) in found:
            found = found[str(step)]
        else:
            return None
    if as_text:
        return None if found is None else found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
    return json.dumps(found, ensure_ascii=False)


def type_of(text: str) -> str:
    """What jsonb_typeof says. Raises ValueError where ``text`` is no JSON."""
    return _TYPES.get(type(json.loads(text)), "null")
