"""What a service says of itself: is it alive, can it do its work, and if not, why not."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold; `detail` says what was found."""

    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """`live`: the loops turn (a restart would mend it if not). `ready`: broker, resources and consumer work."""

    live: bool
    ready: bool
    checks: dict[str, Check] = field(default_factory=dict)
