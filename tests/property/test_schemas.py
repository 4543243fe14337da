"""Whatever comes in, a reader gets a valid event or an error that names what is wrong."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.base import Event
from schemas.events import REGISTRY
from schemas.registry import UnreadableEventError
from schemas.run import runs_of
from schemas.shot import ShotPlanned
from tests import builders

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=5,
)
BODY: dict[str, Any] = json.loads(builders.planned().model_dump_json())


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(node, dict):
        for key, value in node.items():
            found += places(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            found += places(value, (*path, index))
    return found


PLACES = places(BODY)


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), JSON), min_size=1, max_size=3))
def test_a_mutated_shot_is_read_or_refused_by_name(mutations: list[tuple[tuple[Any, ...], Any]]) -> None:
    body = json.loads(json.dumps(BODY))
    for path, value in mutations:
        node = body
        try:
            for part in path[:-1]:
                node = node[part]
            node[path[-1]] = value
        except (TypeError, KeyError, IndexError):
            continue
    event, refusal = decoded(json.dumps(body).encode())
    if event is None:
        assert refusal
        return
    assert isinstance(event, ShotPlanned)
    again = REGISTRY.decode(ShotPlanned.TYPE, 1, event.model_dump_json().encode())
    assert again.event_id == event.event_id
    assert all(run.run_id for run in runs_of(event))


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(value: bytes) -> None:
    event, refusal = decoded(value)
    assert isinstance(event, ShotPlanned) or refusal


def decoded(value: bytes) -> tuple[Event | None, str]:
    try:
        return REGISTRY.decode(ShotPlanned.TYPE, 1, value), ""
    except UnreadableEventError as error:
        return None, str(error)
