"""Every service starts in the same way, and says what is wrong with its settings instead of starting."""

import runpy
import socket
import sys
from pathlib import Path

import pytest

from services.chassis.app import main, make_app
from services.chassis.settings import ServiceSettings

SERVICES = sorted(
    path.parent.name
    for path in (Path(__file__).resolve().parents[2] / "services").glob("*/__main__.py")
    if path.parent.name != "cli"
)


@pytest.mark.filterwarnings("ignore:.*found in sys.modules.*:RuntimeWarning")
@pytest.mark.parametrize("name", SERVICES)
def test_a_wrong_setting_ends_the_start_with_its_name_value_and_what_is_allowed(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ICE_HTTP_PORT", "99999")
    monkeypatch.setattr(sys, "argv", [name])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(f"services.{name}", run_name="__main__")
    assert ended.value.code == 2
    assert "ICE_HTTP_PORT: '99999': Input should be less than or equal to 65535" in capsys.readouterr().err


def test_a_taken_port_ends_the_start_with_the_settings_that_name_it(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        settings = ServiceSettings(http_port=other.getsockname()[1])
        assert main(lambda: make_app(settings, name="toy", subscriptions=())) == 1
    assert f"ICE_HTTP_HOST, ICE_HTTP_PORT: can't listen on 127.0.0.1:{settings.http_port}" in capsys.readouterr().err
