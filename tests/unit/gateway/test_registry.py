"""Adapters over HTTP: files in, versions counted, characters given new versions."""

import asyncio
import hashlib
import pickle
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.adapter import AdapterDefined
from schemas.base import Event
from schemas.bible import CharacterDefined
from schemas.keyframe import KeyframeReady, SeenCharacter
from services.gateway.answers import Links
from services.gateway.api import Api, web_app
from services.gateway.entry_book import EntryBook
from services.gateway.handlers import Handlers
from services.gateway.read_model import ReadModel
from services.gateway.registry.api import RegistryApi
from services.gateway.registry.book import AdapterBook
from services.gateway.registry.registry import Registry
from services.gateway.registry.uploads import Uploads
from tests import builders
from tests.fakes.clock import FakeClock
from tests.fakes.documents import FakeDocuments
from tests.fakes.object_store import FakeObjectStore
from tests.fakes.safetensors_files import inversion, lora, safetensors
from tests.unit.gateway.test_api import Published
from tests.unit.gateway.test_domain import received, whole_way

ADAPTERS = "/api/v1/projects/vrindavan/adapters"
FILE = lora("sdxl")
MEBIBYTE = 1024 * 1024


class World:
    """The gateway over documents and objects in memory."""

    def __init__(self, folder: Path) -> None:
        self.documents = FakeDocuments()
        self.objects = FakeObjectStore()
        self.published = Published()
        self.folder = folder

    async def feed(self, events: Sequence[Event]) -> None:
        await Handlers(self.documents).project([received(event, index) for index, event in enumerate(events)])

    def client(self, documents: FakeDocuments | None = None) -> httpx.AsyncClient:
        store = documents or self.documents
        read_model = ReadModel(store)
        registry = Registry(AdapterBook(store), EntryBook(store), self.objects, "ice", self.published, FakeClock())
        uploads = Uploads(self.folder, max_bytes=MEBIBYTE)
        links = Links(self.objects, 60)
        adapters = RegistryApi(registry, uploads, read_model, links)
        api = Api(read_model, links, self.published, page_size=10)
        transport = httpx.ASGITransport(app=web_app(api, registry=adapters), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://gateway")

    @property
    def adapters(self) -> list[AdapterDefined]:
        return [event for event in self.published.events if isinstance(event, AdapterDefined)]

    @property
    def characters(self) -> list[CharacterDefined]:
        return [event for event in self.published.events if isinstance(event, CharacterDefined)]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "uploads")


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    await world.feed([CharacterDefined(project_id="vrindavan", character=builders.RADHA)])
    async with world.client() as client:
        yield client


async def add(http: httpx.AsyncClient, data: bytes = FILE, name: str = "radha-v1", **said: Any) -> httpx.Response:
    return await http.put(f"{ADAPTERS}/{name}", params={"base": "sdxl", **said}, content=data)


async def test_a_file_is_kept_by_its_hash_and_published(world: World, http: httpx.AsyncClient) -> None:
    answer = await add(http, trigger=["rdh woman"], scale=0.7, character="radha", licence="CC0")
    sha256 = hashlib.sha256(FILE).hexdigest()
    assert answer.status_code == 201
    (event,) = world.adapters
    told = event.adapter
    assert (told.adapter_id, told.version, told.base_model, told.scale) == ("radha-v1", 1, "sdxl", 0.7)
    assert (told.uri, told.sha256) == (f"s3://ice/adapters/{sha256}.safetensors", sha256)
    assert (told.trigger_words, told.character_id, told.licence) == (("rdh woman",), "radha", "CC0")
    assert world.objects.objects == {f"adapters/{sha256}.safetensors": FILE}
    assert (await http.get(ADAPTERS)).json() == {"adapters": [answer.json()["adapter"]]}
    assert list(world.folder.iterdir()) == []


async def test_the_same_again_is_the_same_version_and_is_published_again(world: World, http: httpx.AsyncClient) -> None:
    first, again = await add(http), await add(http)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["adapter"] == first.json()["adapter"]
    assert len(world.adapters) == 2
    assert len({event.event_id for event in world.adapters}) == 1


