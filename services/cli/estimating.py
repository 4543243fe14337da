"""`ice estimate`: what a film will cost, per model and as the router would choose, before anything is sent."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from schemas.film_plan import FilmPlan
from schemas.prompt import PromptBuilt
from schemas.run import RunContext, runs_of
from schemas.shot import ShotPlanned, ShotRejected
from services.cli.counting import counted
from services.cli.exits import CliError, Exit
from services.cli.films import load_films
from services.cli.money_commands import dollars
from services.cli.output import Output
from services.cli.plan_reading import plan_events
from services.cli.settings import read_settings
from services.engine import Entries, ShotRejectedError
from services.engine.settling import settled
from services.location_conditioning.adapters.template_file import load_templates
from services.orchestrator.adapters.catalogue_file import load_catalogue
from services.orchestrator.domain.catalogue import Catalogue, CatalogueError
from services.orchestrator.domain.estimate import Estimate, estimate
from services.orchestrator.domain.fit import Conditions
from services.orchestrator.domain.router import route
from services.orchestrator.settings import OrchestratorSettings
from services.prompt_builder import domain as prompt_rules
from services.prompt_builder.adapters.shipped_templates import shipped_templates

Answer = dict[str, Any]

_NO_MODEL: Final = "no capable model"
_MOST_REASON: Final = 90


@dataclass(frozen=True, slots=True)
class Deployment:
    """Who works where the film is made.

    Attributes:
        catalogue: the models.
        providers: they run workers.
        absent: why another doesn't, by provider of the catalogue.
        preferred: provider, model or alias where neither shot nor project names one.
    """

    catalogue: Catalogue
    providers: tuple[str, ...]
    absent: Mapping[str, str]
    preferred: str | None = None


@dataclass(slots=True)
class Routed:
    """The film as the router would make it; money in millionths of a US dollar."""

    models: dict[str, int]
    not_made: dict[str, int]
    low: int = 0
    expected: int = 0
    high: int = 0

    def add(self, item: Estimate) -> None:
        """Take in what a model's share of the frames costs."""
        self.low += item.low
        self.expected += item.expected
        self.high += item.high


def estimate_film(output: Output, film: str, providers: Sequence[str], retakes: float) -> Exit:
    """Tell what a film costs; `film` is a plan's file or the name of a film that comes with the engine."""
    (plan,) = load_films([film])
    where, today = deployment(providers), datetime.now(tz=UTC).date()
    planned = plan_events(plan)[1]
    frames = [run for shot in planned for run in runs_of(shot)]
    found = estimate(frames, where.catalogue, today=today, retakes=retakes)
    routed = as_routed(plan, planned, where, today, retakes)
    value = _answer(plan, len(frames), found, routed, where) | {"retakes": retakes}
    output.result(value, lambda: _view(value))
    return Exit.OK


def deployment(named: Sequence[str]) -> Deployment:
    """Who works here: the providers named, else those of the settings and keys.

    Raises:
        CliError: a setting, the catalogue or a name is wrong.
    """
    settings = read_settings(OrchestratorSettings)
    try:
        catalogue = load_catalogue(settings.orchestrator_catalogue)
    except CatalogueError as error:
        raise CliError(f"ICE_ORCHESTRATOR_CATALOGUE: {error}", code=Exit.INVALID) from error
    known = sorted({card.provider for card in catalogue})
    asked = "--provider" if named else "ICE_PROVIDERS"
    strangers = [name for name in named or settings.workers if name not in known]
    if strangers:
        raise CliError(
            f"{asked}: {', '.join(strangers)}: not in the catalogue; allowed is one of {', '.join(known)}",
            code=Exit.INVALID,
        )
    preferred = settings.default_model_provider
    if preferred is not None and not catalogue.named(preferred):
        raise CliError(f"DEFAULT_MODEL_PROVIDER: {preferred!r}: {catalogue.unknown(preferred)}", code=Exit.INVALID)
    if named:
        why, absent = "not among the providers asked for", {}
    else:
        why = "runs no worker here" if settings.providers is None else "not named in ICE_PROVIDERS"
        absent = settings.absent
    providers = tuple(dict.fromkeys(named)) or settings.workers
    return Deployment(
        catalogue,
        providers,
        {name: absent.get(name, why) for name in known if name not in providers},
        settings.default_model_provider,
    )


