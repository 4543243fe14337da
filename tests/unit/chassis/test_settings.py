import pytest
from pydantic import SecretStr

from services.chassis.settings import ServiceSettings, SettingsError


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
    with pytest.raises(SettingsError, match="kafka_security_protocol SASL_SSL needs kafka_username and kafka_password"):
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
