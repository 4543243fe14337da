"""The review page: what waits for a person, with approve, reject and take again, for mouse, keys and screen readers."""

import html
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final, Protocol

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from schemas.base import Identifier
from services.gateway.domain.icon import ICON, ICON_TYPE
from services.gateway.read_model import NotFoundError
from services.gateway.review.look import POLICY, SCRIPT, STYLE

Answer = dict[str, Any]
ProjectId = Annotated[Identifier, Path(description="Film project")]

_MOST: Final = 50
_ICON: Final = "/favicon.svg"
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    # An image's link is a key to it for some minutes: it goes to nobody as the page one came from.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_HELP: Final = (
    "<p class='dim small keys'>Keys: <kbd>J</kbd> <kbd>K</kbd> next and previous, <kbd>A</kbd> approve,"
    " <kbd>R</kbd> reject, <kbd>T</kbd> take again, <kbd>N</kbd> note, <kbd>Esc</kbd> out of the note."
    " A decision can't be taken back.</p>"
)


class Told(Protocol):
    """What the page is made of."""

    async def projects(self) -> Answer:
        """Every project."""
        ...

    async def progress(self, project_id: str) -> Answer:
        """Counts per status."""
        ...

    async def project(self, project_id: str) -> Answer:
        """One project."""
        ...

    async def reviews(self, project_id: str, limit: int | None = None, after: int = 0) -> Answer:
        """What waits for a decision."""
        ...


class ReviewPages:
    """The pages, made of the API's own answers."""

    def __init__(self, told: Told) -> None:
        self._told = told

    async def films(self) -> HTMLResponse:
        """Every film with how much of it waits for a decision."""
        films = (await self._told.projects())["projects"]
        counted = [(film, await self._told.progress(film["project_id"])) for film in films]
        rows = "".join(_film(film, progress) for film, progress in counted)
        body = f"<h1>Review</h1><ul class='films'>{rows}</ul>" if rows else "<h1>Review</h1><p>No films yet.</p>"
        return _page("Review", body)

    async def film(self, project_id: ProjectId) -> HTMLResponse:
        """What waits for a decision in one film."""
        try:
            title = str((await self._told.project(project_id))["title"])
        except NotFoundError as error:
            there = f"<h1>Not found</h1><p>{text(error)}.</p><p><a href='/review'>All films</a></p>"
            return _page("Not found", there, HTTPStatus.NOT_FOUND)
        return _page(f"Review · {title}", film_page(title, await self._told.reviews(project_id, limit=_MOST)))


def review_routes(pages: ReviewPages) -> APIRouter:
    """`/review`, `/review/<project>` and their icon; not part of the API's description."""
    router = APIRouter(include_in_schema=False)
    for path in (_ICON, "/favicon.ico"):
        # Browsers ask for the second one where no page of ours links the first, and take it for what its type says.
        router.add_api_route(path, _icon, methods=["GET", "HEAD"], response_model=None)
    router.add_api_route("/", _home, methods=["GET", "HEAD"], response_model=None)
    router.add_api_route("/review", pages.films, methods=["GET", "HEAD"], response_model=None)
    router.add_api_route("/review/{project_id}", pages.film, methods=["GET", "HEAD"], response_model=None)
    return router


async def _icon() -> Response:
    headers = {"Cache-Control": "public, max-age=86400", "X-Content-Type-Options": "nosniff"}
    return Response(ICON, media_type=ICON_TYPE, headers=headers)


async def _home() -> Response:
    return RedirectResponse("/review")


def film_page(title: str, answer: Answer) -> str:
    """The page's content; `answer` as the API tells what waits."""
    items, total = answer["reviews"], answer["total"]
    back = f"<p class='small'><a href='/review'>All films</a></p><h1>{text(title)}</h1>"
    if not items:
        return f"{back}<p>Nothing waits for a decision.</p>"
    more = f" The first {len(items)} are shown." if total > len(items) else ""
    head = (
        f"<div class='top'><p><b id='left' class='gold'>{total}</b> to decide on.{more} <a href=''>Look again</a></p>"
        "<label>Reviewer <input id='reviewer' autocomplete='name' maxlength='200' placeholder='your name'></label>"
        "</div>"
    )
    return f"{back}{head}{_HELP}{''.join(_card(item) for item in items)}"


def text(value: object) -> str:
    """Words as HTML."""
    return html.escape(str(value))


def name_of(item: Answer) -> str:
    """What a reviewer calls it."""
    code = str(item.get("code") or item["shot_id"])
    return code if (item.get("frame_role") or "single") == "single" else f"{code} {item['frame_role']}"


def _film(film: Answer, progress: Answer) -> str:
    waits = progress["counts"]["review"] + progress["references"]["counts"]["review"]
    said = f"<b class='gold'>{waits} to review</b>" if waits else "<span class='dim'>nothing to review</span>"
    done = f"{progress['counts']['ready']} of {progress['total']} keyframes ready"
    address = f"/review/{text(film['project_id'])}"
    title = text(film.get("title") or film["project_id"])
    return f"<li><a href='{address}'><span>{title}<br><span class='dim small'>{done}</span></span>{said}</a></li>"


