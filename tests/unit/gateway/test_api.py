"""The JSON API: answers, links and errors in one form."""

from collections.abc import AsyncIterator, Sequence

import httpx
import pytest

from schemas.base import Event
from schemas.provider import ProviderHealthChanged, ProviderState
from schemas.review import Decision, ReviewDecided
from services.chassis.failures import Transient
from services.gateway.answers import Links
from services.gateway.api import Api, web_app
from services.gateway.handlers import Handlers
from services.gateway.ports import LinkMaker
from services.gateway.read_model import ReadModel
from tests import builders
from tests.fakes.documents import FakeDocuments
from tests.unit.gateway.test_domain import received, whole_way


class Signer:
    async def presign(self, uri: str, expires_s: int) -> str:
        if not uri.startswith("s3://ice/"):
            raise ValueError(f"uri: {uri!r}, allowed is 's3://ice/<key>'")
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


async def fed(events: Sequence[Event]) -> FakeDocuments:
    documents = FakeDocuments()
    await Handlers(documents).project([received(event, index) for index, event in enumerate(events)])
    return documents


def asking(documents: FakeDocuments, published: Published, *, links: LinkMaker | None = None) -> httpx.AsyncClient:
    api = Api(ReadModel(documents), Links(links or Signer(), 60), published, page_size=2)
    # As over the network: a fault is answered, and raised to nobody.
    transport = httpx.ASGITransport(app=web_app(api), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://gateway")


@pytest.fixture
async def client(published: Published) -> AsyncIterator[httpx.AsyncClient]:
    async with asking(await fed(whole_way()), published) as http:
        yield http


@pytest.fixture
async def undecided(published: Published) -> AsyncIterator[httpx.AsyncClient]:
    async with asking(await fed(whole_way()[:-1]), published) as http:
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
    "path",
    [
        "/projects/none",
        "/projects/none/progress",
        "/projects/none/bible",
        "/projects/none/shots",
        "/projects/none/keyframes",
        "/projects/vrindavan/shots/none",
        "/runs/none",
        "/runs/none/lineage",
        "/nowhere",
    ],
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


async def test_a_decision_is_published_as_an_event(undecided: httpx.AsyncClient, published: Published) -> None:
    answer = await undecided.post("/api/v1/reviews", json=decision(reviewer="Ava"))
    assert answer.status_code == 202
    (event,) = published.events
    assert isinstance(event, ReviewDecided)
    assert (event.project_id, event.shot_id, event.reviewer) == ("vrindavan", "sh0010", "Ava")
    assert answer.json() == {"event_id": event.event_id}


async def test_a_repeated_click_is_one_decision(undecided: httpx.AsyncClient, published: Published) -> None:
    first = await undecided.post("/api/v1/reviews", json=decision())
    second = await undecided.post("/api/v1/reviews", json=decision())
    assert first.json() == second.json()
    assert len({event.event_id for event in published.events}) == 1


async def test_one_review_id_can_not_carry_two_decisions(published: Published) -> None:
    way = whole_way()[:-1]
    async with asking(await fed(way), published) as http:
        await http.post("/api/v1/reviews", json=decision())
    async with asking(await fed([*way, *published.events]), published) as http:
        again = await http.post("/api/v1/reviews", json=decision())
        other = await http.post("/api/v1/reviews", json=decision(decision="re-roll"))
    error = other.json()["error"]
    assert (again.status_code, other.status_code, error["field"]) == (202, 409, "review_id")
    assert len(published.events) == 2


async def test_a_rejection_needs_a_note(undecided: httpx.AsyncClient, published: Published) -> None:
    answer = await undecided.post("/api/v1/reviews", json=decision(decision="reject"))
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "note")
    assert published.events == []


async def test_a_decision_on_an_unknown_generation_is_refused(undecided: httpx.AsyncClient) -> None:
    assert (await undecided.post("/api/v1/reviews", json=decision(generation_id="none"))).status_code == 404


async def test_an_absent_broker_is_a_503_to_try_again(undecided: httpx.AsyncClient, published: Published) -> None:
    published.away = True
    answer = await undecided.post("/api/v1/reviews", json=decision())
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


@pytest.mark.parametrize("uri", ["s3://other/a.png", "https://169.254.169.254/latest"])
async def test_an_image_that_is_not_ours_has_no_link_and_spoils_no_other(published: Published, uri: str) -> None:
    completed = builders.generation_completed()
    foreign = completed.asset.model_copy(update={"uri": uri, "thumbnail_uri": uri})
    forged = builders.keyframe_ready(completed).model_copy(update={"asset": foreign, "run_id": "forged"})
    forged = forged.model_copy(update={"shot": forged.shot.model_copy(update={"shot_id": "other"})})
    async with asking(await fed([*whole_way(), forged]), published) as http:
        answer = await http.get("/api/v1/projects/vrindavan/keyframes")
    links = {item["shot"]["shot_id"]: (item["url"], item["thumbnail_url"]) for item in answer.json()["keyframes"]}
    assert links["other"] == (None, None)
    assert all(links["sh0010"])


async def test_a_run_known_by_a_stray_decision_only_has_no_events_of_others(published: Published) -> None:
    up = ProviderHealthChanged(provider="previz", state=ProviderState.UP, sequence=1)
    stray = ReviewDecided(
        review_id="r1", project_id="p", shot_id="s", run_id="stray", generation_id="g", decision=Decision.APPROVE
    )
    async with asking(await fed([up, stray]), published) as http:
        lineage = (await http.get("/api/v1/runs/stray/lineage")).json()
    assert [event["type"] for event in lineage["events"]] == [ReviewDecided.TYPE]


async def test_head_is_answered_where_get_is(client: httpx.AsyncClient) -> None:
    assert (await client.head("/api/v1/projects/vrindavan")).status_code == 200


async def test_a_wrong_method_names_those_allowed(client: httpx.AsyncClient) -> None:
    answer = await client.delete("/api/v1/reviews")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.json()["error"]["code"] == "method-not-allowed"


async def test_a_fault_of_ours_is_told_in_the_same_form_without_its_insides(published: Published) -> None:
    class Broken:
        async def presign(self, uri: str, expires_s: int) -> str:
            raise RuntimeError(f"{uri} {expires_s}")

    async with asking(await fed(whole_way()), published, links=Broken()) as http:
        answer = await http.get("/api/v1/projects/vrindavan/keyframes")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal-error")
    assert "s3://" not in answer.text
