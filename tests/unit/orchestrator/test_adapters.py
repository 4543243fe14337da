"""Adapters and models: what is applied, what is listed as lost, and when a model isn't asked at all."""

from typing import Any

import pytest

from schemas.bible import Lora
from schemas.conditioning import CharacterConditioning
from services.orchestrator.domain import keyframes
from services.orchestrator.domain.adapters import matched
from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.fit import SkipCode
from services.orchestrator.domain.request import plan_request
from services.orchestrator.domain.router import Choice, choose
from tests import builders
from tests.fakes.orchestration import TODAY, catalogue, codes, worded

SHA = "a" * 64


def checked(**changes: Any) -> Lora:
    """As the registry has it: the file was read."""
    told = {"lora_id": "radha-v1", "base_model": "sdxl", "uri": f"s3://ice/adapters/{SHA}.safetensors", "sha256": SHA}
    return Lora.model_validate({**told, **changes})


def seen(*loras: Lora) -> CharacterConditioning:
    return builders.radha(loras=loras)


def local(**changes: Any) -> Catalogue:
    """One model that applies files for SDXL."""
    return catalogue("alpha", loras={"max": 2, "base": "sdxl", "by": "file", **changes})


def routed(of: Catalogue, *loras: Lora) -> Choice:
    prompt = worded(cast=(seen(*loras),))
    return choose(prompt, catalogue=of, today=TODAY, providers=("previz", "paint", "brush"))


def skips(choice: Choice) -> dict[SkipCode, str]:
    return {skip.code: skip.text for item in choice.candidates for skip in item.skips}


def test_a_file_goes_to_the_model_with_its_hash() -> None:
    prompt = worded(cast=(seen(checked()),))
    choice = routed(local(), checked())
    request = plan_request(prompt, choice)
    assert request.loras == (checked(),)
    assert request.degradations == ()


def test_a_model_for_another_base_is_not_asked_and_says_why() -> None:
    choice = routed(local(), checked(base_model="sd15"))
    assert choice.chosen is None
    expected = "adapter radha-v1 of radha: trained for sd15, alpha takes adapters for sdxl"
    assert skips(choice) == {SkipCode.ADAPTER: expected}
    assert expected in choice.considered[0].reasons


def test_the_next_model_is_asked_without_the_adapter_and_lists_it() -> None:
    both = catalogue("alpha", "previz")
    flux = checked(base_model="flux")
    choice = routed(both, flux)
    assert choice.chosen is not None
    assert choice.chosen.model == "previz"
    assert codes(plan_request(worded(cast=(seen(flux),)), choice).degradations) == ["lora-not-supported"]


@pytest.mark.parametrize(
    ("required", "sha256", "asked"),
    [(None, SHA, False), (True, SHA, False), (False, SHA, True), (None, None, True), (True, None, False)],
)
def test_the_bible_says_whether_a_model_may_go_without(required: bool | None, sha256: str | None, asked: bool) -> None:
    choice = routed(local(), checked(base_model="sd15", required=required, sha256=sha256))
    assert (choice.chosen is not None) == asked


def test_a_required_adapter_rules_out_models_that_take_none() -> None:
    choice = routed(catalogue("previz"), checked(required=True))
    assert skips(choice) == {SkipCode.ADAPTER: "adapter radha-v1 of radha: previz takes no adapters"}
    assert routed(catalogue("previz"), checked()).chosen is not None


@pytest.mark.parametrize(
    ("by", "lora", "code"),
    [
        ("file", checked(), None),
        ("file", Lora(lora_id="element-7"), "lora-file-unknown"),
        ("vendor", checked(), "lora-not-at-vendor"),
        ("vendor", Lora(lora_id="element-7"), None),
        ("name", checked(), None),
        ("name", Lora(lora_id="radha-on-the-server"), None),
    ],
)
def test_a_model_gets_the_kind_of_adapter_that_it_can_apply(by: str, lora: Lora, code: str | None) -> None:
    (card,) = local(by=by).models
    sent, misfits = matched(card, worded(cast=(seen(lora),)))
    assert (len(sent), [item.code for item in misfits]) == ((0, [code]) if code else (1, []))


def test_a_model_that_applies_more_of_the_adapters_scores_higher() -> None:
    fits, fits_not = routed(local(), checked()), routed(local(), checked(base_model="sd15", required=False))
    assert (fits.considered[0].score or 0) > (fits_not.considered[0].score or 0)
    assert any("0 of 1 adapters" in reason for reason in fits_not.considered[0].reasons)


def test_a_shot_that_no_model_can_make_is_refused_with_every_adapters_reason() -> None:
    prompt = worded(cast=(seen(checked(base_model="sd15")),))
    refused = keyframes.rejected(prompt, routed(local(), checked(base_model="sd15")))
    (problem,) = refused.problems
    assert problem.field == "bible.loras"
    assert "trained for sd15, alpha takes adapters for sdxl" in problem.allowed


def test_every_reason_against_a_model_has_a_field_to_mend() -> None:
    """INVARIANT: a refusal names a field whatever the filter; one that is missing would end the shot as a bug."""
    assert set(keyframes._FIELDS) == set(SkipCode)
