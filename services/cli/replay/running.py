"""A replay on its way: choose, then send or tell."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from schemas import topics
from schemas.base import Event
from services.chassis.clock import SystemClock
from services.chassis.failures import Transient
from services.chassis.publishing import EventPublisher
from services.chassis.settings import ServiceSettings
from services.cli.exits import CliError, Exit
from services.cli.output import Output
from services.cli.publishing import SOURCE
from services.cli.replay.asking import spec_of
from services.cli.replay.choosing import Broken, Choice, Chooser, EventReader
from services.cli.replay.estimates import Bible, Estimate, Rules, totals
from services.cli.replay.facts import facts_of
from services.cli.replay.journal import Journal, JournalFile
from services.cli.replay.records import Spans, TopicRecords
from services.cli.replay.sending import Maker, Pace, Sender
from services.cli.replay.tally import Tally
from services.cli.replay.views import Bars, bars
from services.cli.settings import read_settings
from services.location_conditioning.adapters.template_file import load_templates
from services.orchestrator.adapters.catalogue_file import load_catalogue
from services.orchestrator.domain.catalogue import Catalogue, CatalogueError
from services.orchestrator.settings import OrchestratorSettings
from services.prompt_builder.adapters.shipped_templates import shipped_templates

_BIBLE: Final = (topics.BIBLE_CHARACTERS, topics.BIBLE_LOCATIONS, topics.BIBLE_PROPS)


class Run:
    """One replay, from choosing to its answer."""

    def __init__(
        self,
        output: Output,
        settings: ServiceSettings,
        records: TopicRecords,
        journal: Journal,
        providers: tuple[str, ...],
    ) -> None:
        self._output = output
        self._settings = settings
        self._records = records
        self._journal = journal
        self._providers = providers
        ask = journal.ask
        self._events = EventReader(settings.kafka_topic_prefix, (ask.topic, ask.source, *_BIBLE))
        self._compacted = spec_of(ask.source, providers).compacted

    async def for_real(self, file: JournalFile, rate: float | None) -> dict[str, Any]:
        """Send, and keep the journal until all is acknowledged."""
        journal, taken_up = self._journal, bool(self._journal.done)
        file.save(now=True)
        publisher = EventPublisher(self._settings, SOURCE)
        try:
            with bars(self._output) as progress:
                choice = await self._choice(progress)
                await publisher.start()
                maker = Maker(self._events, choice, journal, compacted=self._compacted)
                sender = Sender(publisher, maker, file, Pace(rate))
                noted = _begun(progress, "sending", journal.total, journal.total - _length(journal.left))
                await sender.send(self._records.batches(journal.ask.source, journal.left), noted)
        except (Transient, CliError, asyncio.CancelledError) as error:
            file.save(now=True)
            how = f"take it up again with: ice replay --resume {journal.replay_id}"
            self._output.note(f"replay {journal.replay_id}: {journal.tally.published:,} published so far; {how}")
            if isinstance(error, Transient):
                raise CliError(str(error), code=Exit.UNREACHABLE, mend=how) from error
            raise
        finally:
            await publisher.stop()
        file.finished()
        return self._answer(choice, resumed=taken_up, dry_run=False)

    async def dry(self) -> dict[str, Any]:
        """Tell what would be sent, scene by scene; for new takes with the model and an estimate of the cost."""
        journal = self._journal
        with bars(self._output) as progress:
            choice = await self._choice(progress)
            maker = Maker(self._events, choice, journal, compacted=self._compacted)
            estimate = Estimate(self._rules(), await self._bible()) if journal.ask.regenerate else None
            repeats: Counter[tuple[str, str]] = Counter()
            noted = _begun(progress, "looking", journal.total, 0)
            async for batch in self._records.batches(journal.ask.source, journal.left):
                for event in filter(None, map(maker.event, batch)):
                    journal.tally.published += 1
                    _add(event, estimate, repeats)
                journal.pass_over(batch)
                noted(len(batch))
        answer = self._answer(choice, resumed=False, dry_run=True)
        if estimate is None:
            names = ("project_id", "scene_id", "events")
            scenes = [dict(zip(names, (*key, count), strict=True)) for key, count in sorted(repeats.items())]
            return {**answer, "scenes": scenes}
        scenes = [row.answer() for row in estimate.rows]
        return {**answer, "scenes": scenes, "unmet_wishes": dict(estimate.unmet), "estimate": totals(estimate.rows)}

    async def _choice(self, progress: Bars) -> Choice:
        journal, ask = self._journal, self._journal.ask
        if not ask.regenerate and not self._compacted:
            return Choice()
        begun: dict[str, Callable[[int], None]] = {}

        def noted(topic: str, count: int) -> None:
            if topic not in begun:
                spans = journal.source_spans if topic == ask.source else journal.spans
                begun[topic] = _begun(progress, f"choosing from {topic}", _length(spans), 0)
            begun[topic](count)

        chooser = Chooser(self._records, self._events, journal, noted)
        if not ask.regenerate:
            return await chooser.newest_records()
        # What can't be sent was counted when it was first met.
        tally = Tally() if journal.done else journal.tally
        return await chooser.newest_makings(tally)

    async def _bible(self) -> Bible:
        bible, wanted = Bible(), self._journal.ask.projects
        for topic in _BIBLE:
            async for batch in self._records.batches(topic, await self._records.spans(topic)):
                for record in batch:
                    received = self._events.read(record)
                    if not isinstance(received, Broken) and (
                        not wanted or facts_of(received.event).project_id in wanted
                    ):
                        bible.add(received.event)
        return bible

    def _rules(self) -> Rules:
        return Rules(
            catalogue=known_models(),
            providers=self._providers,
            today=SystemClock().now().date(),
            places=load_templates(),
            wordings=shipped_templates(),
        )

    def _answer(self, choice: Choice, *, resumed: bool, dry_run: bool) -> dict[str, Any]:
        journal = self._journal
        return {
            "replay_id": journal.replay_id,
            "topic": journal.ask.topic,
            "source": journal.ask.source,
            "regenerate": journal.ask.regenerate,
            "dry_run": dry_run,
            "resumed": resumed,
            **journal.tally.summary(),
            "missing": choice.missing,
        }


def _add(event: Event, estimate: Estimate | None, repeats: Counter[tuple[str, str]]) -> None:
    if estimate is not None:
        estimate.add(event)
    else:
        facts = facts_of(event)
        repeats[facts.project_id or "", facts.scene_id or ""] += 1


def _begun(progress: Bars, what: str, total: int, done: int) -> Callable[[int], None]:
    progress.begin(what, total)
    if done:
        progress.advance(what, done)
    return lambda count: progress.advance(what, count)


def _length(spans: Spans) -> int:
    return sum(span.end - span.first for span in spans.values())


def known_models() -> Catalogue:
    """The catalogue that the deployment's orchestrator has.

    Raises:
        CliError: `ICE_ORCHESTRATOR_CATALOGUE` names a file that is none.
    """
    try:
        return load_catalogue(read_settings(OrchestratorSettings).orchestrator_catalogue)
    except CatalogueError as error:
        raise CliError(str(error), code=Exit.INVALID) from error
