"""Reports (报表) over all rooms: one file a report, each answering with what JSON can hold.

Where there are very many customers they are made ahead of time (`jobs.keep_reports`), since some of
them have to look at every relation; else they are read when somebody looks.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.reports.asked import Asked
from app.reports.busy_hours import read_busy_hours
from app.reports.funnel import read_funnel
from app.reports.growth import read_growth
from app.reports.tags import read_tags
from app.reports.top_members import read_top_members
from app.reports.totals import read_totals
from app.reports.welcomes import read_welcomes

Report = Callable[[Session, Asked], Any]

# The board of reports. A new one is its file and its row.
REPORTS: Mapping[str, Report] = {
    "totals": read_totals,
    "growth": read_growth,
    "funnel": read_funnel,
    "welcomes": read_welcomes,
    "top_members": read_top_members,
    "busy_hours": read_busy_hours,
    "tags": read_tags,
}
