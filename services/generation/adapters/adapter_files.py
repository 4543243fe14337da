"""Files of LoRAs and textual inversions on this machine's disk, by the hash of their content.

One folder may serve all workers of a machine. What holds, whoever races and wherever a process dies:

- A file that is handed out has exactly the content of its hash: hashed as it comes, and once more by each process that
  finds it already there.
- The folder never holds more than its bytes, downloads under way included: room is taken before the first byte comes,
  by a part file of the full size, under one lock of the folder.
- A file is downloaded once, however many workers ask: its part file is locked by whoever downloads it, and the others
  wait. A part file that nobody has locked was left by a process that died, and goes.
- The least recently used go first, but none that was handed out within `keep_s`: it may be about to be read.
"""

import asyncio
import contextlib
import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.chassis.clock import Clock, SystemClock
from services.chassis.failures import ObjectMissing, ObjectTooLarge, Transient
from services.chassis.object_store import ObjectStore, StoredObject

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_OURS: Final = re.compile(r"[0-9a-f]{64}\.(safetensors|part)")
_LOCK: Final = ".lock"
#: Seconds between looks at a download of another process.
_LOOK_S: Final = 0.2
_RETRY_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class _Part:
    """Room that is taken: a part file, locked by this process."""

    path: Path
    lock: int

    def give_up(self) -> None:
        self.path.unlink(missing_ok=True)
        os.close(self.lock)

    def finish(self, target: Path) -> None:
        self.path.replace(target)
        os.close(self.lock)


class AdapterCache:
    """`AdapterFiles` in a folder.

    Args:
        store: where the files come from.
        folder: made when it is needed; other files in it are left alone.
        max_bytes: that all files may take together.
        keep_s: how long a file stays for certain after it was asked for.
        clock: wall clock.
    """

    def __init__(
        self,
        store: ObjectStore,
        folder: Path,
        *,
        max_bytes: int,
        keep_s: float = 60.0,
        clock: Clock | None = None,
    ) -> None:
        self._store = store
        self._folder = folder
        self._max_bytes = max_bytes
        self._keep_s = keep_s
        self._clock = clock or SystemClock()
        self._running: dict[tuple[str, str], asyncio.Task[Path]] = {}
        self._seen: dict[str, tuple[int, int, int]] = {}

    async def fetch(self, uri: str, sha256: str) -> Path:
        """The file, downloaded where it isn't here yet; see `AdapterFiles`."""
        if not _SHA256.fullmatch(sha256):
            raise ValueError(f"sha256: {sha256[:80]!r}, allowed are 64 hexadecimal digits in small letters")
        key = (uri, sha256)
        task = self._running.get(key)
        if task is None:
            task = asyncio.create_task(self._bring(uri, sha256))
            self._running[key] = task
            task.add_done_callback(lambda done: self._ended(key, done))
        # Who gives up waiting doesn't take the file from the others.
        return await asyncio.shield(task)

    def _ended(self, key: tuple[str, str], task: "asyncio.Task[Path]") -> None:
        del self._running[key]
        if not task.cancelled():
            task.exception()

    async def _bring(self, uri: str, sha256: str) -> Path:
        target = self._folder / f"{sha256}.safetensors"
        while True:
            if await asyncio.to_thread(self._use, target, sha256):
                return target
            found = await self._store.stat(uri)
            if found is None:
                raise ObjectMissing(uri)
            if found.size > self._max_bytes:
                raise ObjectTooLarge(uri, found.size, self._max_bytes)
            part = await asyncio.to_thread(self._reserve, sha256, found.size)
            if part is None:
                await asyncio.sleep(_LOOK_S)
            else:
                await self._download(uri, sha256, found.size, part)

    async def _download(self, uri: str, sha256: str, size: int, part: _Part) -> None:
        target = self._folder / f"{sha256}.safetensors"
        try:
            _check(await self._store.get_file(uri, part.path, max_bytes=size), sha256)
            self._mark_used(part.path)
            self._seen[sha256] = _signature(part.path)
        except OSError as error:
            part.give_up()
            raise Transient(f"adapter cache {self._folder}: {error.strerror or error}", _RETRY_S) from error
        except BaseException:
            part.give_up()
            raise
        # Under the folder's lock: who makes room at this moment would find the file under neither of its names.
        with self._locked():
            part.finish(target)

    def _use(self, path: Path, sha256: str) -> bool:
        """Whether the file is here and whole; then it counts as used now."""
        try:
            if self._seen.get(sha256) != _signature(path):
                with path.open("rb") as file:
                    whole = hashlib.file_digest(file, "sha256").hexdigest() == sha256
                if not whole:
                    path.unlink()
                    return False
                self._seen[sha256] = _signature(path)
            # Under the folder's lock, so that nobody makes room with it at this very moment.
            with self._locked():
                self._mark_used(path)
        except FileNotFoundError:
            return False
        return True

    def _mark_used(self, path: Path) -> None:
        """Note in the time of access when it was asked for."""
        os.utime(path, ns=(int(self._clock.now().timestamp() * 1e9), path.stat().st_mtime_ns))

    def _reserve(self, sha256: str, size: int) -> _Part | None:
        """Room for a file, or None while somebody else downloads that very file.

        Raises:
            Transient: what is here is in use.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{sha256}.part"
        with self._locked():
            self._sweep()
            if path.exists() or (self._folder / f"{sha256}.safetensors").exists():
                return None
            self._make_room(size)
            lock = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.truncate(lock, size)
        return _Part(path, lock)

    def _sweep(self) -> None:
        """Remove part files that nobody has locked: whoever made them has died."""
        for path in self._folder.glob("*.part"):
            if not _OURS.fullmatch(path.name):
                continue
            with contextlib.suppress(FileNotFoundError):
                handle = os.open(path, os.O_RDWR)
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    path.unlink()
                except BlockingIOError:
                    continue
                finally:
                    os.close(handle)

    def _make_room(self, size: int) -> None:
        files = list(self._files())
        free = self._max_bytes - sum(stat.st_size for _, stat in files)
        oldest = self._clock.now().timestamp() - self._keep_s
        whole = [(path, stat) for path, stat in files if path.suffix == ".safetensors" and stat.st_atime <= oldest]
        leaving = []
        for path, stat in sorted(whole, key=lambda item: item[1].st_atime):
            if free >= size:
                break
            leaving.append(path)
            free += stat.st_size
        if free < size:
            raise Transient(
                f"adapter cache {self._folder}: {size} bytes are needed, {self._max_bytes} may be used and are in use",
                self._keep_s,
            )
        for path in leaving:
            path.unlink(missing_ok=True)

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        """What is here. A download that is given up takes its part file away without the folder's lock."""
        for path in self._folder.iterdir():
            if _OURS.fullmatch(path.name):
                with contextlib.suppress(FileNotFoundError):
                    yield path, path.stat()

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """The folder's lock, among processes and threads; held for moments only."""
        handle = os.open(self._folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _check(got: StoredObject, sha256: str) -> None:
    if got.sha256 != sha256:
        raise ValueError(f"object {got.uri} has sha256 {got.sha256}, allowed is {sha256}")


def _signature(path: Path) -> tuple[int, int, int]:
    """Changes when a file's content is written anew; not when it is read or used."""
    stat = path.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns
