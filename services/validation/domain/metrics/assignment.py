"""The assignment problem, exactly: who is matched with what, so that the sum is largest."""

import math

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def best_matching(values: Values) -> tuple[tuple[int, int], ...]:
    """Pairs (row, column) of the matching with the largest sum; every row or every column is in one.

    The Hungarian method with potentials, O(rows² · columns) for at most as many rows as columns (R. Jonker and
    A. Volgenant, Computing 38, 1987, in its plain form).

    Args:
        values: (rows, columns), finite.

    Raises:
        ValueError: a value is not finite, or there are not two axes.
    """
    if values.ndim != 2 or not np.isfinite(values).all():  # noqa: PLR2004 - rows and columns
        raise ValueError(f"values: shape {values.shape}; allowed are finite values with rows and columns")
    if 0 in values.shape:
        return ()
    rows, columns = values.shape
    if rows > columns:
        return tuple(sorted((row, column) for column, row in best_matching(values.T)))
    matched = _matched(-values)
    return tuple(sorted((int(row), column) for column, row in enumerate(matched) if row >= 0))


def _matched(cost: Values) -> NDArray[np.int64]:
    """The row matched with each column, -1 for none; no more rows than columns."""
    rows, columns = cost.shape
    of_rows, of_columns = np.zeros(rows), np.zeros(columns)
    owner = np.full(columns, -1, dtype=np.int64)
    for row in range(rows):
        least = np.full(columns, math.inf)
        before = np.full(columns, -1, dtype=np.int64)
        done = np.zeros(columns, dtype=bool)
        column, current = -1, row
        while current >= 0:
            reduced = cost[current] - of_rows[current] - of_columns
            better = ~done & (reduced < least)
            least[better], before[better] = reduced[better], column
            open_costs = np.where(done, math.inf, least)
            following = int(open_costs.argmin())
            step = float(open_costs[following])
            of_rows[row] += step
            of_rows[owner[done]] += step
            of_columns[done] -= step
            least[~done] -= step
            done[following] = True
            column, current = following, int(owner[following])
        while column >= 0:
            previous = int(before[column])
            owner[column] = row if previous < 0 else owner[previous]
            column = previous
    return owner
