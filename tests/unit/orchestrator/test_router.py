"""The router: hard filters, then scores, and a reason for every candidate."""

from datetime import date
from typing import Any

import pytest

from schemas.generation import ModelConsidered
from schemas.project import Budget, ProjectSettings
from schemas.prompt import DroppedFact, Fact, PromptBuilt, RenderedPrompt
from schemas.provider import ProviderHealthChanged, ProviderState
from schemas.vocabulary import Dialect
from services.orchestrator.adapters.catalogue_file import load_catalogue
from services.orchestrator.domain.fit import History, SkipCode
from services.orchestrator.domain.funds import usd
from services.orchestrator.domain.router import Choice, choose
from tests import builders
from tests.fakes.orchestration import TODAY, catalogue, context, worded

ALL = ("previz", "paint", "brush")


def settings(**changes: Any) -> ProjectSettings:
    return builders.project(**changes)


def routed(prompt: PromptBuilt | None = None, **changes: Any) -> Choice:
    base: dict[str, Any] = {"catalogue": catalogue(), "today": TODAY, "providers": ALL}
    return choose(prompt or worded(), **{**base, **changes})


def skip_codes(choice: Choice, model: str) -> set[SkipCode]:
    return {skip.code for item in choice.candidates if item.card.model == model for skip in item.skips}


def health(provider: str, state: ProviderState, **changes: Any) -> dict[str, ProviderHealthChanged]:
    return {provider: ProviderHealthChanged(provider=provider, state=state, sequence=1, **changes)}


def considered(choice: Choice, model: str) -> ModelConsidered:
    return next(item for item in choice.considered if item.model == model)


def test_the_best_capable_model_is_chosen_and_the_others_follow_by_score() -> None:
    choice = routed()
    assert choice.chosen is not None
    assert choice.chosen.model == "alpha"
    assert [card.model for card in choice.fallbacks] == ["beta", "previz"]
    scores = [considered(choice, model).score or 0 for model in ("alpha", "beta", "previz")]
    assert scores == sorted(scores, reverse=True)


def test_a_model_whose_prompt_leaves_most_facts_out_gives_way_to_one_that_says_them_all() -> None:
    facts = tuple(Fact(kind="identity", text=f"fact {n}", source="bible:radha@1", rank=n) for n in range(10))
    lost = tuple(DroppedFact(kind="identity", text=fact.text, reason="75-token budget") for fact in facts[2:])
    tags = RenderedPrompt(dialect=Dialect.TAGS, prompt="fact 0, fact 1", dropped=lost)
    whole = RenderedPrompt(dialect=Dialect.NATURAL, prompt="Facts 0 to 9.")
    short = routed(worded(facts=facts, prompts=(tags,)), catalogue=catalogue("alpha", dialects=["tags"]))
    said = routed(worded(facts=facts, prompts=(whole,)), catalogue=catalogue("alpha", dialects=["natural"]))
    assert considered(said, "alpha").score == pytest.approx((considered(short, "alpha").score or 0) + 0.24)
    assert "its prompt leaves out 8 of 10 facts" in considered(short, "alpha").reasons
    assert not any("leaves out" in reason for reason in considered(said, "alpha").reasons)


def test_every_model_is_recorded_with_reasons_and_only_one_is_taken() -> None:
    choice = routed(providers=("previz",))
    assert [item.model for item in choice.considered] == ["previz", "alpha", "beta"]
    assert [item.model for item in choice.considered if item.taken] == ["previz"]
    assert all(item.reasons for item in choice.considered)
    assert considered(choice, "alpha").score is None
    assert considered(choice, "alpha").reasons == ("provider paint runs no worker here",)


def test_by_default_only_previz_has_a_worker() -> None:
    choice = choose(worded(), catalogue=load_catalogue(), today=TODAY)
    assert choice.chosen is not None
    assert choice.chosen.model == "previz"
    assert choice.fallbacks == ()


