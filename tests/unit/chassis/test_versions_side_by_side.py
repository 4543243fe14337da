"""One event in two versions: what is published, and which of the two a reader takes."""

from typing import Any

import pytest

from schemas.envelope import DOWNCAST_FROM, from_headers
from schemas.registry import Registry
from services.chassis.bindings import On
from services.chassis.publishing import EventPublisher, Outgoing
from services.chassis.reading import Reader
from services.chassis.settings import ServiceSettings
from tests.fakes.durable import Record
from tests.fakes.upgrade_process import ASKED_1, ASKED_2, UNKNOWN, AskedV1, AskedV2, ask_1, wire

ASKED = AskedV2(number=3, name="Radha", loud="very")


def published(version: int, event: AskedV1 | AskedV2) -> list[Outgoing]:
    settings = ServiceSettings(kafka_topic_prefix="env.")
    return EventPublisher(settings, "toy", wire=wire(version)).outgoings(event)


def reader(*topics: str) -> Reader:
    return Reader(wire(2), "env.", [On(topic, ask_1) for topic in topics])


def record(item: Outgoing) -> Any:
    return Record(item.topic, 0, 0, item.key, item.value, item.headers)


def test_while_there_is_a_downcast_the_older_form_follows_the_whole_with_the_same_id_and_key() -> None:
    whole, older = published(2, ASKED)
    assert (whole.topic, older.topic) == ("env." + ASKED_2, "env." + ASKED_1)
    assert older.value == b'{"number":3,"who":"Radha"}'
    assert whole.key == older.key
    ids = {from_headers(item.headers).id for item in (whole, older)}
    assert ids == {ASKED.event_id} == {AskedV1(number=3, who="Radha").event_id}
    told = from_headers(older.headers)
    assert (told.schema_version, told.downcast_from) == (1, 2)
    assert from_headers(whole.headers).downcast_from is None


def test_without_a_downcast_there_is_one_form() -> None:
    (only,) = published(1, AskedV1(number=3, who="Radha"))
    assert only.topic == "env." + ASKED_1


def test_who_reads_both_topics_passes_over_the_older_form_only() -> None:
    whole, older = published(2, ASKED)
    (first,) = published(1, AskedV1(number=3, who="Radha"))
    both = reader(ASKED_1, ASKED_2)
    assert [both.is_spare(record(item)) for item in (whole, older, first)] == [False, True, False]
    assert both.read(record(whole)).event == ASKED


def test_who_reads_the_old_topic_only_takes_the_older_form_by_the_upcast() -> None:
    _, older = published(2, ASKED)
    alone = reader(ASKED_1)
    assert not alone.is_spare(record(older))
    assert alone.read(record(older)).event == AskedV2(number=3, name="Radha", loud=UNKNOWN)


def test_a_header_that_is_no_version_spares_nothing() -> None:
    odd: Any = Record("env." + ASKED_1, 0, 0, b"n3", b"{}", ((DOWNCAST_FROM, b"two"),))
    assert not reader(ASKED_1, ASKED_2).is_spare(odd)


def test_downcasts_without_their_latest_version_are_refused() -> None:
    with pytest.raises(ValueError, match="without gaps from the latest version"):
        Registry((AskedV1,), {}, {("toy.asked", 2): dict})
