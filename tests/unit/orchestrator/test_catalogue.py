"""The model catalogue: the one that ships is whole, and a wrong one says what is wrong."""

from datetime import date
from pathlib import Path

import pytest

from services.orchestrator.adapters.catalogue_file import load_catalogue
from services.orchestrator.domain.catalogue import (
    Catalogue,
    CatalogueError,
    SizeList,
    SizeRange,
    parse_catalogue,
)
from tests.fakes.orchestration import catalogue


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    return load_catalogue()


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("sdxl", "stable-diffusion-xl-1024-v1-0"),
        ("stable-diffusion", "sd3.5-large"),
        ("dall-e", "gpt-image-2.6-sunburst"),
        ("Previz", "previz"),
    ],
)
def test_the_names_of_the_prototype_mean_one_model(shipped: Catalogue, name: str, model: str) -> None:
    assert [card.model for card in shipped.named(name)] == [model]


def test_a_providers_name_means_all_of_its_models(shipped: Catalogue) -> None:
    assert {card.provider for card in shipped.named("leonardo")} == {"leonardo"}
    assert len(shipped.named("leonardo")) > 1


def test_previz_makes_every_style_from_64_to_4096_with_a_seed_for_free(shipped: Catalogue) -> None:
    previz = shipped.card("previz")
    assert previz is not None
    assert previz.free
    assert previz.seed is not None
    assert previz.synthetic == "algorithmic"
    assert all(previz.affinity(style) > 0 for style in ("noir", "anime", "claymation", "a-projects-own"))
    assert previz.sizes.refusal(64, 4096) is None
    assert previz.sizes.refusal(63, 64) is not None
    assert previz.sizes.refusal(4097, 64) is not None


def test_retired_models_name_what_to_use_instead(shipped: Catalogue) -> None:
    retired = [card for card in shipped if card.retires is not None]
    assert {card.model for card in retired} >= {"dall-e-2", "dall-e-3", "gpt-image-1", "gpt-image-1.5"}
    for card in retired:
        assert card.successor is not None
        assert shipped.card(card.successor) is not None
    dalle = shipped.card("dall-e-3")
    assert dalle is not None
    assert dalle.retires == date(2026, 5, 12)


@pytest.mark.parametrize(
    ("width", "height", "refusal"),
    [
        (1024, 576, None),
        (96, 512, "sides of 128 to 1024"),
        (512, 1032, "sides of 128 to 1024"),
        (516, 512, "multiples of 8"),
        (1024, 1024, "20000 to 600000 pixels"),
        (128, 128, "20000 to 600000 pixels"),
        (1024, 256, "ratios up to 3:1"),
    ],
)
def test_a_range_of_sizes_names_the_bound_that_is_broken(width: int, height: int, refusal: str | None) -> None:
    sizes = SizeRange(min_side=128, max_side=1024, step=8, min_pixels=20_000, max_pixels=600_000, max_ratio=3)
    found = sizes.refusal(width, height)
    assert (found is None) if refusal is None else (found is not None and refusal in found)


def test_a_list_of_sizes_knows_both_sides_apart() -> None:
    sizes = SizeList(pairs=((1344, 768),))
    assert sizes.refusal(1344, 768) is None
    assert "1344x768 only" in (sizes.refusal(768, 1344) or "")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cost": 3}, "cost: 3: Extra inputs are not permitted"),
        ({"styles": {"noir": 1.5}}, "noir=1.5, allowed are affinities from 0 to 1"),
        ({"free": True, "cost_usd_micros": 5}, "cost_usd_micros: 5, allowed is 0"),
        ({"seed": {"min": 9, "max": 3}}, "min: 9, allowed is at most max, 3"),
        ({"sizes": {"kind": "range", "min_side": 9, "max_side": 3, "max_pixels": 9}}, "min_side: 9"),
        (
            {"sizes": {"kind": "range", "min_side": 10, "max_side": 20, "step": 64, "max_pixels": 999}},
            "at least one size",
        ),
        ({"sizes": {"kind": "range", "min_side": 99, "max_side": 99, "max_pixels": 999}}, "at least one size"),
        ({"sizes": {"kind": "list", "pairs": [[1024, 0]]}}, "pairs.0.1: 0"),
        ({"latency_s": float("inf")}, "latency_s: inf"),
        ({"cost_spread": (0.5, float("inf"))}, "cost_spread.1: inf"),
        ({"successor": "Alpha"}, "successor: 'Alpha', allowed is another model"),
        ({"dialects": ["klingon"]}, "klingon"),
        ({"provider": "Open AI"}, "Open AI"),
    ],
)
def test_a_wrong_card_is_refused_with_field_value_and_what_is_allowed(change: dict[str, object], message: str) -> None:
    with pytest.raises(CatalogueError, match="test: ") as error:
        catalogue("alpha", **change)
    assert message in str(error.value)


