"""`ice explain`: one shot through the engine's rules, without a broker: facts, prompts, model, references, seeds."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from schemas.film_plan import FilmPlan, PlannedShot
from services.cli.exits import CliError, Exit
from services.cli.explaining_prompts import facts, labelled, worded
from services.cli.films import FILMS, load_films, load_plan_file
from services.cli.output import Output
from services.cli.plan_judging import parts_of
from services.cli.plan_mistakes import closest
from services.cli.settings import CliSettings, read_settings
from services.engine import ImageEngine, NoCapableModelError, ShotRejectedError
from services.orchestrator.adapters.catalogue_file import load_catalogue

Answer = dict[str, Any]
_MICROS: Final = 1_000_000
_LISTED: Final = 40
_DROPPED: Final = "fact-dropped"
_PROVIDERS: Final = "provider "
"""Begins every reason that is its provider's, not the model's."""
_LATER: Final = "continuity-unavailable"
"""An earlier keyframe that the engine waits for; here none is made, so it is announced instead of missed."""


def explain(output: Output, file: str, shot_id: str, providers: Sequence[str]) -> Exit:
    """Explain every frame of one shot of a plan; `file` may be the name of a film that comes with the engine.

    Without `providers`, those of the deployment are taken.
    """
    settings = read_settings(CliSettings)
    here, preferred = tuple(providers) or settings.providers, settings.default_model_provider
    if preferred is not None and not load_catalogue().named(preferred):
        allowed = f"a provider, model or alias of the catalogue; {load_catalogue().unknown(preferred)}"
        raise CliError(f"DEFAULT_MODEL_PROVIDER: {preferred!r}, allowed is {allowed}", code=Exit.INVALID)
    plan = load_films([file])[0] if file in FILMS else load_plan_file(Path(file))
    shot = _shot(plan, shot_id)
    engine = ImageEngine(project=plan.project, providers=here, preferred=preferred)
    try:
        frames = [
            engine.generate_shot_image(shot, **parts_of(plan, shot), frame_role=role) for role in shot.frames.roles
        ]
    except (NoCapableModelError, ShotRejectedError) as error:
        raise CliError(str(error)) from error
    output.result(frames if len(frames) > 1 else frames[0], lambda: _view(plan, shot, frames))
    return Exit.OK


def _shot(plan: FilmPlan, shot_id: str) -> PlannedShot:
    for shot in plan.shots:
        if shot_id in {shot.shot_id, shot.code}:
            return shot
    known = [shot.shot_id for shot in plan.shots]
    meant = closest(shot_id, known)
    listed = ", ".join(known[:_LISTED]) + (" …" if len(known) > _LISTED else "")
    hint = f"; did you mean {meant}?" if meant else ""
    raise CliError(
        f"shot {shot_id!r}: not in {plan.project.title}; allowed is one of {listed}{hint}", code=Exit.INVALID
    )


def _view(plan: FilmPlan, shot: PlannedShot, frames: Sequence[Answer]) -> RenderableType:
    head = Text(plan.project.title, style="bold").append(f"  {shot.code}", style="bold yellow")
    head.append(f"  {shot.scene_title}", style="grey50")
    parts: list[RenderableType] = [head, Text(shot.description), Text()]
    first = frames[0]
    wordings = labelled(first["wordings"])
    parts += [
        _title("facts, most important first, and which wording says them"),
        facts(first["facts"], wordings),
        Text(),
    ]
    for label, prompt in wordings.items():
        parts += [_title(f"prompt, {label}"), *worded(prompt), Text()]
    for frame in frames[1:]:
        parts += [_title(f"prompt of the {frame['frame_role']} frame, natural"), *worded(frame["wordings"][0]), Text()]
    parts += [_title("model"), *_model(first), Text(), _title("references"), *_references(first), Text()]
    parts.append(_title("seeds"))
    for frame in frames:
        parts += _seeds(frame)
    lost = [item for item in first["degradations"] if item["code"] != _LATER]
    if lost:
        parts += [Text(), _title("does without"), *_degradations(lost)]
    return Group(*parts)


def _title(text: str) -> Rule:
    return Rule(Text(text, style="yellow"), align="left", style="grey30")


def _model(frame: Answer) -> Iterator[RenderableType]:
    cost = frame["estimated_cost_usd_micros"] / _MICROS
    yield Text(f"{frame['model']}", style="bold green").append(f"  about ${cost:.3f}", style="grey50")
    if frame["fallbacks"]:
        yield Text(f"then {', '.join(frame['fallbacks'])}", style="grey50")
    table = Table(box=None, pad_edge=False, header_style="grey50")
    for name in ("", "model", "score", "why"):
        table.add_column(name, no_wrap=name == "model", justify="right" if name == "score" else "left")
    away, here = _parted(frame["considered"])
    for item in here:
        mark, style = ("✓", "green") if item["taken"] else ("–" if item["score"] is not None else "✗", "grey50")
        score = "" if item["score"] is None else f"{item['score']:.2f}"
        reasons = "; ".join(item["reasons"])
        table.add_row(Text(mark, style=style), item["model"], score, reasons, style="" if item["taken"] else "grey50")
    yield table
    for reason, models in away.items():
        yield Text(f"✗  {reason}: ", style="yellow").append(", ".join(models), style="grey50")


def _parted(considered: Sequence[Answer]) -> tuple[dict[str, list[str]], list[Answer]]:
    """Models skipped because of their provider, by that reason; the others, the taken one first, then by score."""
    away: dict[str, list[str]] = {}
    here = []
    for item in considered:
        if item["score"] is None and len(item["reasons"]) == 1 and item["reasons"][0].startswith(_PROVIDERS):
            away.setdefault(item["reasons"][0], []).append(item["model"])
        else:
            here.append(item)
    here.sort(key=lambda item: (not item["taken"], item["score"] is None, -(item["score"] or 0)))
    return away, here


def _references(frame: Answer) -> Iterator[RenderableType]:
    later = [item["what"] for item in frame["degradations"] if item["code"] == _LATER]
    if not frame["references"] and not later:
        yield Text("none", style="grey50")
    for what in later:
        yield Text(f"continuity  {what}, once it is made")
    for item in frame["references"]:
        strength = "" if item["strength"] is None else f"  strength {item['strength']:g}"
        role = "begun with" if item["role"] == "init" else item["role"]
        yield Text(f"{role} {item['entity_id'] or ''}  {item['uri']}{strength}")


def _seeds(frame: Answer) -> Iterator[RenderableType]:
    seeds = frame["seeds"]
    sent = "not sent" if seeds["sent"] is None else str(seeds["sent"])
    yield (
        Text(f"{frame['frame_role']:<8}", style="bold").append(f"{sent}  ").append(_why(seeds["frame"]), style="grey50")
    )
    owners = [(f"character {name}", seed) for name, seed in seeds["characters"].items()]
    if seeds["location"]:
        owners.append(("location", seeds["location"]))
    for owner, seed in owners:
        yield Text(f"        {owner} {seed['value']}  ").append(_why(seed), style="grey50")


def _why(seed: Answer) -> str:
    return f"policy {seed['policy']}, from {seed['derived_from']}"


def _degradations(lost: Sequence[Answer]) -> Iterator[RenderableType]:
    dropped = Counter(item["reason"] for item in lost if item["code"] == _DROPPED)
    for reason, count in dropped.items():
        facts = "1 fact" if count == 1 else f"{count} facts"
        yield Text(f"{facts}: {reason}, listed with the prompt  ").append(_DROPPED, style="grey50")
    for item in lost:
        if item["code"] != _DROPPED:
            yield Text(f"{item['what']}: {item['reason']}  ").append(item["code"], style="grey50")
