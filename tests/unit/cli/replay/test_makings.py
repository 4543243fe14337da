"""A new making: the same inputs under a run of its own, but for what was wished."""

import pytest

from schemas import ids
from schemas.conditioning import SeedChoice
from schemas.project import SeedPolicy
from schemas.prompt import PromptBuilt, RetakeInstruction
from schemas.run import runs_of
from schemas.shot import ShotPlanned
from services.character_conditioning.domain import conditioned
from services.cli.replay.makings import Wishes, regenerated
from tests import builders

WISHES = Wishes("replay-1")
WORDED = builders.prompt_built()


def test_the_same_replay_asks_for_the_same_making_and_another_for_another() -> None:
    first, again = regenerated(builders.planned(), WISHES), regenerated(builders.planned(), WISHES)
    assert first.event_id == again.event_id
    assert first.event_id != regenerated(builders.planned(), Wishes("replay-2")).event_id
    other = regenerated(builders.planned(builders.shot(shot_id="sh0020")), WISHES)
    assert isinstance(first, ShotPlanned)
    assert isinstance(other, ShotPlanned)
    assert first.regeneration_id != other.regeneration_id


def test_every_frame_of_a_shot_and_every_stage_belongs_to_one_making() -> None:
    again = ids.regeneration_id("replay-1", "vrindavan", "sh0010")
    plan = regenerated(builders.planned(), WISHES)
    assert isinstance(plan, ShotPlanned)
    assert plan.regeneration_id == again
    prompt = regenerated(WORDED, WISHES)
    assert isinstance(prompt, PromptBuilt)
    assert prompt.run.run_id == runs_of(plan)[0].run_id


def test_a_plan_changes_nothing_but_its_wishes() -> None:
    plan = builders.planned()
    made = regenerated(plan, Wishes("r", "flux-dev", SeedPolicy.SCENE))
    assert isinstance(made, ShotPlanned)
    assert (made.shot.model, made.project.seed_policy) == ("flux-dev", SeedPolicy.SCENE)
    back = made.model_copy(
        update={
            "regeneration_id": None,
            "shot": made.shot.model_copy(update={"model": plan.shot.model}),
            "project": made.project.model_copy(update={"seed_policy": plan.project.seed_policy}),
        }
    )
    assert back == plan


def test_behind_the_plan_the_inputs_stay_and_the_orchestrator_is_told_that_no_plan_comes() -> None:
    retaken = WORDED.model_copy(update={"take": 3, "retake": RetakeInstruction(reason="blurred")})
    made = regenerated(retaken, WISHES)
    assert isinstance(made, PromptBuilt)
    assert made.run.without_plan
    assert (made.take, made.retake) == (1, None)
    assert (made.prompts, made.facts, made.cast, made.location) == (
        WORDED.prompts,
        WORDED.facts,
        WORDED.cast,
        WORDED.location,
    )


@pytest.mark.parametrize("policy", list(SeedPolicy))
def test_frozen_and_rebuilt_makings_have_the_same_seed(policy: SeedPolicy) -> None:
    wishes = Wishes("r", seed_policy=policy)
    plan = regenerated(builders.planned(), wishes)
    assert isinstance(plan, ShotPlanned)
    (rebuilt,) = conditioned(plan, {"radha": builders.RADHA})
    (frozen,) = conditioned(builders.planned(), {"radha": builders.RADHA})
    made = regenerated(frozen, wishes)
    assert not isinstance(made, ShotPlanned)
    assert made.seed == rebuilt.seed


def test_a_seed_locked_by_hand_stays_locked() -> None:
    locked = builders.planned(builders.shot(seed=42))
    (frozen,) = conditioned(locked, {"radha": builders.RADHA})
    made = regenerated(frozen, Wishes("r", seed_policy=SeedPolicy.CHARACTER))
    assert not isinstance(made, ShotPlanned)
    assert made.seed == SeedChoice(value=42, policy="locked-shot", derived_from="shot sh0010")


def test_an_event_that_begins_no_run_is_refused() -> None:
    with pytest.raises(TypeError, match="GenerationRequested"):
        regenerated(builders.generation_requested(), WISHES)
