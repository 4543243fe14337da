"""The orchestrator's settings: the prototype's names, and providers from the keys that are there."""

import pytest

from schemas.providers import SWITCHES
from services.chassis.settings import SettingsError
from services.orchestrator.app import build
from services.orchestrator.settings import OrchestratorSettings


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*SWITCHES.values(), "ICE_PROVIDERS", "DEFAULT_MODEL_PROVIDER"):
        monkeypatch.delenv(name, raising=False)


def test_without_keys_only_the_drawing_provider_works_and_the_others_say_which_key_is_missing() -> None:
    settings = OrchestratorSettings()
    assert settings.workers == ("previz",)
    assert settings.absent["openai"] == "no key: OPENAI_API_KEY is not set"
    assert settings.absent["google"] == "no key: GEMINI_API_KEY is not set"


def test_a_key_brings_its_provider_and_an_empty_one_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEONARDO_API_KEY", "0b8e")
    monkeypatch.setenv("STABILITY_API_KEY", "")
    settings = OrchestratorSettings()
    assert settings.workers == ("previz", "leonardo")
    assert "leonardo" not in settings.absent
    assert "stability" in settings.absent


def test_providers_that_are_named_outrank_the_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    monkeypatch.setenv("ICE_PROVIDERS", '["previz", "stability"]')
    settings = OrchestratorSettings()
    assert settings.workers == ("previz", "stability")
    assert settings.absent == {}


def test_the_prototypes_defaults_keep_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEFAULT_MODEL_PROVIDER", "leonardo")
    monkeypatch.setenv("DEFAULT_GENERATION_STEPS", "35")
    monkeypatch.setenv("DEFAULT_CFG_SCALE", "6.5")
    settings = OrchestratorSettings()
    assert settings.default_model_provider == "leonardo"
    assert (settings.default_generation_steps, settings.default_cfg_scale) == (35, 6.5)


def test_a_wrong_default_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEFAULT_GENERATION_STEPS", "many")
    with pytest.raises(SettingsError, match="DEFAULT_GENERATION_STEPS: 'many'"):
        OrchestratorSettings()


def test_a_default_provider_that_the_catalogue_does_not_know_stops_the_start() -> None:
    why = "DEFAULT_MODEL_PROVIDER: 'midjourney', allowed is a provider.*Midjourney has no official API"
    with pytest.raises(SettingsError, match=why):
        build(OrchestratorSettings(default_model_provider="midjourney"))


def test_no_key_is_shown() -> None:
    assert "sk-secret" not in repr(OrchestratorSettings(openai_api_key="sk-secret"))
