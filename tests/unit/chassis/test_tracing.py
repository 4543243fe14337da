import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.tracing import Span

VALID = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_the_trace_goes_on_under_a_new_span() -> None:
    span = Span.following(VALID)
    assert span.trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert span.span_id != "00f067aa0ba902b7"
    assert span.flags == "01"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "nonsense",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
    ],
)
def test_an_invalid_header_begins_a_new_trace(header: str | None) -> None:
    span = Span.following(header)
    assert span.trace_id != "4bf92f3577b34da6a3ce929d0e0e4736"
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", span.traceparent)


def test_a_later_version_of_the_header_is_read() -> None:
    assert Span.following(f"cc{VALID[2:]}-more").trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"


@given(st.text(max_size=80))
def test_no_header_breaks_the_reader(header: str) -> None:
    assert len(Span.following(header).trace_id) == 32


def test_the_whole_chain_has_one_trace_and_a_span_per_hop() -> None:
    hops = [Span.root()]
    for _ in range(5):
        hops.append(Span.following(hops[-1].traceparent))
    assert len({hop.trace_id for hop in hops}) == 1
    assert len({hop.span_id for hop in hops}) == 6
