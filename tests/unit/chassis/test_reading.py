from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import EnvelopeError
from schemas.registry import NewerVersionError, UnreadableEventError
from services.chassis.bindings import On
from services.chassis.reading import Reader
from tests.fakes.toy_events import ANSWERED, ASKED, TOY_WIRE, Answered, Asked


async def _nothing(event: object) -> list[Asked]:
    del event
    return []


READER = Reader(TOY_WIRE, "env.", (On(ASKED, _nothing), On(ANSWERED, _nothing)))
BODY = b'{"name": "n", "number": 1}'


@dataclass
class Record:
    topic: str = "env." + ASKED
    partition: int = 1
    offset: int = 2
    timestamp: int = 3
    key: bytes | None = b"n"
    value: bytes | None = BODY
    headers: list[tuple[str, bytes | None]] = field(default_factory=lambda: [("ce_schemaversion", b"2")])


def test_the_prefix_is_taken_off() -> None:
    received = READER.read(Record())
    assert received.topic == ASKED
    assert received.event == Asked(name="n", number=1)
    assert (received.partition, received.offset, received.timestamp, received.key) == (1, 2, 3, "n")


def test_without_headers_the_topic_names_event_and_version() -> None:
    received = READER.read(Record(value=b'{"who": "n", "number": 1}', headers=[]))
    assert received.event == Asked(name="n", number=1)
    assert received.envelope.id is None


def test_an_old_version_is_lifted() -> None:
    old = Record(value=b'{"who": "n", "number": 1}', headers=[("ce_schemaversion", b"1")])
    assert READER.read(old).event == Asked(name="n", number=1)


def test_a_newer_version_is_told_apart_from_poison() -> None:
    with pytest.raises(NewerVersionError, match=r"toy\.asked version 3 is newer than 2"):
        READER.read(Record(headers=[("ce_schemaversion", b"3")]))


def test_a_header_that_contradicts_the_topic_is_refused() -> None:
    with pytest.raises(EnvelopeError, match=r"ce_type: 'toy\.asked', allowed on toy\.answered\.v1 is 'toy\.answered'"):
        READER.read(Record(topic="env." + ANSWERED, headers=[("ce_type", b"toy.asked")]))


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (Record(key=b"\xff"), "key: .* is not UTF-8"),
        (Record(headers=[("ce_id", b"\xff")]), "header ce_id"),
        (Record(headers=[("ce_schemaversion", b"9" * 5_000)]), "header ce_schemaversion: .* allowed is a whole number"),
        (Record(headers=[("ce_schemaversion", b"0")]), "header ce_schemaversion"),
        (Record(value=b'{"name": "n", "number": 9223372036854775808}'), "whole number 9223372036854775808; allowed"),
        (Record(value=b'{"name": "n", "number": -%s}' % (b"9" * 9_000)), "whole number -9999"),
        (Record(value=None), "value: empty"),
        (Record(value=b"\xff"), "not UTF-8 JSON"),
        (Record(value=b"[]"), "a JSON list"),
        (Record(value=b'{"name": 1, "number": "x"}'), "name: 1: .*; number: 'x'"),
    ],
)
def test_what_is_wrong_is_named(record: Record, message: str) -> None:
    with pytest.raises((EnvelopeError, UnreadableEventError), match=message):
        READER.read(record)


@pytest.mark.parametrize("trace", [b"zz-\xff", b"", b"\x00", b"x" * 9_000])
def test_a_broken_trace_costs_no_event(trace: bytes) -> None:
    headers: list[tuple[str, bytes | None]] = [("traceparent", trace), ("ce_schemaversion", b"2")]
    assert READER.read(Record(headers=headers)).event == Asked(name="n", number=1)


def test_foreign_headers_may_be_anything() -> None:
    headers: list[tuple[str, bytes | None]] = [("x", b"\xff\xfe"), ("y", None), ("ce_schemaversion", b"2")]
    assert READER.read(Record(headers=headers)).event == Asked(name="n", number=1)


@given(
    value=st.one_of(st.none(), st.binary(max_size=200), st.text(max_size=100).map(str.encode)),
    key=st.one_of(st.none(), st.binary(max_size=20)),
    headers=st.lists(
        st.tuples(
            st.sampled_from(["ce_type", "ce_id", "ce_schemaversion", "ce_specversion", "z"]), st.binary(max_size=9)
        ),
        max_size=4,
    ),
)
def test_no_bytes_raise_anything_else(
    value: bytes | None, key: bytes | None, headers: list[tuple[str, bytes | None]]
) -> None:
    record = Record(value=value, key=key, headers=headers)
    with suppress(EnvelopeError, UnreadableEventError, NewerVersionError):
        assert isinstance(READER.read(record).event, Asked | Answered)


def test_a_topic_that_nobody_knows_stops_the_start() -> None:
    with pytest.raises(KeyError, match="unheard"):
        Reader(TOY_WIRE, "", (On("unheard.v1", _nothing),))