async def test_another_file_or_another_word_is_the_next_version(world: World, http: httpx.AsyncClient) -> None:
    await add(http)
    await add(http, lora("sdxl", fill=1))
    await add(http, lora("sdxl", fill=1), scale=0.5)
    assert [event.adapter.version for event in world.adapters] == [1, 2, 3]
    assert len(world.objects.objects) == 2


async def test_two_who_add_at_once_get_two_versions(http: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(add(http, lora("sdxl", fill=number)) for number in range(4)))
    assert sorted(answer.json()["adapter"]["version"] for answer in answers) == [1, 2, 3, 4]


async def test_versions_go_on_after_the_database_is_lost(world: World, http: httpx.AsyncClient) -> None:
    await add(http)
    fresh = FakeDocuments()
    await Handlers(fresh).project([received(event, index) for index, event in enumerate(world.adapters)])
    async with world.client(fresh) as client:
        assert (await add(client)).status_code == 200
        assert (await add(client, lora("sdxl", fill=9))).json()["adapter"]["version"] == 2


async def test_what_the_trainer_noted_is_taken_where_nothing_is_said(world: World, http: httpx.AsyncClient) -> None:
    await add(http, lora("sdxl", metadata={"modelspec.trigger_phrase": "rdh person"}))
    await add(http, inversion("sdxl"), "radha-token", kind="textual-inversion")
    noted, token = (event.adapter for event in world.adapters)
    assert (noted.trigger_words, noted.scale) == (("rdh person",), 0.8)
    assert (token.trigger_words, token.scale) == (("radha-token",), 1.0)


@pytest.mark.parametrize(
    ("data", "said", "status", "why"),
    [
        (pickle.dumps({}), {}, 422, "a pickle"),
        (b"", {}, 422, "0 bytes"),
        (FILE[:-2], {}, 422, "cut off"),
        (FILE, {"base": "sd15"}, 422, "base: sd15; the file was trained for sdxl by its cross-attention"),
        (FILE, {"kind": "textual-inversion"}, 422, "the file is a lora"),
        (FILE, {"scale": 3}, 422, "scale"),
        (FILE, {"kind": "checkpoint"}, 422, "kind"),
        (safetensors({"x.lora_down.weight": (1024, 1024)}), {}, 413, "more than 1 MiB"),
    ],
    ids=["pickle", "empty", "cut off", "other base", "other kind", "scale", "unknown kind", "too large"],
)
async def test_what_can_not_be_used_is_refused_and_leaves_nothing(
    world: World, http: httpx.AsyncClient, data: bytes, said: dict[str, Any], status: int, why: str
) -> None:
    answer = await add(http, data, **said)
    assert (answer.status_code, why in answer.json()["error"]["message"]) == (status, True), answer.text
    assert world.adapters == []
    assert world.objects.objects == {}
    assert not world.folder.exists() or list(world.folder.iterdir()) == []


async def test_usual_names_of_the_base_are_understood(world: World, http: httpx.AsyncClient) -> None:
    await add(http, base="SDXL 1.0")
    assert world.adapters[0].adapter.base_model == "sdxl"


@pytest.mark.parametrize("name", ["..%2Fx", "a%20b", "x" * 200])
async def test_a_name_that_could_be_a_path_is_refused(http: httpx.AsyncClient, name: str) -> None:
    assert (await add(http, name=name)).status_code in {404, 422}


async def assign(http: httpx.AsyncClient, name: str = "radha-v1", who: str = "radha", **how: Any) -> httpx.Response:
    return await http.post(f"{ADAPTERS}/{name}/assignments", json={"character_id": who, **how})


async def test_assigning_publishes_the_characters_next_version_with_the_file(
    world: World, http: httpx.AsyncClient
) -> None:
    added = (await add(http, trigger=["rdh woman"])).json()["adapter"]
    answer = await assign(http, scale=0.6, required=True)
    assert answer.status_code == 201
    (event,) = world.characters
    (entry,) = event.character.loras
    assert (event.character.version, event.character.appearance) == (2, builders.RADHA.appearance)
    assert (entry.uri, entry.sha256, entry.base_model) == (added["uri"], added["sha256"], "sdxl")
    assert (entry.scale, entry.trigger_words, entry.required) == (0.6, ("rdh woman",), True)


