"""The model router: which model makes a frame, which come next, and why every other one does not.

`choose` is the façade: pure, so that `ice explain` and notebooks get the very answer that the service would act on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from schemas.generation import ModelConsidered
from schemas.prompt import PromptBuilt
from schemas.provider import ProviderHealthChanged
from services.orchestrator.domain.catalogue import Catalogue, ModelCard
from services.orchestrator.domain.fit import (
    MOMENTARY,
    PASSING,
    Conditions,
    History,
    Skip,
    SkipCode,
    longest_prompt,
    skips,
    wanted_names,
)
from services.orchestrator.domain.offer import as_offered
from services.orchestrator.domain.scoring import Scored, scored

NEW_RUN = History()


@dataclass(frozen=True, slots=True)
class Candidate:
    """One model of the catalogue as it was judged: either skipped for reasons, or scored."""

    card: ModelCard
    skips: tuple[Skip, ...]
    scored: Scored | None


@dataclass(frozen=True, slots=True)
class Unmet:
    """A wish for a model that can't be followed."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Choice:
    """The router's answer.

    Attributes:
        chosen: the model to ask; None when none is capable.
        fallbacks: the remaining capable models, best first.
        candidates: every model of the catalogue, in its order.
        unmet: wishes of the shot or project that come before `chosen` and can't be followed.
        longest_prompt: characters that a prompt for `chosen` may have; 0 without one.
    """

    chosen: ModelCard | None
    fallbacks: tuple[ModelCard, ...]
    candidates: tuple[Candidate, ...]
    unmet: tuple[Unmet, ...]
    longest_prompt: int = 0

    @property
    def considered(self) -> tuple[ModelConsidered, ...]:
        """Every model, taken or skipped, with the reasons: the contract's form of `candidates`."""
        return tuple(
            ModelConsidered(
                model=candidate.card.model,
                provider=candidate.card.provider,
                taken=self.chosen is not None and candidate.card.model == self.chosen.model,
                score=candidate.scored.score if candidate.scored else None,
                reasons=_reasons(candidate),
            )
            for candidate in self.candidates
        )

    @property
    def capable_but_for_now(self) -> tuple[Candidate, ...]:
        """Models ruled out by nothing but the moment, money or this run's own past: the shot itself could be made."""
        return self._ruled_out_by(PASSING)

    @property
    def worth_waiting_for(self) -> tuple[Candidate, ...]:
        """Models that nothing but the moment speaks against."""
        return self._ruled_out_by(MOMENTARY)

    def _ruled_out_by(self, codes: frozenset[SkipCode]) -> tuple[Candidate, ...]:
        return tuple(
            candidate
            for candidate in self.candidates
            if candidate.skips and all(skip.code in codes for skip in candidate.skips)
        )


def choose(  # noqa: PLR0913 - each is a part of the world that decides; callers name them
    prompt: PromptBuilt,
    *,
    catalogue: Catalogue,
    today: date,
    providers: tuple[str, ...] = ("previz",),
    health: Mapping[str, ProviderHealthChanged] | None = None,
    history: History = NEW_RUN,
) -> Choice:
    """Choose a model for a frame.

    Args:
        prompt: the worded frame with everything that conditions it.
        catalogue: the models known.
        today: date on which retirements are judged.
        providers: providers whose workers run here.
        health: newest word on each provider by name; a provider without one is taken to be well.
        history: what the run went through before; `NEW_RUN` at its start.

    Returns:
        The chosen model, the fallback chain and the reasons for and against every model. Equal input, equal answer.
    """
    conditions = Conditions(providers=providers, today=today, health=health or {})
    return route(prompt, catalogue, conditions, history)


def route(prompt: PromptBuilt, catalogue: Catalogue, conditions: Conditions, history: History = NEW_RUN) -> Choice:
    """`choose` under conditions of every kind: circuits, budgets, reasons why a provider runs no worker."""
    catalogue = as_offered(catalogue, conditions.health)
    candidates = tuple(_judged(card, prompt, catalogue, conditions, history) for card in catalogue)
    ranked = sorted(
        (candidate for candidate in candidates if candidate.scored is not None),
        key=lambda candidate: -candidate.scored.score if candidate.scored else 0.0,
    )
    chosen = ranked[0].card if ranked else None
    return Choice(
        chosen=chosen,
        fallbacks=tuple(candidate.card for candidate in ranked[1:]),
        candidates=candidates,
        unmet=_unmet(prompt, catalogue, candidates, chosen),
        longest_prompt=longest_prompt(chosen, history) if chosen is not None else 0,
    )


def _judged(
    card: ModelCard, prompt: PromptBuilt, catalogue: Catalogue, conditions: Conditions, history: History
) -> Candidate:
    against = skips(card, prompt, catalogue, conditions, history)
    points = None if against else scored(card, prompt, catalogue, conditions, history)
    return Candidate(card, against, points)


def _reasons(candidate: Candidate) -> tuple[str, ...]:
    if candidate.scored is not None:
        return candidate.scored.reasons
    return tuple(skip.text for skip in candidate.skips)


def _unmet(
    prompt: PromptBuilt, catalogue: Catalogue, candidates: tuple[Candidate, ...], chosen: ModelCard | None
) -> tuple[Unmet, ...]:
    found = []
    for name in dict.fromkeys(wanted_names(prompt)):
        meant = catalogue.named(name)
        if chosen is not None and chosen in meant:
            break
        found.append(Unmet(name, _why_not(meant, candidates) if meant else catalogue.unknown(name)))
    return tuple(found)


def _why_not(meant: tuple[ModelCard, ...], candidates: tuple[Candidate, ...]) -> str:
    reasons = [
        f"{candidate.card.model}: {'; '.join(skip.text for skip in candidate.skips) or 'a better one was wanted too'}"
        for candidate in candidates
        if candidate.card in meant
    ]
    return " | ".join(reasons)[:500]
