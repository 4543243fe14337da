"""The report's tables as HTML, every word escaped."""

import html
from collections.abc import Mapping, Sequence
from typing import Any, Final

Answer = Mapping[str, Any]

_OUTCOMES: Final = ("passed", "warned", "failed", "not-measured")
_FIGURES: Final = frozenset({"tried", "helped", "left out", "calls", "cost", "attempts", *_OUTCOMES})


def table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in a card; cells are HTML. Columns of figures stand to the right."""
    kinds = ["n" if name in _FIGURES else "w" for name in names]
    head = "".join(f"<th scope='col' class='{kind}'>{_text(name)}" for name, kind in zip(names, kinds, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td class='{kind}'>{cell}" for cell, kind in zip(row, kinds, strict=True)) for row in rows
    )
    return f"<div class='card scroll'><table><thead><tr>{head}</thead><tbody>{body}</tbody></table></div>"


def strategies_table(report: Answer) -> str:
    """Which change helped against which check."""
    rows = [
        (
            _text(item["check"]),
            _text(item["strategy"]),
            str(item["tried"]),
            f"<span class='{'good' if item['helped'] else 'bad'}'>{item['helped']}</span>",
            str(item["skipped"] or "–"),
        )
        for item in report["strategies"]
    ]
    if not rows:
        return ""
    note = (
        "A change that was tried often against a check and never helped is left out of later retakes of the project,"
        " and tried again now and then. A retake changes several things at once: each of them counts."
    )
    return (
        f"<h3 style='margin:26px 0 2px'>What helps against what</h3><p class='note'>{note}</p>"
        f"{table(('failed check', 'change', 'tried', 'helped', 'left out'), rows)}"
    )


def costs_table(report: Answer) -> str:
    """What the film has cost, takes that were thrown away and references included."""
    costs = report["costs"]
    if not costs or not costs["by_model"]:
        return ""
    rows = [(_text(item["model"]), str(item["calls"]), dollars(item["spent_usd_micros"])) for item in costs["by_model"]]
    retaken = dollars(sum(item["cost_usd_micros"] for item in report["retakes"]))
    possible = costs.get("possible_usd_micros") or 0
    note = f"In all {dollars(costs['spent_usd_micros'])}, of it retakes {retaken}."
    if possible:
        note += f" Calls in doubt may have cost {dollars(possible)} more."
    return f"<section><h2>Cost</h2><p class='note'>{note}</p>{table(('model', 'calls', 'cost'), rows)}</section>"


def checks_table(report: Answer) -> str:
    """How often each check passed."""
    rows = [(_text(item["check"]), *(str(item.get(name, 0) or "") for name in _OUTCOMES)) for item in report["checks"]]
    note = "Counted on the keyframes. What could not be measured counts neither for nor against a frame."
    return (
        f"<section><h2>Checks</h2><p class='note'>{note}</p>{table(('check', *_OUTCOMES), rows)}</section>"
        if rows
        else ""
    )


def manifest_table(report: Answer) -> str:
    """What pins the report: two are comparable when this is alike."""
    manifest = report["manifest"]
    rows = [
        (_text(check), "<br>".join(f"<code>{_text(_pin(item))}</code>" for item in items))
        for check, items in manifest["thresholds"].items()
    ]
    made = (
        ("engine", manifest.get("engine", "")),
        ("catalogue", ", ".join(manifest["catalogues"])),
        ("prompt templates", ", ".join(manifest["templates"])),
        ("models", ", ".join(manifest["models"])),
        ("frames compared by", manifest["compared_by"]),
        ("CIDS", manifest["cids"] or f"not measured: {report['why_no_cids'] or 'no faces'}"),
    )
    pinned = [(_text(name), f"<code>{_text(value or '–')}</code>") for name, value in made]
    note = (
        "Two reports can be compared (<code>ice report --compare one.json other.json</code>) where all of this is"
        " alike. Without a detector there are no crops: a character's likeness is that of whole frames in which it is"
        " seen, where no identity was measured."
    )
    return (
        f"<section><h2>What made and measured it</h2><p class='note'>{note}</p>{table(('made with', ''), pinned)}"
        f"<div style='height:16px'></div>{table(('check', 'scorer · model · bound'), rows)}</section>"
    )


def dollars(micros: int) -> str:
    """Money for people."""
    return f"${micros / 1e6:,.2f}"


def _pin(item: Sequence[object]) -> str:
    return " · ".join(str(part) for part in item if part not in {None, ""})


def _text(value: object) -> str:
    return html.escape(str(value))
