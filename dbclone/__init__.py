"""dbclone turns a production database into a synthetic one of the same shape that can be given away.

    import dbclone

    dbclone.clone("shop.db", "shop-clone.db", seed=1)

Gives every name lazily: `import dbclone` alone loads no pandas, SQLAlchemy or numba. Never prints and never exits.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dbclone.config import Config as Config
    from dbclone.config import load_config as load_config
    from dbclone.errors import DbcloneError as DbcloneError
    from dbclone.pipeline import clone as clone
    from dbclone.pipeline import compare as compare
    from dbclone.pipeline import diff as diff
    from dbclone.pipeline import fit as fit
    from dbclone.pipeline import generate as generate
    from dbclone.pipeline import inspect as inspect
    from dbclone.pipeline import load as load
    from dbclone.pipeline import verify as verify

__version__ = "0.1.0"

_HOMES = {
    "Config": "dbclone.config",
    "DbcloneError": "dbclone.errors",
    "clone": "dbclone.pipeline",
    "compare": "dbclone.pipeline",
    "diff": "dbclone.pipeline",
    "fit": "dbclone.pipeline",
    "generate": "dbclone.pipeline",
    "inspect": "dbclone.pipeline",
    "load": "dbclone.pipeline",
    "load_config": "dbclone.config",
    "verify": "dbclone.pipeline",
}

__all__ = [
    "Config",
    "DbcloneError",
    "__version__",
    "clone",
    "compare",
    "diff",
    "fit",
    "generate",
    "inspect",
    "load",
    "load_config",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'dbclone' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
