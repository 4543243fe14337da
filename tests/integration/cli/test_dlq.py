"""Dead letters on a real broker: listed, shown, tried again unchanged, given up; handled ones stay handled."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from schemas import topics
from services.chassis.dead_letters import Stage, dead_letter
from services.chassis.provision import provision
from services.cli import dlq_commands
from services.cli.dlq_commands import Asked
from services.cli.exits import CliError, Exit
from services.cli.output import Output
from services.cli.settings import broker_settings
from services.cli.topic_commands import list_topics
from tests.fixtures.broker import Broker
from tests.integration.cli.conftest import Record, everything

pytestmark = pytest.mark.integration

TOPIC = topics.SHOT_PLANNED
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
HEADERS = [("ce_type", b"film.shot.planned"), ("twice", b"1"), ("twice", b"\xfe")]
BYTES = b"\xff\x00 no event"


class Ground:
    """Topics of this test's own, with what a poisoned consumer leaves behind."""

    def __init__(self, broker: Broker, prefix: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.prefix = prefix
        self._broker = broker
        self._capsys = capsys

    async def poison(self, value: bytes, topic: str = TOPIC, stage: Stage = "decode", key: bytes = b"p/s") -> None:
        """A raw record on its topic, and its dead letter as the chassis writes it."""
        async with AIOKafkaProducer(bootstrap_servers=self._broker.bootstrap) as producer:
            await producer.send_and_wait(self.prefix + topic, value, key, headers=HEADERS)
            record = (await self.records(topic, 1))[-1]
            letter = dead_letter(record, ValueError("no"), stage=stage, group="ice.validation", attempts=2, now=NOW)
            await producer.send_and_wait(letter.topic, letter.value, letter.key, headers=list(letter.headers))

    async def records(self, topic: str, count: int) -> list[Record]:
        """What a topic holds, in order of time; at least `count` records."""
        parts = sorted(spec.partitions for spec in topics.specs(("previz",)) if spec.name == topic) or [1]
        found = [TopicPartition(self.prefix + topic, part) for part in range(parts[0])]
        return await everything(self._broker, found, count, lambda record: (record.timestamp, record.offset))

    def told(self) -> Any:
        """What the last command said."""
        return json.loads(self._capsys.readouterr().out)

    async def open(self, topic: str | None = None) -> list[tuple[str, int]]:
        """Topic and offset of each open letter."""
        assert await dlq_commands.list_letters(QUIET, None, topic, 100) is Exit.OK
        return [(row["topic"], row["offset"]) for row in self.told()["dead_letters"]]


QUIET = Output(as_json=True, quiet=True)


@pytest.fixture
async def ground(broker: Broker, pointed: str, capsys: pytest.CaptureFixture[str]) -> Ground:
    await provision(broker_settings(), topics.specs(("previz",)))
    return Ground(broker, pointed, capsys)


async def test_a_retry_publishes_the_original_byte_for_byte_and_the_letter_is_handled_for_good(ground: Ground) -> None:
    await ground.poison(BYTES)
    assert await ground.open() == [(TOPIC, 0)]

    assert await dlq_commands.show(QUIET, None, TOPIC + ".dlq", 0) is Exit.OK
    shown = ground.told()
    assert base64.b64decode(shown["value_base64"]) == BYTES
    assert (shown["stage"], shown["attempts"], shown["reason"], shown["handled"]) == ("decode", 2, "no", None)
    assert shown["original_topic"] == ground.prefix + TOPIC

    assert await dlq_commands.retry(QUIET, None, Asked(TOPIC, (0,))) is Exit.OK
    assert ground.told() == {"retried": [{"topic": TOPIC, "offset": 0}], "failed": []}
    first, again = await ground.records(TOPIC, 2)
    *headers, (mark, _) = again.headers
    assert (again.key, again.value, headers) == (first.key, first.value, list(first.headers))
    assert (headers, mark) == (HEADERS, "x-retried-at")
    assert again.partition == first.partition

    assert await ground.open() == []
    await dlq_commands.show(QUIET, None, TOPIC, 0)
    assert ground.told()["handled"] == "retried"
    with pytest.raises(CliError, match="already handled: 0 \\(retried\\)"):
        await dlq_commands.retry(QUIET, None, Asked(TOPIC, (0,)))
    assert len(await ground.records(TOPIC, 2)) == 2


async def test_a_dropped_letter_is_handled_and_nothing_is_published(ground: Ground) -> None:
    await ground.poison(BYTES)
    await ground.poison(b'{"shot": 2}')
    assert await dlq_commands.drop(QUIET, None, Asked(TOPIC, (1,))) is Exit.OK
    assert ground.told() == {"dropped": [{"topic": TOPIC, "offset": 1}], "failed": []}
    assert await ground.open() == [(TOPIC, 0)]
    assert len(await ground.records(TOPIC, 2)) == 2
    *_, mark = await ground.records(TOPIC + ".dlq", 3)
    assert (mark.key, dict(mark.headers)["x-handled"]) == (b"handled/1", b"dropped")


async def test_all_is_narrowed_by_topic_and_stage_and_markers_are_no_letters(ground: Ground) -> None:
    await ground.poison(BYTES, stage="decode")
    await ground.poison(b"{}", stage="handle")
    await ground.poison(b"{}", topics.PROMPT_BUILT, stage="handle")
    assert await dlq_commands.retry(QUIET, None, Asked(TOPIC, stage="handle")) is Exit.OK
    assert ground.told()["retried"] == [{"topic": TOPIC, "offset": 1}]
    assert await ground.open() == [(TOPIC, 0), (topics.PROMPT_BUILT, 0)]
    assert await ground.open(topics.PROMPT_BUILT) == [(topics.PROMPT_BUILT, 0)]

    assert await list_topics(QUIET, None) is Exit.OK
    dead = {row["topic"]: row["dead_letters"] for row in ground.told()["topics"] if row["dead_letters"]}
    assert dead == {TOPIC: 1, topics.PROMPT_BUILT: 1}

    assert await dlq_commands.retry(QUIET, None, Asked(stage="validation")) is Exit.OK
    assert len(ground.told()["retried"]) == 2
    assert await dlq_commands.retry(QUIET, None, Asked()) is Exit.OK
    assert ground.told() == {"retried": [], "failed": []}
    assert await ground.open() == []


async def test_more_letters_than_a_chunk_are_all_retried_once(ground: Ground, broker: Broker) -> None:
    await ground.poison(BYTES)
    (letter,) = await ground.records(TOPIC + ".dlq", 1)
    async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap) as producer:
        for number in range(149):
            headers = [pair for pair in letter.headers if pair[0] != "x-original-offset"]
            headers.append(("x-original-offset", b"%d" % (1000 + number)))
            await producer.send(letter.topic, letter.value, letter.key, headers=headers)
    assert await dlq_commands.retry(QUIET, None, Asked()) is Exit.OK
    assert [row["offset"] for row in ground.told()["retried"]] == list(range(150))
    assert len(await ground.records(TOPIC, 151)) == 151
    assert await ground.open() == []


