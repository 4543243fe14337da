"""Keys and addresses: a vendor without its key starts no worker, and says which variable is missing."""

import pytest
from pydantic import SecretStr

from services.chassis.settings import SettingsError
from services.generation.providers.catalogue import NAMES, VENDORS, make_provider, missing_keys
from services.generation.providers.local.assembly import LOCAL
from services.generation.providers.vendor_settings import VendorSettings
from services.generation.settings import GenerationSettings
from tests.fakes.object_store import FakeObjectStore
from tests.fakes.vendors.bench import Inline

KEYS = {make().key_variable for make in VENDORS.values()} | {
    name for make in LOCAL.values() for name in (make().key_variable, make().address_variable)
}


@pytest.fixture(autouse=True)
def without_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in KEYS:
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize("name", sorted(VENDORS))
def test_every_vendor_has_its_settings(name: str) -> None:
    vendor = VENDORS[name]()
    assert vendor.name == name
    assert VendorSettings().base_url(name) is None
    assert VendorSettings().key(vendor.key_variable) is None


@pytest.mark.parametrize("name", sorted(VENDORS))
def test_without_its_key_a_worker_does_not_start_and_names_the_variable(name: str) -> None:
    with pytest.raises(SettingsError, match=VENDORS[name]().key_variable):
        make_provider(GenerationSettings(generation_provider=name), FakeObjectStore(), Inline())


@pytest.mark.parametrize("name", sorted(VENDORS))
def test_with_its_key_it_does(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VENDORS[name]().key_variable, "a-key")
    settings = GenerationSettings(generation_provider=name)
    assert make_provider(settings, FakeObjectStore(), Inline()).name == name
    assert name not in missing_keys(settings.vendors)


@pytest.mark.parametrize("name", sorted(LOCAL))
def test_servers_of_ones_own_need_an_address_and_no_key(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    variable = LOCAL[name]().address_variable
    with pytest.raises(SettingsError, match=f"{variable}: not set"):
        make_provider(GenerationSettings(generation_provider=name), FakeObjectStore(), Inline())
    monkeypatch.setenv(variable, "http://10.0.0.7:8188/, http://gpu.studio.lan:8188")
    made = make_provider(GenerationSettings(generation_provider=name), FakeObjectStore(), Inline())
    assert (made.name, made.free, made.models) == (name, True, (f"{name}-sdxl",))
    assert VendorSettings().addresses(variable) == ("http://10.0.0.7:8188", "http://gpu.studio.lan:8188")


@pytest.mark.parametrize("url", ["gpu:8188", "http://ok:1, ftp://x", "http://user:secret@host:8188"])
def test_a_servers_address_is_http_without_a_password(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMFYUI_URLS", url)
    with pytest.raises(SettingsError, match="COMFYUI_URLS") as raised:
        VendorSettings()
    assert "secret" not in str(raised.value)


def test_basic_authentication_wants_a_user_and_a_password_and_shows_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A1111_AUTH", "only-a-word")
    with pytest.raises(SettingsError, match=r"A1111_AUTH.*user:password") as raised:
        VendorSettings()
    assert "only-a-word" not in str(raised.value)


def test_an_unknown_provider_is_told_which_there_are() -> None:
    with pytest.raises(SettingsError, match=r"midjourney.*allowed is one of: previz") as raised:
        make_provider(GenerationSettings(generation_provider="midjourney"), FakeObjectStore(), Inline())
    assert all(name in str(raised.value) for name in NAMES)


@pytest.mark.parametrize("blank", ["", "  ", "\n"])
def test_an_empty_key_is_none(blank: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", blank)
    assert VendorSettings().openai_api_key is None


def test_a_key_out_of_a_file_loses_its_line_break(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", " sk-of-a-file\r\n")
    assert VendorSettings().openai_api_key == SecretStr("sk-of-a-file")


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel"])
def test_a_key_that_no_header_can_carry_stops_the_start_and_is_not_shown(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(SettingsError, match=r"OPENAI_API_KEY: '\*\*\*'") as raised:
        GenerationSettings()
    assert key not in str(raised.value)


@pytest.mark.parametrize("url", ["api.openai.com", "ftp://x/", "https://user@host/", "https://host/?q=1", "https://"])
def test_a_base_url_is_http_with_a_host_and_nothing_secret(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICE_OPENAI_BASE_URL", url)
    with pytest.raises(SettingsError, match="ICE_OPENAI_BASE_URL"):
        VendorSettings()


def test_a_base_url_loses_its_last_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICE_OPENAI_BASE_URL", "http://127.0.0.1:9400/openai/")
    assert VendorSettings().base_url("openai") == "http://127.0.0.1:9400/openai"


def test_keys_are_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-do-not-show")
    assert "sk-do-not-show" not in repr(GenerationSettings())
    assert "sk-do-not-show" not in GenerationSettings().model_dump_json()


@pytest.mark.parametrize(
    "address",
    [
        *("proxy.example/v1", "https://x example", "ftp://x.example", "https://", "https://x..example/v1"),
        *("https://[::1", "http://host:abc", "http://host:99999", "https://x.example/v1#a", "https://x.exämple"),
        *("https://user:secret@x.example", "https://x.example/v1?key=secret"),
    ],
)
@pytest.mark.parametrize("variable", ["ICE_OPENAI_BASE_URL", "A1111_URL"])
def test_an_address_that_cannot_be_asked_stops_the_start_and_shows_no_secret(
    variable: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, address)
    with pytest.raises(SettingsError, match=f"{variable}: .*allowed is an http") as raised:
        VendorSettings()
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "address", ["http://10.0.0.7:8080/openai/v1/", "http://[::1]:8080", "https://Proxy.example", "http://gpu_1:9/x"]
)
def test_an_address_of_ones_own_may_be_http_and_anywhere(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICE_OPENAI_BASE_URL", address)
    assert VendorSettings().base_url("openai") == address.rstrip("/")
