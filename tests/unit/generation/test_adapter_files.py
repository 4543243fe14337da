"""The cache of adapter files: what is handed out, what makes room, and what a death leaves behind."""

import asyncio
import hashlib
import os
from pathlib import Path

import pytest

from services.chassis.failures import ObjectMissing, ObjectTooLarge, Transient
from services.chassis.object_store import MAX_OBJECT_BYTES, StoredObject
from services.generation.adapters.adapter_files import AdapterCache
from services.generation.ports import AdapterFiles
from tests.fakes.clock import FakeClock
from tests.fakes.object_store import FakeObjectStore

KEEP_S = 60.0


class SlowStore(FakeObjectStore):
    """Counts downloads, each of which takes a turn or waits for `gate`; `begun` tells that one is under way."""

    def __init__(self) -> None:
        super().__init__()
        self.downloads: list[str] = []
        self.begun = asyncio.Event()
        self.gate: asyncio.Event | None = None

    async def get_file(self, uri: str, path: Path, max_bytes: int = MAX_OBJECT_BYTES) -> StoredObject:
        self.downloads.append(uri)
        self.begun.set()
        await asyncio.sleep(0)
        if self.gate is not None:
            await self.gate.wait()
        return await super().get_file(uri, path, max_bytes)


def content(number: int, size: int = 100) -> bytes:
    return bytes([number]) * size


async def stored(store: FakeObjectStore, number: int, size: int = 100) -> tuple[str, str]:
    data = content(number, size)
    sha256 = hashlib.sha256(data).hexdigest()
    put = await store.put(f"adapters/{sha256}.safetensors", data, "application/octet-stream")
    return put.uri, sha256


def cache(store: FakeObjectStore, folder: Path, clock: FakeClock | None = None, max_bytes: int = 250) -> AdapterCache:
    return AdapterCache(store, folder, max_bytes=max_bytes, keep_s=KEEP_S, clock=clock or FakeClock())


def held(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.name != ".lock")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def test_a_file_comes_once_and_stays(tmp_path: Path) -> None:
    store = SlowStore()
    files: AdapterFiles = cache(store, tmp_path / "new")
    uri, sha256 = await stored(store, 1)
    first = await files.fetch(uri, sha256)
    assert first.read_bytes() == content(1)
    assert await files.fetch(uri, sha256) == first
    assert first.name == f"{sha256}.safetensors"
    assert len(store.downloads) == 1


async def test_a_start_finds_what_the_one_before_left(tmp_path: Path) -> None:
    store = SlowStore()
    uri, sha256 = await stored(store, 1)
    await cache(store, tmp_path).fetch(uri, sha256)
    await cache(store, tmp_path).fetch(uri, sha256)
    assert len(store.downloads) == 1


async def test_many_who_ask_at_once_share_a_download_and_one_who_leaves_takes_it_from_nobody(tmp_path: Path) -> None:
    store, gate = SlowStore(), asyncio.Event()
    store.gate = gate
    mine, other = cache(store, tmp_path), cache(store, tmp_path)
    uri, sha256 = await stored(store, 1)
    asks = [asyncio.create_task(files.fetch(uri, sha256)) for files in (mine, mine, mine, other)]
    await store.begun.wait()
    asks[0].cancel()
    await asyncio.sleep(0.05)
    gate.set()
    found = await asyncio.gather(*asks, return_exceptions=True)
    assert isinstance(found[0], asyncio.CancelledError)
    assert all(isinstance(path, Path) and path.read_bytes() == content(1) for path in found[1:])
    assert len(store.downloads) == 1


async def test_the_least_recently_used_makes_room(tmp_path: Path) -> None:
    store, clock = SlowStore(), FakeClock()
    files = cache(store, tmp_path, clock)
    one, two, three = [await stored(store, number) for number in (1, 2, 3)]
    await files.fetch(*one)
    clock.advance(1)
    second = await files.fetch(*two)
    clock.advance(1)
    first = await files.fetch(*one)
    clock.advance(KEEP_S + 1)
    await files.fetch(*three)
    assert first.exists()
    assert not second.exists()
    assert held(tmp_path) == 200


