"""Every error that dbclone raises on purpose.

DbcloneError
├── ConfigError          a config file, flag or address that cannot be used (exit 2)
├── ConnectError         a server or file that cannot be opened
├── SourceError          a source that cannot be read
│   └── StampedSource    a source that is itself a clone
├── SchemaError          a schema that cannot be planned
├── ModelError           rows that cannot be learned or sampled
├── BundleError          a bundle that is damaged, foreign or unsafe
├── TargetError          a target that cannot be written
│   └── TargetRefused    a target that the guard protects
└── IntegrityError       a finished clone that breaks a constraint
"""

from __future__ import annotations


class DbcloneError(Exception):
    """What happened, where (``table.column``) and a hint with the next step."""

    exit_code = 1

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        text = self.message if self.where is None or self.where in self.message else f"{self.where}: {self.message}"
        return text if self.hint is None else f"{text}\n\nHint: {self.hint}"


class ConfigError(DbcloneError):
    """A config file, flag or address that cannot be used."""

    exit_code = 2


class ConnectError(DbcloneError):
    """A server or file that cannot be opened."""


class SourceError(DbcloneError):
    """A source that cannot be read."""


class StampedSource(SourceError):
    """A source that is itself a clone: models trained on synthetic rows collapse."""


class SchemaError(DbcloneError):
    """A schema that cannot be planned."""


class ModelError(DbcloneError):
    """Rows that cannot be learned or sampled."""


class BundleError(DbcloneError):
    """A bundle that is damaged, foreign or unsafe."""


class TargetError(DbcloneError):
    """A target that cannot be written."""


class TargetRefused(TargetError):
    """A target that the guard protects."""


class IntegrityError(DbcloneError):
    """A finished clone that breaks a constraint."""
