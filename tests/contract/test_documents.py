"""One suite on the fake and on a real database: what holds for one holds for the other."""

import asyncio
import secrets
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.documents import Collection, Documents, Upsert
from services.chassis.failures import Transient
from services.chassis.settings import ServiceSettings
from tests.fakes.documents import FakeDocuments


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.integration)])
def real_settings(request: pytest.FixtureRequest) -> ServiceSettings | None:
    """Of the real database; None for the fake. Not async: the fixture that starts the server may not be."""
    if request.param == "fake":
        return None
    url, name = request.getfixturevalue("mongo_url"), request.getfixturevalue("mongo_database")
    return ServiceSettings(mongo_url=url, mongo_database=name)


@pytest.fixture
async def documents(real_settings: ServiceSettings | None) -> AsyncIterator[FakeDocuments | Documents]:
    if real_settings is None:
        yield FakeDocuments()
        return
    real = Documents(real_settings)
    await real.start()
    yield real
    await real.stop()


@pytest.fixture
def things(documents: FakeDocuments | Documents) -> Collection:
    return documents.collection("things")


async def test_an_unknown_id_is_none(things: Collection) -> None:
    assert await things.get("nobody") is None


async def test_what_is_inserted_comes_back_equal(things: Collection) -> None:
    doc = {"_id": "a/b", "version": 1, "text": "ñ 🎬", "parts": [{"n": None}, 1.5, True], "empty": {}}
    assert await things.insert(doc)
    assert await things.get("a/b") == doc


async def test_an_id_is_inserted_once_and_the_first_stays(things: Collection) -> None:
    assert await things.insert({"_id": "a", "n": 1})
    assert not await things.insert({"_id": "a", "n": 2})
    assert await things.get("a") == {"_id": "a", "n": 1}


async def test_of_many_inserts_at_once_one_wins(things: Collection) -> None:
    won = await asyncio.gather(*(things.insert({"_id": "a", "n": number}) for number in range(8)))
    assert won.count(True) == 1


async def test_a_document_in_hand_is_not_the_stored_one(things: Collection) -> None:
    doc = {"_id": "a", "parts": [1]}
    await things.insert(doc)
    doc["parts"] = [2]
    found = await things.get("a")
    assert found == {"_id": "a", "parts": [1]}
    found["parts"].append(3)
    assert await things.get("a") == {"_id": "a", "parts": [1]}


async def test_a_replace_needs_the_expected_version(things: Collection) -> None:
    await things.insert({"_id": "a", "version": 1, "old": True})
    assert not await things.replace({"_id": "a", "version": 6}, expected_version=5)
    assert await things.get("a") == {"_id": "a", "version": 1, "old": True}
    assert await things.replace({"_id": "a", "version": 2}, expected_version=1)
    assert await things.get("a") == {"_id": "a", "version": 2}


async def test_nothing_is_replaced_where_nothing_is(things: Collection) -> None:
    assert not await things.replace({"_id": "a", "version": 2}, expected_version=1)
    assert await things.get("a") is None


async def test_a_replace_counts_the_version_up_by_one(things: Collection) -> None:
    with pytest.raises(ValueError, match="document 'a': version 3, allowed is 2"):
        await things.replace({"_id": "a", "version": 3}, expected_version=1)


async def test_of_many_replaces_at_once_one_wins_and_no_increment_is_lost(things: Collection) -> None:
    await things.insert({"_id": "a", "version": 0, "n": 0})

    async def increment() -> None:
        while True:
            doc = await things.get("a")
            assert doc is not None
            version = doc["version"]
            if await things.replace({**doc, "version": version + 1, "n": doc["n"] + 1}, version):
                return

    await asyncio.gather(*(increment() for _ in range(6)))

    assert await things.get("a") == {"_id": "a", "version": 6, "n": 6}


async def test_put_writes_whole_whether_or_not_it_was_there(things: Collection) -> None:
    await things.put({"_id": "a", "x": 1})
    await things.put({"_id": "a", "y": 2})
    assert await things.get("a") == {"_id": "a", "y": 2}


async def test_delete_says_whether_there_was_something(things: Collection) -> None:
    await things.put({"_id": "a"})
    assert await things.delete("a")
    assert not await things.delete("a")


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ({}, "abcd"),
        ({"n": 2}, "b"),
        ({"n": {"$gt": 1}}, "bc"),
        ({"n": {"$gte": 1, "$lt": 3}}, "ab"),
        ({"n": {"$lte": 1}}, "a"),
        ({"n": {"$in": [1, 3, 9]}}, "ac"),
        ({"n": {"$nin": [1, 3]}}, "bd"),
        ({"n": {"$ne": 1}}, "bcd"),
        ({"n": {"$exists": False}}, "d"),
        ({"n": None}, "d"),
        ({"tags": "x"}, "ab"),
        ({"tags": {"$in": ["y"]}}, "a"),
        ({"deep.er": "v"}, "c"),
        ({"rows.k": 1}, "d"),
        ({"$or": [{"n": 1}, {"deep.er": "v"}]}, "ac"),
        ({"$and": [{"tags": "x"}, {"n": 2}]}, "b"),
        ({"n": {"$gt": "text"}}, ""),
    ],
)
async def test_find_and_count_match_the_filter(things: Collection, wanted: dict[str, object], ids: str) -> None:
    for doc in (
        {"_id": "a", "n": 1, "tags": ["x", "y"]},
        {"_id": "b", "n": 2, "tags": ["x"]},
        {"_id": "c", "n": 3, "deep": {"er": "v"}},
        {"_id": "d", "rows": [{"k": 1}, {"k": 2}]},
    ):
        await things.insert(doc)
    assert [doc["_id"] for doc in await things.find(wanted, sort=[("_id", 1)])] == list(ids)
    assert await things.count(wanted) == len(ids)


