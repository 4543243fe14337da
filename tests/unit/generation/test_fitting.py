"""What a model doesn't take is left out before sending, and listed; the router's own words are used for it."""

from dataclasses import replace
from typing import Any

import pytest

from schemas.bible import Lora
from schemas.generation import ReferenceUse
from services.generation.providers import fitting
from services.generation.providers.base import ImageJob
from services.generation.providers.errors import PromptTooLong
from services.generation.providers.sizes import SizeRange
from services.generation.providers.vendor import ModelTraits, ReferenceLimits
from tests.fakes.requests import a_request

SIZES = SizeRange(64, 2048, 8)
PLAIN = ModelTraits(SIZES, 500, 1)
RICH = ModelTraits(
    SIZES,
    500,
    1,
    seeds=(1, 1000),
    negative_prompt=True,
    references=ReferenceLimits(2, strength=True),
    loras=1,
    steps=(10, 50),
    cfg_scale=(1.0, 10.0),
)
USES = tuple(ReferenceUse(uri=f"s3://ice/{n}.png", role="character", entity_id=f"c{n}", strength=0.5) for n in range(3))
LORAS = (Lora(lora_id="one"), Lora(lora_id="two"))


def a_job(**changes: Any) -> ImageJob:
    return ImageJob.from_request(a_request(**changes))


def codes(job: ImageJob, traits: ModelTraits) -> list[str]:
    return [loss.code for loss in fitting.fitted(job, traits, ()).degradations]


def test_a_job_within_the_traits_loses_nothing() -> None:
    asked = fitting.fitted(a_job(seed_to_send=7, negative_prompt="fog", steps=30, cfg_scale=7.0), RICH, ())
    assert asked.degradations == ()
    assert (asked.seed, asked.negative_prompt, asked.steps, asked.cfg_scale) == (7, "fog", 30, 7.0)


def test_everything_that_a_plain_model_lacks_is_left_out_and_listed() -> None:
    job = a_job(seed_to_send=7, negative_prompt="fog", steps=30, cfg_scale=7.0, references=USES, loras=LORAS)
    asked = fitting.fitted(job, PLAIN, ())
    assert (asked.seed, asked.negative_prompt, asked.steps, asked.cfg_scale, asked.loras) == (None, "", None, None, ())
    assert fitting.references_to_send(job, PLAIN) == ()
    assert sorted(loss.code for loss in asked.degradations) == sorted(
        [
            "seed-not-supported",
            "negative-prompt-unsupported",
            *["reference-dropped"] * 3,
            *["lora-dropped"] * 2,
            "steps-not-supported",
            "cfg-scale-not-supported",
        ]
    )


def test_the_first_references_and_adapters_are_kept() -> None:
    job = a_job(references=USES, loras=LORAS)
    assert fitting.references_to_send(job, RICH) == USES[:2]
    assert [lora.lora_id for lora in fitting.fitted(job, RICH, ()).loras] == ["one"]
    assert codes(job, RICH) == ["reference-dropped", "lora-dropped"]


def test_a_strength_that_cannot_be_given_is_listed_once() -> None:
    traits = replace(RICH, references=ReferenceLimits(3))
    assert codes(a_job(references=USES), traits) == ["reference-strength-unsupported"]


@pytest.mark.parametrize(("seed", "sent"), [(0, 1), (1, 1), (1000, 1000), (1001, 2), (4_294_967_295, 296)])
def test_a_seed_out_of_range_becomes_one_in_range_always_the_same(seed: int, sent: int) -> None:
    asked = fitting.fitted(a_job(seed_to_send=seed), RICH, ())
    assert asked.seed == sent
    assert [loss.code for loss in asked.degradations] == ([] if seed == sent else ["seed-mapped"])


@pytest.mark.parametrize(("steps", "sent"), [(5, 10), (10, 10), (99, 50)])
def test_steps_and_guidance_are_moved_into_the_range(steps: int, sent: int) -> None:
    asked = fitting.fitted(a_job(steps=steps, cfg_scale=20.0), RICH, ())
    assert (asked.steps, asked.cfg_scale) == (sent, 10.0)
    assert "cfg-scale-mapped" in {loss.code for loss in asked.degradations}


def test_a_prompt_too_long_is_told_with_both_lengths() -> None:
    with pytest.raises(PromptTooLong, match=r"501 characters, allowed are 500"):
        fitting.fitted(a_job(prompt="x" * 501), RICH, ())


def test_the_nearest_size_is_asked_and_the_wanted_one_is_known() -> None:
    asked = fitting.fitted(a_job(width=1001, height=563), RICH, ())
    assert (asked.width, asked.height) == (1001, 563)
    assert SIZES.makes(*asked.size)
