"""Adapters of the registry in the cast: entries that name one get its file, by the hash of its content.

An entry of the bible may name an adapter in three ways:

1. by file (`uri` and `sha256`, as `ice lora assign` writes it): nothing to look up;
2. by name and `sha256`: exactly that file of the registry; the shot waits for it and is refused without it;
3. by name alone: the registry's newest of that name, where there is one by then; else it is a vendor's own id and
   stays.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from schemas.adapter import Adapter
from schemas.base import Event
from schemas.bible import Lora
from schemas.conditioning import CharacterConditioning, CharactersConditioned, Degradation
from schemas.shot import Problem, ShotPlanned, ShotRejected
from schemas.suggestions import listed
from services.character_conditioning.domain.intake import rejected


@dataclass(frozen=True, slots=True)
class WantedAdapter:
    """An adapter that an entry names; `sha256` None = the newest of that name."""

    adapter_id: str
    sha256: str | None = None


Found = Mapping[WantedAdapter, Adapter]


def project_of(events: Sequence[Event]) -> str | None:
    """The project of a decision; None when it conditions nothing."""
    return next((event.run.project.project_id for event in events if isinstance(event, CharactersConditioned)), None)


def adapters_wanted(events: Iterable[Event]) -> frozenset[WantedAdapter]:
    """What a decision's cast wants from the registry."""
    return frozenset(
        _wanted(lora)
        for event in events
        if isinstance(event, CharactersConditioned)
        for member in event.cast
        for lora in member.loras
        if lora.uri is None
    )


def equipped(events: Iterable[Event], found: Found) -> tuple[Event, ...]:
    """The decision with the files of the adapters that were found; what the file says goes before the entry."""
    return tuple(_equipped(event, found) if isinstance(event, CharactersConditioned) else event for event in events)


def _equipped(event: CharactersConditioned, found: Found) -> CharactersConditioned:
    cast = tuple(_with_files(member, found) for member in event.cast)
    return event if cast == event.cast else event.model_copy(update={"cast": cast})


def _with_files(member: CharacterConditioning, found: Found) -> CharacterConditioning:
    loras = tuple(_with_file(lora, found.get(_wanted(lora))) for lora in member.loras)
    return member if loras == member.loras else member.model_copy(update={"loras": loras})


def _with_file(lora: Lora, adapter: Adapter | None) -> Lora:
    if adapter is None or lora.uri is not None:
        return lora
    return lora.model_copy(
        update={
            "kind": adapter.kind,
            "uri": adapter.uri,
            "sha256": adapter.sha256,
            "base_model": adapter.base_model,
            "trigger_words": lora.trigger_words or adapter.trigger_words,
        }
    )


def _wanted(lora: Lora) -> WantedAdapter:
    return WantedAdapter(lora.lora_id, lora.sha256)


def without_adapters(
    planned: ShotPlanned, events: Iterable[Event], missing: Iterable[WantedAdapter], known: Sequence[str]
) -> ShotRejected:
    """The refusal of a shot whose adapters did not come in time.

    Args:
        planned: the shot.
        events: what was decided but for the adapters.
        missing: adapters named by hash that the registry hasn't got.
        known: names of the project's adapters.
    """
    lacking = set(missing)
    problems = {
        member.character_id: Problem.shortened(
            field=f"bible.{member.character_id}.loras",
            value=f"{lora.lora_id} with sha256 {lora.sha256}",
            allowed=f"an adapter of project {planned.project.project_id}: {listed(known) or 'none'} (`ice lora add`)",
            code="unknown-adapter",
        )
        for event in events
        if isinstance(event, CharactersConditioned)
        for member in event.cast
        for lora in member.loras
        if _wanted(lora) in lacking
    }
    return rejected(planned, problems.values())


def losing_adapters(events: Iterable[Event], missing: Iterable[WantedAdapter]) -> tuple[Event, ...]:
    """The decision with a degradation for every adapter that did not come."""
    lost = tuple(
        Degradation(
            code="adapter-unavailable",
            what=f"adapter {item.adapter_id}",
            reason=f"the registry has no file of that name with sha256 {item.sha256}",
        )
        for item in sorted(missing, key=lambda item: item.adapter_id)
    )
    return tuple(
        event.model_copy(update={"degradations": (*event.degradations, *lost)})
        if isinstance(event, CharactersConditioned)
        else event
        for event in events
    )
