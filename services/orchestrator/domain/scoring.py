"""How well a capable model suits a frame: a number between the capable, with its reasons.

Base score 0 to 1 = 0.45 style + 0.30 consistency + 0.15 price + 0.10 speed. Wishes outweigh it: the shot's model
counts +4, the project's +2 to +3 by rank, the deployment's +2 where neither names one, the model that the run goes on
with +8. A draft counts -1, a degraded provider -0.2, facts that its prompt has no room for -0.3 by their share.
"""

from dataclasses import dataclass

from schemas.prompt import PromptBuilt
from schemas.provider import ProviderState
from services.orchestrator.domain.adapters import matched
from services.orchestrator.domain.catalogue import Catalogue, ModelCard
from services.orchestrator.domain.fit import Conditions, History, longest_prompt, wanted_names, wording
from services.orchestrator.domain.funds import usd
from services.orchestrator.domain.variations import begun_with, references_beside

STYLE, CONSISTENCY, PRICE, SPEED = 0.45, 0.30, 0.15, 0.10
KEPT, SHOT_WISH, PROJECT_WISH, DEFAULT_WISH = 8.0, 4.0, 2.0, 2.0
DRAFT, DEGRADED, UNSAID = -1.0, -0.2, -0.3

#: Price and time at which their part of the score is halved: five US cents, twenty seconds.
_HALF_PRICE_USD_MICROS = 50_000
_HALF_SPEED_S = 20.0


@dataclass(frozen=True, slots=True)
class Scored:
    """Score of a capable model, rounded to 4 digits, and what it is made of."""

    score: float
    reasons: tuple[str, ...]


def scored(
    card: ModelCard, prompt: PromptBuilt, catalogue: Catalogue, conditions: Conditions, history: History
) -> Scored:
    """Score one capable model."""
    affinity = card.affinity(prompt.run.style)
    kept, consistency_reason = _consistency(card, prompt)
    cost = card.price(prompt.run.width, prompt.run.height)
    price = 1 / (1 + cost / _HALF_PRICE_USD_MICROS)
    speed = 1 / (1 + card.latency_s / _HALF_SPEED_S)
    score = STYLE * affinity + CONSISTENCY * kept + PRICE * price + SPEED * speed
    reasons = [
        f"style {prompt.run.style}: affinity {affinity:g}",
        consistency_reason,
        "free" if card.free else f"about {usd(cost)} per image",
        f"about {card.latency_s:g} s per image",
    ]
    for extra, reason in _adjustments(card, prompt, catalogue, conditions, history):
        score += extra
        reasons.append(reason)
    return Scored(round(score, 4), tuple(reasons))


def _adjustments(
    card: ModelCard, prompt: PromptBuilt, catalogue: Catalogue, conditions: Conditions, history: History
) -> tuple[tuple[float, str], ...]:
    found: list[tuple[float, str]] = []
    if history.keep == card.model:
        found.append((KEPT, "this run goes on with it"))
    shot_model = prompt.run.shot.model
    if shot_model is not None and card in catalogue.named(shot_model):
        found.append((SHOT_WISH, f"wanted by the shot ({shot_model})"))
    names = prompt.run.project.models
    rank = next((place for place, name in enumerate(names) if card in catalogue.named(name)), None)
    if rank is not None:
        found.append((PROJECT_WISH + 1 - rank / len(names), f"wanted by the project ({names[rank]})"))
    preferred = conditions.preferred
    if preferred is not None and not wanted_names(prompt) and card in catalogue.named(preferred):
        found.append((DEFAULT_WISH, f"preferred in this deployment ({preferred})"))
    if card.draws_facts:
        found.append((DRAFT, "a draft: behind every finished model unless wanted"))
    left_out = _left_out(card, prompt, history)
    if left_out:
        facts = len(prompt.facts)
        found.append((UNSAID * left_out / facts, f"its prompt leaves out {left_out} of {facts} facts"))
    health = conditions.health.get(card.provider)
    if health is not None and health.state is ProviderState.DEGRADED:
        found.append((DEGRADED, f"provider {card.provider} is degraded: {health.reason}"[:500]))
    return tuple(found)


def _left_out(card: ModelCard, prompt: PromptBuilt, history: History) -> int:
    """How many facts the model's prompt has no room for, wholly or in part; at most all."""
    worded = None if card.draws_facts else wording(card, prompt, longest_prompt(card, history))
    return 0 if worded is None else min(len(worded.dropped), len(prompt.facts))


def _consistency(card: ModelCard, prompt: PromptBuilt) -> tuple[float, str]:
    """Share of what holds people and place the same that the model honours, 0 to 1, and that in words."""
    if card.draws_facts:
        return 1.0, "consistency: draws identity, place, style and seed from the facts"
    parts = [(1.0, 1.0 if card.seed else 0.0, "seed" if card.seed else "no seed")]
    applied, misfits = matched(card, prompt)
    if begun_with(card, prompt) is not None:
        parts.append((2.0, 1.0, "begins with the plate that there is"))
    for name, wanted, limit in (
        ("references", len(references_beside(card, prompt)), card.references.max),
        ("adapters", len(applied) + len(misfits), len(applied)),
    ):
        if wanted:
            parts.append((2.0, min(1.0, limit / wanted), f"{min(wanted, limit)} of {wanted} {name}"))
    total = sum(weight for weight, _, _ in parts)
    share = sum(weight * value for weight, value, _ in parts) / total
    return share, "consistency: " + ", ".join(words for _, _, words in parts)
