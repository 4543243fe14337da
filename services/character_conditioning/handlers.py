"""What happens on each consumed event: load, decide, save, emit."""

from collections.abc import Sequence

from schemas.base import Event
from schemas.bible import CharacterDefined
from schemas.shot import ShotPlanned
from services.character_conditioning import domain
from services.character_conditioning.ports import Bible, Revisions
from services.chassis.bindings import Swept
from services.chassis.failures import Poison
from services.chassis.parking import Parking, Question, Settled, Verdict, Waiting


class CastJudge:
    """Whether a shot's cast is known; the rule that parked shots wait for.

    Args:
        bible: the characters.
        wait_s: seconds that a shot waits for a missing entry.
    """

    def __init__(self, bible: Bible, *, wait_s: float) -> None:
        self._bible = bible
        self._wait_s = wait_s

    async def __call__(self, question: Event, over: frozenset[str], /) -> Verdict:
        """Settle a planned shot by the bible as it is now, or name the entries to wait for."""
        if not isinstance(question, ShotPlanned):
            raise TypeError(f"question: {type(question).__name__}, allowed is ShotPlanned")
        project_id = question.project.project_id
        characters = await self._bible.find(project_id, domain.wanted_by(question))
        missing = domain.missing_from(question, characters)
        if not missing:
            return Settled(domain.decide(question, characters))
        keys = {entry_key(project_id, item.wanted) for item in missing}
        if not keys & over:
            return Waiting(dict.fromkeys(keys, self._wait_s))
        roster = await self._bible.roster(project_id, (item.wanted.character_id for item in missing))
        return Settled((domain.rejection(question, missing, characters, roster),))


class Handlers:
    """One method per consumed event."""

    def __init__(self, bible: Bible, revisions: Revisions, parking: Parking) -> None:
        self._bible = bible
        self._revisions = revisions
        self._parking = parking

    async def character_defined(self, event: CharacterDefined) -> Sequence[Event]:
        """Store the entry, then release the shots that wait for it.

        Raises:
            Poison: this version was published before with another content.
        """
        character = event.character
        claim = await self._bible.keep(event.project_id, character)
        if claim.clashes:
            changes = "; ".join(f"{item.path}: {item.now}, stored is {item.first}" for item in claim.differences)
            raise Poison(
                f"character {character.id} of project {event.project_id}, version {character.version}: another content "
                f"is stored under this version and stays ({changes}); allowed is a change under a higher version"
            )
        keys = [
            entry_key(event.project_id, domain.Wanted(character.id)),
            entry_key(event.project_id, domain.Wanted(character.id, character.version)),
        ]
        return await self._parking.release_for(keys, cause=event.event_id)

    async def shot_planned(self, event: ShotPlanned) -> Sequence[Event]:
        """Condition the cast, or park the shot; the same again for a repeat, a refusal for another content."""
        claim = await self._revisions.claim(event)
        if claim.clashes:
            return (domain.conflict(event, ((item.path, item.first, item.now) for item in claim.differences)),)
        question = Question(
            id=f"{event.partition_key()}/{event.revision}/{event.regeneration_id or ''}",
            event=event,
            group=event.partition_key(),
            order=event.revision,
        )
        return await self._parking.ask(question, is_new=claim.is_new)

    async def sweep(self) -> Sequence[Swept]:
        """Refuse the shots whose characters did not come in time."""
        return await self._parking.expired()


def entry_key(project_id: str, wanted: domain.Wanted) -> str:
    """What a parked shot waits for: an entry, or one version of it."""
    key = f"{project_id}/{wanted.character_id}"
    return key if wanted.version is None else f"{key}/{wanted.version}"
