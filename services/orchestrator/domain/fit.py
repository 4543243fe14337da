"""Hard filters: everything that keeps a model from making a frame, each with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from schemas.project import CompositionGuide
from schemas.prompt import PromptBuilt, RenderedPrompt
from schemas.provider import ProviderHealthChanged, ProviderState
from schemas.vocabulary import Dialect
from services.orchestrator.domain.adapters import matched
from services.orchestrator.domain.catalogue import Catalogue, ModelCard
from services.orchestrator.domain.circuit import Circuit, Stand
from services.orchestrator.domain.funds import NO_LIMITS, Funds, Spent, usd
from services.orchestrator.domain.patience import Pause, moment
from services.orchestrator.domain.variations import told_in_words


class SkipCode(StrEnum):
    """Which filter ruled a model out; stable for programs."""

    NO_WORKER = "no-worker"
    NOT_ALLOWED = "not-allowed"
    RETIRED = "retired"
    SIZE = "size"
    DIALECT = "dialect"
    PROMPT_LENGTH = "prompt-length"
    STYLE = "style"
    ADAPTER = "adapter"
    GUIDE = "guide"
    BUDGET = "budget"
    FUNDS = "funds"
    NOT_OFFERED = "not-offered"
    HEALTH = "health"
    CIRCUIT = "circuit"
    PAUSED = "paused"
    POLICY = "policy"
    TRIED = "tried"


#: Models that a reason lists.
_SHOWN = 6
#: Filters that speak of the moment: a model that nothing else speaks against is worth waiting for.
MOMENTARY = frozenset({SkipCode.HEALTH, SkipCode.CIRCUIT, SkipCode.PAUSED})
#: Filters that speak of the moment, of this run's past or of the money of others, not of the shot.
PASSING = MOMENTARY | {SkipCode.NOT_OFFERED, SkipCode.POLICY, SkipCode.TRIED, SkipCode.FUNDS}


@dataclass(frozen=True, slots=True)
class Skip:
    """One reason against a model, for programs (`code`) and for people (`text`).

    `until`: seconds since 1970 from which it no longer holds, where that is known.
    """

    code: SkipCode
    text: str
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the world looks like when a model is chosen.

    Attributes:
        providers: they run workers here.
        today: decides which models are retired.
        health: the newest word of each provider by name; absent = unknown, allowed.
        absent: why a provider runs no worker here, by name, where more is known than that.
        circuits: what the runs met at providers lately, by name; absent = nothing bad.
        now: seconds since 1970; decides on pauses and circuits.
        funds: what is left of the project's, scene's and shot's budgets.
        preferred: provider, model or alias to prefer when neither shot nor project names one.
    """

    providers: tuple[str, ...]
    today: date
    health: Mapping[str, ProviderHealthChanged] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    circuits: Mapping[str, Circuit] = field(default_factory=dict)
    now: float = 0.0
    funds: Funds = NO_LIMITS
    preferred: str | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What this run has been through before the choice.

    Attributes:
        run_id: the run; empty before there is one.
        spent_usd_micros: cost of every attempt so far.
        calls: attempts so far that count.
        excluded: by model, why it isn't asked again.
        paused: by model, until when it isn't asked again.
        paused_providers: likewise by provider.
        refused_by: by family of content policies, the model that refused.
        longest: by model, the most characters of a prompt after it called one too long.
        keep: model to go on with as long as it is capable.
        asked: all models asked so far.
    """

    run_id: str = ""
    spent_usd_micros: int = 0
    calls: int = 0
    excluded: Mapping[str, str] = field(default_factory=dict)
    paused: Mapping[str, Pause] = field(default_factory=dict)
    paused_providers: Mapping[str, Pause] = field(default_factory=dict)
    refused_by: Mapping[str, str] = field(default_factory=dict)
    longest: Mapping[str, int] = field(default_factory=dict)
    keep: str | None = None
    asked: frozenset[str] = frozenset()


def longest_prompt(card: ModelCard, history: History) -> int:
    """Characters that a prompt for this model may have."""
    return min(card.prompt_max_chars, history.longest.get(card.model, card.prompt_max_chars))


def wording(card: ModelCard, prompt: PromptBuilt, limit: int | None = None) -> RenderedPrompt | None:
    """The prompt in the model's best dialect, the longest wording of it that fits; None when there is none.

    The longest that leaves room for what is added to it, if any does: what to change in the plate that the model is
    shown, and what must not be shown, for one without negative prompts.
    `limit` in characters; None = the model's own.
    """
    most = card.prompt_max_chars if limit is None else limit
    for dialect in card.dialects:
        read = [item for item in prompt.prompts if item.dialect is dialect and len(item.chunks) <= card.prompt_chunks]
        if card.english_only:
            read = [item for item in read if item.latin] or read
        else:
            # Letters as they are, where there is a wording with them.
            read = [item for item in read if not item.latin] or read
        fitting = [item for item in read if len(item.prompt) <= most]
        told = [item for item in fitting if len(item.prompt) + _instruction(card, prompt, item) <= most]
        roomy = [item for item in told if len(_with_negative(card, item)) + _instruction(card, prompt, item) <= most]
        longest = max(roomy or told or fitting, key=lambda item: len(item.prompt), default=None)
        if longest is not None:
            return longest
    return None


def _instruction(card: ModelCard, prompt: PromptBuilt, item: RenderedPrompt) -> int:
    """Characters before a wording, for a model that is told what to change in the plate that it is shown."""
    return len(item.variant_told) + 1 if item.variant_told and told_in_words(card, prompt) else 0


def _with_negative(card: ModelCard, item: RenderedPrompt) -> str:
    return item.prompt if card.negative_prompt else with_folded(item)


def with_folded(rendered: RenderedPrompt) -> str:
    """The prompt followed by what must not be shown, in sentences; the prompt alone where it has none for that."""
    told = rendered.negative_folded or (f"Avoid: {rendered.negative_prompt}" if rendered.negative_prompt else "")
    return f"{rendered.prompt}\n{told}" if told and rendered.dialect is Dialect.NATURAL else rendered.prompt


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
        _wording(card, prompt, history),
        _style(card, prompt),
        _adapters(card, prompt),
        _guide(card, prompt),
        _budget(card, prompt, history),
        _funds(card, prompt, conditions, history),
        _offered(card, conditions),
        _health(card, conditions),
        _circuit(card, conditions, history),
        _paused(card, history),
        _refused(card, history),
        _tried(card, history),
    )
    return tuple(skip for skip in found if skip is not None)


def _worker(card: ModelCard, conditions: Conditions) -> Skip | None:
    if card.provider in conditions.providers:
        return None
    why = conditions.absent.get(card.provider)
    return Skip(SkipCode.NO_WORKER, f"provider {card.provider} runs no worker here" + (f": {why}" if why else ""))


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
    width, height = prompt.run.width, prompt.run.height
    refusal = card.sizes.refusal(width, height) if card.made_size(width, height) is None else None
    return None if refusal is None else Skip(SkipCode.SIZE, refusal[:500])


def _wording(card: ModelCard, prompt: PromptBuilt, history: History) -> Skip | None:
    limit = longest_prompt(card, history)
    if wording(card, prompt, limit) is not None:
        return None
    built = [rendered for rendered in prompt.prompts if rendered.dialect in card.dialects]
    if not built:
        needs = " or ".join(dialect.value for dialect in card.dialects)
        return Skip(SkipCode.DIALECT, f"needs a prompt in dialect {needs}, none was built")
    length = min(len(rendered.prompt) for rendered in built)
    if limit < card.prompt_max_chars:
        return Skip(SkipCode.PROMPT_LENGTH, f"called {limit + 1} characters too long; the shortest prompt has {length}")
    return Skip(SkipCode.PROMPT_LENGTH, f"prompt has {length} characters, takes {limit}")


def _style(card: ModelCard, prompt: PromptBuilt) -> Skip | None:
    if card.affinity(prompt.run.style) > 0:
        return None
    return Skip(SkipCode.STYLE, f"style {prompt.run.style}: makes {', '.join(sorted(card.styles))}"[:500])


def _adapters(card: ModelCard, prompt: PromptBuilt) -> Skip | None:
    refusing = [misfit for misfit in matched(card, prompt)[1] if misfit.refuses_the_model]
    if not refusing:
        return None
    return Skip(SkipCode.ADAPTER, "; ".join(f"{item.wanted.label}: {item.reason}" for item in refusing)[:500])


def _guide(card: ModelCard, prompt: PromptBuilt) -> Skip | None:
    if not card.needs_guide or prompt.run.project.composition is CompositionGuide.PREVIZ:
        return None
    return Skip(SkipCode.GUIDE, "works on a drawn composition only, and the film wants none (composition: previz)")


def _budget(card: ModelCard, prompt: PromptBuilt, history: History) -> Skip | None:
    limit = prompt.run.project.budget.max_cost_usd_micros
    left = max(0, limit - history.spent_usd_micros)
    price = card.price(prompt.run.width, prompt.run.height)
    if price <= left:
        return None
    return Skip(SkipCode.BUDGET, f"costs {usd(price)}, {usd(left)} of {usd(limit)} is left")


def _funds(card: ModelCard, prompt: PromptBuilt, conditions: Conditions, history: History) -> Skip | None:
    spent = Spent(history.calls, history.spent_usd_micros)
    refusal = conditions.funds.refusal(spent, card.price(prompt.run.width, prompt.run.height))
    return None if refusal is None else Skip(SkipCode.FUNDS, refusal[:500])


def _offered(card: ModelCard, conditions: Conditions) -> Skip | None:
    health = conditions.health.get(card.provider)
    if health is None or not health.models or card.model in health.models:
        return None
    return Skip(SkipCode.NOT_OFFERED, f"provider {card.provider} can't call it; it calls {_some(health.models)}"[:500])


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")


def _health(card: ModelCard, conditions: Conditions) -> Skip | None:
    health = conditions.health.get(card.provider)
    if health is None or health.state is not ProviderState.DOWN:
        return None
    because = f": {health.reason}" if health.reason else ""
    return Skip(SkipCode.HEALTH, f"provider {card.provider} is down{because}"[:500])


def _circuit(card: ModelCard, conditions: Conditions, history: History) -> Skip | None:
    circuit = conditions.circuits.get(card.provider)
    stand = Stand.CLOSED if circuit is None else circuit.stand(history.run_id, conditions.now)
    if circuit is None or stand in {Stand.CLOSED, Stand.FREE}:
        return None
    if stand is Stand.PROBED:
        text = f"provider {card.provider}: another run tries whether it is back"
        return Skip(SkipCode.CIRCUIT, text, circuit.probe_until)
    text = f"provider {card.provider} failed {circuit.outages} time(s) in a row ({circuit.reason})"
    return Skip(SkipCode.CIRCUIT, f"{text}; tried again from {moment(circuit.open_until)}"[:500], circuit.open_until)


def _paused(card: ModelCard, history: History) -> Skip | None:
    pauses = [history.paused.get(card.model), history.paused_providers.get(card.provider)]
    longest = max((pause for pause in pauses if pause is not None), key=lambda pause: pause.until, default=None)
    return None if longest is None else Skip(SkipCode.PAUSED, longest.text[:500], longest.until)


def _refused(card: ModelCard, history: History) -> Skip | None:
    model = history.refused_by.get(card.policy_family)
    if model is None or card.model in history.excluded:
        return None
    return Skip(SkipCode.POLICY, f"same content policy ({card.policy_family}) as {model}, which refused the prompt")


def _tried(card: ModelCard, history: History) -> Skip | None:
    reason = history.excluded.get(card.model)
    return None if reason is None else Skip(SkipCode.TRIED, f"already tried: {reason}"[:500])
