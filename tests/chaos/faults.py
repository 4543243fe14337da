"""Which fault when: drawn from the seed before the run. Pure."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

SERVICES: Final = (
    "character_conditioning",
    "location_conditioning",
    "prompt_builder",
    "orchestrator",
    "generation-1",
    "generation-2",
    "validation",
    "gateway",
)
LINKS: Final = ("database", "object-store", "vendor", "kafka-1", "kafka-2", "kafka-3")
CHAIN: Final = (
    "shot.planned.v1",
    "characters.conditioned.v1",
    "location.conditioned.v1",
    "prompt.built.v1",
    "generation.requested.chaos.standard.v1",
    "generation.requested.chaos.express.v1",
    "generation.completed.v1",
    "generation.failed.v1",
    "frame.validated.v1",
    "keyframe.ready.v1",
    "bible.characters.v1",
    "bible.locations.v1",
    "provider.health.v1",
)
OUTAGE_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        at: seconds after the first shot.
        kind: one of `KINDS`.
        target: what it hits: a service, a link, a topic; empty where the kind says it.
        for_s: how long it lasts; 0 = a moment.
        amount: delay or clock offset in seconds, pieces truncated, records delivered again.
    """

    at: float
    kind: str
    target: str = ""
    for_s: float = 0.0
    amount: float = 0.0

    def __str__(self) -> str:
        lasts = f" for {self.for_s:.1f} s" if self.for_s else ""
        amount = f" ({self.amount:g})" if self.amount else ""
        return f"{self.at:6.1f} s  {self.kind} {self.target}{lasts}{amount}".rstrip()


def _kill(rng: random.Random, length: float) -> list[Fault]:
    """Every service once, the workers twice."""
    victims = [*SERVICES, "generation-1", "generation-2"]
    return [Fault(rng.uniform(2, length), "kill", name, for_s=rng.uniform(0.1, 2.0)) for name in victims]


def _freeze(rng: random.Random, length: float) -> list[Fault]:
    """A worker past its session and its lease, and one other service past its session."""
    worker = rng.choice(("generation-1", "generation-2"))
    other = rng.choice([name for name in SERVICES if not name.startswith("generation")])
    return [
        Fault(rng.uniform(5, length - 15), "freeze", worker, for_s=rng.uniform(9, 13)),
        Fault(rng.uniform(5, length - 10), "freeze", other, for_s=rng.uniform(5, 8)),
    ]


def _brokers(rng: random.Random, length: float) -> list[Fault]:
    """A broker, and when it is back the controller."""
    return [
        Fault(rng.uniform(4, length * 0.3), "kill-broker", for_s=rng.uniform(3, 7)),
        Fault(rng.uniform(length * 0.55, length * 0.8), "kill-controller", for_s=rng.uniform(3, 7)),
    ]


def _storage(rng: random.Random, length: float) -> list[Fault]:
    """Database and object store killed, 30 s without the object store, a full disk: one after the other."""
    outage = rng.uniform(3, max(4.0, length - OUTAGE_S - 14))
    after = outage + OUTAGE_S + 3
    return [
        Fault(rng.uniform(3, length), "kill-database", for_s=rng.uniform(0.2, 3.0)),
        Fault(outage, "kill-object-store", for_s=OUTAGE_S),
        Fault(rng.uniform(after, after + 2), "kill-object-store", for_s=rng.uniform(0.2, 2.0)),
        Fault(rng.uniform(after + 6, after + 8), "fill-disk", for_s=rng.uniform(3, 6)),
    ]


def _links(rng: random.Random, length: float) -> list[Fault]:
    """Each link is delayed, cut, truncated and refused once."""
    found = []
    for link in LINKS:
        found += [
            Fault(
                rng.uniform(2, length), "delay", link, for_s=rng.uniform(2, 5), amount=round(rng.uniform(0.02, 0.3), 3)
            ),
            Fault(rng.uniform(2, length), "cut", link),
            Fault(rng.uniform(2, length), "truncate", link, amount=rng.randint(1, 3)),
            Fault(rng.uniform(2, length), "refuse", link, for_s=rng.uniform(0.5, 2.5)),
        ]
    return found


def _deliveries(rng: random.Random, length: float) -> list[Fault]:
    """Old records of every topic of the chain, again and out of order."""
    return [Fault(rng.uniform(8, length), "deliver-again", topic, amount=rng.randint(5, 30)) for topic in CHAIN]


def _clocks(rng: random.Random, length: float) -> list[Fault]:
    """Clocks that are wrong for a while, by less and by more than a lease."""
    victims = ["generation-1", "generation-2", "orchestrator", rng.choice(SERVICES)]
    return [
        Fault(rng.uniform(3, length - 10), "shift-clock", name, for_s=rng.uniform(3, 10), amount=offset)
        for name in victims
        for offset in [round(rng.choice((-1, 1)) * rng.choice((3.0, 30.0, 600.0)) * rng.uniform(0.5, 1.5), 1)]
    ]


KINDS: Final[dict[str, Callable[[random.Random, float], list[Fault]]]] = {
    "kill": _kill,
    "freeze": _freeze,
    "brokers": _brokers,
    "storage": _storage,
    "links": _links,
    "deliveries": _deliveries,
    "clocks": _clocks,
}


def schedule(seed: int, length: float, kinds: str = "all") -> tuple[Fault, ...]:
    """The faults of a seed in order of time.

    Args:
        seed: of the run.
        length: of the window in seconds.
        kinds: names of `KINDS` separated by commas, or `all`; empty = none.

    Raises:
        ValueError: a kind is unknown.
    """
    wanted = tuple(KINDS) if kinds == "all" else tuple(part.strip() for part in kinds.split(",") if part.strip())
    unknown = sorted(set(wanted) - set(KINDS))
    if unknown:
        raise ValueError(f"faults: {', '.join(unknown)}, allowed are all, {', '.join(KINDS)}")
    # Each kind draws from a source of its own, so that leaving one out changes no other.
    found = [fault for kind in wanted for fault in KINDS[kind](random.Random(f"{kind} {seed}"), length)]
    return tuple(sorted(found, key=lambda fault: fault.at))
