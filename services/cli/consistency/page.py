"""The report as one HTML file: pictures and plots within it, nothing fetched, no script, every word escaped."""

import base64
import html
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from PIL import Image

from services.cli.consistency.plots import over_the_film
from services.cli.consistency.style import STYLE
from services.cli.consistency.tables import checks_table, costs_table, manifest_table, strategies_table, table
from services.cli.counting import counted
from services.gateway.domain.icon import ICON_IN_PAGE

Answer = Mapping[str, Any]

_LARGE: Final = 640
_SMALL: Final = 320
_TINY: Final = 160
#: Frames whose pictures the strip holds; a longer film would make a page that no browser opens.
_MOST_SHOWN: Final = 240
_KINDS: Final = (
    ("characters", "Characters", "character"),
    ("locations", "Locations", "location"),
    ("props", "Props", "prop"),
    ("scenes", "Scenes", "scene"),
)
_AS_TOLD: Final = {"review": "waits for a reviewer", "held": "waits: a call is in doubt"}
#: Nothing may be fetched or run, whatever a plan's words hold.
_POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


@dataclass(frozen=True, slots=True)
class Album:
    """Encoded pictures: keyframes by code, references by `measuring.key_of`, takes by generation."""

    frames: Mapping[str, bytes]
    references: Mapping[str, bytes] = field(default_factory=dict)
    takes: Mapping[str, bytes] = field(default_factory=dict)


def page(report: Answer, album: Album) -> str:
    """The page; `report` as `measuring.report` gives it."""
    title = text(report["title"])
    made_at = text(str(report["manifest"].get("made_at", "")).replace("T", " ").replace("+00:00", " UTC"))
    parts = [
        f"<header><h1>{title}</h1><p class='dim'>Consistency report · {made_at}</p>{_lead(report)}</header>",
        _tiles(report),
        *(_kind(heading, word, report[name], report, album) for name, heading, word in _KINDS if report[name]),
        _retakes(report, album),
        _without(report, album),
        _film(report, album),
        costs_table(report),
        checks_table(report),
        manifest_table(report),
    ]
    head = (
        f"<meta charset='utf-8'><meta http-equiv='Content-Security-Policy' content=\"{_POLICY}\">"
        f"<meta name='viewport' content='width=device-width'><title>{title} · consistency</title>"
        f"<link rel='icon' href='{ICON_IN_PAGE}'>"
    )
    body = f"<body><main>{''.join(parts)}</main></body>"
    return f"<!doctype html><html lang='en'><head>{head}<style>{STYLE}</style></head>{body}</html>\n"


def text(value: object) -> str:
    """Words as HTML."""
    return html.escape(str(value))


def _lead(report: Answer) -> str:
    """What the report comes to, in a sentence or three."""
    frames, retakes, without = report["frames"], report["retakes"], report["without_keyframe"]
    retaken = len({item["code"] for item in retakes})
    said = [f"{counted(len(frames), 'keyframe')}" + (f", {len(without)} still without one." if without else ".")]
    if retakes:
        said.append(
            f"{counted(retaken, 'frame')} failed {'its' if retaken == 1 else 'their'} checks at first; "
            f"of the retakes {_share(retakes)} helped."
        )
    elif frames:
        said.append("Every first take passed its checks.")
    weakest = [item for item in report["characters"] if item["least"] is not None]
    if weakest:
        worst = min(weakest, key=lambda item: item["least"])
        said.append(f"{worst['name']} holds least, in {worst['worst_shot']}.")
    return f"<p class='lead'>{text(' '.join(said))}</p>"


def _tiles(report: Answer) -> str:
    frames, cids = report["frames"], report["cids"]
    gates = [item["gate"] for item in frames if item["gate"] in {"passed", "failed"}]
    facts = [
        ("keyframes", str(len(frames))),
        ("without a keyframe", str(len(report["without_keyframe"]))),
        ("retakes that helped", _share(report["retakes"])),
        ("frames warned about", str(sum(bool(item["warned"]) for item in frames))),
        ("gates passed", f"{gates.count('passed')} of {len(gates)}") if gates else ("gates, not measured", "–"),
        ("cost", f"${report['cost_usd_micros'] / 1e6:.2f}"),
    ]
    if cids is not None:
        facts += [("CIDS to references", number(cids["cross"])), ("CIDS among themselves", number(cids["self"]))]
    tiles = "".join(f"<div class='tile'><b>{value}</b><span class='dim'>{name}</span></div>" for name, value in facts)
    return f"<div class='tiles'>{tiles}</div>"


def number(value: float | None) -> str:
    """Three digits; a dash for what was not measured."""
    return "–" if value is None else f"{value:.3f}"


