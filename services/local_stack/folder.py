"""The folder of a stack: who owns it, its ports, its credentials, its children."""

import errno
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from services.local_stack.errors import DiskFullError, FolderInUseError, FolderUnusableError
from services.local_stack.servers.process import ProcessId, kill_orphan

_MIB: Final = 1024 * 1024
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_RESERVED_SHARE: Final = 0.01
"""The object store turns read-only when less than this share of the disk is free."""


class Credentials(BaseModel):
    """Random keys of the stack's own object store, made on the first start."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    s3_access_key: str
    s3_secret_key: str

    @classmethod
    def random(cls) -> "Credentials":
        """New keys; 160 secret bits."""
        return cls(s3_access_key=f"ice{secrets.token_hex(8)}", s3_secret_key=secrets.token_urlsafe(20))


class StackFolder:
    """One stack's folder.

    Ownership is a kernel lock on the file `lock`: it falls with the process that holds it, however that dies, so a
    stale one can't block. The owner's number is written into the file for people.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.logs = self.path / "logs"
        self.database_data = self.path / "data" / "database"
        self.object_data = self.path / "data" / "object-store"
        self.state_file = self.path / "stack.json"
        self.credentials_file = self.path / "credentials.json"
        self._ports_file = self.path / "ports.json"
        self._children_file = self.path / "children.json"
        self._lock_file = self.path / "lock"
        self._lock: IO[str] | None = None

    def acquire(self, *, min_free_mb: int) -> None:
        """Make the folder, own it, and check that it can be used. `release` gives it back.

        Raises:
            FolderUnusableError: it can't be made or written.
            FolderInUseError: a live stack owns it.
            DiskFullError: less than `min_free_mb` MiB are free.
        """
        try:
            for folder in (self.path, self.logs, self.database_data, self.object_data):
                folder.mkdir(parents=True, exist_ok=True)
                folder.chmod(0o700)
            self._take_lock()
            self.check_space(min_free_mb)
        except OSError as error:
            self.release()
            raise self._unusable(error) from error
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Give the folder back. A second call does nothing."""
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.close()

    def check_space(self, min_free_mb: int) -> None:
        """Raise when less than `min_free_mb` MiB, and what the object store leaves free, are there.

        Raises:
            DiskFullError: with both numbers.
        """
        disk = shutil.disk_usage(self.path)
        needed = min_free_mb * _MIB + int(disk.total * _RESERVED_SHARE)
        if disk.free < needed:
            raise DiskFullError(
                f"only {disk.free // _MIB} MiB are free for {self.path}; {needed // _MIB} MiB are needed "
                f"({min_free_mb} MiB, and 1 % of the disk that the object store leaves free)",
                "free some space, or choose a folder on another disk",
            )

    async def reclaim(self) -> list[str]:
        """End the servers that a dead stack left running. Returns their names. Call it as the owner."""
        ended = [name for name, child in self.recorded_children().items() if await kill_orphan(child)]
        self.record_children({})
        self.state_file.unlink(missing_ok=True)
        return ended

    def record_children(self, children: Mapping[str, ProcessId]) -> None:
        """Write down which servers run, for the stack that starts after this one was killed."""
        content = {name: {"pid": child.pid, "started": child.started} for name, child in children.items()}
        self.write_private(self._children_file, json.dumps(content, indent=2))

    def recorded_children(self) -> dict[str, ProcessId]:
        """The servers on record, by name; they need not be alive."""
        found = {}
        for name, child in _read_object(self._children_file).items():
            if isinstance(child, dict) and isinstance(child.get("pid"), int):
                found[name] = ProcessId(child["pid"], str(child.get("started")))
        return found

    def remembered_ports(self) -> dict[str, int]:
        """The ports of last time; none when the file is missing or damaged."""
        content = _read_object(self._ports_file)
        return {name: port for name, port in content.items() if isinstance(port, int)}

    def remember_ports(self, ports: Mapping[str, int]) -> None:
        """Keep the ports for next time."""
        self.write_private(self._ports_file, json.dumps(dict(ports), indent=2))

    def credentials(self) -> Credentials:
        """The stack's keys; made on the first call, readable by this user only.

        Raises:
            FolderUnusableError: the file is damaged; the object store would not open with other keys.
        """
        if not self.credentials_file.exists():
            made = Credentials.random()
            self.write_private(self.credentials_file, made.model_dump_json(indent=2))
            return made
        try:
            return Credentials.model_validate_json(self.credentials_file.read_bytes())
        except ValidationError as error:
            raise FolderUnusableError(
                f"{self.credentials_file} is damaged: {error.error_count()} fields are wrong or missing",
                f"delete that file: new keys are made, and the data in {self.object_data} stays readable with them",
            ) from error

    def write_private(self, file: Path, text: str) -> None:
        """Replace a file's content at once, readable and writable by this user only.

        Raises:
            DiskFullError: there is no space left.
            FolderUnusableError: it can't be written.
        """
        new = file.with_name(f".{file.name}.new")
        try:
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as out:
                out.write(text + "\n")
                out.flush()
                os.fsync(out.fileno())
            new.replace(file)
        except OSError as error:
            raise self._unusable(error) from error

    def _take_lock(self) -> None:
        lock = self._lock_file.open("a+", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            owner = lock.read().strip()
            lock.close()
            raise FolderInUseError(
                f"another stack runs on {self.path} (process {owner or 'unknown'})",
                "use that one (`ice status`), stop it with Ctrl-C in its terminal"
                f"{f' or `kill {owner}`' if owner else ''}, or choose another folder",
            ) from None
        lock.seek(0)
        lock.truncate()
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        self._lock = lock

    def _unusable(self, error: OSError) -> DiskFullError | FolderUnusableError:
        where = error.filename or self.path
        if error.errno in _FULL:
            return DiskFullError(
                f"no space is left to write {where}", "free some space, or choose a folder on another disk"
            )
        return FolderUnusableError(
            f"{where} can't be used: {error.strerror or error}",
            "choose a folder that this user may write, on a local disk",
        )


def _read_object(file: Path) -> dict[str, Any]:
    """A JSON object from a file of ours; empty when it is missing or was cut short."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
