import io
import json
import logging
from collections.abc import Iterator

import pytest

from services.chassis.logs import configure, current_event_id, current_service
from services.chassis.settings import ServiceSettings
from services.chassis.tracing import Span, current_span


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_json_line_says_service_trace_and_event(stream: io.StringIO) -> None:
    configure(ServiceSettings(), stream)
    span = Span.root()
    tokens = current_service.set("toy"), current_span.set(span), current_event_id.set("e-1")
    logging.getLogger("x").warning("hot %s", "soup", extra={"topic": "t"})
    current_service.reset(tokens[0])
    current_span.reset(tokens[1])
    current_event_id.reset(tokens[2])

    line = json.loads(stream.getvalue())

    assert line["message"] == "hot soup"
    assert (line["service"], line["trace_id"], line["event_id"]) == ("toy", span.trace_id, "e-1")
    assert line["topic"] == "t"
    assert line["level"] == "warning"
    assert line["time"].endswith("+00:00")


def test_a_line_of_json_stays_one_line_with_its_exception(stream: io.StringIO) -> None:
    configure(ServiceSettings(), stream)
    try:
        int("two\nlines")
    except ValueError:
        logging.getLogger("x").exception("broken")
    assert stream.getvalue().count("\n") == 1
    assert "ValueError: invalid literal" in json.loads(stream.getvalue())["exception"]


@pytest.mark.parametrize("form", ["json", "console"])
def test_passwords_in_urls_are_blanked(stream: io.StringIO, form: str) -> None:
    configure(ServiceSettings(log_format=form), stream)
    logging.getLogger("x").error("away: %s", "mongodb://user:hunter2@host:1/db")
    assert "hunter2" not in stream.getvalue()
    assert "mongodb://user:***@host:1/db" in stream.getvalue()


def test_the_console_shows_text_and_fields(stream: io.StringIO) -> None:
    configure(ServiceSettings(log_format="console", log_level="INFO"), stream)
    logging.getLogger("x").info("done", extra={"count": 3})
    logging.getLogger("x").debug("unseen")
    assert stream.getvalue().endswith("INFO     x: done  count=3\n")
