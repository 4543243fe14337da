import json
from typing import Any

import pytest

from services.chassis.versions import Difference, Entry, Versions, differences
from tests.fakes.documents import FakeDocuments


def entry(number: int, body: dict[str, Any], key: str = "p/a") -> Entry:
    text = json.dumps(body, sort_keys=True)
    return Entry(key=key, number=number, digest=text, body=text)


@pytest.fixture
def versions() -> Versions:
    return Versions(FakeDocuments().collection("entries"))


async def test_the_first_content_of_a_version_stays(versions: Versions) -> None:
    assert (await versions.keep(entry(1, {"x": 1}), group="p")).is_new
    clash = await versions.keep(entry(1, {"x": 2}), group="p")
    assert clash.clashes
    assert clash.differences == (Difference("x", "1", "2"),)
    assert (await versions.find([("p/a", 1), ("p/a", None)]))["p/a", None].body == '{"x": 1}'


async def test_a_repeat_is_neither_new_nor_a_clash(versions: Versions) -> None:
    await versions.keep(entry(1, {"x": 1}), group="p")
    again = await versions.keep(entry(1, {"x": 1}), group="p")
    assert (again.is_new, again.clashes) == (False, False)


async def test_the_newest_is_the_highest_number_whatever_came_last(versions: Versions) -> None:
    for number in (2, 3, 1):
        await versions.keep(entry(number, {"x": number}), group="p")
    found = await versions.find([("p/a", None), ("p/a", 1), ("p/a", 9)])
    assert {wanted: item.number for wanted, item in found.items()} == {("p/a", None): 3, ("p/a", 1): 1}
    assert await versions.numbers("p/a") == [1, 2, 3]


async def test_a_crash_before_the_pointer_moved_is_mended_by_the_repeat(versions: Versions) -> None:
    await versions.claim(entry(1, {"x": 1}))
    assert await versions.find([("p/a", None)]) == {}
    await versions.keep(entry(1, {"x": 1}), group="p")
    assert ("p/a", None) in await versions.find([("p/a", None)])


async def test_the_newest_of_a_group_leaves_other_groups_out(versions: Versions) -> None:
    await versions.keep(entry(1, {}, key="p/b"), group="p")
    await versions.keep(entry(1, {}, key="p/a"), group="p")
    await versions.keep(entry(2, {}, key="p/a"), group="p")
    await versions.keep(entry(1, {}, key="q/c"), group="q")
    assert [(item.key, item.number) for item in await versions.newest_of("p")] == [("p/a", 2), ("p/b", 1)]


def test_differences_name_the_path_and_both_values() -> None:
    first = {"a": {"b": [1, 2]}, "c": None, "same": "x"}
    now = {"a": {"b": [1, 3, 4]}, "d": True, "same": "x"}
    assert differences(first, now) == (
        Difference("a.b.1", "2", "3"),
        Difference("a.b.2", "absent", "4"),
        Difference("c", "null", "absent"),
        Difference("d", "absent", "true"),
    )


def test_true_and_one_differ() -> None:
    assert differences({"x": 1}, {"x": True}) == (Difference("x", "1", "true"),)


def test_long_values_and_many_differences_are_shortened() -> None:
    found = differences({str(i): "y" * 10_000 for i in range(100)}, {})
    assert len(found) == 20
    assert all(len(item.first) == 120 for item in found)
