"""The shell around the rules: same event in, same event out."""

from schemas import topics
from schemas.prompt import PromptBuilt, RetakeInstruction, RetakeRequested
from services.prompt_builder.adapters.shipped_templates import shipped_templates
from services.prompt_builder.app import build
from services.prompt_builder.domain.natural import GROUPS
from services.prompt_builder.domain.planned import KINDS
from services.prompt_builder.handlers import Handlers
from services.prompt_builder.settings import PromptBuilderSettings
from tests import builders

HANDLERS = Handlers(shipped_templates())


def test_the_table_names_both_topics_and_a_retake_goes_before_a_film_in_bulk() -> None:
    app = build(PromptBuilderSettings())
    assert [topic for binding in app.bindings for topic in binding.topics] == [
        topics.RETAKE_REQUESTED,
        topics.LOCATION_CONDITIONED,
    ]


def test_every_kind_of_fact_has_its_place_in_the_sentences() -> None:
    worded = [kind for kinds, _ in GROUPS for kind in kinds]
    assert sorted(worded) == sorted(KINDS)


async def test_a_repeated_event_gives_the_same_event() -> None:
    event = builders.location_conditioned()
    (first,), (second,) = await HANDLERS.location_conditioned(event), await HANDLERS.location_conditioned(event)
    assert first == second
    assert first.event_id == second.event_id


async def test_everything_conditioned_is_carried_on() -> None:
    event = builders.location_conditioned()
    (made,) = await HANDLERS.location_conditioned(event)
    assert isinstance(made, PromptBuilt)
    for name in ("run", "cast", "seed", "location", "props", "continuity", "degradations"):
        assert getattr(made, name) == getattr(event, name)


async def test_a_retake_becomes_its_take() -> None:
    base = builders.location_conditioned()
    asked = RetakeRequested(
        run=base.run,
        cast=base.cast,
        seed=base.seed,
        location=base.location,
        take=3,
        instruction=RetakeInstruction(reason="blurred", strengthen=("identity",)),
    )
    (made,) = await HANDLERS.retake_requested(asked)
    assert isinstance(made, PromptBuilt)
    assert (made.take, made.retake) == (3, asked.instruction)