def _share(retakes: Sequence[Answer]) -> str:
    judged = [item["helped"] for item in retakes if item["helped"] is not None]
    return f"{sum(judged)} of {len(judged)}" if judged else "–"


def _kind(heading: str, word: str, entities: Sequence[Answer], report: Answer, album: Album) -> str:
    bound = _identity_bound(report) if word == "character" else None
    ordered = sorted(entities, key=lambda item: (item["least"] is None, item["least"] or 0.0))
    cards = "".join(_card(item, album, bound) for item in ordered)
    note = f"How alike the frames are that show each {word}, weakest first, by the colours of whole frames."
    if word == "character":
        note = (
            f"{note} That tells other clothes, places and light apart, and faces not at all: where a trained model"
            " measured identity, that is plotted instead."
        )
        if report["cids"] is None and report["why_no_cids"]:
            note = f"{note} CIDS was not measured: {text(report['why_no_cids'])}."
    return f"<section><h2>{heading}</h2><p class='note'>{note}</p><div class='grid'>{cards}</div></section>"


def _identity_bound(report: Answer) -> float | None:
    bounds = [item[2] for item in report["manifest"]["thresholds"].get("identity", ())]
    return bounds[0] if len(bounds) == 1 else None


def _card(entity: Answer, album: Album, bound: float | None) -> str:
    measured = [(code, value) for code, value in entity["identity"] if value is not None]
    points = measured or [(code, value) for code, value in entity["by_shot"]]
    what = "identity" if measured else "likeness to the mean of its frames"
    figures = f"{what}, {len(points)} of {len(entity['shots'])} frames measured" if len(points) > 1 else ""
    return (
        f"<article class='card'><h3>{text(entity['name'])}</h3><p class='dim small'>{_numbers(entity)}</p>"
        f"{over_the_film(points, f'{what} of ' + str(entity['name']), bound if measured else None)}"
        f"<p class='dim small'>{figures}{_decay(entity)}</p><div class='row'>{_beside(entity, album)}</div></article>"
    )


def _numbers(entity: Answer) -> str:
    said = [counted(len(entity["shots"]), "frame")]
    if entity["mean"] is None:
        said.append("one appearance, nothing to compare" if len(entity["shots"]) == 1 else "not measured")
    else:
        said += [f"mean {entity['mean']:.3f}", f"least {entity['least']:.3f}"]
    cids = entity.get("cids")
    if cids is not None:
        found = f"face found in {cids['found']} of {cids['seen']}"
        said += [f"CIDS {number(cids['cross'])} to references, {number(cids['self'])} among themselves", found]
    return text(" · ".join(said))


def _decay(entity: Answer) -> str:
    """Likeness of neighbours against that of the frames farthest apart."""
    # Both frames of a shot stand at one place of the story.
    gaps = [pair for pair in entity["by_gap"] if pair[0] > 0]
    if len(gaps) < 3:  # noqa: PLR2004 - a fall needs a way to fall
        return ""
    (near, first), (far, last) = gaps[0], gaps[-1]
    return f"<br>frames {near} apart are {first:.3f} alike, {far} apart {last:.3f}"


def _beside(entity: Answer, album: Album) -> str:
    """The worst shot beside the reference, or beside the most typical frame where there is none."""
    reference = album.references.get(entity["reference"] or "")
    # Two frames are equally far from their mean: the worst one is shown, so the other one is the typical one.
    others = [pair for pair in entity["by_shot"] if pair[0] != entity["worst_shot"]]
    typical = str(max(others, key=lambda pair: pair[1], default=[""])[0])
    if reference is not None:
        left = figure(reference, "reference", _LARGE, str(entity["name"]))
    elif typical in album.frames:
        word = "the other one" if len(others) == 1 else "most typical"
        left = figure(album.frames[typical], f"no reference; {word}: {text(typical)}", _LARGE, str(entity["name"]))
    else:
        left = ""
    worst, shots, name = entity["worst_shot"], entity["shots"], str(entity["name"])
    if worst is None and len(shots) == 1 and shots[0] in album.frames:
        return left + figure(album.frames[shots[0]], f"its only frame: {text(shots[0])}", _LARGE, name)
    if worst not in album.frames:
        return left
    word = "worst" if any(value is not None for _, value in entity["identity"]) else "least alike"
    return left + figure(album.frames[worst], f"<span class='bad'>{word}: {text(worst)}</span>", _LARGE, name)


def _retakes(report: Answer, album: Album) -> str:
    if not report["retakes"]:
        why = "None: every first take passed." if report["frames"] else "None so far."
        return f"<section><h2>Retakes</h2><p class='note'>{why}</p></section>"
    cards = "".join(_retake(item, album) for item in report["retakes"])
    note = "What failed, what the next take changed, and whether the checks that had failed held then."
    sums = strategies_table(report)
    return f"<section><h2>Retakes</h2><p class='note'>{note}</p>{cards}{sums}</section>"


