"""The report as one HTML file: pictures and plots within it, nothing fetched, no script."""

import base64
import html
import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

from PIL import Image

Answer = Mapping[str, Any]

_THUMB: Final = (320, 180)
_STYLE: Final = """
:root{color-scheme:dark;--bg:#111215;--card:#191b20;--line:#2b2e35;--ink:#eceae4;--dim:#9a9ca4;--gold:#e2b058;
--good:#6fbf8b;--bad:#d9695b}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}main{max-width:1180px;margin:0 auto;padding:56px 28px 80px}
h1{font-size:38px;letter-spacing:-.02em;margin:0}h2{font-size:20px;margin:52px 0 16px}h3{font-size:16px;margin:0}
p{margin:.3em 0}.dim{color:var(--dim)}.small{font-size:13px}.tiles{display:grid;gap:14px;margin-top:28px;
grid-template-columns:repeat(auto-fit,minmax(150px,1fr))}
.tile,.card{background:var(--card);border:1px solid var(--line);
border-radius:12px;padding:16px 18px}.tile b{display:block;font-size:27px;font-weight:600;letter-spacing:-.01em}
.grid{display:grid;gap:16px;grid-template-columns:repeat(auto-fill,minmax(520px,1fr))}.row{display:flex;gap:14px;
align-items:flex-start}figure{margin:0;flex:1;min-width:0}
img{width:100%;display:block;border-radius:6px;background:#08080a}
figcaption{color:var(--dim);font-size:12px;margin-top:5px}.bad{color:var(--bad)}.good{color:var(--good)}
.gold{color:var(--gold)}table{border-collapse:collapse;width:100%;font-size:14px}th{text-align:left;color:var(--dim);
font-weight:500}td,th{padding:7px 12px 7px 0;border-bottom:1px solid var(--line);vertical-align:top}
.strip{display:grid;gap:10px;grid-template-columns:repeat(auto-fill,minmax(140px,1fr))}
.retaken img{outline:2px solid var(--gold)}
svg{width:100%;height:auto;display:block;margin:10px 0 4px}code{font-size:12.5px;color:var(--dim)}
@media(max-width:640px){.grid{grid-template-columns:1fr}main{padding:28px 16px}}
@media print{:root{--bg:#fff;--card:#fff;--ink:#111;--line:#ccc}}
"""
_KINDS: Final = (
    ("characters", "Characters"),
    ("locations", "Locations"),
    ("props", "Props"),
    ("scenes", "Scenes"),
)


def page(report: Answer, pictures: Mapping[str, bytes], references: Mapping[str, bytes]) -> str:
    """The page.

    Args:
        report: as `measuring.report` gives it.
        pictures: keyframes by code, encoded.
        references: a reference picture by id of a character or location, encoded.
    """
    title = _text(report["title"])
    parts = [
        f"<h1>{title}</h1><p class='dim'>Consistency report · {_text(report['manifest'].get('made_at', ''))}</p>",
        _tiles(report),
        *(_kind(name, heading, report[name], pictures, references) for name, heading in _KINDS if report[name]),
        _retakes(report),
        _film(report, pictures),
        _checks(report),
        _manifest(report),
    ]
    head = f"<meta charset='utf-8'><meta name='viewport' content='width=device-width'><title>{title}</title>"
    body = f"<body><main>{''.join(parts)}</main></body>"
    return f"<!doctype html><html lang='en'><head>{head}<style>{_STYLE}</style></head>{body}</html>"


def _tiles(report: Answer) -> str:
    frames = report["frames"]
    means = [item["mean"] for item in report["characters"] if item["mean"] is not None]
    facts = (
        ("keyframes", str(len(frames))),
        ("retakes", str(len(report["retakes"]))),
        ("retakes that helped", _share(report["retakes"])),
        ("warned frames", str(sum(bool(item["warned"]) for item in frames))),
        ("weakest character", "–" if not means else f"{min(means):.3f}"),
        ("cost", f"${report['cost_usd_micros'] / 1e6:.2f}"),
    )
    tiles = "".join(f"<div class='tile'><b>{value}</b><span class='dim'>{name}</span></div>" for name, value in facts)
    return f"<div class='tiles'>{tiles}</div>"


def _share(retakes: Sequence[Answer]) -> str:
    judged = [item["helped"] for item in retakes if item["helped"] is not None]
    return f"{sum(judged)} of {len(judged)}" if judged else "–"


def _kind(
    name: str, heading: str, entities: Sequence[Answer], pictures: Mapping[str, bytes], references: Mapping[str, bytes]
) -> str:
    del name
    cards = "".join(_card(item, pictures, references) for item in entities)
    return f"<h2>{heading}</h2><div class='grid'>{cards}</div>"


def _card(entity: Answer, pictures: Mapping[str, bytes], references: Mapping[str, bytes]) -> str:
    mean, worst = entity["mean"], entity["worst_shot"]
    shown = "one appearance, nothing to compare" if mean is None else f"mean {mean:.3f} · least {entity['least']:.3f}"
    reference = references.get(str(entity["id"]).partition(" ")[0])
    typical = max(entity["by_shot"], key=lambda pair: pair[1], default=[None])[0]
    pair = _figure(reference, "reference") if reference else ""
    if not reference and typical is not None and typical in pictures:
        pair = _figure(pictures[typical], f"most typical: {_text(typical)}")
    if worst in pictures:
        pair += _figure(pictures[worst], f"<span class='bad'>worst: {_text(worst)}</span>")
    return (
        f"<div class='card'><h3>{_text(entity['name'])}</h3>"
        f"<p class='dim small'>{len(entity['shots'])} shots · {shown}</p>{_plot(entity)}"
        f"<div class='row'>{pair}</div></div>"
    )


