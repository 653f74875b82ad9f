"""Making reports ahead of time, where reading them while somebody waits would take too long."""

from functools import partial

from app import clock
from app.accounts.queries import list_roles
from app.members.queries import WHOLE_CORP, find_scope
from app.reports.actions import drop_reports, keep_report
from app.reports.asked import Asked
from app.reports.queries import has_very_many, read_to_keep
from app.runtime import Runtime


def keep_reports(runtime: Runtime) -> None:
    """Make the reports of the whole corp and of each manager, if the corp has very many customers.

    They are read first and written then, so that no writer waits for the reading.
    """
    began = clock.utcnow()
    with runtime.db.read() as session:
        if has_very_many(session):
            managers = [row.userid for row in list_roles(session) if row.role == "manager"]
            scopes = [WHOLE_CORP, *(find_scope(session, userid) for userid in managers)]
        else:
            scopes = []
    for scope in scopes:
        asked = Asked(clock.utcnow(), runtime.config.server.zone, scope)
        with runtime.db.read() as session:
            figures = read_to_keep(session, asked)
        runtime.db.commit(partial(keep_report, scope=scope, figures=figures, made_at=asked.now))
    runtime.db.commit(partial(drop_reports, made_before=began))
