"""Which providers' workers the stack runs: by the keys that are set, or as named."""

import pytest

from schemas.providers import ADDRESS_VARIABLES, KEY_VARIABLES, SWITCHES
from services.chassis.settings import SettingsError
from services.generation.providers.catalogue import VENDORS
from services.generation.providers.local.assembly import LOCAL
from services.local_stack import app


def test_without_keys_only_the_drawing_provider_runs() -> None:
    assert app.providers({}) == ("previz",)


@pytest.mark.parametrize("name", sorted({**VENDORS, **LOCAL}))
def test_a_vendors_key_starts_its_worker_beside_previz_and_the_whole_engine_knows_it(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(SWITCHES[name], "http://127.0.0.1:9" if name in LOCAL else "key-0123456789")
    named = app.providers({})
    assert named == ("previz", name)
    services = {service.name: service for service in app.build_services({}, named, gateway_port=0)}
    assert {f"generation.{each}" for each in named} < set(services)
    read = {topic for binding in services["gateway"].bindings for topic in getattr(binding, "topics", ())}
    assert f"generation.requested.{name}.standard.v1" in read


def test_providers_that_are_named_outrank_the_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "key-0123456789")
    monkeypatch.setenv("ICE_PROVIDERS", '["previz"]')
    assert app.providers({}) == ("previz",)


def test_a_named_vendor_without_its_key_stops_the_start_and_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICE_PROVIDERS", '["stability"]')
    with pytest.raises(SettingsError, match="STABILITY_API_KEY: not set"):
        app.build_services({}, app.providers({}), gateway_port=0)


def test_a_named_provider_that_no_worker_serves_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICE_PROVIDERS", '["previz", "midjourney"]')
    with pytest.raises(SettingsError, match="ICE_PROVIDERS: midjourney: no worker can serve that; allowed are previz"):
        app.providers({})


def test_router_and_workers_agree_on_the_vendors_and_their_keys() -> None:
    assert {name: make().key_variable for name, make in VENDORS.items()} == KEY_VARIABLES
    assert {name: make().address_variable for name, make in LOCAL.items()} == ADDRESS_VARIABLES
