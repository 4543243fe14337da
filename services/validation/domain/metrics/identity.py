"""Character identity as ViStoryBench measures it (arXiv 2505.24862, CVPR 2026): CIDS, on-stage count, copy-paste.

Two of its quirks are not followed. One appearance alone says nothing about consistency: CIDS-self is null there, not
1.0. And shots that expect nobody count: a ghost in an empty street is a fault.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.validation.domain.metrics.assignment import best_matching
from services.validation.domain.metrics.similarity import cosines, pairwise

Vectors = NDArray[np.float64]

#: Temperature of the copy-paste measure.
_TEMPERATURE = 0.01


@dataclass(frozen=True, slots=True)
class Match:
    """A character and the crop of a frame that shows it: its place among the crops, its best cosine."""

    character_id: str
    crop: int
    similarity: float


def matched(crops: Vectors, references: Mapping[str, Vectors], least: float = -1.0) -> tuple[Match, ...]:
    """Which crop shows which character: the matching with the largest sum of best cosines (Hungarian).

    Args:
        crops: embeddings of the people found in a frame, (n, d).
        references: embeddings of each expected character's pictures, (m, d) each.
        least: pairs below it are no match.
    """
    expected = [character_id for character_id, vectors in references.items() if len(vectors)]
    if not expected or not len(crops):
        return ()
    best = np.stack([cosines(crops, references[name]).max(axis=1) for name in expected])
    pairs = ((expected[row], column, float(best[row, column])) for row, column in best_matching(best))
    return tuple(Match(*pair) for pair in pairs if pair[2] >= least)


def cids_cross(crops: Mapping[str, Vectors], references: Mapping[str, Vectors]) -> float | None:
    """Likeness to the references: per character the mean cosine of matched crops × references, then their mean.

    A character with references that no crop was matched with counts 0: it was looked for and not found. None when no
    character has a reference.
    """
    values = [
        float(cosines(crops[name], wanted).mean()) if len(crops.get(name, ())) else 0.0
        for name, wanted in references.items()
        if len(wanted)
    ]
    return float(np.mean(values)) if values else None


def cids_self(crops: Mapping[str, Vectors]) -> float | None:
    """Likeness of a character's appearances to each other: the mean over all pairs, then over characters.

    None when no character appears twice.
    """
    values = [float(pairwise(found).mean()) for found in crops.values() if len(found) > 1]
    return float(np.mean(values)) if values else None


def on_stage_match(counts: Sequence[tuple[int, int]]) -> float | None:
    """On-stage count matching, 0 to 100: the mean of `count_match` over frames; None without a frame.

    Args:
        counts: (detected, expected) of each frame, those that expect nobody included.
    """
    return float(np.mean([count_match(*pair) for pair in counts])) if counts else None


def count_match(detected: int, expected: int) -> float:
    """100 · exp(-|detected - expected| / expected); a frame that expects nobody is held to a measure of one person."""
    return 100.0 * math.exp(-abs(detected - expected) / max(1, expected))


def copied(to_reference: float, to_mirrored: float) -> float:
    """How much nearer a crop is to the reference than to its mirror image, 0 to 1; 0.5 is no copying.

    The softmax of the two cosines with temperature 0.01: somebody drawn anew is as near to both, a pasted reference is
    nearer to the one that it was cut from. A mirrored paste comes out near 0.
    """
    difference = (to_mirrored - to_reference) / _TEMPERATURE
    return 1.0 / (1.0 + math.exp(min(700.0, difference)))
