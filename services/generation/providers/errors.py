# ruff: noqa: N818 - the leaves name outcomes, and read so where they are raised
"""What a provider raises, what the router is told, and whether it was charged.

    ProviderError
    ├── Refused          content policy said no                       refused           not charged
    ├── PromptTooLong    the prompt exceeds the model's limit         prompt-too-long   not charged
    ├── Throttled        rate or quota; may say when to come back     throttled         not charged
    ├── Outage           the vendor is away; the call was not taken   outage            not charged
    ├── InvalidRequest   the vendor can't make sense of the call      invalid-request   not charged
    ├── UnusableImage    an answer came that is no usable image       unusable-image    charged
    ├── Configuration    key, account or set-up is wrong              configuration     not charged
    └── OutcomeUnknown   sent, and no answer came                     in-doubt          unknown

A provider raises nothing else. An adapter that knows better passes `charged` (a refusal after the drawing, an unusable
image of a free renderer). A free provider is never in doubt and never charges.
"""

from typing import ClassVar

from schemas.generation import FailureKind


class ProviderError(Exception):
    """Base of the outcomes of a call that ended without an image.

    Args:
        message: what happened, for people; never a key or another secret.
        charged: whether money was spent; None leaves it to the class.
        cost_usd_micros: what was charged, in millionths of a US dollar, when the vendor said so.
    """

    kind: ClassVar[FailureKind]
    charged_by_default: ClassVar[bool | None] = False

    def __init__(self, message: str, *, charged: bool | None = None, cost_usd_micros: int = 0) -> None:
        super().__init__(message)
        self.charged = self.charged_by_default if charged is None else charged
        self.cost_usd_micros = cost_usd_micros
        self.retry_after_s: float | None = None


class Refused(ProviderError):
    """The vendor's content policy refused prompt or picture."""

    kind = FailureKind.REFUSED


class PromptTooLong(ProviderError):
    """The prompt exceeds the model's limit."""

    kind = FailureKind.PROMPT_TOO_LONG


class Throttled(ProviderError):
    """Too many calls, or a quota is used up.

    Args:
        message: what happened, for people.
        retry_after_s: seconds that the vendor asked to wait; None when it said nothing.
    """

    kind = FailureKind.THROTTLED

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Outage(ProviderError):
    """The provider is away or broken, and did certainly not take the call."""

    kind = FailureKind.OUTAGE


class InvalidRequest(ProviderError):
    """The provider can't make sense of the call; repeating it changes nothing."""

    kind = FailureKind.INVALID_REQUEST


class UnusableImage(ProviderError):
    """An answer came, but no image that can be used."""

    kind = FailureKind.UNUSABLE_IMAGE
    charged_by_default = True


class Configuration(ProviderError):
    """The provider can't be used as it is set up: key, account, missing library."""

    kind = FailureKind.CONFIGURATION


class OutcomeUnknown(ProviderError):
    """The call was sent and no answer came: it may have been carried out and charged."""

    kind = FailureKind.IN_DOUBT
    charged_by_default = None
