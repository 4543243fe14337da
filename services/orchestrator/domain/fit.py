"""Hard filters: everything that keeps a model from making a frame, each with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from schemas.prompt import PromptBuilt, RenderedPrompt
from schemas.provider import ProviderHealthChanged, ProviderState
from services.orchestrator.domain.catalogue import Catalogue, ModelCard


class SkipCode(StrEnum):
    """Which filter ruled a model out; stable for programs."""

    NO_WORKER = "no-worker"
    NOT_ALLOWED = "not-allowed"
    RETIRED = "retired"
    SIZE = "size"
    DIALECT = "dialect"
    PROMPT_LENGTH = "prompt-length"
    STYLE = "style"
    BUDGET = "budget"
    HEALTH = "health"
    TRIED = "tried"


#: Filters that speak of the moment or of this run's past, not of the shot: another hour, another answer.
PASSING = frozenset({SkipCode.HEALTH, SkipCode.TRIED})


@dataclass(frozen=True, slots=True)
class Skip:
    """One reason against a model, for programs (`code`) and for people (`text`)."""

    code: SkipCode
    text: str


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the world looks like when a model is chosen.

    `providers` run workers here; `health` is the newest word of each provider by name (absent = unknown, allowed);
    `today` decides which models are retired.
    """

    providers: tuple[str, ...]
    today: date
    health: Mapping[str, ProviderHealthChanged] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class History:
    """What this run has been through before the choice.

    `spent_usd_micros` counts every attempt so far; `excluded` says by model why it isn't asked again; `keep` is the
    model to go on with as long as it is capable; `asked` are all models asked so far.
    """

    spent_usd_micros: int = 0
    excluded: Mapping[str, str] = field(default_factory=dict)
    keep: str | None = None
    asked: frozenset[str] = frozenset()


def wording(card: ModelCard, prompt: PromptBuilt) -> RenderedPrompt | None:
    """The prompt in the model's best dialect that fits its length; None when there is none."""
    by_dialect = {rendered.dialect: rendered for rendered in prompt.prompts}
    for dialect in card.dialects:
        rendered = by_dialect.get(dialect)
        if rendered is not None and len(rendered.prompt) <= card.prompt_max_chars:
            return rendered
    return None


def wanted_names(prompt: PromptBuilt) -> tuple[str, ...]:
    """Models or providers wanted, most wanted first: the shot's word, then the project's."""
    run = prompt.run
    return (*((run.shot.model,) if run.shot.model else ()), *run.project.models)


def skips(
    card: ModelCard, prompt: PromptBuilt, catalogue: Catalogue, conditions: Conditions, history: History
) -> tuple[Skip, ...]:
    """Every reason against a model; empty = it is capable."""
    found = (
        _worker(card, conditions),
        _allowed(card, prompt, catalogue, history),
        _retired(card, conditions),
        _size(card, prompt),
        _wording(card, prompt),
        _style(card, prompt),
        _budget(card, prompt, history),
        _health(card, conditions),
        _tried(card, history),
    )
    return tuple(skip for skip in found if skip is not None)


def _worker(card: ModelCard, conditions: Conditions) -> Skip | None:
    if card.provider in conditions.providers:
        return None
    return Skip(SkipCode.NO_WORKER, f"provider {card.provider} runs no worker here")


def _allowed(card: ModelCard, prompt: PromptBuilt, catalogue: Catalogue, history: History) -> Skip | None:
    if prompt.run.project.allow_fallback:
        return None
    names = wanted_names(prompt)
    if names:
        if any(card in catalogue.named(name) for name in names):
            return None
        return Skip(SkipCode.NOT_ALLOWED, f"no fallback allowed, only {', '.join(names)}"[:500])
    # Nothing named and no fallback: the first choice is the only one.
    if not history.asked or card.model in history.asked:
        return None
    return Skip(SkipCode.NOT_ALLOWED, f"no fallback allowed from {', '.join(sorted(history.asked))}"[:500])


def _retired(card: ModelCard, conditions: Conditions) -> Skip | None:
    if card.retires is None or conditions.today < card.retires:
        return None
    instead = f", use {card.successor}" if card.successor else ""
    return Skip(SkipCode.RETIRED, f"retired on {card.retires.isoformat()}{instead}")


def _size(card: ModelCard, prompt: PromptBuilt) -> Skip | None:
    refusal = card.sizes.refusal(prompt.run.width, prompt.run.height)
    return None if refusal is None else Skip(SkipCode.SIZE, refusal[:500])


def _wording(card: ModelCard, prompt: PromptBuilt) -> Skip | None:
    if wording(card, prompt) is not None:
        return None
    built = [rendered for rendered in prompt.prompts if rendered.dialect in card.dialects]
    if not built:
        needs = " or ".join(dialect.value for dialect in card.dialects)
        return Skip(SkipCode.DIALECT, f"needs a prompt in dialect {needs}, none was built")
    length = min(len(rendered.prompt) for rendered in built)
    return Skip(SkipCode.PROMPT_LENGTH, f"prompt has {length} characters, takes {card.prompt_max_chars}")


def _style(card: ModelCard, prompt: PromptBuilt) -> Skip | None:
    if card.affinity(prompt.run.style) > 0:
        return None
    return Skip(SkipCode.STYLE, f"style {prompt.run.style}: makes {', '.join(sorted(card.styles))}"[:500])


def _budget(card: ModelCard, prompt: PromptBuilt, history: History) -> Skip | None:
    limit = prompt.run.project.budget.max_cost_usd_micros
    left = max(0, limit - history.spent_usd_micros)
    if card.cost_usd_micros <= left:
        return None
    return Skip(SkipCode.BUDGET, f"costs {usd(card.cost_usd_micros)}, {usd(left)} of {usd(limit)} is left")


def _health(card: ModelCard, conditions: Conditions) -> Skip | None:
    health = conditions.health.get(card.provider)
    if health is None:
        return None
    if health.state is ProviderState.DOWN:
        because = f": {health.reason}" if health.reason else ""
        return Skip(SkipCode.HEALTH, f"provider {card.provider} is down{because}"[:500])
    if health.models and card.model not in health.models:
        return Skip(SkipCode.HEALTH, f"provider {card.provider} can't call it now")
    return None


def _tried(card: ModelCard, history: History) -> Skip | None:
    reason = history.excluded.get(card.model)
    return None if reason is None else Skip(SkipCode.TRIED, f"already tried: {reason}"[:500])


def usd(micros: int) -> str:
    """Millionths of a US dollar for people, e.g. `0.053 USD`."""
    amount = f"{micros / 1_000_000:.6f}".rstrip("0").rstrip(".")
    return f"{amount} USD"
