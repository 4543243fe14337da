"""What waits for a reviewer: as the API tells it, as the page shows it, and which decisions are refused."""

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from schemas.base import Event
from schemas.review import ReviewRequested
from schemas.validation import Outcome, Score
from services.gateway.domain.icon import ICON
from services.gateway.review.look import POLICY, SCRIPT
from tests import builders
from tests.unit.gateway.test_api import Published, asking, fed
from tests.unit.gateway.test_domain import whole_way

SHOWN = builders.generation_completed()
OTHER = builders.generation_completed(builders.generation_requested(take=2))


def asked(**changes: Any) -> list[Event]:
    """A run with two takes, the first of which is on show."""
    failed = Score(check="style", outcome=Outcome.FAILED, value=0.25, measured_with="s 1", detail="<b>too dark</b>")
    review = ReviewRequested(
        run=SHOWN.run,
        generation_id=SHOWN.generation_id,
        take=1,
        asset=SHOWN.asset,
        scores=(failed,),
        reason="approval policy is manual",
        others=(OTHER.generation_id,),
    )
    return [*whole_way()[:-1], OTHER, review.model_copy(update=changes)]


async def told(events: Sequence[Event], *paths: str) -> list[httpx.Response]:
    async with asking(await fed(events), Published()) as http:
        return [await http.get(path) for path in paths]


async def decided(events: Sequence[Event], published: Published, **changes: object) -> httpx.Response:
    body = {"review_id": "r", "run_id": SHOWN.run.run_id, "generation_id": SHOWN.generation_id, "decision": "approve"}
    async with asking(await fed(events), published) as http:
        return await http.post("/api/v1/reviews", json={**body, **changes})


async def test_what_waits_is_told_with_links_to_the_image_and_its_other_takes() -> None:
    (response,) = await told(asked(), "/api/v1/projects/vrindavan/reviews")
    answer = response.json()
    (item,) = answer["reviews"]
    assert (answer["total"], item["generation_id"], item["take"]) == (1, SHOWN.generation_id, 1)
    assert item["url"].startswith("https://signed/")
    assert [(take["generation_id"], take["take"]) for take in item["others"]] == [(OTHER.generation_id, 2)]
    assert item["scores"][0]["detail"] == "<b>too dark</b>"


async def test_a_decision_on_a_run_that_has_ended_is_refused_and_says_how_it_ended() -> None:
    published = Published()
    error = (await decided(whole_way(), published)).json()["error"]
    assert (error["code"], error["field"]) == ("already-ended", "run_id")
    assert "is ready" in error["message"]
    assert published.events == []


@pytest.mark.parametrize(
    ("decision", "generation_id", "status"),
    [
        ("approve", OTHER.generation_id, 202),
        ("re-roll", OTHER.generation_id, 409),
        ("approve", SHOWN.generation_id, 202),
    ],
)
async def test_another_take_may_be_approved_and_nothing_else(decision: str, generation_id: str, status: int) -> None:
    published = Published()
    answer = await decided(asked(), published, decision=decision, generation_id=generation_id)
    assert (answer.status_code, len(published.events)) == (status, int(status == 202))


async def test_the_page_shows_what_waits_and_escapes_every_word() -> None:
    answer, films = await told(asked(reason="<script>x</script>"), "/review/vrindavan", "/review")
    assert "1 to review" in films.text
    assert "&lt;script&gt;x" in answer.text
    assert "&lt;b&gt;too dark" in answer.text
    assert answer.text.count("<script>") == 1
    assert f"data-generation='{SHOWN.generation_id}'" in answer.text
    assert "Approve take 2" in answer.text
    assert "alt=''" not in answer.text
    # Only the page's own script may run.
    inline = answer.text.partition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
    assert inline == SCRIPT
    assert f"script-src 'sha256-{digest}'" in answer.headers["content-security-policy"] == POLICY


async def test_a_film_without_anything_to_decide_says_so_and_an_unknown_one_is_a_404() -> None:
    paths = ("/api/v1/projects/vrindavan/reviews", "/review", "/review/vrindavan", "/review/nope")
    listed, films, film, missing = await told(whole_way(), *paths)
    assert listed.json()["reviews"] == []
    assert "nothing to review" in films.text
    assert "Nothing waits" in film.text
    assert missing.status_code == 404


async def test_pages_link_an_icon_that_is_there_and_the_bare_address_leads_to_them() -> None:
    page, icon, asked_for, home = await told(asked(), "/review", "/favicon.svg", "/favicon.ico", "/")
    assert "<link rel='icon' href='/favicon.svg' type='image/svg+xml'>" in page.text
    assert (icon.status_code, icon.headers["content-type"]) == (200, "image/svg+xml")
    assert icon.content == asked_for.content == ICON.encode()
    assert (home.status_code, home.headers["location"]) == (307, "/review")
