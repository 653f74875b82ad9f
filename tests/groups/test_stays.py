"""Facts about one person in one group fold into his stays."""

from app import clock
from app.groups.actions.stays import Stay, fold
from app.groups.models import GroupChange

BEGAN = 1_700_000_000


def fact(kind: str, second: int, scene: int | None = None) -> GroupChange:
    """Build a fact, `second` seconds after the beginning."""
    return GroupChange(kind=kind, at=clock.from_unix(BEGAN + second), scene=scene)


def spans(stays: list[Stay]) -> list[tuple[int, int | None]]:
    """Say from when to when the stays are, in seconds after the beginning."""
    return [
        (
            int(stay.joined_at.timestamp()) - BEGAN,
            int(stay.left_at.timestamp()) - BEGAN if stay.left_at else None,
        )
        for stay in stays
    ]


def test_the_join_time_of_the_api_is_the_stays_own() -> None:
    assert spans(fold([fact("joined", 2), fact("seen", 0)])) == [(0, None)]


def test_two_join_times_of_the_api_are_two_stays() -> None:
    assert spans(fold([fact("seen", 0), fact("seen", 30)])) == [(0, 30), (30, None)]


def test_a_leave_without_a_join_is_a_stay_that_began_unseen() -> None:
    assert spans(fold([fact("left", 50)])) == [(50, 50)]


def test_the_time_that_an_event_tells_goes_before_the_one_we_noticed() -> None:
    facts = [fact("joined", 0), fact("gone", 90), fact("left", 40, scene=1)]
    (stay,) = fold(facts)
    assert (spans([stay]), stay.quit_scene) == ([(0, 40)], 1)


def test_who_joins_and_leaves_within_a_second_is_not_in() -> None:
    assert spans(fold([fact("left", 5), fact("seen", 5), fact("joined", 5)])) == [(5, 5)]


def test_a_dismissal_ends_only_the_stay_that_is_open() -> None:
    stays = fold(
        [fact("joined", 0), fact("left", 10), fact("joined", 20)],
        dismissed_at=clock.from_unix(BEGAN + 99),
    )
    assert spans(stays) == [(0, 10), (20, 99)]
    assert [stay.dismissed for stay in stays] == [False, True]


def test_the_scene_of_an_event_is_written_in_the_words_of_the_api() -> None:
    assert [fold([fact("joined", 0, scene)])[0].join_scene for scene in (0, 3)] == [1, 3]
    assert fold([fact("joined", 0, 0), fact("seen", 0, 2)])[0].join_scene == 2
