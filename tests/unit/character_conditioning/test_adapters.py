"""Adapters of the registry in the cast: by file, by hash, by name."""

from typing import Any

import pytest

from schemas.adapter import Adapter, AdapterDefined, AdapterKind
from schemas.base import Event
from schemas.bible import Lora
from schemas.conditioning import CharactersConditioned
from schemas.shot import ShotRejected
from services.chassis.failures import Poison
from tests.fakes.clock import FakeClock
from tests.fakes.conditioning import BIBLE_WAIT_S, PROJECT, CharacterStage, character, defined, planned
from tests.fakes.documents import FakeDocuments


def adapter(number: int = 1, **values: Any) -> Adapter:
    sha256 = f"{number:064x}"
    told = {
        "adapter_id": "radha-v1",
        "version": number,
        "base_model": "sdxl",
        "trigger_words": ["rdh woman"],
        "uri": f"s3://ice/adapters/{sha256}.safetensors",
        "sha256": sha256,
        "size_bytes": 1000,
    }
    return Adapter.model_validate({**told, **values})


def added(number: int = 1, **values: Any) -> AdapterDefined:
    return AdapterDefined(project_id=PROJECT, adapter=adapter(number, **values))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def stage(clock: FakeClock) -> CharacterStage:
    return CharacterStage(FakeDocuments(), clock)


def loras_of(events: list[Event]) -> tuple[Lora, ...]:
    (event,) = events
    assert isinstance(event, CharactersConditioned)
    return event.cast[0].loras


async def test_a_name_gets_the_newest_file_and_what_the_file_says_goes_first(stage: CharacterStage) -> None:
    named = {"lora_id": "radha-v1", "scale": 0.6, "base_model": "sd15"}
    await stage.take(added(1), added(2), defined(character(loras=[named])))
    (lora,) = loras_of(await stage.take(planned(cast=["radha"])))
    newest = adapter(2)
    assert (lora.uri, lora.sha256, lora.base_model) == (newest.uri, newest.sha256, "sdxl")
    assert (lora.scale, lora.trigger_words, lora.kind) == (0.6, ("rdh woman",), AdapterKind.LORA)


async def test_words_of_the_bible_stay(stage: CharacterStage) -> None:
    await stage.take(added(), defined(character(loras=[{"lora_id": "radha-v1", "trigger_words": ["my word"]}])))
    (lora,) = loras_of(await stage.take(planned(cast=["radha"])))
    assert lora.trigger_words == ("my word",)


async def test_the_prototypes_embedding_id_names_an_adapter_too(stage: CharacterStage) -> None:
    token = adapter(1, kind="textual-inversion", adapter_id="radha-token", trigger_words=["<radha>"])
    await stage.take(AdapterDefined(project_id=PROJECT, adapter=token), defined(character(embedding_id="radha-token")))
    (lora,) = loras_of(await stage.take(planned(cast=["radha"])))
    assert (lora.kind, lora.trigger_words, lora.uri) == (AdapterKind.TEXTUAL_INVERSION, ("<radha>",), token.uri)


async def test_a_name_that_the_registry_does_not_know_is_a_vendors_own_and_waits_for_nothing(
    stage: CharacterStage,
) -> None:
    other = AdapterDefined(project_id="another-film", adapter=adapter())
    await stage.take(other, defined(character(loras=[{"lora_id": "radha-v1"}])))
    (lora,) = loras_of(await stage.take(planned(cast=["radha"])))
    assert lora == Lora(lora_id="radha-v1")


async def test_a_hash_is_waited_for_and_an_older_file_is_found(stage: CharacterStage) -> None:
    pinned = {"lora_id": "radha-v1", "sha256": adapter(1).sha256}
    await stage.take(defined(character(loras=[pinned])), added(2))
    assert await stage.take(planned(cast=["radha"])) == []
    (lora,) = loras_of(await stage.take(added(1)))
    assert (lora.uri, lora.sha256) == (adapter(1).uri, adapter(1).sha256)
    assert loras_of(await stage.take(planned("SH020", cast=["radha"]))) == (lora,)


async def test_a_hash_that_does_not_come_is_refused_by_name(stage: CharacterStage, clock: FakeClock) -> None:
    pinned = {"lora_id": "radha-v1", "sha256": "f" * 64}
    await stage.take(defined(character(loras=[pinned])), added(1))
    assert await stage.take(planned(cast=["radha"])) == []
    clock.advance(BIBLE_WAIT_S)
    (refused,) = await stage.sweep()
    assert isinstance(refused, ShotRejected)
    (problem,) = refused.problems
    assert (problem.code, problem.field) == ("unknown-adapter", "bible.radha.loras")
    assert "radha-v1 with sha256 ffff" in problem.value
    assert "radha-v1" in problem.allowed


async def test_an_assigned_file_needs_no_registry(stage: CharacterStage) -> None:
    given = {"lora_id": "radha-v1", "uri": "s3://ice/adapters/a.safetensors", "sha256": "a" * 64, "base_model": "sdxl"}
    await stage.take(added(2), defined(character(loras=[given])))
    (lora,) = loras_of(await stage.take(planned(cast=["radha"])))
    assert lora == Lora.model_validate(given)


async def test_a_decided_shot_keeps_its_files_though_the_registry_moves_on(stage: CharacterStage) -> None:
    await stage.take(added(1), defined(character(loras=[{"lora_id": "radha-v1"}])))
    first = await stage.take(planned(cast=["radha"]))
    await stage.take(added(2))
    assert await stage.take(planned(cast=["radha"])) == first


async def test_a_version_keeps_its_first_content(stage: CharacterStage) -> None:
    await stage.take(added(1))
    with pytest.raises(Poison, match="adapter radha-v1 of project vrindavan, version 1: another content"):
        await stage.take(added(1, base_model="sd15"))
    assert await stage.take(added(1)) == []


def test_an_entry_without_files_has_the_digest_that_it_always_had() -> None:
    """INVARIANT: new fields of an adapter entry change no digest of entries that were published before."""
    old = character(loras=[{"lora_id": "x", "scale": 0.5}])
    dumped = old.model_dump(mode="json")["loras"][0]
    assert dumped == {"lora_id": "x", "scale": 0.5, "trigger_words": [], "base_model": None}