def _card(item: Answer) -> str:
    name = name_of(item)
    about = " · ".join(filter(None, (_kind(item), item.get("scene_title"), f"take {item['take']}", item.get("model"))))
    words = "".join(f"<p>{text(item[key])}</p>" for key in ("description", "action") if item.get(key))
    against = "".join(_small(it, f"{it['entity_id']} {it['variant'] or ''}".strip()) for it in item["against"])
    held = f"<h3>References</h3><div class='strip'>{against}</div>" if against else ""
    others = "".join(_other(it, name) for it in item["others"])
    takes = f"<h3>Other takes that passed</h3><div class='strip'>{others}</div>" if others else ""
    return (
        f"<article class='card' tabindex='-1' aria-label='{text(name)}' data-run='{text(item['run_id'])}'"
        f" data-generation='{text(item['generation_id'])}'><div>{_large(item, name)}{takes}{held}</div>"
        f"<div><h2>{text(name)}</h2><p class='dim small'>{text(about)}</p>{words}"
        f"<p class='small'><b>Why you are asked:</b> {text(item['reason'] or 'not said')}</p>"
        f"{_checks(item['scores'])}{_acts(item)}</div></article>"
    )


def _kind(item: Answer) -> str:
    subject = str(item.get("subject") or "keyframe")
    return "" if subject == "keyframe" else subject.replace("_", " ")


def _acts(item: Answer) -> str:
    said = (("approve", "Approve", "A"), ("reject", "Reject", "R"), ("re-roll", "Take again", "T"))
    buttons = "".join(
        f"<button value='{value}' data-generation='{text(item['generation_id'])}'>{label}<kbd>{key}</kbd></button>"
        for value, label, key in said
    )
    note = "<label>Note; goes to the record, and with “take again” to the next prompt <input maxlength='4000'></label>"
    return f"<h3>Decision</h3>{note}<div class='acts'>{buttons}</div><p class='said' role='status'></p>"


def _checks(scores: Sequence[Mapping[str, Any]]) -> str:
    wrong = [item for item in scores if item["outcome"] in {"failed", "warned"}]
    kinds = {"failed": "bad", "warned": "gold"}
    told = "".join(
        f"<li><span class='{kinds[item['outcome']]}'>{text(item['check'])} {item['outcome']}</span>"
        f" {text(_said(item))}</li>"
        for item in sorted(wrong, key=lambda item: item["outcome"])
    )
    rows = "".join(
        f"<tr><td>{text(item['check'])}<td>{text(item['outcome'])}<td class='n'>{_number(item['value'])}"
        f"<td class='n'>{_number(item['threshold'])}"
        for item in scores
    )
    table = (
        "<table><thead><tr><th scope='col'>check<th scope='col'>outcome<th scope='col' class='n'>measured"
        f"<th scope='col' class='n'>bound</thead><tbody>{rows}</tbody></table>"
    )
    whole = f"<details><summary class='small dim'>All {len(scores)} checks</summary>{table}</details>" if scores else ""
    return (
        f"<ul class='small'>{told}</ul>" if told else "<p class='good small'>No check failed or warned.</p>"
    ) + whole


def _said(score: Mapping[str, Any]) -> str:
    about = f"({score['entity_id']}) " if score.get("entity_id") else ""
    return f"{about}{score.get('detail') or ''}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"


def _large(item: Answer, name: str) -> str:
    shows = f"{text(name)}, take {item['take']}"
    if not item["url"]:
        return f"<figure><figcaption>{shows}: no link to its image</figcaption></figure>"
    image = f"<a href='{text(item['url'])}'><img alt='{shows}' src='{text(item['url'])}' loading='lazy'></a>"
    return f"<figure>{image}</figure>"


def _small(picture: Answer, caption: str) -> str:
    address = picture["thumbnail_url"] or picture["url"]
    image = f"<img alt='reference: {text(caption)}' src='{text(address)}' loading='lazy'>" if address else "no link"
    return f"<figure>{image}<figcaption>{text(caption)}</figcaption></figure>"


def _other(take: Answer, name: str) -> str:
    address, number = take["thumbnail_url"] or take["url"], take["take"]
    shows = f"{text(name)}, take {number}"
    image = f"<a href='{text(take['url'])}'><img alt='{shows}' src='{text(address)}' loading='lazy'></a>"
    button = f"<button value='approve' data-generation='{text(take['generation_id'])}'>Approve take {number}</button>"
    return f"<figure>{image if address else 'no link'}{button}</figure>"


def _page(title: str, body: str, status: HTTPStatus = HTTPStatus.OK) -> HTMLResponse:
    script = f"<script>{SCRIPT}</script>" if "class='card'" in body else ""
    content = (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        f"<link rel='icon' href='{_ICON}' type='{ICON_TYPE}'>"
        f"<title>{text(title)}</title><style>{STYLE}</style></head><body><main>{body}</main>{script}</body></html>\n"
    )
    return HTMLResponse(content, status_code=int(status), headers=_HEADERS)
