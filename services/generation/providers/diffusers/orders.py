"""What the painter is asked and what it answers: values that go from one process to the other. Pure.

A message to the painter is `Paint`, `Forget` or None (end); one from it is any of `Told`.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Size = tuple[int, int]


class Where(StrEnum):
    """The part of the frame that a reference image speaks about."""

    OWNER = "owner"
    AROUND = "around"
    EVERYWHERE = "everywhere"


@dataclass(frozen=True, slots=True)
class Adapter:
    """A LoRA adapter, or a textual inversion: the file itself says which.

    Attributes:
        name: of the adapter, for people.
        path: of its file on this machine.
        sha256: of its content, by which it stays loaded.
        scale: strength, 0 to 2.
        trigger_words: that wake it; those of a textual inversion stand for it in the prompt.
        owner: character whose part of the frame it is kept to; None = the whole frame.
    """

    name: str
    path: str
    sha256: str
    scale: float = 1.0
    trigger_words: tuple[str, ...] = ()
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A reference image.

    Attributes:
        data: PNG, JPEG or WebP.
        strength: how hard to hold to it, 0 to 1.
        where: it speaks about.
        owner: character that it shows, when `where` is its part of the frame.
    """

    data: bytes
    strength: float
    where: Where = Where.EVERYWHERE
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """An image to begin with.

    Attributes:
        data: of the image, of the wanted shape.
        denoise: how far to leave it, above 0 to 1.
        repaint: white where it is painted anew, black where it stays; None = everywhere.
    """

    data: bytes
    denoise: float
    repaint: bytes | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """One image.

    Attributes:
        order_id: of the call.
        model: name of a local model.
        prompt: weighted, of any length.
        negative_prompt: likewise.
        made: size to paint, in pixels.
        wanted: size that is delivered in the end: guides and masks are registered to it.
        seed: of the noise.
        steps: of sampling.
        cfg_scale: guidance; up to 1 = none.
        adapters: to apply.
        pictures: reference images.
        masks: PNG by character: white where it is seen.
        guides: PNG by kind: `depth`, `pose`, `line`.
        start: an image to begin with; None = noise alone.
    """

    order_id: str
    model: str
    prompt: str
    negative_prompt: str
    made: Size
    wanted: Size
    seed: int
    steps: int
    cfg_scale: float
    adapters: tuple[Adapter, ...] = ()
    pictures: tuple[Picture, ...] = ()
    masks: Mapping[str, bytes] = field(default_factory=dict)
    guides: Mapping[str, bytes] = field(default_factory=dict)
    start: Start | None = None

    @property
    def key(self) -> Hashable:
        """Orders of the same key go through the same steps of the same model, so they can be painted in one batch.

        Seeds, prompts, adapters, references and masks are each image's own within it.
        """
        start = None if self.start is None else (self.start.denoise, self.start.repaint is not None)
        guides = tuple(sorted(self.guides))
        return (self.model, self.made, self.steps, self.cfg_scale, guides, start)


@dataclass(frozen=True, slots=True)
class Paint:
    """Paint these together; all of one key."""

    orders: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class Forget:
    """This image isn't wanted any more: stop at the next step if it is alone."""

    order_id: str


@dataclass(frozen=True, slots=True)
class Warming:
    """The painter gets ready; `what` it does, for people."""

    what: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The painter can paint: on `device`."""

    device: str


@dataclass(frozen=True, slots=True)
class Broken:
    """The painter can't work as it is set up, and ends; `reason` for people."""

    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """A step is done: the `number`th of `of`, for `images` at once. A sign of life too."""

    number: int
    of: int
    images: int


@dataclass(frozen=True, slots=True)
class Shrunk:
    """Memory allows only `most` orders of this key at once."""

    key: Hashable
    most: int


@dataclass(frozen=True, slots=True)
class Painted:
    """An image: PNG of the made size, and facts about how it was made (JSON values)."""

    order_id: str
    data: bytes
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Failed:
    """No image.

    Attributes:
        order_id: of the order.
        reason: for people.
        invalid: the order can't be painted as it is; else the painter couldn't.
        lost_file: an adapter's file isn't there any more; it may be fetched again.
    """

    order_id: str
    reason: str
    invalid: bool
    lost_file: bool = False


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The image wasn't wanted any more and was given up at this step (0 = before the first)."""

    order_id: str
    step: int


@dataclass(frozen=True, slots=True)
class Idle:
    """The last `Paint` is through: the next may come. Pictures that are still being written are told later."""


Told = Warming | Ready | Broken | Step | Shrunk | Painted | Failed | Forgotten | Idle
