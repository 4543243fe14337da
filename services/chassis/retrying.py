"""How long to wait before the next try."""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential back-off with jitter: `base_s`, doubled per failure up to `cap_s`, then 50-100 % of that."""

    base_s: float
    cap_s: float

    def delay(self, failures: int, retry_after_s: float | None = None) -> float:
        """Seconds to wait after the `failures`-th failure (from 1); at least what the other side asked for."""
        # 2**30 times any base is beyond any cap; the bound keeps the power small.
        full = min(self.cap_s, self.base_s * 2.0 ** min(failures - 1, 30))
        jittered = full * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
        return max(jittered, retry_after_s or 0.0)
