"""What a film will cost, per model, before anything is sent. Pure; for `ice estimate`.

Per frame: `low` is as many takes as the best is chosen from, at the model's least price; `expected` adds the share of
frames that are usually taken again, at the usual price; `high` is every attempt that the budget allows at the highest
price, within the run's money.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from schemas.run import RunContext
from services.orchestrator.domain.catalogue import Catalogue, ModelCard

#: Share of frames that fail their checks once, as a first guess; replace it by what a project has met.
RETAKES = 0.2


@dataclass(frozen=True, slots=True)
class Estimate:
    """One model's estimate for a film; money in millionths of a US dollar.

    Attributes:
        model: the model.
        provider: its provider.
        frames: frames of the film.
        makes: frames that it can make; figures are for these.
        low: if every take passes its checks.
        expected: with the usual share of retakes.
        high: if every frame uses up its attempts or its money.
        reasons: why it can't make the others, each once.
    """

    model: str
    provider: str
    frames: int
    makes: int
    low: int
    expected: int
    high: int
    reasons: tuple[str, ...]


def estimate(
    frames: Iterable[RunContext], catalogue: Catalogue, *, today: date, retakes: float = RETAKES
) -> tuple[Estimate, ...]:
    """An estimate per model of the catalogue: those that make the most frames first, the cheapest of these first.

    Args:
        frames: every frame of the film, `schemas.run.runs_of` of each planned shot.
        catalogue: the models.
        today: decides which models are retired.
        retakes: share of frames that are taken again, 0 and more.

    Raises:
        ValueError: `retakes` is below 0.
    """
    if retakes < 0:
        raise ValueError(f"retakes: {retakes}, allowed is a share from 0 on")
    listed = tuple(frames)
    found = [_of(card, listed, today, retakes) for card in catalogue]
    return tuple(sorted(found, key=lambda item: (-item.makes, item.expected)))


def _of(card: ModelCard, frames: Sequence[RunContext], today: date, retakes: float) -> Estimate:
    against = [_against(card, frame, today) for frame in frames]
    able = [frame for frame, reason in zip(frames, against, strict=True) if reason is None]
    prices = [(card.price(frame.width, frame.height), _takes(frame), frame.project.budget) for frame in able]
    least, most = card.cost_spread
    return Estimate(
        model=card.model,
        provider=card.provider,
        frames=len(frames),
        makes=len(able),
        low=round(sum(price * least * takes for price, takes, _ in prices)),
        expected=round(sum(price * (takes + retakes) for price, takes, _ in prices)),
        high=round(
            sum(_at_most(price * most, budget.max_attempts, budget.max_cost_usd_micros) for price, _, budget in prices)
        ),
        reasons=tuple(dict.fromkeys(reason for reason in against if reason is not None)),
    )


def _takes(frame: RunContext) -> int:
    """Takes to choose from, as far as the run's attempts go."""
    return min(frame.takes, frame.project.budget.max_attempts)


def _at_most(price: float, attempts: int, money: int) -> float:
    """What a frame may cost; an image that costs more than was expected may pass the run's money once."""
    return max(price, min(price * attempts, money))


def _against(card: ModelCard, frame: RunContext, today: date) -> str | None:
    """Why a model can't make a frame, as far as its plan tells."""
    if card.retires is not None and today >= card.retires:
        return f"retired on {card.retires.isoformat()}" + (f", use {card.successor}" if card.successor else "")
    if card.made_size(frame.width, frame.height) is None:
        return card.sizes.refusal(frame.width, frame.height)
    if card.affinity(frame.style) <= 0:
        return f"style {frame.style}: makes {', '.join(sorted(card.styles))}"
    price, money = card.price(frame.width, frame.height), frame.project.budget.max_cost_usd_micros
    return None if price <= money else "one image costs more than a run may"
