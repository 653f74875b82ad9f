"""Whoever puts another's id in the place of his own reads nothing of his, and changes nothing."""

from tests.admin.house import FOREIGN, OWN
from tests.attack.offers import Asking
from tests.attack.strangers import list_tries, marks_of, try_all
from tests.attack.town import SIDEBAR, Town
from tests.soak import seeds

COUNT = 300
(SEED,) = seeds([1])


def test_what_is_kept_from_others_is_shown_to_whose_it_is(town: Town) -> None:
    for userid in (OWN, FOREIGN):
        for path in town.paths_of(userid):
            shown = town.ask((SIDEBAR, userid), Asking("GET", path)).text
            assert marks_of(userid)[0] in shown or path.endswith(("/scripts", "/materials")), path


def test_no_exchanged_id_gives_or_changes_what_is_somebody_elses(town: Town) -> None:
    found = try_all(town, list_tries(town), seed=SEED, count=COUNT)
    assert found.faults == []
    assert found.tried == COUNT
