"""Rows to Profile: what each column is, what must not leave, and how its values will be made."""

from dbclone.profile.exempt import exempt_values
from dbclone.profile.learn import ColumnOverride, learn_profile
from dbclone.profile.value import ColumnProfile, Maker, Profile, Role, TableProfile

__all__ = [
    "ColumnOverride",
    "ColumnProfile",
    "Maker",
    "Profile",
    "Role",
    "TableProfile",
    "exempt_values",
    "learn_profile",
]