def as_routed(plan: FilmPlan, planned: Sequence[ShotPlanned], where: Deployment, today: date, retakes: float) -> Routed:
    """Choose a model for every frame as the orchestrator would with all providers well, and sum up."""
    conditions = Conditions(providers=where.providers, today=today, absent=where.absent, preferred=where.preferred)
    shares: dict[str, list[RunContext]] = {}
    not_made: Counter[str] = Counter()
    for run, prompt in _worded(plan, planned):
        if isinstance(prompt, ShotRejected):
            not_made["; ".join(f"{item.field}: {item.value} ({item.code})" for item in prompt.problems)] += 1
            continue
        chosen = route(prompt, where.catalogue, conditions).chosen
        if chosen is None:
            not_made[_NO_MODEL] += 1
        else:
            shares.setdefault(chosen.model, []).append(run)
    routed = Routed({model: len(runs) for model, runs in shares.items()}, dict(not_made))
    for model, runs in shares.items():
        found = estimate(runs, where.catalogue, today=today, retakes=retakes)
        routed.add(next(item for item in found if item.model == model))
    return routed


def _worded(plan: FilmPlan, planned: Sequence[ShotPlanned]) -> Iterator[tuple[RunContext, PromptBuilt | ShotRejected]]:
    """Every frame with its prompt, or why it gets none."""
    entries = Entries(
        {entry.id: entry for entry in plan.bible.characters},
        {entry.id: entry for entry in plan.bible.locations},
        {entry.id: entry for entry in plan.bible.props},
    )
    places, wordings = load_templates(), shipped_templates()
    for shot in planned:
        for run in runs_of(shot):
            try:
                frame = settled(shot, entries, run.frame_role, {}, places)
            except ShotRejectedError as error:
                yield run, error.rejection
            else:
                yield run, prompt_rules.build(frame, wordings)


def _answer(plan: FilmPlan, frames: int, found: Sequence[Estimate], routed: Routed, where: Deployment) -> Answer:
    limit = plan.project.budget.project
    return {
        "project_id": plan.project.project_id,
        "title": plan.project.title,
        "frames": frames,
        "budget_usd_micros": limit.max_cost_usd_micros if limit is not None else None,
        "models": [_row(item, where) for item in found],
        "router": {
            "makes": sum(routed.models.values()),
            **_money(routed.low, routed.expected, routed.high),
            "models": routed.models,
            "not_made": routed.not_made,
        },
    }


def _row(item: Estimate, where: Deployment) -> Answer:
    absent = where.absent.get(item.provider)
    told = asdict(item)
    return {
        **{name: told[name] for name in ("model", "provider", "makes")},
        "usable": absent is None,
        **_money(item.low, item.expected, item.high),
        "reasons": [*([absent] if absent is not None else []), *item.reasons],
    }


def _money(low: int, expected: int, high: int) -> dict[str, int]:
    return {"low_usd_micros": low, "expected_usd_micros": expected, "high_usd_micros": high}


def _view(value: Answer) -> RenderableType:
    frames, router = value["frames"], value["router"]
    table = Table(box=None, pad_edge=False, header_style="grey50")
    for column in ("model", "provider"):
        table.add_column(column, no_wrap=True)
    for column in ("frames", "low", "expected", "high"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("", overflow="fold")
    for row in value["models"]:
        usable = row["usable"] and row["makes"]
        why = "; ".join(row["reasons"])
        table.add_row(
            row["model"],
            row["provider"],
            *_figures(row, frames),
            f"{why[:_MOST_REASON]}…" if len(why) > _MOST_REASON else why,
            style="" if usable else "grey50",
        )
    chosen = ", ".join(f"{model} {count}" for model, count in Counter(router["models"]).most_common())
    table.add_row()
    table.add_row("as the router chooses", "", *_figures(router, frames), chosen, style="bold")
    head = Text(value["title"], style="bold").append(f"  {counted(frames, 'frame')}", style="grey50")
    return Group(head, *_warnings(value), Text(), table)


def _figures(row: Answer, frames: int) -> tuple[str, ...]:
    """Frames made, low, expected, high; a model that makes none has no price."""
    if not row["makes"]:
        return (f"0/{frames}", "–", "–", "–")
    makes = str(frames) if row["makes"] == frames else f"{row['makes']}/{frames}"
    return (makes, *(dollars(row[f"{name}_usd_micros"]) for name in ("low", "expected", "high")))


def _warnings(value: Answer) -> Iterator[Text]:
    for reason, count in value["router"]["not_made"].items():
        yield Text(f"{counted(count, 'frame')} not made: {reason}", style="red3")
    budget, router = value["budget_usd_micros"], value["router"]
    if budget is None:
        return
    for name in ("expected", "high"):
        if router[f"{name}_usd_micros"] > budget:
            yield Text(f"{name} is more than the project's budget of {dollars(budget)}", style="red3")
            return