async def test_what_may_be_about_to_be_read_makes_no_room(tmp_path: Path) -> None:
    store, clock = SlowStore(), FakeClock()
    files = cache(store, tmp_path, clock)
    one, two, three = [await stored(store, number) for number in (1, 2, 3)]
    paths = [await files.fetch(*one), await files.fetch(*two)]
    with pytest.raises(Transient, match=r"100 bytes are needed, 250 may be used and are in use"):
        await files.fetch(*three)
    assert all(path.exists() for path in paths)
    clock.advance(KEEP_S)
    assert (await files.fetch(*three)).read_bytes() == content(3)


async def test_one_larger_than_the_cache_is_too_large_and_drops_nothing(tmp_path: Path) -> None:
    store, clock = SlowStore(), FakeClock()
    files = cache(store, tmp_path, clock)
    kept = await files.fetch(*await stored(store, 1))
    clock.advance(KEEP_S)
    with pytest.raises(ObjectTooLarge):
        await files.fetch(*await stored(store, 2, size=251))
    assert kept.exists()
    assert store.downloads == [store.downloads[0]]


async def test_another_content_than_the_hash_says_is_never_handed_out(tmp_path: Path) -> None:
    store = SlowStore()
    files = cache(store, tmp_path)
    uri, sha256 = await stored(store, 1)
    store.objects[uri.removeprefix("s3://ice/")] = content(2)
    with pytest.raises(ValueError, match=f"allowed is {sha256}"):
        await files.fetch(uri, sha256)
    assert held(tmp_path) == 0


@pytest.mark.parametrize("spoiled", [content(9), content(1, 99), b""], ids=["changed", "cut off", "empty"])
async def test_a_file_spoiled_on_the_disk_is_fetched_anew(tmp_path: Path, spoiled: bytes) -> None:
    store = SlowStore()
    files = cache(store, tmp_path)
    uri, sha256 = await stored(store, 1)
    path = await files.fetch(uri, sha256)
    path.write_bytes(spoiled)
    os.utime(path, ns=(1, 1))
    for again in (files, cache(store, tmp_path)):
        assert (await again.fetch(uri, sha256)).read_bytes() == content(1)
    assert len(store.downloads) == 2


async def test_what_a_process_left_when_it_died_goes_and_strangers_stay(tmp_path: Path) -> None:
    store = SlowStore()
    uri, sha256 = await stored(store, 1)
    (tmp_path / f"{sha256}.part").write_bytes(b"x" * 240)
    (tmp_path / f"{'a' * 64}.part").write_bytes(b"x" * 240)
    (tmp_path / "notes.part").write_bytes(b"x" * 240)
    assert (await cache(store, tmp_path).fetch(uri, sha256)).read_bytes() == content(1)
    assert names(tmp_path) == {".lock", "notes.part", f"{sha256}.safetensors"}


async def test_a_file_that_goes_while_room_is_made_is_no_failure(tmp_path: Path) -> None:
    store = SlowStore()
    uri, sha256 = await stored(store, 1)
    # Listed but not there, as a part file is that its download gives up between the two looks.
    (tmp_path / f"{'0' * 64}.part").symlink_to(tmp_path / "gone")
    assert (await cache(store, tmp_path).fetch(uri, sha256)).read_bytes() == content(1)


@pytest.mark.parametrize("sha256", ["", "abc", "../" * 21 + "a", "A" * 64, "a" * 64 + "\n"])
async def test_a_hash_that_is_none_is_refused(tmp_path: Path, sha256: str) -> None:
    with pytest.raises(ValueError, match="allowed are 64 hexadecimal digits"):
        await cache(SlowStore(), tmp_path).fetch("s3://ice/adapters/a", sha256)


async def test_what_is_not_ours_missing_or_away_is_told_apart(tmp_path: Path) -> None:
    store = SlowStore()
    files = cache(store, tmp_path)
    uri, sha256 = await stored(store, 1)
    with pytest.raises(ValueError, match="allowed is 's3://ice/"):
        await files.fetch("https://elsewhere/a.safetensors", sha256)
    with pytest.raises(ObjectMissing):
        await files.fetch("s3://ice/adapters/none.safetensors", "0" * 64)
    store.away = "unplugged"
    with pytest.raises(Transient, match="unplugged"):
        await files.fetch(uri, sha256)
    store.away = None
    assert (await files.fetch(uri, sha256)).exists()
