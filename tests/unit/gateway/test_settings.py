"""The gateway's settings: it reads the topics of the providers that work here."""

import pytest

from schemas.providers import SWITCHES
from services.chassis.settings import SettingsError
from services.gateway.app import build
from services.gateway.settings import GatewaySettings


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*SWITCHES.values(), "ICE_PROVIDERS", "LEONARDO_CALLBACK_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_without_keys_it_reads_the_free_provider_alone() -> None:
    assert GatewaySettings().providers == ("previz",)


def test_a_key_brings_its_provider_and_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-do-not-keep")
    monkeypatch.setenv("fal_key", "in-small-letters")
    monkeypatch.setenv("STABILITY_API_KEY", " ")
    settings = GatewaySettings()
    assert settings.providers == ("previz", "openai", "fal")
    assert "sk-do-not-keep" not in repr(settings.__dict__)
    read = {topic for binding in build(settings).bindings for topic in binding.topics}
    assert "generation.requested.openai.express.v1" in read


def test_named_providers_outrank_the_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    monkeypatch.setenv("ICE_PROVIDERS", '["previz", "stability"]')
    assert GatewaySettings().providers == ("previz", "stability")


def test_what_is_set_to_nothing_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    # As `.env.example` has it, and as compose hands on what it lacks.
    monkeypatch.setenv("ICE_PROVIDERS", "")
    monkeypatch.setenv("LEONARDO_CALLBACK_KEY", "")
    settings = GatewaySettings()
    assert (settings.providers, settings.callback_keys) == (("previz",), {})


@pytest.mark.parametrize("named", ["[]", '["Previz"]', "previz"])
def test_a_list_that_is_none_stops_the_start_and_names_the_variable(
    named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ICE_PROVIDERS", named)
    with pytest.raises(SettingsError, match="ICE_PROVIDERS"):
        GatewaySettings()
