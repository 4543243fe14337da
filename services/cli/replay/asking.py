"""What a replay is asked to do, and where its events come from. Pure."""

from typing import Final

from pydantic import BaseModel, ConfigDict

from schemas import topics
from schemas.project import SeedPolicy
from schemas.topics import TopicSpec
from services.cli.exits import CliError, Exit

#: Topics whose events begin a run when they are put into the chain again with a regeneration.
SOURCES: Final = (
    topics.SHOT_PLANNED,
    topics.CHARACTERS_CONDITIONED,
    topics.LOCATION_CONDITIONED,
    topics.PROMPT_BUILT,
)
_WITHOUT_PROMPT: Final = frozenset({topics.SHOT_REJECTED})
_WITHOUT_SHOT: Final = (
    topics.BIBLE_CHARACTERS,
    topics.BIBLE_LOCATIONS,
    topics.BIBLE_PROPS,
    topics.BIBLE_ADAPTERS,
    topics.REFERENCE_REQUESTED,
    topics.REFERENCE_READY,
    topics.REFERENCE_FAILED,
    topics.PROVIDER_HEALTH,
    topics.PROVIDER_CALLBACK,
)


class Ask(BaseModel):
    """One replay as the operator asked for it. Empty filters let everything pass; several values mean any of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    topic: str
    start: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    scenes: tuple[str, ...] = ()
    shots: tuple[str, ...] = ()
    characters: tuple[str, ...] = ()
    regenerate: bool = False
    model: str | None = None
    seed_policy: SeedPolicy | None = None
    rebuild: bool = False

    @property
    def bounded(self) -> bool:
        """Whether only a part of the topic is meant."""
        return bool(self.start or self.stop)

    @property
    def filtered(self) -> bool:
        """Whether only some of its events are meant."""
        return bool(self.projects or self.scenes or self.shots or self.characters)

    @property
    def source(self) -> str:
        """Topic that the events to send are read from; the topic itself unless it only says which shots are meant."""
        if not self.regenerate or self.topic in SOURCES[1:]:
            return topics.SHOT_PLANNED if self.regenerate and self.rebuild else self.topic
        if self.rebuild or self.topic == topics.SHOT_PLANNED or self.topic in _WITHOUT_PROMPT:
            return topics.SHOT_PLANNED
        return topics.PROMPT_BUILT


def checked(ask: Ask) -> Ask:
    """The ask, if its options go together.

    Raises:
        CliError: they don't, or the topic has no shots to make again.
    """
    wishes = [
        name
        for name, given in (
            ("--model", ask.model is not None),
            ("--seed-policy", ask.seed_policy is not None),
            ("--rebuild", ask.rebuild),
        )
        if given
    ]
    if wishes and not ask.regenerate:
        raise CliError(
            f"{', '.join(wishes)}: without --regenerate events are repeated as they were; allowed is with --regenerate",
            code=Exit.INVALID,
        )
    if ask.regenerate and ask.topic in _WITHOUT_SHOT:
        raise CliError(
            f"topic {ask.topic!r}: its events are about no shot, so nothing can be made again of them",
            code=Exit.INVALID,
            mend="--topic shot.planned.v1 --regenerate, narrowed by --project or --character, takes today's bible",
        )
    return ask


def spec_of(topic: str, providers: tuple[str, ...]) -> TopicSpec:
    """The topic's entry in the contract; KeyError: it has none."""
    return {spec.name: spec for spec in topics.specs(providers)}[topic]