@pytest.mark.parametrize(
    ("shot", "project", "model", "code"),
    [
        ({"width": 1020, "height": 576}, {}, "alpha", SkipCode.SIZE),
        ({"width": 768, "height": 512}, {}, "beta", SkipCode.SIZE),
        ({"style": "anime"}, {}, "alpha", SkipCode.STYLE),
        ({}, {"budget": Budget(max_cost_usd_micros=49_999)}, "alpha", SkipCode.BUDGET),
        ({}, {"budget": Budget(max_cost_usd_micros=0)}, "beta", SkipCode.BUDGET),
        ({}, {"allow_fallback": False, "models": ("alpha",)}, "beta", SkipCode.NOT_ALLOWED),
    ],
)
def test_a_model_that_cannot_is_skipped(
    shot: dict[str, Any], project: dict[str, Any], model: str, code: SkipCode
) -> None:
    choice = routed(worded(context(settings=settings(**project), **shot)))
    assert skip_codes(choice, model) == {code}


def test_a_prompt_longer_than_the_model_takes_rules_it_out() -> None:
    prompt = worded()
    long = prompt.prompts[0].model_copy(update={"prompt": "x" * 201})
    choice = routed(prompt.model_copy(update={"prompts": (long,)}))
    assert skip_codes(choice, "beta") == {SkipCode.PROMPT_LENGTH}
    assert skip_codes(choice, "alpha") == set()


def test_a_dialect_that_was_not_built_rules_the_model_out() -> None:
    prompt = worded()
    tags = tuple(item for item in prompt.prompts if item.dialect is Dialect.TAGS)
    choice = routed(prompt.model_copy(update={"prompts": tags}))
    assert choice.chosen is None
    assert skip_codes(choice, "previz") == {SkipCode.DIALECT}


def test_a_retired_model_is_skipped_from_its_day_on() -> None:
    retiring = catalogue(retires=date(2026, 12, 1), successor="gamma")
    assert routed(catalogue=retiring, today=date(2026, 11, 30)).chosen is not None
    gone = routed(catalogue=retiring, today=date(2026, 12, 1))
    assert gone.chosen is None
    assert considered(gone, "alpha").reasons == ("retired on 2026-12-01, use gamma",)


def test_a_provider_that_is_down_is_skipped_with_its_reason_and_an_unknown_one_is_not() -> None:
    choice = routed(health=health("paint", ProviderState.DOWN, reason="503 since noon"))
    assert considered(choice, "alpha").reasons == ("provider paint is down: 503 since noon",)
    assert choice.chosen is not None
    assert choice.chosen.model == "beta"


def test_a_model_that_its_workers_cannot_call_now_is_skipped() -> None:
    choice = routed(health=health("paint", ProviderState.UP, models=("another",)))
    assert considered(choice, "alpha").reasons == ("provider paint can't call it; it calls another",)
    assert [item.card.model for item in choice.capable_but_for_now] == ["alpha"]
    assert choice.worth_waiting_for == ()


def test_what_a_model_lacks_now_is_left_out_of_the_plan_with_a_reason_and_it_stays_the_one_that_was_named() -> None:
    named = worded(context(settings=settings(models=("alpha",), allow_fallback=False)))
    told = health("paint", ProviderState.UP, lacks={"alpha": ("references", "composition-guide", "unheard-of")})
    whole, chosen = routed(named).chosen, routed(named, health=told).chosen
    assert whole is not None
    assert chosen is not None
    assert whole.references.max > 0
    assert (chosen.model, chosen.references.max, chosen.composition_guide) == ("alpha", 0, False)
    other = routed(named, health=health("paint", ProviderState.UP, lacks={"beta": ("references",)})).chosen
    assert other == whole


def test_a_degraded_provider_scores_less() -> None:
    well = considered(routed(), "alpha").score or 0
    unwell = considered(routed(health=health("paint", ProviderState.DEGRADED)), "alpha").score or 0
    assert unwell == pytest.approx(well - 0.2)


def test_the_shots_wish_comes_before_the_projects_and_both_before_every_score() -> None:
    project = settings(models=("beta", "alpha"))
    assert routed(worded(context(settings=project))).chosen == catalogue().card("beta")
    wished = routed(worded(context(settings=project, model="previz")))
    assert wished.chosen == catalogue().card("previz")
    assert [card.model for card in wished.fallbacks] == ["beta", "alpha"]


