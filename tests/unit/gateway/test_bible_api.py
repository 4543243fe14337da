"""The bible over HTTP: history, edits that nobody overwrites, references and what is stale."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest

from schemas.base import Event
from schemas.bible import CharacterDefined, ReferenceImage, Region
from schemas.project import ReferencePolicy
from schemas.reference import ReferenceReady, ReferenceRequested, whose
from services.character_conditioning import domain as cast_rules
from services.gateway.answers import Links
from services.gateway.api import Api, web_app
from services.gateway.bible_api import BibleApi
from services.gateway.domain import staleness
from services.gateway.entry_book import EntryBook
from services.gateway.handlers import Handlers
from services.gateway.read_model import ReadModel
from tests.fakes.clock import FakeClock
from tests.fakes.conditioning import asset, character, defined, planned, project
from tests.fakes.documents import FakeDocuments
from tests.unit.gateway.test_api import Published, Signer
from tests.unit.gateway.test_domain import received

RADHA = "/api/v1/projects/vrindavan/bible/character/radha"


async def feed(documents: FakeDocuments, *events: Event) -> None:
    await Handlers(documents).project([received(event, index) for index, event in enumerate(events)])


def asking(documents: FakeDocuments, published: Published) -> httpx.AsyncClient:
    read = ReadModel(documents)
    links = Links(Signer(), 60)
    bible = BibleApi(read, EntryBook(documents), links, published, FakeClock())
    api = Api(read, links, published, page_size=10)
    transport = httpx.ASGITransport(app=web_app(api, None, bible), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://gateway")


@pytest.fixture
def documents() -> FakeDocuments:
    return FakeDocuments()


@pytest.fixture
def published() -> Published:
    return Published()


@pytest.fixture
async def client(documents: FakeDocuments, published: Published) -> AsyncIterator[httpx.AsyncClient]:
    await feed(documents, defined(character(version=2, appearance={"hair": "grey"})), defined(character()))
    async with asking(documents, published) as http:
        yield http


async def test_every_version_is_told_whatever_the_order_of_arrival_and_the_newest_is_the_entry(
    client: httpx.AsyncClient,
) -> None:
    versions = (await client.get(RADHA)).json()["versions"]
    assert [(item["version"], item["entity"]["appearance"]) for item in versions] == [(1, {}), (2, {"hair": "grey"})]
    (entry,) = (await client.get("/api/v1/projects/vrindavan/bible")).json()["entities"]
    assert (entry["entity"]["version"], entry["digest"]) == (2, versions[1]["digest"])


async def test_an_edit_becomes_the_next_version(client: httpx.AsyncClient, published: Published) -> None:
    entity = character(appearance={"hair": "white"}).model_dump(mode="json")
    answer = await client.put(RADHA, json={"entity": entity, "base_version": 2})
    assert (answer.status_code, answer.json()["version"]) == (202, 3)
    (event,) = published.events
    assert isinstance(event, CharacterDefined)
    assert (event.character.version, event.character.appearance) == (3, {"hair": "white"})


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"entity": {"name": "Radha"}, "base_version": 1}, 409, "edited-meanwhile"),
        ({"entity": {"name": "Radha"}, "base_version": 2}, 422, "invalid-input"),
        ({"entity": {"name": "R", "description": "d", "wardrobe": 7}, "base_version": 2}, 422, "invalid-input"),
    ],
)
async def test_an_edit_of_an_older_version_or_a_wrong_one_is_refused(
    client: httpx.AsyncClient, published: Published, body: dict[str, Any], status: int, code: str
) -> None:
    answer = await client.put(RADHA, json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert published.events == []


async def test_of_two_edits_at_once_one_is_published_and_the_other_is_told(
    client: httpx.AsyncClient, published: Published
) -> None:
    bodies = [
        {"entity": character(appearance={"hair": hair}).model_dump(mode="json"), "base_version": 2}
        for hair in ("white", "red")
    ]
    answers = await asyncio.gather(*(client.put(RADHA, json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [202, 409]
    (won,) = [index for index, answer in enumerate(answers) if answer.status_code == 202]
    assert answers[1 - won].json()["error"]["code"] == "edited-meanwhile"
    # As long as it hasn't come in, it is published again before anybody is told of it.
    assert {event.event_id for event in published.events} == {answers[won].json()["event_id"]}
    # Before its own event has come in, the loser edits what the winner has made of it.
    answer = await client.put(RADHA, json={**bodies[1 - won], "base_version": 3})
    assert (answer.status_code, answer.json()["version"]) == (202, 4)


async def test_an_edit_that_died_before_it_was_published_is_published_by_its_repeat_and_by_the_next_edit(
    client: httpx.AsyncClient, documents: FakeDocuments, published: Published
) -> None:
    lost = character(version=3, appearance={"hair": "white"})
    assert await EntryBook(documents).give_out("vrindavan", lost)
    other = {"entity": character(appearance={"hair": "red"}).model_dump(mode="json"), "base_version": 2}
    assert (await client.put(RADHA, json=other)).status_code == 409
    repeated = {"entity": lost.model_dump(mode="json"), "base_version": 2}
    answer = await client.put(RADHA, json=repeated)
    assert (answer.status_code, answer.json()["version"]) == (202, 3)
    assert {event.event_id for event in published.events} == {answer.json()["event_id"]}


async def test_an_edit_that_changes_nothing_publishes_nothing(client: httpx.AsyncClient, published: Published) -> None:
    entity = (await client.get(RADHA)).json()["versions"][-1]["entity"]
    answer = await client.put(RADHA, json={"entity": entity, "base_version": 2})
    assert (answer.status_code, answer.json()["changed"], published.events) == (200, False, [])


async def test_a_new_entry_starts_at_version_one(client: httpx.AsyncClient, published: Published) -> None:
    body = {"entity": {"name": "Grove", "description": "A grove.", "location_type": "forest"}}
    answer = await client.put("/api/v1/projects/vrindavan/bible/location/grove", json=body)
    assert (answer.status_code, answer.json()["version"]) == (202, 1)
    assert [event.TYPE for event in published.events] == ["film.location.defined"]


def sheet() -> tuple[ReferenceRequested, ReferenceReady]:
    settings = project(references=ReferencePolicy.FIRST)
    (wanted,) = cast_rules.sheets_for(planned("one", settings=settings, cast=["radha"]), {"radha": character()})
    asked = cast_rules.request(wanted, "vrindavan/one", "shot one")
    assert asked.run is not None
    return asked, _ready(asked, "old")


def _ready(asked: ReferenceRequested, name: str) -> ReferenceReady:
    assert asked.run is not None
    image = ReferenceImage(uri=f"s3://ice/{name}.png")
    view = image.model_copy(update={"region": Region(left=0, right=0.25)})
    return ReferenceReady(
        **whose(asked.run), references=(image, view), asset=asset(name), generation_id=name, run_id=asked.run.run_id
    )


async def references(client: httpx.AsyncClient) -> Sequence[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get("/api/v1/projects/vrindavan/references")).json()["references"]
    return found


async def test_a_reference_is_told_from_the_wish_to_the_image_and_made_again_on_demand(
    client: httpx.AsyncClient, documents: FakeDocuments, published: Published
) -> None:
    asked, ready = sheet()
    await feed(documents, asked)
    assert [item["status"] for item in await references(client)] == ["making"]
    await feed(documents, ready)
    (told,) = await references(client)
    assert (told["status"], told["url"], told["older"]) == ("ready", "https://signed/ice/old.png?for=60", [])
    body = {"request_id": "r1", "kind": "character", "entity_id": "radha"}
    answer = await client.post("/api/v1/projects/vrindavan/references/again", json=body)
    assert (answer.status_code, answer.json()["asked"]) == (202, 1)
    (again,) = published.events
    assert isinstance(again, ReferenceRequested)
    assert (again.key, again.regeneration_id) == (asked.key, "r1")
    await Handlers(documents).project([received(_ready(again, "new"), 9)])
    (told,) = await references(client)
    assert (told["url"], told["older"]) == ("https://signed/ice/new.png?for=60", ["s3://ice/old.png"])


async def test_nothing_is_made_again_that_was_never_asked_for(client: httpx.AsyncClient) -> None:
    body = {"request_id": "r1", "kind": "character", "entity_id": "radha"}
    assert (await client.post("/api/v1/projects/vrindavan/references/again", json=body)).status_code == 404


def test_a_keyframe_is_stale_when_an_entry_that_its_shot_does_not_pin_or_a_picture_of_it_has_changed() -> None:
    keyframe = {
        "provenance": {
            "bible_digests": {"character:radha": "a", "location:grove": "b", "prop:gone": "c"},
            "references": [{"uri": "s3://ice/old.png"}, {"uri": "s3://ice/grove.png"}],
        }
    }
    digests = {"character:radha": "other", "location:grove": "b"}
    remade = {"s3://ice/old.png": "character sheet of radha day"}
    found = staleness.changes(keyframe, {}, digests, remade)
    assert [(item["code"], item["what"]) for item in found] == [
        ("bible", "character:radha"),
        ("reference", "character sheet of radha day"),
    ]
    pinned = {"cast": [{"character_id": "radha", "bible_version": 1}]}
    assert staleness.changes(keyframe, pinned, digests, {}) == []
