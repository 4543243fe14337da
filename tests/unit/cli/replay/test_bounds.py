"""From and to: times with a zone, or offsets; what is wrong is told with what is allowed."""

import pytest

from services.cli.exits import CliError, Exit
from services.cli.replay.bounds import Bound, Span, narrowed, read_bound, read_rate, window_of

WHOLE = {0: Span(0, 100), 1: Span(50, 80), 2: Span(0, 0)}


def test_a_time_is_an_instant_whatever_its_zone() -> None:
    wanted = Bound(instant_ms=1_795_413_600_000)
    assert read_bound("--from", ["2026-11-23T06:00:00Z"]) == wanted
    assert read_bound("--from", ["2026-11-23T11:30:00+05:30"]) == wanted
    assert read_bound("--from", ["2026-11-23 06:00:00.000+00:00"]) == wanted


def test_offsets_are_by_partition() -> None:
    assert read_bound("--to", ["3:1500", "0:7"]) == Bound(offsets={3: 1500, 0: 7})
    assert read_bound("--to", []) is None


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        (["2026-11-23T06:00:00"], "no zone"),
        (["yesterday"], "Invalid isoformat"),
        (["3:1", "3:2"], "named twice"),
        (["3:1", "2026-11-23T06:00:00Z"], "several times"),
        (["-1:4"], "Invalid isoformat"),
    ],
)
def test_a_wrong_bound_names_the_option_and_what_is_allowed(texts: list[str], why: str) -> None:
    with pytest.raises(CliError, match="--from") as raised:
        read_bound("--from", texts)
    assert why in raised.value.problem
    assert "ISO 8601 with its zone" in raised.value.problem
    assert "PARTITION:OFFSET" in raised.value.problem
    assert raised.value.code is Exit.INVALID


@pytest.mark.parametrize(
    ("text", "per_s"), [("50/s", 50.0), ("120/m", 2.0), ("7200/h", 2.0), ("0.5", 0.5), (None, None)]
)
def test_a_rate_is_events_per_second_minute_or_hour(text: str | None, per_s: float | None) -> None:
    assert read_rate(text) == per_s


@pytest.mark.parametrize("text", ["0/s", "-1/s", "5/day", "fast", "/s"])
def test_a_wrong_rate_says_what_is_allowed(text: str) -> None:
    with pytest.raises(CliError, match="above 0 with /s, /m or /h"):
        read_rate(text)


def test_without_bounds_all_is_meant() -> None:
    assert narrowed(WHOLE, None, None, starts={}) == WHOLE


def test_a_time_begins_where_the_broker_says_and_ends_record_by_record() -> None:
    start, stop = Bound(instant_ms=1_000), Bound(instant_ms=2_000)
    found = narrowed(WHOLE, start, stop, starts={0: 40, 1: None, 2: None})
    assert found == {0: Span(40, 100), 1: Span(80, 80), 2: Span(0, 0)}
    window = window_of(start, stop)
    assert [at for at in (999, 1_000, 1_999, 2_000) if window.holds(at)] == [1_000, 1_999]
    assert window_of(None, None).holds(0)


def test_offsets_choose_their_partitions_and_are_kept_within_what_is_there() -> None:
    start, stop = Bound(offsets={1: 10}), Bound(offsets={0: 30})
    found = narrowed(WHOLE, start, stop, starts={})
    assert found == {0: Span(0, 30), 1: Span(50, 80)}


def test_a_partition_that_is_not_there_and_a_range_that_goes_back_are_told() -> None:
    with pytest.raises(CliError, match=r"partition 9.*allowed is 0 to 2"):
        narrowed(WHOLE, Bound(offsets={9: 0}), None, starts={})
    with pytest.raises(CliError, match="partition 0: from offset 40 to offset 30"):
        narrowed(WHOLE, Bound(offsets={0: 40}), Bound(offsets={0: 30}), starts={})
    with pytest.raises(CliError, match="--from is not before --to"):
        window_of(Bound(instant_ms=5), Bound(instant_ms=5))