def _retake(item: Answer, album: Album) -> str:
    said = {
        True: "<span class='good'>✓ helped</span>",
        False: "<span class='bad'>✗ did not help</span>",
        None: "<span class='dim'>made no image</span>",
    }
    facts = (
        ("failed", f"<span class='bad'>{text(', '.join(item['failed']) or 'validation')}</span>"),
        ("because", text(item["reason"])),
        *([("reviewer", text(item["reviewer"]))] if item["reviewer"] else []),
        ("changed", text(item["changed"] or "another seed")),
        ("made by", text(item["model"])),
        ("so", said[item["helped"]]),
    )
    told = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts)
    before, after = album.takes.get(item["before"] or ""), album.takes.get(item["generation_id"] or "")
    code, take = text(item["code"]), item["take"]
    shows = (f"{item['code']}, the take before", f"{item['code']}, take {take}")
    return (
        f"<article class='card retake'>{figure(before, f'<b>{code}</b>, the take before', _SMALL, shows[0])}"
        f"{figure(after, f'<b>{code}</b>, take {take}', _SMALL, shows[1])}<dl>{told}</dl></article>"
    )


def _without(report: Answer, album: Album) -> str:
    items = report["without_keyframe"]
    if not items:
        return ""
    looks = [album.takes.get(item.get("generation_id") or "") for item in items[:_MOST_SHOWN]]
    pictures = [_look(data, item) for data, item in zip(looks, items, strict=False)]
    pictures += [""] * (len(items) - len(pictures))
    rows = [
        (
            picture,
            f"<b>{text(item['code'])}</b>",
            text(_AS_TOLD.get(item["status"], item["status"])),
            text(item["attempts"]),
            _why_none(item),
        )
        for picture, item in zip(pictures, items, strict=True)
    ]
    names = ("image", "frame", "is", "attempts", "because")
    first = 0 if any(pictures) else 1
    note = "The image is the one that a reviewer was shown last." if any(pictures) else ""
    told = table(names[first:], [row[first:] for row in rows])
    return f"<section><h2>Without a keyframe</h2><p class='note'>{note}</p>{told}</section>"


def _why_none(item: Answer) -> str:
    """The end of the run, and what the checks said of its last image where that is more than the end tells."""
    why, checks = str(item["reason"] or "–"), str(item["check_reason"])
    more = "" if not checks or checks in why else f"<br><span class='dim'>its checks: {text(checks)}</span>"
    return f"{text(why)}{more}"


def _look(data: bytes | None, item: Answer) -> str:
    inlined = _inline(data, _TINY) if data else None
    return f"<img class='tiny' alt='{text(item['code'])}, not a keyframe' src='{inlined}'>" if inlined else ""


def _film(report: Answer, album: Album) -> str:
    frames = report["frames"]
    cells = "".join(_frame(item, album) for item in frames[:_MOST_SHOWN])
    more = len(frames) - _MOST_SHOWN
    note = f"The first {_MOST_SHOWN} of {len(frames)} frames." if more > 0 else "Framed: taken again."
    return f"<section><h2>The film</h2><p class='note'>{note}</p><div class='strip'>{cells}</div></section>"


def _frame(item: Answer, album: Album) -> str:
    caption = text(item["code"])
    if item["take"] > 1:
        caption += f" · <span class='gold'>take {item['take']}</span>"
    if item["failed"]:
        caption += f"<br><span class='bad'>failed: {text(', '.join(item['failed']))}</span>"
    if item["warned"]:
        caption += f"<br>warned: {text(', '.join(item['warned']))}"
    kind = "retaken" if item["take"] > 1 else ""
    return f"<div class='{kind}'>{figure(album.frames.get(item['code']), caption, _SMALL, str(item['code']))}</div>"


def figure(data: bytes | None, caption: str, side: int, shows: str) -> str:
    """A picture, at most so many pixels a side; `caption` is HTML, `shows` is for those who can't see it."""
    inlined = _inline(data, side) if data else None
    seen = f"<img alt='{text(shows)}' loading='lazy' src='{inlined}'>"
    picture = seen if inlined else "<div class='none'>no picture</div>"
    return f"<figure>{picture}<figcaption>{caption}</figcaption></figure>"


def _inline(data: bytes, side: int) -> str | None:
    """None for what can't be decoded: a report shows what there is."""
    try:
        with Image.open(io.BytesIO(data)) as opened:
            small = opened.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    small.thumbnail((side, side))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=82)
    return f"data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode()}"
