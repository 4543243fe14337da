"""A reviewer's part: asked for, and decided."""

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from schemas.asset.v1 import AssetRef
from schemas.base import Event, Identifier
from schemas.run.v1 import ChainEvent
from schemas.text import Name, Phrase, Text
from schemas.validation.v1 import Score


class ReviewRequested(ChainEvent):
    """A frame waits for a reviewer."""

    TYPE: ClassVar[str] = "film.review.requested"

    generation_id: Identifier
    """The generation to look at."""
    take: int = Field(ge=1)
    """Take of the run."""
    asset: AssetRef
    """The image."""
    scores: tuple[Score, ...] = ()
    """What validation measured."""
    reason: Phrase
    """Why a person is asked, e.g. `approval policy is manual`."""
    others: tuple[Identifier, ...] = ()
    """Generations of the run that passed their checks too and may be approved instead, best first."""

    def identity(self) -> tuple[str, ...]:
        """One per generation."""
        return (self.generation_id,)


class Decision(StrEnum):
    """What a reviewer may say."""

    APPROVE = "approve"
    REJECT = "reject"
    REROLL = "re-roll"


class ReviewDecided(Event):
    """A reviewer decided on a frame."""

    TYPE: ClassVar[str] = "film.review.decided"

    review_id: Identifier
    """Chosen by the client, so that a repeated click is one decision."""
    project_id: Identifier
    """Film project."""
    shot_id: Identifier
    """Shot."""
    run_id: Identifier
    """Run."""
    generation_id: Identifier
    """The generation that was looked at."""
    decision: Decision
    """approve, reject or re-roll."""
    note: Text = ""
    """The reviewer's words; required to reject."""
    reviewer: Name = "anonymous"
    """Who decided."""

    def identity(self) -> tuple[str, ...]:
        """One per review id."""
        return (self.project_id, self.shot_id, self.review_id)

    def partition_key(self) -> str:
        """`<project_id>/<shot_id>`."""
        return f"{self.project_id}/{self.shot_id}"
