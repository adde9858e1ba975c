"""Row batches into a target: takes an Address, gives a Loader for a database, a folder of files or a SQL script.

Whatever the target is, it is made beside the old one and takes its place in one step. Never sees a model.
"""

from __future__ import annotations

from dbclone.dialects.address import Address
from dbclone.dialects.protocol import DdlMode, Loader
from dbclone.errors import ConfigError

__all__ = ["open_target"]


def open_target(
    address: Address, *, source_identity: str | None = None, replace: bool = False, ddl_mode: DdlMode = "native"
) -> Loader:
    """Opens whatever ``address`` names for writing; the parameters are those of ``dialects.open_loader``.

    The loader's ``plain`` holds, after ``create``, the source's computed columns for which it expects values.
    Raises TargetRefused where the guard protects the target.
    """
    if address.dialect in ("parquet", "csv"):
        from dbclone.write.folder import FolderLoader

        return FolderLoader(address, replace=replace)
    if address.dialect == "sql":
        from dbclone.write.script import ScriptLoader

        return ScriptLoader(address, replace=replace, ddl_mode=ddl_mode)
    if address.dialect == "bundle":
        raise ConfigError(
            f"{address} is a bundle, which holds models and no rows.",
            hint=f"write one with: dbclone fit SOURCE -o {address}",
        )
    from dbclone.dialects import open_loader

    return open_loader(address, source_identity=source_identity, replace=replace, ddl_mode=ddl_mode)