def test_a_name_with_two_meanings_is_refused() -> None:
    cards = [card.model_dump() for card in catalogue("alpha", "beta")]
    cards[1]["aliases"] = ("OLD-ALPHA",)
    with pytest.raises(CatalogueError, match="name 'OLD-ALPHA' means both 'alpha' and 'beta'"):
        parse_catalogue({"version": "1", "models": cards}, "test")


@pytest.mark.parametrize("name", ["Midjourney", "rundiffusion"])
def test_a_name_of_the_prototype_that_has_no_api_is_answered_with_the_reason(shipped: Catalogue, name: str) -> None:
    assert shipped.named(name) == ()
    assert "has no official API" in shipped.unknown(name)
    assert shipped.unknown("no-such-model") == "the catalogue has no model, alias or provider of that name"


@pytest.mark.parametrize("name", ["alpha", "OLD-ALPHA", "Nobody"])
def test_a_name_that_is_not_offered_means_no_model(name: str) -> None:
    card = catalogue("alpha").models[0].model_dump()
    with pytest.raises(CatalogueError, match=f"not_offered: '{name}'"):
        parse_catalogue({"version": "1", "models": [card], "not_offered": {name: "why"}}, "test")


def test_a_model_given_twice_is_refused() -> None:
    card = catalogue("alpha").models[0].model_dump()
    with pytest.raises(CatalogueError, match="alpha is given twice"):
        parse_catalogue({"version": "1", "models": [card, card]}, "test")


def test_a_file_that_is_no_yaml_is_named(tmp_path: Path) -> None:
    path = tmp_path / "models.yaml"
    path.write_text("models: [", encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"models\.yaml: can't be read as YAML"):
        load_catalogue(path)
    with pytest.raises(CatalogueError, match=r"absent\.yaml: can't be read"):
        load_catalogue(tmp_path / "absent.yaml")


@pytest.mark.parametrize(("width", "height"), [(1024, 576), (1920, 1080), (1024, 1024), (832, 1216)])
def test_every_current_model_of_a_vendor_can_be_brought_to_the_usual_sizes(
    shipped: Catalogue, width: int, height: int
) -> None:
    now = [card for card in shipped if card.retires is None]
    assert [card.model for card in now if card.made_size(width, height) is None] == []


def test_a_size_that_is_not_made_is_brought_about_by_the_nearest_of_its_shape() -> None:
    sizes = SizeRange(min_side=64, max_side=1024, step=16, min_pixels=655_360, max_pixels=1_048_576, max_ratio=3)
    card = catalogue("alpha", sizes=sizes.model_dump(), crops=0.3, enlarges=1.5).models[0]
    assert card.made_size(1024, 1024) == (1024, 1024)
    assert card.made_size(768, 512) == (992, 672)
    assert card.made_size(1500, 1500) == (1024, 1024)
    assert card.made_size(1600, 1600) is None
    assert card.made_size(2048, 512) is None


def test_of_listed_sizes_the_one_is_taken_of_which_least_is_cropped_within_bounds() -> None:
    listed = {"kind": "list", "pairs": [[1024, 1024], [1536, 1024]]}
    card = catalogue("alpha", sizes=listed, crops=0.2, enlarges=2).models[0]
    assert card.made_size(1920, 1080) == (1536, 1024)
    assert card.made_size(2048, 858) is None


def test_without_leave_to_crop_only_exact_sizes_are_made() -> None:
    assert catalogue("beta").models[0].made_size(1280, 720) is None


def test_a_model_under_another_roof_is_judged_by_its_makers_policy(shipped: Catalogue) -> None:
    families = {card.model: card.policy_family for card in shipped}
    assert families["black-forest-labs/flux-2-pro"] == families["fal-ai/flux-2-pro"] == families["flux-2-pro"] == "bfl"
    assert families["phoenix-v1.0"] == "leonardo"
