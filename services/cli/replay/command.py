"""`ice replay`: from the command line to what was sent."""

import difflib
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from schemas import topics
from schemas.events import REGISTRY
from schemas.project import SeedPolicy
from services.chassis.clock import SystemClock
from services.chassis.settings import ServiceSettings
from services.cli.exits import CliError, Exit
from services.cli.output import Output
from services.cli.replay.asking import Ask, checked
from services.cli.replay.bounds import narrowed, read_bound, read_rate, window_of
from services.cli.replay.facts import check_filters
from services.cli.replay.journal import REPLAY_ID, Journal, JournalFile, read_journal, unfinished
from services.cli.replay.records import TopicRecords, opened
from services.cli.replay.running import Run, known_models
from services.cli.replay.views import result_view
from services.cli.settings import CliSettings, broker_settings, read_settings, running_stack
from services.orchestrator.domain.catalogue import Catalogue

_ID: Final = re.compile(REPLAY_ID)


@dataclass(frozen=True, slots=True)
class How:
    """How a replay goes, whatever it is about.

    Attributes:
        dry_run: tell what would be sent and send nothing.
        rate: as given on the command line; None = as fast as the broker takes it.
        replay_id: id of a new replay; None = a fresh one.
        resume: id of an unfinished one to take up again.
    """

    dry_run: bool = False
    rate: str | None = None
    replay_id: str | None = None
    resume: str | None = None


async def replay(output: Output, folder: Path | None, ask: Ask | None, how: How) -> Exit:
    """Replay a topic, or take a replay up again (`ask` None).

    Raises:
        CliError: the command line is wrong, no broker answers, or it stopped taking events.
    """
    settings, rate = broker_settings(folder), read_rate(how.rate)
    state, providers = read_settings(CliSettings).replays, _providers(folder)
    if ask is not None:
        _check(ask, providers)
    async with opened(settings) as records:
        journal = await _journal(records, settings, state, ask, how)
        run = Run(output, settings, records, journal, providers)
        if how.dry_run:
            value = await run.dry()
        else:
            _mention_others(output, state, journal)
            value = await run.for_real(JournalFile(state, journal), rate)
    if ask is not None and ask.filtered and not journal.tally.published and not journal.tally.copies:
        problem = f"nothing on {ask.source} is what was asked for ({journal.tally.read:,} records read)"
        raise CliError(problem, code=Exit.INVALID)
    output.result(value, lambda: result_view(value), whole_lines=True)
    return Exit.OK


def seed_policy(text: str | None) -> SeedPolicy | None:
    """A seed policy by its word.

    Raises:
        CliError: there is no such policy.
    """
    if text is None:
        return None
    try:
        return SeedPolicy(text)
    except ValueError as error:
        allowed = ", ".join(policy.value for policy in SeedPolicy)
        raise CliError(f"--seed-policy {text!r}: allowed is {allowed}", code=Exit.INVALID) from error


def _providers(folder: Path | None) -> tuple[str, ...]:
    stack = running_stack(folder)
    return stack.providers if stack is not None else read_settings(CliSettings).providers


def _check(ask: Ask, providers: tuple[str, ...]) -> None:
    names = [spec.name for spec in topics.specs(providers)]
    if ask.topic not in names:
        near = difflib.get_close_matches(ask.topic, names, 1)
        dead = ask.topic.endswith(topics.DEAD_LETTER_SUFFIX)
        raise CliError(
            f"topic {ask.topic!r}: the contract has no such topic" + (f"; did you mean {near[0]!r}?" if near else ""),
            code=Exit.INVALID,
            mend="`ice dlq retry` tries dead letters again"
            if dead
            else "`ice topics` lists them; ICE_PROVIDERS names the providers that have topics",
        )
    checked(ask)
    check_filters(ask, REGISTRY.event(topics.event_type_of(ask.topic)))
    if ask.model is not None:
        _check_model(ask.model, known_models())


def _check_model(name: str, catalogue: Catalogue) -> None:
    if catalogue.named(name):
        return
    names = sorted({word for card in catalogue for word in (card.model, card.provider)})
    near = difflib.get_close_matches(name, names, 1)
    raise CliError(
        f"--model {name!r}: the catalogue has no such model or provider"
        + (f"; did you mean {near[0]!r}?" if near else "")
        + f"; allowed is one of {', '.join(names)}",
        code=Exit.INVALID,
    )


async def _journal(records: TopicRecords, settings: ServiceSettings, state: Path, ask: Ask | None, how: How) -> Journal:
    if ask is None:
        return await _taken_up(records, settings, read_journal(state, how.resume or ""))
    if how.replay_id is not None and not _ID.fullmatch(how.replay_id):
        raise CliError(
            f"--id {how.replay_id[:80]!r}: allowed are 1 to 64 letters, digits, _, . and -, led by a letter or digit",
            code=Exit.INVALID,
        )
    if how.replay_id is not None and how.replay_id in unfinished(state) and not how.dry_run:
        raise CliError(
            f"--id {how.replay_id!r}: a replay of that id is unfinished",
            code=Exit.INVALID,
            mend=f"ice replay --resume {how.replay_id}",
        )
    whole = await records.spans(ask.topic)
    start, stop = read_bound("--from", ask.start), read_bound("--to", ask.stop)
    window = window_of(start, stop)
    starts = await records.offsets_at(ask.topic, window.first_ms, sorted(whole))
    spans = narrowed(whole, start, stop, starts=starts)
    source_spans = spans
    if ask.regenerate:
        source_spans = whole if ask.source == ask.topic else await records.spans(ask.source)
    now = SystemClock().now()
    return Journal(
        replay_id=how.replay_id or f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}",
        started_at=now,
        kafka_bootstrap=settings.kafka_bootstrap,
        kafka_topic_prefix=settings.kafka_topic_prefix,
        ask=ask,
        whole=whole,
        spans=spans,
        window=window,
        source_spans=source_spans,
    )


async def _taken_up(records: TopicRecords, settings: ServiceSettings, journal: Journal) -> Journal:
    """The journal, if it is about this broker and its topic goes on as it was."""
    here = (settings.kafka_bootstrap, settings.kafka_topic_prefix)
    if here != (journal.kafka_bootstrap, journal.kafka_topic_prefix):
        raise CliError(
            f"replay {journal.replay_id}: began on {journal.kafka_bootstrap}, topics "
            f"{journal.kafka_topic_prefix!r}*; this is {here[0]}, {here[1]!r}*",
            code=Exit.INVALID,
        )
    now = await records.spans(journal.ask.source)
    for part, span in journal.source_spans.items():
        if part not in now or now[part].end < span.end:
            raise CliError(
                f"replay {journal.replay_id}: {journal.ask.source} partition {part} reached offset {span.end} when it "
                "began and no longer does: the topic was made anew",
                code=Exit.INVALID,
            )
    return journal


def _mention_others(output: Output, state: Path, journal: Journal) -> None:
    others = [known for known in unfinished(state) if known != journal.replay_id]
    if others:
        output.note(f"unfinished replays: {', '.join(others)} (ice replay --resume ID)")
