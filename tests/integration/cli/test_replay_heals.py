"""An event that a service never got stops its shot for good; a replay of the plan brings it on its way again."""

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas import topics
from schemas.bible import CharacterDefined, LocationDefined
from services.character_conditioning import app as character_conditioning
from services.character_conditioning.settings import CharacterConditioningSettings
from services.cli.exits import Exit
from services.cli.output import Output
from services.cli.replay.asking import Ask
from services.cli.replay.command import How, replay
from services.location_conditioning import app as location_conditioning
from services.location_conditioning.settings import LocationConditioningSettings
from services.orchestrator import app as orchestrator
from services.orchestrator.settings import OrchestratorSettings
from services.prompt_builder import app as prompt_builder
from services.prompt_builder.settings import PromptBuilderSettings
from tests import builders
from tests.fixtures.one_service import OneService, surroundings

__all__ = ["surroundings"]

pytestmark = pytest.mark.integration

REQUESTED = topics.generation_requested("previz", topics.Lane.STANDARD)


async def lose_all(around: OneService, group: str, topic: str) -> None:
    """Let a group's offsets pass over everything on a topic, as a wrong reset does."""
    parts = [TopicPartition(around.settings.kafka_topic_prefix + topic, part) for part in range(2)]
    async with AIOKafkaConsumer(
        bootstrap_servers=around.settings.kafka_bootstrap, group_id=group, enable_auto_commit=False
    ) as consumer:
        consumer.assign(parts)
        await consumer.commit(await consumer.end_offsets(parts))


async def test_a_prompt_that_the_orchestrator_never_got_is_brought_back_by_a_replay_of_its_plan(
    surroundings: OneService, monkeypatch: pytest.MonkeyPatch
) -> None:
    around, plan = surroundings, builders.planned()
    for name, value in around.environment().items():
        monkeypatch.setenv(name, value)
    await around.publisher.publish([CharacterDefined(project_id="vrindavan", character=builders.RADHA)])
    await around.publisher.publish([LocationDefined(project_id="vrindavan", location=builders.FOREST)])
    await around.publisher.publish([plan])
    await around.start(character_conditioning.build(CharacterConditioningSettings(**around.shared)))
    await around.start(location_conditioning.build(LocationConditioningSettings(**around.shared)))
    await around.start(prompt_builder.build(PromptBuilderSettings(**around.shared)))
    (worded,) = await around.read(topics.PROMPT_BUILT, 1)

    await lose_all(around, f"{around.settings.kafka_group_prefix}orchestrator", topics.PROMPT_BUILT)
    await around.start(orchestrator.build(OrchestratorSettings(**around.shared)))
    # A marker passes, so the orchestrator runs; the lost prompt doesn't come.
    marker = builders.prompt_built(builders.run(builders.planned(builders.shot(shot_id="marker"))))
    await around.publisher.publish([marker])
    asked = await around.read(REQUESTED, 1)
    assert [event.partition_key() for event in asked] == ["vrindavan/marker"]

    assert await replay(Output(as_json=True, quiet=True), None, Ask(topic=topics.SHOT_PLANNED), How()) is Exit.OK
    asked = await around.read(REQUESTED, 2)
    assert {event.partition_key() for event in asked} == {"vrindavan/marker", plan.partition_key()}
    prompts = await around.copies(topics.PROMPT_BUILT, 2)
    assert prompts.count(worded) > 1
