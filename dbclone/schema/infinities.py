"""Stand-ins for moments without end: Arrow and Python know no infinite date.

Days that nobody writes by hand, unlike the very ends of the calendar; midnights, so that a column of dates stays one.
"""

from __future__ import annotations

import datetime

BELOW, ABOVE = datetime.date(1, 1, 2), datetime.date(9999, 12, 30)
"""What stands for ``-infinity`` and ``infinity`` wherever rows travel."""
FIRST, LAST = datetime.date(1, 1, 3), datetime.date(9999, 12, 29)
"""What stands for all that lies before the year 1 and after the year 9999."""