async def test_assigning_again_changes_nothing_and_a_new_file_takes_the_old_ones_place(
    world: World, http: httpx.AsyncClient
) -> None:
    await add(http)
    first, again = await assign(http), await assign(http)
    assert (first.status_code, again.status_code) == (201, 200)
    await add(http, lora("sdxl", fill=1))
    await assign(http)
    newest = world.characters[-1].character
    assert (newest.version, len(newest.loras)) == (3, 1)
    assert newest.loras[0].sha256 == world.adapters[-1].adapter.sha256


async def test_two_assignments_at_once_are_two_versions_and_neither_is_lost(
    world: World, http: httpx.AsyncClient
) -> None:
    for name in ("one", "two"):
        await add(http, name=name)
    await asyncio.gather(assign(http, "one"), assign(http, "two"))
    newest = max((event.character for event in world.characters), key=lambda character: character.version)
    assert (newest.version, {lora.lora_id for lora in newest.loras}) == (3, {"one", "two"})


async def test_an_assignment_builds_on_what_the_planner_published_meanwhile(
    world: World, http: httpx.AsyncClient
) -> None:
    await add(http)
    await assign(http)
    planners = builders.RADHA.model_copy(update={"version": 5, "tags": ("wet hair",)})
    await world.feed([CharacterDefined(project_id="vrindavan", character=planners)])
    await assign(http)
    newest = world.characters[-1].character
    assert (newest.version, newest.tags, len(newest.loras)) == (6, ("wet hair",), 1)


async def test_what_is_unknown_or_somebody_elses_is_told(world: World, http: httpx.AsyncClient) -> None:
    await add(http, character="krishna")
    unknown, nobody, other = await assign(http, "none"), await assign(http, who="nobody"), await assign(http)
    assert (unknown.status_code, nobody.status_code, other.status_code) == (404, 404, 409)
    assert "there are: radha-v1" in unknown.json()["error"]["message"]
    assert "was trained on krishna" in other.json()["error"]["message"]
    assert world.characters == []


async def test_a_ninth_adapter_is_refused(http: httpx.AsyncClient) -> None:
    for number in range(9):
        await add(http, lora("sdxl", fill=number), f"a{number}")
    answers = [await assign(http, f"a{number}") for number in range(9)]
    assert [answer.status_code for answer in answers] == [201] * 8 + [422]
    assert "loras" in answers[-1].json()["error"]["message"]


async def test_an_absent_broker_or_store_is_a_503_and_the_repeat_ends_it(world: World, http: httpx.AsyncClient) -> None:
    world.objects.away = "unplugged"
    assert (await add(http)).status_code == 503
    world.objects.away = None
    world.published.away = True
    assert (await add(http)).status_code == 503
    world.published.away = False
    assert (await add(http)).status_code == 200
    assert [event.adapter.version for event in world.adapters] == [1]


async def test_a_characters_pictures_come_with_links_and_the_plan_of_their_shots(world: World) -> None:
    radha = builders.RADHA.model_copy(
        update={"reference_images": builders.radha(references=[{"uri": "s3://ice/r.png"}]).references}
    )
    here = SeenCharacter(character_id="radha", name="Radha", bible_version=1, costume_id="attire")
    way = [
        event.model_copy(update={"cast": (here,)}) if isinstance(event, KeyframeReady) else event
        for event in whole_way()
    ]
    await world.feed([CharacterDefined(project_id="vrindavan", character=radha), *way])
    async with world.client() as client:
        answer = (await client.get("/api/v1/projects/vrindavan/characters/radha/pictures")).json()
        nobody = await client.get("/api/v1/projects/vrindavan/characters/nobody/pictures")
    assert answer["references"][0]["url"].startswith("https://objects.test/ice/r.png")
    (keyframe,) = answer["keyframes"]
    assert keyframe["url"].startswith("https://objects.test/ice/vrindavan/sh0010/")
    assert keyframe["planned"]["lighting"] == "golden-hour"
    assert nobody.status_code == 404
