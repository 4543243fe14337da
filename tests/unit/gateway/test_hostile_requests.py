"""Whatever a client sends, it is told what is wrong; nothing is a fault of ours, and nothing half done stays."""

import json
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest
from starlette.requests import ClientDisconnect

from schemas.base import Event
from schemas.bible import Character, CharacterDefined
from services.chassis.publishing import UnpublishableError
from services.gateway.answers import Links
from services.gateway.api import Api, web_app
from services.gateway.bible_api import BibleApi
from services.gateway.entry_book import EntryBook, defined
from services.gateway.read_model import ReadModel
from services.gateway.routing import MAX_BODY_BYTES
from tests import builders
from tests.fakes.clock import FakeClock
from tests.fakes.documents import FakeDocuments
from tests.unit.gateway.test_api import Published, Signer, fed
from tests.unit.gateway.test_domain import whole_way

ENTRY = "/api/v1/projects/vrindavan/bible/character/radha"
REVIEWS = "/api/v1/reviews"
JSON = {"content-type": "application/json"}
LAST = 2**63 - 1


def asking(documents: FakeDocuments, published: Published, *, max_bytes: int = 2000) -> httpx.AsyncClient:
    read, links = ReadModel(documents), Links(Signer(), 60)
    bible = BibleApi(read, EntryBook(documents, max_bytes=max_bytes), links, published, FakeClock())
    api = Api(read, links, published, page_size=2)
    transport = httpx.ASGITransport(app=web_app(api, None, bible), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://gateway")


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with asking(await fed(whole_way()), Published()) as http:
        yield http


def entry(**fields: object) -> dict[str, object]:
    return {"entity": {"name": "Radha", "description": "A cowherd girl", **fields}, "base_version": 0}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        (
            "POST",
            REVIEWS,
            {"review_id": "r", "run_id": "x", "generation_id": "g", "decision": "reject", "note": "\ud800"},
        ),
        ("POST", REVIEWS, {"review_id": "\ud800", "run_id": "x", "generation_id": "g", "decision": "approve"}),
        ("PUT", ENTRY, entry(tags=["\ud800"])),
        (
            "POST",
            "/api/v1/projects/vrindavan/references/again",
            {"request_id": "r", "kind": "character", "entity_id": "radha", "variant": "\ud800"},
        ),
    ],
)
async def test_half_a_surrogate_is_a_wrong_field(
    client: httpx.AsyncClient, method: str, path: str, body: object
) -> None:
    answer = await client.request(method, path, content=json.dumps(body), headers=JSON)
    assert answer.status_code == 422
    assert answer.json()["error"]["field"]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b'{"review_id": ', 422, "body: 'character 14': allowed is JSON"),
        (b"\x80\x81", 400, "parsing the body"),
        (b"[" * 100_000, 400, "parsing the body"),
        (b"{}", 422, "body.review_id: '': Field required"),
    ],
)
async def test_a_body_that_is_no_decision_is_told_what_it_lacks(
    client: httpx.AsyncClient, body: bytes, status: int, said: str
) -> None:
    answer = await client.post(REVIEWS, content=body, headers=JSON)
    assert answer.status_code == status
    assert said in answer.json()["error"]["message"]


@pytest.mark.parametrize(("method", "path"), [("POST", REVIEWS), ("PUT", ENTRY)])
async def test_a_body_that_can_become_no_event_is_not_read_to_its_end(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1_000_000
            yield b" " * 1_000_000

    answer = await client.request(method, path, content=endless(), headers=JSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "request-entity-too-large")
    assert read <= MAX_BODY_BYTES + 1_000_000


async def test_an_entry_that_no_broker_takes_is_refused_and_stands_in_the_way_of_no_other() -> None:
    published = Published()
    async with asking(FakeDocuments(), published) as http:
        answer = await http.put(ENTRY, json=entry(appearance={"hair": ["x" * 500] * 9}))
        assert answer.status_code == 413
        assert "allowed are at most 2,000" in answer.json()["error"]["message"]
        assert (await http.put(ENTRY, json=entry())).status_code == 202
    (event,) = published.events
    assert isinstance(event, CharacterDefined)
    assert event.character.version == 1


async def test_an_entry_at_the_last_version_there_is_can_not_be_edited_and_says_so() -> None:
    character = builders.RADHA.model_copy(update={"version": LAST})
    assert isinstance(character, Character)
    async with asking(await fed([defined("vrindavan", character)]), Published()) as http:
        answer = await http.put(ENTRY, json={**entry(), "base_version": LAST})
    assert answer.status_code == 413
    assert str(LAST) in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("fault", "status"), [(UnpublishableError("a record is too large"), 413), (ClientDisconnect(), 400)]
)
async def test_what_a_client_brings_about_is_no_fault_of_ours(fault: Exception, status: int) -> None:
    class Refusing(Published):
        async def publish(self, events: Sequence[Event]) -> None:
            await super().publish(events)
            raise fault

    async with asking(FakeDocuments(), Refusing()) as http:
        assert (await http.put(ENTRY, json=entry())).status_code == status


async def test_the_description_names_each_operation_once_and_every_error_in_its_one_form(
    client: httpx.AsyncClient,
) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    operations = [operation for item in paths.values() for operation in item.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    for operation in operations:
        errors = {int(status): told for status, told in operation["responses"].items() if int(status) >= 400}
        assert {404, 422, 503} <= errors.keys()
        for told in errors.values():
            assert told["content"]["application/json"]["schema"]["$ref"].endswith("/ErrorAnswer")
