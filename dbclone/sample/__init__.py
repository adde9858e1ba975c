"""Rows drawn from what was learned."""

from dbclone.models.compiled import keep_compiled

# Before the first compiled function is imported.
keep_compiled()