def _plot(entity: Answer) -> str:
    """Likeness over the film: measured identity where a model gave one, else likeness to the centroid."""
    measured = [(code, value) for code, value in entity["identity"] if value is not None]
    points = measured or [(code, value) for code, value in entity["by_shot"]]
    if len(points) < 2:  # noqa: PLR2004 - a line
        return ""
    width, height, left, top = 520, 120, 36, 12
    floor = min(0.5, *(value for _, value in points))
    x = [left + index * (width - left - 10) / (len(points) - 1) for index in range(len(points))]
    y = [top + (1 - (value - floor) / (1 - floor or 1)) * (height - 2 * top) for _, value in points]
    line = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    worst = min(range(len(points)), key=lambda index: points[index][1])
    dots = "".join(
        f"<circle cx='{a:.1f}' cy='{b:.1f}' r='{4 if index == worst else 2.5}' "
        f"fill='{'#d9695b' if index == worst else '#e2b058'}'><title>{_text(points[index][0])}: "
        f"{points[index][1]:.3f}</title></circle>"
        for index, (a, b) in enumerate(zip(x, y, strict=True))
    )
    axis = "".join(
        f"<line x1='{left}' x2='{width - 10}' y1='{b:.1f}' y2='{b:.1f}' stroke='#2b2e35'/>"
        f"<text x='{left - 6}' y='{b + 4:.1f}' fill='#9a9ca4' font-size='11' text-anchor='end'>{value:.2f}</text>"
        for value, b in ((1.0, top), (floor, height - top))
    )
    what = "identity" if measured else "likeness to the mean"
    return (
        f"<svg viewBox='0 0 {width} {height}' role='img' aria-label='{what} by shot'>{axis}"
        f"<polyline points='{line}' fill='none' stroke='#e2b058' stroke-width='1.6'/>{dots}</svg>"
        f"<p class='dim small'>{what}, {_text(points[0][0])} to {_text(points[-1][0])}</p>"
    )


def _retakes(report: Answer) -> str:
    if not report["retakes"]:
        return "<h2>Retakes</h2><p class='dim'>None: every first take passed.</p>"
    said = {True: "<span class='good'>helped</span>", False: "<span class='bad'>did not help</span>", None: "no image"}
    rows = "".join(
        f"<tr><td><b>{_text(item['code'])}</b></td><td>{item['take']}</td><td class='bad'>"
        f"{_text(', '.join(item['failed']) or 'validation')}</td><td class='small'>{_text(item['reason'])}</td>"
        f"<td class='small'>{_text(item['changed'] or 'another seed')}</td><td>{said[item['helped']]}</td></tr>"
        for item in report["retakes"]
    )
    sums = "".join(
        f"<p class='small dim'>{_text(item['check'])}: {item['helped']} of {item['retakes']} retakes helped</p>"
        for item in report["strategies"]
    )
    head = "<tr><th>shot<th>take<th>failed<th>because<th>changed<th></tr>"
    return f"<h2>Retakes</h2><div class='card'><table>{head}{rows}</table>{sums}</div>"


def _film(report: Answer, pictures: Mapping[str, bytes]) -> str:
    cells = "".join(
        f"<div class='{'retaken' if item['take'] > 1 else ''}'>"
        + _figure(
            pictures.get(item["code"]),
            f"{_text(item['code'])}"
            + (f" · <span class='gold'>take {item['take']}</span>" if item["take"] > 1 else "")
            + (f"<br>warned: {_text(', '.join(item['warned']))}" if item["warned"] else ""),
        )
        + "</div>"
        for item in report["frames"]
    )
    return f"<h2>The film</h2><div class='strip'>{cells}</div>"


def _checks(report: Answer) -> str:
    names = ("passed", "warned", "failed", "not-measured")
    rows = "".join(
        f"<tr><td>{_text(item['check'])}</td>"
        + "".join(f"<td>{item.get(name, 0) or ''}</td>" for name in names)
        + "</tr>"
        for item in report["checks"]
    )
    head = "<tr><th>check" + "".join(f"<th>{name}" for name in names) + "</tr>"
    return f"<h2>Checks on the keyframes</h2><div class='card'><table>{head}{rows}</table></div>"


def _manifest(report: Answer) -> str:
    manifest = report["manifest"]
    rows = "".join(
        f"<tr><td>{_text(check)}</td><td><code>"
        + "<br>".join(_text(" · ".join(str(part) for part in item if part not in {None, ""})) for item in items)
        + "</code></td></tr>"
        for check, items in manifest["thresholds"].items()
    )
    return (
        f"<h2>What measured</h2><div class='card'><p class='small'>"
        f"Frames are compared by {_text(manifest['compared_by'])}."
        " Without a detector there are no crops: the likeness of a character is that of whole frames in which it is"
        " seen, where no identity was measured.</p>"
        f"<table><tr><th>check<th>scorer · model · bound</tr>{rows}</table></div>"
    )


def _figure(data: bytes | None, caption: str) -> str:
    picture = f"<img alt='' src='{_inline(data)}'>" if data else "<div class='dim small'>no picture</div>"
    return f"<figure>{picture}<figcaption>{caption}</figcaption></figure>"


def _inline(data: bytes) -> str:
    with Image.open(io.BytesIO(data)) as opened:
        small = opened.convert("RGB")
    small.thumbnail((2 * _THUMB[0], 2 * _THUMB[1]))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode()}"


def _text(value: object) -> str:
    return html.escape(str(value))
