"""The JSON API: answers, links and errors in one form."""

from collections.abc import AsyncIterator, Sequence

import httpx
import pytest

from schemas.base import Event
from schemas.review import ReviewDecided
from services.chassis.failures import Transient
from services.gateway.api import Api, web_app
from services.gateway.handlers import Handlers
from services.gateway.read_model import ReadModel
from tests import builders
from tests.fakes.documents import FakeDocuments
from tests.unit.gateway.test_domain import received, whole_way


class Links:
    async def presign(self, uri: str, expires_s: int) -> str:
        return f"https://signed/{uri.removeprefix('s3://')}?for={expires_s}"


class Published:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self.away = False

    async def publish(self, events: Sequence[Event]) -> None:
        if self.away:
            raise Transient("broker: not connected")
        self.events.extend(events)


@pytest.fixture
def published() -> Published:
    return Published()


@pytest.fixture
async def client(published: Published) -> AsyncIterator[httpx.AsyncClient]:
    documents = FakeDocuments()
    await Handlers(documents).project([received(event, index) for index, event in enumerate(whole_way())])
    api = Api(ReadModel(documents), Links(), published, link_s=60, page_size=2)
    transport = httpx.ASGITransport(app=web_app(api))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        yield http


async def test_keyframes_come_with_links_to_image_and_thumbnail(client: httpx.AsyncClient) -> None:
    answer = (await client.get("/api/v1/projects/vrindavan/keyframes")).json()
    (keyframe,) = answer["keyframes"]
    assert keyframe["url"].startswith("https://signed/ice/vrindavan/sh0010/")
    assert keyframe["thumbnail_url"].endswith(".thumb.jpg?for=60")
    assert answer["next"] is None


async def test_project_counts_its_runs(client: httpx.AsyncClient) -> None:
    project = (await client.get("/api/v1/projects/vrindavan")).json()
    assert project["counts"]["ready"] == 1
    assert [item["project_id"] for item in (await client.get("/api/v1/projects")).json()["projects"]] == ["vrindavan"]


@pytest.mark.parametrize(
    "path", ["/projects/none", "/projects/vrindavan/shots/none", "/runs/none", "/runs/none/lineage", "/nowhere"]
)
async def test_what_is_unknown_is_a_404_that_names_it(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(f"/api/v1{path}")
    assert answer.status_code == 404
    assert set(answer.json()) == {"error"}


async def test_a_wrong_parameter_names_field_value_and_what_is_allowed(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/projects/vrindavan/shots?limit=0")
    error = answer.json()["error"]
    assert (answer.status_code, error["field"], error["value"]) == (422, "query.limit", "0")
    assert "greater than or equal to 1" in error["allowed"]


async def test_an_id_that_could_be_a_path_or_a_query_is_refused(client: httpx.AsyncClient) -> None:
    for project_id in ("..%2f..%2fetc", "$where", "a%00b", "x" * 200):
        answer = await client.get(f"/api/v1/projects/{project_id}/progress")
        assert answer.status_code in {404, 422}, project_id


def decision(**changes: object) -> dict[str, object]:
    completed = builders.generation_completed()
    return {
        "review_id": "rv-1",
        "run_id": completed.run.run_id,
        "generation_id": completed.generation_id,
        "decision": "approve",
        **changes,
    }


async def test_a_decision_is_published_as_an_event(client: httpx.AsyncClient, published: Published) -> None:
    answer = await client.post("/api/v1/reviews", json=decision(reviewer="Ava"))
    assert answer.status_code == 202
    (event,) = published.events
    assert isinstance(event, ReviewDecided)
    assert (event.project_id, event.shot_id, event.reviewer) == ("vrindavan", "sh0010", "Ava")
    assert answer.json() == {"event_id": event.event_id}


async def test_a_repeated_click_is_one_decision(client: httpx.AsyncClient, published: Published) -> None:
    first = await client.post("/api/v1/reviews", json=decision())
    second = await client.post("/api/v1/reviews", json=decision())
    assert first.json() == second.json()
    assert len({event.event_id for event in published.events}) == 1


async def test_a_rejection_needs_a_note(client: httpx.AsyncClient, published: Published) -> None:
    answer = await client.post("/api/v1/reviews", json=decision(decision="reject"))
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "note")
    assert published.events == []


async def test_a_decision_on_an_unknown_generation_is_refused(client: httpx.AsyncClient) -> None:
    assert (await client.post("/api/v1/reviews", json=decision(generation_id="none"))).status_code == 404


async def test_an_absent_broker_is_a_503_to_try_again(client: httpx.AsyncClient, published: Published) -> None:
    published.away = True
    answer = await client.post("/api/v1/reviews", json=decision())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


async def test_a_run_tells_every_detail_and_an_overview_none(client: httpx.AsyncClient) -> None:
    completed = builders.generation_completed()
    run = (await client.get(f"/api/v1/runs/{completed.run.run_id}")).json()
    generation = run["generations"][completed.generation_id]
    assert generation["completed"]["asset"]["uri"] == completed.asset.uri
    assert generation["validated"]["scores"][0]["check"] == "exact-size"
    assert run["keyframe"]["asset"]["sha256"] == completed.asset.sha256
    assert "details" not in run
    overview = (await client.get("/api/v1/projects/vrindavan/progress")).text
    assert completed.asset.uri not in overview
