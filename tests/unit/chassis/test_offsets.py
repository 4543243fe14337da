"""Laws of the offset tracker, over every order in which messages can end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.offsets import OffsetTracker

# Rising offsets with gaps, as compaction leaves them.
offsets = st.lists(st.integers(0, 10_000), min_size=1, max_size=40, unique=True).map(sorted)


@given(handed_out=offsets, data=st.data())
def test_a_commit_never_passes_an_unfinished_message(handed_out: list[int], data: st.DataObject) -> None:
    tracker = OffsetTracker()
    unfinished: set[int] = set()
    waiting = list(handed_out)
    last = None
    while waiting or unfinished:
        if waiting and (not unfinished or data.draw(st.booleans())):
            offset = waiting.pop(0)
            tracker.begin(offset)
            unfinished.add(offset)
        else:
            done = data.draw(st.sampled_from(sorted(unfinished)))
            tracker.finish(done)
            unfinished.discard(done)
        committable = tracker.committable()
        assert committable is not None
        assert all(offset >= committable for offset in unfinished)
        assert last is None or committable >= last, "a commit went back"
        last = committable


@given(handed_out=offsets, data=st.data())
def test_the_end_is_reached_when_all_are_done_whatever_the_order(handed_out: list[int], data: st.DataObject) -> None:
    tracker = OffsetTracker()
    for offset in handed_out:
        tracker.begin(offset)

    for offset in data.draw(st.permutations(handed_out)):
        tracker.finish(offset)

    assert tracker.committable() == handed_out[-1] + 1
    assert tracker.in_flight == 0


@given(handed_out=offsets, data=st.data())
def test_everything_below_the_first_open_message_is_committed(handed_out: list[int], data: st.DataObject) -> None:
    tracker = OffsetTracker()
    for offset in handed_out:
        tracker.begin(offset)
    still_open = data.draw(st.sets(st.sampled_from(handed_out), min_size=1))

    for offset in handed_out:
        if offset not in still_open:
            tracker.finish(offset)

    assert tracker.committable() == min(still_open)


def test_nothing_is_to_commit_before_the_first_message() -> None:
    assert OffsetTracker().to_commit() is None


def test_a_commit_is_news_only_once() -> None:
    tracker = OffsetTracker()
    tracker.begin(5)
    tracker.finish(5)
    news = tracker.to_commit()
    assert news == 6

    tracker.committed(news)

    assert tracker.to_commit() is None


def test_offsets_are_handed_out_rising() -> None:
    tracker = OffsetTracker()
    tracker.begin(5)
    with pytest.raises(ValueError, match="offset 5 was handed out after 5"):
        tracker.begin(5)


def test_finishing_what_was_never_handed_out_changes_nothing() -> None:
    tracker = OffsetTracker()
    tracker.begin(5)
    tracker.finish(9)
    assert tracker.committable() == 5
