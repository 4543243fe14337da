"""Whatever a file holds, reading it gives a plan or located mistakes; never a crash."""

import copy
import json
import random
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from services.cli.plan_reading import Reading, read_plan

FILM = Path(__file__).resolve().parents[2] / "contracts" / "examples" / "film.plan" / "v1" / "vrindavan.yaml"

WRONG_VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 10**30, 1.5, float("inf"), float("nan"), "", " ", "x" * 10_000, "\u0000", "line\u2028break",
    "प्रेम", "🌸🎬", "\ud83c", "close-upp", "../../etc/passwd", [], {}, [[[[]]]], {"a": {"b": []}}, ["x", None],
    "2026-01-01", "radha", "SC010_SH0010", {"character_id": "radha"}, [None], "NaN",
)  # fmt: skip

quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _load() -> dict[str, Any]:
    plan: dict[str, Any] = YAML(typ="safe", pure=True).load(FILM.read_text())
    # Two scenes are as good as six for finding a way to crash, and four times as quick.
    plan["sequences"] = plan["sequences"][:1]
    for character in plan["bible"]["characters"]:
        for costume in character["wardrobe"]:
            costume.pop("sequences", None)
    return plan


PLAN = _load()


def check(reading: Reading, text: str) -> None:
    """The promise of `read_plan`."""
    lines = text.count("\n") + text.count("\u2028") + text.count("\x85") + 1
    if reading.plan is not None:
        assert not reading.mistakes
        return
    assert reading.mistakes
    for mistake in reading.mistakes:
        assert 1 <= mistake.line <= lines
        assert mistake.column >= 1
        assert mistake.allowed
        assert mistake.code
        located = mistake.located("film.yaml")
        assert len(located.splitlines()) == 1, located
        assert "\x1b" not in located
        located.encode()


def paths(node: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield at
    if isinstance(node, dict):
        for name, inner in node.items():
            yield from paths(inner, (*at, name))
    elif isinstance(node, list):
        for number, inner in enumerate(node):
            yield from paths(inner, (*at, number))


PATHS = [path for path in paths(PLAN) if path]


def mutated(random_: random.Random) -> dict[str, Any]:
    plan: dict[str, Any] = copy.deepcopy(PLAN)
    for _ in range(random_.randint(1, 4)):
        path = random_.choice(PATHS)
        parent: Any = plan
        for part in path[:-1]:
            try:
                parent = parent[part]
            except (KeyError, IndexError, TypeError):
                break
        else:
            _mutate(parent, path[-1], random_)
    return plan


def _mutate(parent: Any, part: Any, random_: random.Random) -> None:
    kind = random_.randint(0, 3)
    try:
        if kind == 0:
            parent[part] = copy.deepcopy(random_.choice(WRONG_VALUES))
        elif kind == 1:
            del parent[part]
        elif isinstance(parent, list):
            parent.append(copy.deepcopy(parent[part]))
        elif isinstance(part, str):
            parent[part[:-1] or "x"] = parent.pop(part)
    except (KeyError, IndexError, TypeError):
        return


def as_text(plan: dict[str, Any], *, as_json: bool) -> str:
    if as_json:
        return json.dumps(plan, indent=1)
    out = StringIO()
    YAML(typ="safe", pure=True).dump(plan, out)
    return out.getvalue()


@pytest.mark.parametrize("seed", range(8))
def test_thousands_of_changed_plans_are_read_or_their_mistakes_are_placed(seed: int) -> None:
    random_ = random.Random(seed)
    outcomes = {True: 0, False: 0}
    for _ in range(250):
        text = as_text(mutated(random_), as_json=True)
        reading = read_plan(text.encode())
        check(reading, text)
        outcomes[reading.plan is not None] += 1

    assert outcomes[False] > 50, "the changes hardly ever break a plan: they test nothing"
    assert outcomes[True] > 0, "no changed plan was valid: the reader may refuse everything"


@settings(quick, max_examples=30)
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_yaml_and_json_of_one_plan_are_read_alike(seed: int) -> None:
    plan = mutated(random.Random(seed))
    try:
        text = as_text(plan, as_json=False)
        encoded = text.encode()
    except (UnicodeEncodeError, ValueError):
        return  # ruamel doesn't write lone surrogates
    reading = read_plan(encoded)
    check(reading, text)
    if reading.plan is not None:
        assert read_plan(as_text(plan, as_json=True).encode()).plan == reading.plan


@quick
@given(data=st.binary(max_size=400))
def test_any_bytes_are_refused_with_a_place(data: bytes) -> None:
    reading = read_plan(data)
    assert reading.plan is None
    assert reading.mistakes
    assert all(mistake.line >= 1 and mistake.column >= 1 for mistake in reading.mistakes)


@quick
@given(text=st.text(alphabet="ab:-[]{}&*!|>'\"\\,#%@?\t \n0x~<", max_size=120))
def test_any_punctuation_is_refused_with_a_place(text: str) -> None:
    check(read_plan(text.encode()), text)


@quick
@given(text=st.text(max_size=200))
def test_any_text_as_a_description_is_kept_or_refused_with_a_place(text: str) -> None:
    plan = copy.deepcopy(PLAN)
    plan["sequences"][0]["scenes"][0]["shots"][0]["description"] = text
    written = json.dumps(plan, indent=1)
    reading = read_plan(written.encode())
    check(reading, written)
    if reading.plan is not None:
        assert reading.plan.shots[0].description == text


@quick
@given(cut=st.integers(min_value=0, max_value=20_000), inserted=st.text(max_size=3))
def test_a_damaged_file_is_read_or_its_mistakes_are_placed(cut: int, inserted: str) -> None:
    text = FILM.read_text()[:4000]
    damaged = text[: cut % len(text)] + inserted + text[cut % len(text) + 1 :]
    check(read_plan(damaged.encode("utf-8", "replace")), damaged)