def test_a_wish_may_name_an_alias_or_a_provider() -> None:
    assert routed(worded(context(model="OLD-ALPHA"))).chosen == catalogue().card("alpha")
    assert routed(worded(context(model="brush"))).chosen == catalogue().card("beta")


def test_a_wish_that_cannot_be_followed_is_told_with_the_reason() -> None:
    choice = routed(
        worded(context(settings=settings(models=("midjourney", "beta", "previz")), model="old-alpha")),
        providers=("brush", "previz"),
    )
    assert choice.chosen == catalogue().card("beta")
    assert [(wish.name, wish.reason) for wish in choice.unmet] == [
        ("old-alpha", "alpha: provider paint runs no worker here"),
        ("midjourney", "the catalogue has no model, alias or provider of that name"),
    ]


def test_without_fallback_and_without_a_name_only_the_first_choice_is_allowed() -> None:
    prompt = worded(context(settings=settings(allow_fallback=False)))
    assert routed(prompt).chosen == catalogue().card("alpha")
    after = routed(prompt, history=History(asked=frozenset({"alpha"}), excluded={"alpha": "refused"}))
    assert after.chosen is None
    assert skip_codes(after, "beta") == {SkipCode.NOT_ALLOWED}


def test_without_fallback_the_shots_own_wish_is_allowed_too() -> None:
    prompt = worded(context(settings=settings(allow_fallback=False, models=("beta",)), model="alpha"))
    choice = routed(prompt)
    assert choice.chosen == catalogue().card("alpha")
    assert [card.model for card in choice.fallbacks] == ["beta"]


def test_money_spent_counts_against_the_budget() -> None:
    prompt = worded(context(settings=settings(budget=Budget(max_cost_usd_micros=100_000))))
    choice = routed(prompt, history=History(spent_usd_micros=60_000))
    assert considered(choice, "alpha").reasons == ("costs 0.05 USD, 0.04 USD of 0.1 USD is left",)
    assert choice.chosen == catalogue().card("beta")


def test_the_model_of_the_take_before_is_kept_over_any_wish() -> None:
    prompt = worded(context(model="alpha"))
    assert routed(prompt, history=History(keep="beta", asked=frozenset({"beta"}))).chosen == catalogue().card("beta")


def test_a_model_that_takes_the_references_and_adapters_of_the_cast_scores_higher() -> None:
    radha = builders.radha(
        references=[{"uri": "s3://ice/radha.png"}], loras=[{"lora_id": "radha-v1", "base_model": "sdxl"}]
    )
    prompt = worded(cast=(radha,))
    taking = considered(routed(prompt), "alpha")
    without = considered(routed(prompt, catalogue=catalogue("alpha", references={}, loras={})), "alpha")
    assert (taking.score or 0) > (without.score or 0)
    assert "consistency: seed, 1 of 1 references, 1 of 1 adapters" in taking.reasons
    assert "consistency: seed, 0 of 1 references, 0 of 1 adapters" in without.reasons


def test_shots_ruled_out_by_health_alone_are_told_apart_from_impossible_ones() -> None:
    down = routed(worded(context(style="anime")), providers=("previz",), health=health("previz", ProviderState.DOWN))
    assert [item.card.model for item in down.capable_but_for_now] == ["previz"]
    huge = routed(worded(context(width=8192, height=8192)))
    assert huge.capable_but_for_now == ()


def test_equal_scores_are_settled_by_the_order_of_the_catalogue() -> None:
    card = catalogue("alpha").models[0]
    twins = catalogue("alpha").model_copy(
        update={"models": (card.model_copy(update={"model": "zeta", "aliases": ()}), card)}
    )
    assert routed(catalogue=twins).chosen == twins.models[0]


@pytest.mark.parametrize(
    ("micros", "text"), [(0, "0 USD"), (53_000, "0.053 USD"), (2_000_000, "2 USD"), (1, "0.000001 USD")]
)
def test_money_is_shown_without_needless_noughts(micros: int, text: str) -> None:
    assert usd(micros) == text
