"""Laws of the cache of adapter files, over all sequences of asking, waiting, spoiling and dying."""

import asyncio
import hashlib
import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.failures import ObjectTooLarge, Transient
from services.chassis.object_store import MAX_OBJECT_BYTES, StoredObject
from services.generation.adapters.adapter_files import AdapterCache
from tests.fakes.clock import FakeClock
from tests.fakes.object_store import FakeObjectStore

MAX_BYTES = 400
SIZES = (0, 1, 90, 150, 200, 399, 400, 401)
FILES = {number: bytes([number]) * size for number, size in enumerate(SIZES)}
HASHES = {number: hashlib.sha256(data).hexdigest() for number, data in FILES.items()}

asks = st.tuples(st.just("ask"), st.lists(st.sampled_from(sorted(FILES)), min_size=1, max_size=4))
waits = st.tuples(st.just("wait"), st.integers(1, 90))
spoils = st.tuples(st.just("spoil"), st.sampled_from(sorted(FILES)))
deaths = st.tuples(st.just("die"), st.sampled_from(sorted(FILES)))


class WatchedStore(FakeObjectStore):
    """Looks at the folder whenever a download begins, and notes downloads of one file at the same time."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.under_way: set[str] = set()

    async def get_file(self, uri: str, path: Path, max_bytes: int = MAX_OBJECT_BYTES) -> StoredObject:
        assert uri not in self.under_way, "two downloads of one file"
        self.under_way.add(uri)
        assert held(self.folder) <= MAX_BYTES
        await asyncio.sleep(0)
        try:
            return await super().get_file(uri, path, max_bytes)
        finally:
            self.under_way.discard(uri)


def held(folder: Path) -> int:
    """Bytes of all files, by their inode: one may be renamed or go while this looks."""
    sizes = {}
    for path in folder.iterdir():
        if path.name != ".lock":
            with suppress(FileNotFoundError):
                stat = path.stat()
                sizes[stat.st_ino] = stat.st_size
    return sum(sizes.values())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(asks, asks, waits, spoils, deaths), max_size=12), st.integers(0, 1))
def test_it_never_exceeds_its_bytes_and_never_hands_out_anything_else(
    steps: list[tuple[str, object]], start: int
) -> None:
    """INVARIANT: bytes on disk, downloads under way included, stay within the limit; what is handed out is whole."""
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(_lived(Path(name), steps, start))


async def _lived(folder: Path, steps: list[tuple[str, object]], start: int) -> None:
    store, clock = WatchedStore(folder), FakeClock()
    uris = {}
    for number, data in FILES.items():
        uris[number] = (await store.put(f"adapters/{HASHES[number]}.safetensors", data, "x/y")).uri
    caches = [AdapterCache(store, folder, max_bytes=MAX_BYTES, keep_s=30, clock=clock) for _ in range(2)]
    for turn, (kind, what) in enumerate(steps, start):
        if kind == "ask" and isinstance(what, list):
            await asyncio.gather(
                *(_asked(caches[(turn + place) % 2], uris[number], number) for place, number in enumerate(what))
            )
        elif kind == "wait" and isinstance(what, int):
            clock.advance(what)
        elif kind == "spoil" and isinstance(what, int):
            path = folder / f"{HASHES[what]}.safetensors"
            if path.exists() and FILES[what]:
                path.write_bytes(bytes(len(FILES[what]) - 1))
        elif isinstance(what, int) and held(folder) + 10 <= MAX_BYTES:
            (folder / f"{HASHES[what]}.part").write_bytes(b"x" * 10)
        assert held(folder) <= MAX_BYTES


async def _asked(files: AdapterCache, uri: str, number: int) -> None:
    with suppress(Transient, ObjectTooLarge):
        path = await files.fetch(uri, HASHES[number])
        assert path.read_bytes() == FILES[number]