async def test_what_several_consumers_gave_up_is_published_once_and_all_their_letters_are_handled(
    ground: Ground, broker: Broker
) -> None:
    await ground.poison(BYTES)
    (letter,) = await ground.records(TOPIC + ".dlq", 1)
    async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap) as producer:
        for _ in range(2):
            await producer.send(letter.topic, letter.value, letter.key, headers=list(letter.headers))
    assert await dlq_commands.retry(QUIET, None, Asked()) is Exit.OK
    assert [row["offset"] for row in ground.told()["retried"]] == [0, 1, 2]
    assert len(await ground.records(TOPIC, 2)) == 2
    assert await ground.open() == []


async def test_a_letter_of_another_topic_is_refused_and_stays_open(ground: Ground, broker: Broker) -> None:
    async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap) as producer:
        headers = [("x-original-topic", b"elsewhere")]
        await producer.send_and_wait(f"{ground.prefix}{TOPIC}.dlq", BYTES, b"k", headers=headers)
    assert await dlq_commands.retry(QUIET, None, Asked()) is Exit.FAILED
    assert "'elsewhere'" in ground.told()["failed"][0]
    assert await ground.open() == [(TOPIC, 0)]


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (Asked("shot.planed.v1", (0,)), "did you mean 'shot.planned.v1'"),
        (Asked(TOPIC, (0, 7)), "no dead letter at offset 7"),
    ],
)
async def test_a_wrong_topic_or_offset_is_named_and_nothing_is_done(ground: Ground, asked: Asked, problem: str) -> None:
    await ground.poison(BYTES)
    for command in (dlq_commands.retry, dlq_commands.drop):
        with pytest.raises(CliError, match=problem) as told:
            await command(QUIET, None, asked)
        assert told.value.code is Exit.INVALID
    assert await ground.open() == [(TOPIC, 0)]
    assert len(await ground.records(TOPIC, 1)) == 1
