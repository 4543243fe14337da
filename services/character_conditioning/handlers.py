"""What happens on each consumed event: load, decide, save, emit."""

from collections.abc import Mapping, Sequence

from schemas.base import Event
from schemas.bible import Character, CharacterDefined
from schemas.project import ReferencePolicy
from schemas.reference import ReferenceEnded, ReferenceFailed, ReferenceReady, ReferenceRequested
from schemas.run import RunContext
from schemas.shot import ShotPlanned
from schemas.vocabulary import SubjectKind
from services.character_conditioning import domain
from services.character_conditioning.ports import Asks, Bible, MadeSheets, Revisions
from services.chassis.bindings import Swept
from services.chassis.failures import Poison
from services.chassis.parking import Parking, Question, Settled, Verdict, Waiting


class CastJudge:
    """Whether a shot's cast is known and has its sheets; the rule that parked shots and sheets wait for.

    Args:
        bible: the characters.
        sheets: what became of sheets.
        wait_s: seconds that a shot waits for a missing entry.
        sheet_wait_s: seconds that a shot waits for a sheet.
    """

    def __init__(self, bible: Bible, sheets: MadeSheets, *, wait_s: float, sheet_wait_s: float) -> None:
        self._bible = bible
        self._sheets = sheets
        self._wait_s = wait_s
        self._sheet_wait_s = sheet_wait_s

    async def __call__(self, question: Event, over: frozenset[str], /) -> Verdict:
        """Settle a planned shot or a wanted reference by what is known now, or name what to wait for."""
        if isinstance(question, ReferenceRequested):
            return await self._reference(question, over)
        if isinstance(question, ShotPlanned):
            return await self._shot(question, over)
        raise TypeError(f"question: {type(question).__name__}, allowed are ShotPlanned and ReferenceRequested")

    async def _shot(self, question: ShotPlanned, over: frozenset[str]) -> Verdict:
        project_id = question.project.project_id
        characters = await self._bible.find(project_id, domain.wanted_by(question))
        missing = domain.missing_from(question, characters)
        if not missing:
            return await self._known_cast(question, characters, over)
        keys = {entry_key(project_id, item.wanted) for item in missing}
        if not keys & over:
            return Waiting(dict.fromkeys(keys, self._wait_s))
        roster = await self._bible.roster(project_id, (item.wanted.character_id for item in missing))
        return Settled((domain.rejection(question, missing, characters, roster),))

    async def _known_cast(
        self, question: ShotPlanned, characters: Mapping[str, Character], over: frozenset[str]
    ) -> Verdict:
        if domain.problems_of(question, characters):
            return Settled(domain.decide(question, characters))
        wanted = domain.sheets_for(question, characters)
        made = await self._made(wanted, over)
        still_to_come = [sheet for sheet in wanted if made.is_open(sheet)]
        if still_to_come and question.project.references is ReferencePolicy.FIRST:
            return self._waiting(still_to_come, question.partition_key(), f"shot {question.shot.shot_id}")
        return Settled(domain.decide(question, characters, made))

    async def _reference(self, question: ReferenceRequested, over: frozenset[str]) -> Verdict:
        run = question.run
        if run is None or run.subject is not SubjectKind.CHARACTER_SHEET:
            return Settled((domain.begun(_run_of(question)),))
        wanted = domain.Wanted(question.entity_id, question.bible_version)
        character = (await self._bible.find(question.project_id, (wanted,))).get(question.entity_id)
        if character is None:
            key = entry_key(question.project_id, wanted)
            return Settled((domain.unknown_entry(run),)) if key in over else Waiting({key: self._wait_s})
        sheet = domain.sheet_of(run, character)
        base = domain.base_of(sheet)
        made = await self._made(() if base is None else (base,), over)
        if base is not None and made.is_open(base):
            reason = f"the same face in costume {sheet.costume.costume_id}"
            return self._waiting([base], run.run_id, reason)
        return Settled((domain.begun(run, sheet, made),))

    async def _made(self, sheets: Sequence[domain.Sheet], over: frozenset[str]) -> domain.Sheets:
        keys = [sheet.key for sheet in sheets]
        gone = frozenset(key for key in keys if sheet_key(key) in over)
        return domain.Sheets(await self._sheets.find(keys), gone)

    def _waiting(self, sheets: Sequence[domain.Sheet], asked_by: str, reason: str) -> Waiting:
        return Waiting(
            {sheet_key(sheet.key): self._sheet_wait_s for sheet in sheets},
            tuple(domain.request(sheet, asked_by, reason) for sheet in sheets),
        )


class Handlers:
    """One method per consumed event."""

    def __init__(self, bible: Bible, revisions: Revisions, sheets: MadeSheets, asks: Asks, parking: Parking) -> None:
        self._bible = bible
        self._revisions = revisions
        self._sheets = sheets
        self._asks = asks
        self._parking = parking

    async def character_defined(self, event: CharacterDefined) -> Sequence[Event]:
        """Store the entry, then release the shots that wait for it.

        Raises:
            Poison: this version was published before with another content.
        """
        character = event.character
        claim = await self._bible.keep(event.project_id, character)
        if claim.clashes:
            raise Poison(
                f"character {character.id} of project {event.project_id}, version {character.version}: another content "
                f"is stored under this version and stays ({claim.changes}); allowed is a change under a higher version"
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

    async def reference_requested(self, event: ReferenceRequested) -> Sequence[Event]:
        """Begin the run of a sheet, plate or prop view; once, however many shots ask for it.

        Raises:
            Poison: it doesn't say how the reference is made.
        """
        _run_of(event)
        if not await self._asks.is_first(event):
            # Whoever asked first is answered, and that is enough: the run is the same.
            return ()
        question = Question(id=f"reference/{event.event_id}", event=event, group=f"reference/{event.event_id}")
        return await self._parking.ask(question)

    async def reference_ready(self, event: ReferenceReady) -> Sequence[Event]:
        """Remember the sheet, then release the shots that wait for it. Plates and prop views are none of ours."""
        return await self._ended(event)

    async def reference_failed(self, event: ReferenceFailed) -> Sequence[Event]:
        """Remember that there will be no sheet, then release the shots that wait for it."""
        return await self._ended(event)

    async def _ended(self, event: ReferenceEnded) -> Sequence[Event]:
        if event.subject is not SubjectKind.CHARACTER_SHEET:
            return ()
        await self._sheets.keep(event)
        return await self._parking.release_for([sheet_key(event.key)], cause=event.event_id)

    async def sweep(self) -> Sequence[Swept]:
        """End the waits for characters and sheets that did not come in time."""
        return await self._parking.expired()


def sheet_key(key: str) -> str:
    """What a parked shot waits for: how a sheet ends."""
    return f"sheet:{key}"


def _run_of(event: ReferenceRequested) -> RunContext:
    if event.run is None or event.run.reference is None:
        raise Poison(
            f"reference {event.key}: run is None or names no reference; allowed is the run that makes the reference"
        )
    return event.run


def entry_key(project_id: str, wanted: domain.Wanted) -> str:
    """What a parked shot waits for: an entry, or one version of it."""
    key = f"{project_id}/{wanted.character_id}"
    return key if wanted.version is None else f"{key}/{wanted.version}"
