"""The `dbclone` command: takes the command line, gives results on stdout, progress on stderr and an exit code.

0 fine, 1 failed, 2 usage, 3 below a --fail-under or where a diff finds changes. The only package that prints or exits;
it decides nothing.
"""

from dbclone.cli.commands import app, main

__all__ = ["app", "main"]
