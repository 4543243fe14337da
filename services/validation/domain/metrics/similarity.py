"""Cosine similarities of embeddings."""

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float64]


def cosines(some: Vectors, others: Vectors) -> Vectors:
    """Cosine of every vector of `some`, (n, d), with every one of `others`, (m, d): (n, m), -1 to 1.

    Raises:
        ValueError: the sizes differ, or a vector is null: it points nowhere.
    """
    if some.ndim != 2 or others.ndim != 2 or some.shape[1] != others.shape[1]:  # noqa: PLR2004 - vectors and values
        raise ValueError(f"embeddings: shapes {some.shape} and {others.shape}; allowed are (n, d) and (m, d)")
    product: Vectors = np.clip(_unit(some) @ _unit(others).T, -1.0, 1.0)
    return product


def pairwise(vectors: Vectors) -> NDArray[np.float64]:
    """Cosines of all pairs, each once: the upper triangle as a list; empty for fewer than two."""
    upper = np.triu_indices(len(vectors), k=1)
    found: NDArray[np.float64] = cosines(vectors, vectors)[upper]
    return found


def centroid(vectors: Vectors) -> Vectors:
    """Mean direction of the vectors, (1, d)."""
    mean: Vectors = _unit(vectors).mean(axis=0, keepdims=True)
    return mean


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not (lengths > 0).all():
        raise ValueError("embeddings: one is null or not a number; allowed are vectors that point somewhere")
    scaled: Vectors = vectors / lengths
    return scaled
