"""`ice bible`, `ice references` and `ice stale`, against the gateway's own application."""

from pathlib import Path
from typing import Any

import pytest

from services.cli import bible_commands
from services.cli.exits import CliError
from services.cli.stale_commands import changed_here
from services.orchestrator.adapters.catalogue_file import load_catalogue
from tests.fakes.conditioning import character

ENTITY = character(wardrobe=[{"costume_id": "day"}]).model_dump(mode="json")


def test_fields_are_set_by_path_and_the_value_is_yaml() -> None:
    changed = bible_commands._changed(
        ENTITY, ["appearance.hair=grey", "wardrobe.0.description=a red sari", "tags=[lead, young]", "seed=7"]
    )
    assert changed["appearance"] == {"hair": "grey"}
    assert changed["wardrobe"][0]["description"] == "a red sari"
    assert (changed["tags"], changed["seed"]) == (["lead", "young"], 7)
    assert "version" not in changed


def test_a_field_without_a_value_is_taken_away() -> None:
    changed = bible_commands._changed({**ENTITY, "appearance": {"hair": "grey"}}, ["appearance.hair=", "wardrobe.0="])
    assert (changed["appearance"], changed["wardrobe"]) == ({}, [])


@pytest.mark.parametrize(
    "change",
    [
        *("appearance.hair", "=grey", "name.first=R", "wardrobe.7.description=x", "wardrobe.7=", "wardrobe.²=x"),
        *("seed=.nan", "tags=!!binary aGk=", "tags=[a", "tags=&x [*x]", "name=a\x07", "name=\udc80\ud800: {"),
    ],
)
def test_a_change_that_leads_nowhere_is_refused(change: str) -> None:
    with pytest.raises(CliError):
        bible_commands._changed(ENTITY, [change])


def test_a_date_stays_the_text_that_it_is_written_as() -> None:
    assert bible_commands._changed(ENTITY, ["name=2026-01-31"])["name"] == "2026-01-31"


@pytest.mark.parametrize(("name", "said"), [("apearance", "did you mean 'appearance'"), ("zzz", "allowed are name, ")])
def test_a_field_that_no_entry_has_is_refused_instead_of_changing_nothing(name: str, said: str) -> None:
    with pytest.raises(CliError, match=said):
        bible_commands._known_fields("character", {**bible_commands._plain(ENTITY), name: 1})


def test_every_field_of_an_entry_as_the_engine_tells_it_is_known() -> None:
    bible_commands._known_fields("character", ENTITY)


def test_what_the_editor_shows_is_what_a_file_may_hold(tmp_path: Path) -> None:
    file = tmp_path / "radha.yaml"
    file.write_text(bible_commands._yaml(bible_commands._plain(ENTITY)))
    assert bible_commands._read(file) == bible_commands._plain(ENTITY)


def test_what_was_written_in_the_editor_outlives_its_refusal() -> None:
    refused = CliError("base_version: 1; allowed is 2", mend="look at its history")
    told = bible_commands._kept(refused, "name: Radha\n", "character/radha")
    (kept,) = (Path(word) for word in told.mend.split() if word.endswith(".yaml"))
    try:
        assert bible_commands._read(kept) == {"name": "Radha"}
    finally:
        kept.unlink()
    assert (told.problem, told.mend.startswith("look at its history; ")) == (refused.problem, True)


def made(**changes: Any) -> dict[str, Any]:
    card = load_catalogue().card("previz")
    assert card is not None
    provenance = {
        "template_version": "t1",
        "catalogue_version": load_catalogue().version,
        "model_digest": card.digest,
        **changes,
    }
    return {"model": "previz", "provenance": provenance}


def codes(keyframe: dict[str, Any], templates: str = "t1") -> list[str]:
    return [change["code"] for change in changed_here(keyframe, templates, load_catalogue())]


def test_a_keyframe_is_stale_when_its_templates_or_its_models_card_have_changed_and_not_otherwise() -> None:
    assert codes(made()) == []
    assert codes(made(), "t2") == ["template"]
    assert codes(made(model_digest="0" * 64)) == ["catalogue"]
    assert codes({**made(), "model": "gone-for-good"}) == ["catalogue"]


def test_of_a_keyframe_that_knows_no_card_the_catalogues_version_tells() -> None:
    assert codes(made(model_digest=None)) == []
    assert codes(made(model_digest=None, catalogue_version="0")) == ["catalogue"]


def test_what_a_model_costs_or_is_called_makes_nothing_stale() -> None:
    card = load_catalogue().card("previz")
    assert card is not None
    assert card.model_copy(update={"cost_usd_micros": 9, "title": "Another", "latency_s": 5}).digest == card.digest
    assert card.model_copy(update={"prompt_max_chars": 9}).digest != card.digest
