"""Where a run goes after a refusal, a prompt that is too long, and under which conditions its models are skipped."""

from typing import Any

from schemas.generation import GenerationRequested
from schemas.generation.v1 import FailureKind
from schemas.keyframe import KeyframeFailed
from schemas.prompt import DroppedFact, PromptBuilt, RenderedPrompt, RetakeRequested
from schemas.vocabulary import Dialect
from services.orchestrator.domain.catalogue import Catalogue
from tests import builders
from tests.fakes.orchestration import Stage, broken, catalogue, codes, only, reworded, terms, worded


def family(*policies: str, **changes: Any) -> Catalogue:
    """Three models of one provider that differ by name, score and content policy, best first."""
    card = catalogue("alpha").models[0]
    models = tuple(
        card.model_copy(
            update={"model": f"m{place}", "aliases": (), "policy": policy, "latency_s": 10.0 + place, **changes}
        )
        for place, policy in enumerate(policies)
    )
    return catalogue("alpha").model_copy(update={"models": models})


def two_lengths(full: int, short: int) -> PromptBuilt:
    """A prompt in sentences, whole and shortened."""
    lost = DroppedFact(kind="mood", text="peaceful", reason=f"{short}-character limit")
    return worded(
        prompts=(
            RenderedPrompt(dialect=Dialect.NATURAL, prompt="x" * full),
            RenderedPrompt(dialect=Dialect.NATURAL, prompt="y" * short, dropped=(lost,)),
        )
    )


def test_who_refused_is_not_asked_again_under_another_name() -> None:
    stage = Stage(terms(catalogue=family("strict", "strict", "easy")))
    first = stage.ask(worded())
    second = only(stage.send(broken(first, FailureKind.REFUSED)), GenerationRequested)
    assert (first.model, second.model) == ("m0", "m2")
    skipped = next(item for item in second.considered if item.model == "m1")
    assert skipped.reasons == ("same content policy (strict) as m0, which refused the prompt",)


def test_a_refusal_by_every_policy_ends_the_run_with_the_reasons() -> None:
    stage = Stage(terms(catalogue=family("strict", "strict")))
    over = only(stage.send(broken(stage.ask(worded()), FailureKind.REFUSED)), KeyframeFailed)
    assert over.code == "fallback-exhausted"
    assert "m1: same content policy (strict) as m0" in over.reason


def test_without_a_named_policy_a_providers_models_share_one() -> None:
    card = catalogue("alpha").models[0]
    assert card.policy_family == "paint"


def test_a_refused_prompt_is_softened_once_for_the_same_model_where_the_deployment_says_so() -> None:
    stage = Stage(terms(catalogue=family("strict", "easy"), softening="no blood is seen"))
    prompt = worded()
    first = stage.ask(prompt)
    softer = only(stage.send(broken(first, FailureKind.REFUSED)), RetakeRequested)
    assert (softer.take, softer.instruction.note, softer.instruction.new_seed) == (2, "no blood is seen", False)
    assert softer.instruction.reason == "m0 refused the prompt: it was refused"
    second = stage.ask(reworded(prompt, softer))
    assert (second.model, second.seed_to_send) == ("m0", first.seed_to_send)
    third = only(stage.send(broken(second, FailureKind.REFUSED)), GenerationRequested)
    assert third.model == "m1"


def test_a_model_that_takes_less_gets_the_longest_wording_that_fits_and_what_it_lost_is_listed() -> None:
    stage = Stage(terms("beta"))
    asked = stage.ask(two_lengths(300, 150))
    assert asked.prompt == "y" * 150
    assert [item.reason for item in asked.degradations if item.code == "fact-dropped"] == ["150-character limit"]


def test_a_model_that_takes_all_gets_the_whole_wording() -> None:
    stage = Stage(terms("alpha"))
    asked = stage.ask(two_lengths(300, 150))
    assert asked.prompt == "x" * 300
    assert "fact-dropped" not in codes(asked.degradations)


def test_a_prompt_called_too_long_goes_to_the_same_model_in_its_shorter_wording() -> None:
    stage = Stage(terms("alpha", "beta"))
    first = stage.ask(two_lengths(300, 150))
    second = only(stage.send(broken(first, FailureKind.PROMPT_TOO_LONG)), GenerationRequested)
    assert (second.model, second.prompt) == ("alpha", "y" * 150)
    third = only(stage.send(broken(second, FailureKind.PROMPT_TOO_LONG)), GenerationRequested)
    assert third.model == "beta"
    skipped = next(item for item in third.considered if item.model == "alpha")
    assert skipped.reasons == ("called 150 characters too long; the shortest prompt has 150",)


def test_a_prompt_called_too_long_without_a_shorter_one_goes_to_the_next_model() -> None:
    stage = Stage(terms("alpha", "beta"))
    first = stage.ask(worded())
    assert only(stage.send(broken(first, FailureKind.PROMPT_TOO_LONG)), GenerationRequested).model == "beta"


def test_the_provider_of_the_deployment_comes_first_where_nobody_names_another() -> None:
    assert Stage(terms(preferred="brush")).ask(worded()).model == "beta"
    named = worded(builders.run().model_copy(update={"shot": builders.shot(model="alpha")}))
    assert Stage(terms(preferred="brush")).ask(named).model == "alpha"
    drawn = Stage(terms(preferred="previz")).ask(worded())
    assert drawn.model == "previz"
    taken = next(item for item in drawn.considered if item.taken)
    assert "preferred in this deployment (previz)" in taken.reasons


def test_why_a_provider_runs_no_worker_is_told() -> None:
    here = terms(providers=("brush",), absent={"paint": "no key: PAINT_API_KEY is not set"})
    asked = Stage(here).ask(worded())
    skipped = next(item for item in asked.considered if item.model == "alpha")
    assert skipped.reasons == ("provider paint runs no worker here: no key: PAINT_API_KEY is not set",)


def test_what_an_image_costs_grows_with_its_size_where_the_vendor_counts_pixels() -> None:
    stage = Stage(terms(catalogue=family("easy", cost_usd_micros=15_000, cost_per_megapixel_usd_micros=30_000)))
    asked = stage.ask(worded())
    assert asked.estimated_cost_usd_micros == 15_000 + round(30_000 * 1024 * 576 / 1e6)
