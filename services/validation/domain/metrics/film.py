"""How much an entity, or the style, holds over a film: EntityBench's measures (arXiv 2605.15199)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.validation.domain.metrics.similarity import centroid, cosines, pairwise

Vectors = NDArray[np.float64]

#: Fidelity below which an appearance doesn't count as one: EntityBench's gate.
FIDELITY_GATE = 0.5


@dataclass(frozen=True, slots=True)
class Appearance:
    """An entity as one shot shows it.

    Attributes:
        shot_id: the shot.
        order: its place in the film.
        embedding: of the crop, (d,).
        fidelity: likeness to the entity's references, -1 to 1; None where there are none.
    """

    shot_id: str
    order: int
    embedding: NDArray[np.float64]
    fidelity: float | None = None


@dataclass(frozen=True, slots=True)
class Consistency:
    """How an entity holds over the film. Similarities are cosines; None where they could not be measured.

    Attributes:
        counted: appearances that passed the gate.
        gated: shots whose appearance did not.
        mean: mean cosine to the centroid.
        least: the worst of them.
        worst_shot: the shot that it is of.
        median: median cosine of all pairs.
        by_shot: cosine to the centroid, in story order.
    """

    counted: int
    gated: tuple[str, ...]
    mean: float | None
    least: float | None
    worst_shot: str | None
    median: float | None
    by_shot: tuple[tuple[str, float], ...]


def consistency(appearances: Sequence[Appearance], gate: float = FIDELITY_GATE) -> Consistency:
    """The consistency of one entity; an appearance below the gate names its shot and is left out of the rest.

    An appearance of unknown fidelity is counted. One appearance alone has no consistency.
    """
    told = sorted(appearances, key=lambda item: (item.order, item.shot_id))
    passed = [item for item in told if item.fidelity is None or item.fidelity >= gate]
    gated = tuple(item.shot_id for item in told if item.fidelity is not None and item.fidelity < gate)
    if len(passed) < 2:  # noqa: PLR2004 - a pair
        return Consistency(len(passed), gated, None, None, None, None, ())
    vectors = np.stack([item.embedding for item in passed])
    near = cosines(vectors, centroid(vectors))[:, 0]
    worst = int(near.argmin())
    return Consistency(
        counted=len(passed),
        gated=gated,
        mean=float(near.mean()),
        least=float(near[worst]),
        worst_shot=passed[worst].shot_id,
        median=float(np.median(pairwise(vectors))),
        by_shot=tuple((item.shot_id, float(value)) for item, value in zip(passed, near, strict=True)),
    )


def decay(appearances: Sequence[Appearance]) -> tuple[tuple[int, float], ...]:
    """Similarity by gap: mean cosine of the pairs that lie so many places of the film apart, nearest first."""
    told = sorted(appearances, key=lambda item: (item.order, item.shot_id))
    found: dict[int, list[float]] = {}
    for place, one in enumerate(told):
        for other in told[place + 1 :]:
            likeness = float(cosines(one.embedding[None], other.embedding[None])[0, 0])
            found.setdefault(other.order - one.order, []).append(likeness)
    return tuple((gap, float(np.mean(values))) for gap, values in sorted(found.items()))


def style_self(styles: Vectors) -> float | None:
    """Mean cosine of the styles of all pairs of frames, (n, d); None for fewer than two."""
    return float(pairwise(styles).mean()) if len(styles) > 1 else None


def gram(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """The Gram matrix of a picture's local features, (places, channels), as a unit-free vector: what style is made of.

    L. Gatys et al., Image Style Transfer Using Convolutional Neural Networks, CVPR 2016.
    """
    matrix = features.T @ features / max(1, len(features))
    upper: NDArray[np.float64] = matrix[np.triu_indices(len(matrix))]
    return upper