async def test_found_documents_are_sorted_limited_and_skipped(things: Collection) -> None:
    for number, group in ((1, "p"), (2, "q"), (3, "p"), (4, "q")):
        await things.insert({"_id": str(number), "group": group, "n": number})
    found = await things.find({}, sort=[("group", -1), ("n", 1)])
    assert [doc["_id"] for doc in found] == ["2", "4", "1", "3"]
    found = await things.find({}, sort=[("n", -1)], limit=2, skip=1)
    assert [doc["_id"] for doc in found] == ["3", "2"]
    assert await things.find({}, limit=0) == []


async def test_fields_that_are_not_wanted_are_left_out(things: Collection) -> None:
    await things.insert({"_id": "a", "light": 1, "heavy": {"much": "x" * 100}})
    assert await things.find({"light": 1}, without=["heavy"]) == [{"_id": "a", "light": 1}]


async def test_many_writes_set_fields_and_make_what_is_missing(things: Collection) -> None:
    await things.insert({"_id": "old", "kept": 1, "n": 1, "sub": {"a": 1}})
    await things.write_many(
        [
            Upsert("old", {"n": 2, "sub.b": 2}, on_insert={"born": True}),
            Upsert("new", {"n": 5}, on_insert={"born": True}),
            Upsert("new", {"n": 6}),
            Upsert("bare", {}, on_insert={"n": 0}),
        ]
    )
    assert await things.get("old") == {"_id": "old", "kept": 1, "n": 2, "sub": {"a": 1, "b": 2}}
    assert await things.get("new") == {"_id": "new", "n": 6, "born": True}
    assert await things.get("bare") == {"_id": "bare", "n": 0}
    await things.write_many([])


async def test_the_least_of_many_writes_stays(things: Collection) -> None:
    await things.write_many([Upsert("a", {}, least={"at.first": 5})])
    await things.write_many([Upsert("a", {"n": 1}, least={"at.first": 7}), Upsert("a", {}, least={"at.first": 3})])
    assert await things.get("a") == {"_id": "a", "at": {"first": 3}, "n": 1}


async def test_a_unique_index_keeps_the_second_out(things: Collection) -> None:
    await things.ensure_index([("kind", 1), ("name", 1)], unique=True, name="kind_name")
    await things.ensure_index([("kind", 1), ("name", 1)], unique=True, name="kind_name")
    assert await things.insert({"_id": "a", "kind": "k", "name": "n"})
    assert not await things.insert({"_id": "b", "kind": "k", "name": "n"})
    assert await things.insert({"_id": "c", "kind": "k", "name": "other"})


async def test_collections_are_apart(documents: FakeDocuments | Documents) -> None:
    await documents.collection("one").insert({"_id": "a"})
    assert await documents.collection("two").get("a") is None
    await documents.ping()


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(min_size=1, alphabet=st.characters(codec="utf-8", exclude_characters="\x00")),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(value=JSON)
async def test_any_json_value_survives(things: Collection, value: object) -> None:
    name = secrets.token_hex(8)
    await things.insert({"_id": name, "value": value})
    assert await things.get(name) == {"_id": name, "value": value}


@pytest.mark.integration
async def test_a_database_that_is_away_is_transient_and_says_so() -> None:
    nowhere = Documents(ServiceSettings(mongo_url="mongodb://user:hunter2@127.0.0.1:1/", mongo_timeout_ms=200))
    with pytest.raises(Transient, match="database, ping: ServerSelectionTimeoutError") as caught:
        await nowhere.start()
    assert "hunter2" not in str(caught.value)
    with pytest.raises(Transient, match="database, get things/a"):
        await nowhere.collection("things").get("a")
    await nowhere.stop()


async def test_before_the_start_everything_is_transient() -> None:
    with pytest.raises(Transient, match=r"start\(\) was not called"):
        await Documents(ServiceSettings()).collection("things").get("a")


async def test_the_fake_can_be_away_too() -> None:
    fake = FakeDocuments()
    fake.away = "unplugged"
    with pytest.raises(Transient, match="unplugged"):
        await fake.collection("things").get("a")
    with pytest.raises(Transient, match="unplugged"):
        await fake.ping()
