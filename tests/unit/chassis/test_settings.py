import pytest
from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from services.chassis.documents import Documents
from services.chassis.settings import ServiceSettings, Settings, SettingsError


class ToySettings(Settings):
    model_config = SettingsConfigDict(env_prefix="ICE_TOY_")

    names: tuple[str, ...] = ()


def test_a_wrong_value_names_variable_value_and_what_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICE_HTTP_PORT", "eighty")
    monkeypatch.setenv("ICE_LOG_FORMAT", "xml")
    with pytest.raises(SettingsError) as caught:
        ServiceSettings()
    message = str(caught.value)
    assert "ICE_HTTP_PORT: 'eighty': Input should be a valid integer" in message
    assert "ICE_LOG_FORMAT: 'xml': Input should be 'json' or 'console'" in message


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        ServiceSettings(http_port=-1, mongo_database="no spaces", kafka_bootstrap="")
    assert len(str(caught.value).splitlines()) == 1 + 3


def test_a_secret_is_shown_nowhere() -> None:
    settings = ServiceSettings(mongo_url="mongodb://user:hunter2@host/", s3_secret_key="hunter2")
    assert "hunter2" not in repr(settings)
    with pytest.raises(SettingsError) as caught:
        ServiceSettings(s3_secret_key=["hunter2"])
    assert "hunter2" not in str(caught.value)
    assert "ICE_S3_SECRET_KEY: '***'" in str(caught.value)


def test_sasl_without_credentials_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="ICE_KAFKA_SECURITY_PROTOCOL: 'SASL_SSL': needs ICE_KAFKA_USER"):
        ServiceSettings(kafka_security_protocol="SASL_SSL")


def test_settings_are_frozen() -> None:
    settings = ServiceSettings()
    with pytest.raises(ValueError, match="frozen"):
        settings.http_port = 1  # type: ignore[misc]


def test_brokers_are_separated_by_commas() -> None:
    assert ServiceSettings(kafka_bootstrap="a:1, b:2,").bootstrap_servers == ["a:1", "b:2"]


def test_the_environment_is_read_with_our_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICE_MONGO_URL", "mongodb://elsewhere/")
    assert ServiceSettings().mongo_url == SecretStr("mongodb://elsewhere/")


@pytest.mark.parametrize(
    "brokers", ["garbage", "host:", "host:0", "host:99999", "host:abc", "a:1,b", " , ", "http://a:1"]
)
def test_a_broker_without_host_and_port_stops_the_start(brokers: str) -> None:
    with pytest.raises(SettingsError, match=r"ICE_KAFKA_BOOTSTRAP: .* allowed is host:port"):
        ServiceSettings(kafka_bootstrap=brokers)


def test_a_broker_may_be_named_by_an_address_of_either_kind() -> None:
    assert ServiceSettings(kafka_bootstrap="[::1]:9092,10.0.0.1:9093").bootstrap_servers == [
        "[::1]:9092",
        "10.0.0.1:9093",
    ]


@pytest.mark.parametrize("url", ["garbage", "mongodb://", "http://user:hunter2@host/", "host:27017"])
def test_a_database_that_is_no_mongodb_address_stops_the_start_and_stays_secret(url: str) -> None:
    with pytest.raises(SettingsError, match=r"ICE_MONGO_URL: '\*\*\*': allowed is mongodb://") as caught:
        ServiceSettings(mongo_url=url)
    assert "hunter2" not in str(caught.value)


async def test_a_database_address_that_the_driver_refuses_names_its_setting() -> None:
    with pytest.raises(SettingsError, match="ICE_MONGO_URL: '\\*\\*\\*': "):
        await Documents(ServiceSettings(mongo_url="mongodb://host:99999/")).start()


def test_a_list_that_is_not_json_names_variable_value_and_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICE_TOY_NAMES", "previz")
    with pytest.raises(SettingsError, match=r"ICE_TOY_NAMES: 'previz': allowed is JSON"):
        ToySettings()
