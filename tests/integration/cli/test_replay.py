"""Replays on a real broker: what is repeated, made again or passed over, and how one is taken up again."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from schemas import ids, topics
from schemas.base import Event
from schemas.bible import CharacterDefined
from schemas.project import SeedPolicy
from schemas.shot import ShotPlanned
from services.chassis.provision import provision
from services.chassis.publishing import EventPublisher
from services.cli.exits import CliError, Exit
from services.cli.output import Output
from services.cli.replay.asking import Ask
from services.cli.replay.command import How, replay
from services.cli.settings import broker_settings
from tests import builders
from tests.fixtures.broker import Broker
from tests.integration.cli.conftest import Record, everything

pytestmark = pytest.mark.integration

PLANNED = topics.SHOT_PLANNED
PARTITIONS = 2
QUIET = Output(as_json=True, quiet=True)


class Ground:
    """Topics of this test's own."""

    def __init__(self, broker: Broker, prefix: str, state: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.prefix = prefix
        self.state = state
        self.bootstrap = broker.bootstrap
        self._broker = broker
        self._capsys = capsys

    async def publish(self, *events: Event) -> None:
        """As the planner does."""
        publisher = EventPublisher(broker_settings(), "planner")
        await publisher.start()
        await publisher.publish(events)
        await publisher.stop()

    async def raw(self, value: bytes, headers: Sequence[tuple[str, bytes]] = (), topic: str = PLANNED) -> None:
        """A record of anybody's."""
        async with AIOKafkaProducer(bootstrap_servers=self.bootstrap) as producer:
            await producer.send_and_wait(self.prefix + topic, value, b"p/s", headers=list(headers))

    async def records(self, topic: str, count: int) -> list[Record]:
        """What a topic holds, in order of time; at least `count` records."""
        parts = [TopicPartition(self.prefix + topic, part) for part in range(PARTITIONS)]
        return await everything(
            self._broker, parts, count, lambda record: (record.timestamp, record.partition, record.offset)
        )

    async def replay(self, how: How = How(), **ask: Any) -> Any:  # noqa: B008 - frozen
        """Run a replay; what it answered."""
        wanted = Ask(topic=ask.pop("topic", PLANNED), **ask) if how.resume is None else None
        assert await replay(QUIET, None, wanted, how) is Exit.OK
        return json.loads(self._capsys.readouterr().out)


@pytest.fixture
async def ground(broker: Broker, pointed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Ground:
    await provision(broker_settings(), [replace(spec, partitions=PARTITIONS) for spec in topics.specs(("previz",))])
    return Ground(broker, pointed, tmp_path / "state", capsys)


def header(record: Record, name: str) -> str | None:
    found = dict(record.headers).get(name)
    return None if found is None else found.decode()


def plan(shot_id: str, revision: int = 1, **changes: Any) -> ShotPlanned:
    return builders.planned(builders.shot(shot_id=shot_id, **changes), revision=revision)


def place(record: Record, topic: str = PLANNED) -> str:
    return f"{topic}:{record.partition}:{record.offset}"


def read(record: Record) -> ShotPlanned:
    return ShotPlanned.model_validate_json(record.value or b"")


async def test_events_are_repeated_as_they_were_with_their_origin_and_copies_are_skipped(ground: Ground) -> None:
    await ground.publish(plan("a"), plan("b"))
    originals = await ground.records(PLANNED, 2)
    told = await ground.replay()
    assert (told["published"], told["skipped"]["copies"]) == (2, 0)
    everything = await ground.records(PLANNED, 4)
    copies = {header(record, "ce_id"): record for record in everything if header(record, "ce_replayedfrom")}
    assert len(copies) == 2
    for original in originals:
        copy = copies[header(original, "ce_id")]
        assert (copy.key, copy.value, copy.partition) == (original.key, original.value, original.partition)
        assert list(copy.headers) == [*original.headers, ("ce_replayedfrom", place(original).encode())]

    again = await ground.replay()
    assert (again["published"], again["skipped"]["copies"]) == (2, 2)
    assert len(await ground.records(PLANNED, 6)) == 6
    assert list((ground.state / "replays").iterdir()) == []


async def test_what_is_no_event_or_newer_than_known_is_counted_and_named_and_the_rest_goes_on(ground: Ground) -> None:
    await ground.publish(plan("a"))
    await ground.raw(b"\xff\x00 no event")
    newer = [("ce_schemaversion", b"7"), ("ce_type", b"film.shot.planned")]
    await ground.raw(plan("b").model_dump_json().encode(), newer)
    told = await ground.replay()
    assert told["published"] == 1
    assert (told["skipped"]["unreadable"], told["skipped"]["newer_version"]) == (1, 1)
    reasons = {item["kind"]: item["reason"] for item in told["not_replayable"]}
    assert "not UTF-8 JSON" in reasons["unreadable"]
    assert "version 7 is newer than 1" in reasons["newer"]

    again = await ground.replay(regenerate=True)
    assert (again["published"], again["skipped"]["copies"]) == (1, 1)
    assert (again["skipped"]["unreadable"], again["skipped"]["newer_version"]) == (1, 1)


async def test_filters_times_and_offsets_narrow_a_replay(ground: Ground) -> None:
    await ground.publish(plan("a", scene_id="one"), plan("b", scene_id="two"), plan("c", scene_id="two", cast=()))
    records = {read(record).shot.shot_id: record for record in await ground.records(PLANNED, 3)}
    assert (await ground.replay(How(dry_run=True), scenes=("two",)))["published"] == 2
    assert (await ground.replay(How(dry_run=True), scenes=("two",), characters=("radha",)))["published"] == 1
    with pytest.raises(CliError, match=r"nothing on shot\.planned\.v1"):
        await ground.replay(projects=("nobody",))

    part, offset = records["b"].partition, records["b"].offset
    told = await ground.replay(How(dry_run=True), start=(f"{part}:{offset}",), stop=(f"{part}:{offset + 1}",))
    assert (told["read"], told["published"], told["scenes"]) == (
        1,
        1,
        [{"project_id": "vrindavan", "scene_id": "two", "events": 1}],
    )
    await asyncio.sleep(0.05)
    before = max(record.timestamp for record in records.values()) + 20
    when = datetime.fromtimestamp(before / 1000, UTC).isoformat()
    await ground.publish(plan("d"))
    assert (await ground.replay(How(dry_run=True), start=(when,)))["published"] == 1
    assert (await ground.replay(How(dry_run=True), stop=(when,)))["published"] == 3
    assert len(await ground.records(PLANNED, 4)) == 4


async def test_new_makings_are_of_the_newest_revision_with_the_wishes_and_the_same_for_the_same_id(
    ground: Ground,
) -> None:
    await ground.publish(plan("a"), plan("a", 2, mood="tense"), plan("b"))
    how = How(replay_id="again-1")
    told = await ground.replay(how, regenerate=True, model="previz", seed_policy=SeedPolicy.SCENE)
    assert (told["replay_id"], told["published"]) == ("again-1", 2)
    made = [record for record in await ground.records(PLANNED, 5) if header(record, "ce_replayedfrom")]
    plans = {read(record).shot.shot_id: read(record) for record in made}
    assert {key: (item.revision, item.regeneration_id) for key, item in plans.items()} == {
        "a": (2, ids.regeneration_id("again-1", "vrindavan", "a")),
        "b": (1, ids.regeneration_id("again-1", "vrindavan", "b")),
    }
    assert {(item.shot.model, item.project.seed_policy) for item in plans.values()} == {("previz", SeedPolicy.SCENE)}
    assert {header(record, "ce_id") for record in made} == {item.event_id for item in plans.values()}

    # The makings are copies themselves: neither repeated nor taken for the newest.
    assert (await ground.replay(How(dry_run=True)))["published"] == 3
    await ground.replay(how, regenerate=True, model="previz", seed_policy=SeedPolicy.SCENE)
    assert len({header(record, "ce_id") for record in await ground.records(PLANNED, 7)}) == 5


async def test_a_dry_run_tells_scenes_models_and_cost_and_sends_nothing(ground: Ground) -> None:
    await ground.publish(
        plan("a", location_id=None), plan("b", frames="start-end", location_id=None), plan("c", cast=("nobody",))
    )
    await ground.publish(CharacterDefined(project_id="vrindavan", character=builders.RADHA))
    told = await ground.replay(How(dry_run=True), regenerate=True, model="flux")
    assert told["estimate"] == {"shots": 3, "frames": 4, "not_made": 1, "estimated_cost_usd": 0.0}
    (scene,) = told["scenes"]
    assert sum(scene["models"].values()) == 3
    assert "unknown-character" in str(scene["not_made"])
    assert told["unmet_wishes"]
    assert len(await ground.records(PLANNED, 3)) == 3
    assert not (ground.state / "replays").exists()


async def test_failed_keyframes_name_frames_and_their_prompts_are_made_again(ground: Ground) -> None:
    plan_of = builders.planned(builders.shot(frames="start-end"))
    start, end = (builders.prompt_built(run) for run in builders.pair())
    other = builders.prompt_built(builders.run(plan("other")))
    ready = builders.keyframe_ready()
    ready = ready.model_copy(update={"frame_role": end.run.frame_role, "run_id": end.run.run_id})
    await ground.publish(plan_of, start, end, other, ready)
    told = await ground.replay(topic=topics.KEYFRAME_READY, regenerate=True)
    assert (told["source"], told["published"], told["missing"]) == (topics.PROMPT_BUILT, 1, [])
    (made,) = [
        json.loads(record.value or b"")
        for record in await ground.records(topics.PROMPT_BUILT, 4)
        if header(record, "ce_replayedfrom")
    ]
    assert (made["run"]["frame_role"], made["run"]["without_plan"]) == ("end", True)
    assert made["prompts"] == json.loads(end.model_dump_json())["prompts"]
    rebuilt = await ground.replay(How(dry_run=True), topic=topics.KEYFRAME_READY, regenerate=True, rebuild=True)
    assert (rebuilt["source"], rebuilt["published"]) == (PLANNED, 1)


async def test_of_a_compacted_topic_only_the_newest_of_a_key_is_repeated_be_it_a_copy(ground: Ground) -> None:
    def defined(version: int) -> CharacterDefined:
        entry = builders.RADHA.model_copy(update={"version": version})
        return CharacterDefined(project_id="vrindavan", character=entry)

    topic = topics.BIBLE_CHARACTERS
    await ground.publish(defined(1), defined(2))
    first, second = await ground.records(topic, 2)
    assert (await ground.replay(topic=topic))["published"] == 1
    *_, copy = await ground.records(topic, 3)
    assert (copy.value, header(copy, "ce_replayedfrom")) == (second.value, place(second, topic))
    until = (f"{first.partition}:{second.offset}",)
    assert (await ground.replay(topic=topic, stop=until))["published"] == 0
    assert (await ground.replay(topic=topic))["published"] == 1
    *_, last = await ground.records(topic, 4)
    assert [name for name, _ in last.headers].count("ce_replayedfrom") == 1
    assert header(last, "ce_replayedfrom") == place(copy, topic)


async def _copies_of(ground: Ground, count: int) -> None:
    """Wait until so many copies are on the topic."""
    name, found = ground.prefix + PLANNED, 0
    async with AIOKafkaConsumer(bootstrap_servers=ground.bootstrap, auto_offset_reset="earliest") as consumer:
        consumer.assign([TopicPartition(name, part) for part in range(PARTITIONS)])
        while found < count:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += sum(header(record, "ce_replayedfrom") is not None for record in records)


async def test_an_interrupted_replay_is_taken_up_where_it_was_and_sends_the_rest(ground: Ground) -> None:
    await ground.publish(*(plan(f"s{number}") for number in range(40)))
    running = asyncio.create_task(ground.replay(How(replay_id="cut", rate="4/s")))
    await _copies_of(ground, 5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    journal = json.loads((ground.state / "replays" / "cut.json").read_text())
    sent = journal["tally"]["published"]
    assert 0 < sent < 40
    with pytest.raises(CliError, match="is unfinished"):
        await ground.replay(How(replay_id="cut"))
    # What comes meanwhile isn't part of it.
    await ground.publish(plan("later"))
    told = await ground.replay(How(resume="cut"))
    assert (told["replay_id"], told["resumed"], told["published"]) == ("cut", True, 40)
    records = await ground.records(PLANNED, 81)
    copies = [header(record, "ce_id") for record in records if header(record, "ce_replayedfrom")]
    assert len(set(copies)) == 40
    assert len(copies) <= 40 + 5
    with pytest.raises(CliError, match="no unfinished replay of that id"):
        await ground.replay(How(resume="cut"))


async def test_a_replay_joins_no_group_and_commits_nothing(ground: Ground) -> None:
    await ground.publish(plan("a"))
    admin = AIOKafkaAdminClient(bootstrap_servers=ground.bootstrap)
    await admin.start()
    try:
        before = await admin.list_consumer_groups()
        await ground.replay()
        # Those of tests before may have gone meanwhile: the broker forgets empty ones in its own time.
        assert set(await admin.list_consumer_groups()) <= set(before)
    finally:
        await admin.close()


async def test_a_topic_model_or_time_that_is_not_there_is_told_with_what_is(ground: Ground) -> None:
    with pytest.raises(CliError, match=r"did you mean 'shot\.planned\.v1'"):
        await ground.replay(topic="shot.planed.v1")
    with pytest.raises(CliError, match=r"no such model or provider.*allowed is one of"):
        await ground.replay(regenerate=True, model="unheard-of")
    with pytest.raises(CliError, match="PARTITION:OFFSET"):
        await ground.replay(start=("12",))
    with pytest.raises(CliError, match="--id"):
        await ground.replay(How(replay_id="../x"))
