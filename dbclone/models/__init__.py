"""What is learned of tables, and the learning itself."""

from dbclone.models.compiled import keep_compiled

# Before the first compiled function is imported.
keep_compiled()
