"""Identities: each follows from what is asked for, so that a repeat of the request finds the first answer."""

import functools
import hashlib
import json
import uuid
from collections.abc import Iterable
from typing import Any

#: Root of all our name-based ids (RFC 9562 §5.5). Changing it makes every run and event a new one.
NAMESPACE = uuid.UUID("6f1f5c7e-6f0b-5d0e-9d0c-1ce0c0de0001")


# A run's id is asked for at every stage that the run passes in this process.
@functools.lru_cache(maxsize=16_384)
def _named(kind: str, parts: tuple[str, ...]) -> str:
    # JSON keeps ("a", "b/c") and ("a/b", "c") apart, which a plain join would not.
    name = json.dumps([kind, *parts], ensure_ascii=False, separators=(",", ":"))
    return str(uuid.uuid5(NAMESPACE, name))


def event_id(event_type: str, version: int, identity: Iterable[str]) -> str:
    """Id of an event: UUIDv5 over its type, major version and identity."""
    return _named("event", (event_type, str(version), *identity))


def run_id(  # noqa: PLR0913 - the six parts are the identity; grouping them would only hide one
    project_id: str,
    subject_kind: str,
    subject_id: str,
    revision: int,
    frame_role: str,
    regeneration_id: str | None,
) -> str:
    """Id of a run: one subject, one revision, one frame role, one regeneration (None = the first making)."""
    return _named("run", (project_id, subject_kind, subject_id, str(revision), frame_role, regeneration_id or ""))


def regeneration_id(replay_id: str, project_id: str, shot_id: str) -> str:
    """Id of a shot's making anew by one replay: a replay that is taken up again asks for the same makings."""
    return _named("regeneration", (replay_id, project_id, shot_id))


def generation_id(run: str, take: int, model: str, attempt: int, candidate: int) -> str:
    """Id of one paid (or free) call for one image: `take`, `attempt` and `candidate` count from 1."""
    return _named("generation", (run, str(take), model, str(attempt), str(candidate)))


def seed_from(*parts: str) -> int:
    """A seed derived from names: 0 to 2**32 - 1, the same on every machine."""
    return int.from_bytes(hashlib.sha256("\x1f".join(parts).encode()).digest()[:4], "big")


def content_digest(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Sha256 (hex) over the canonical JSON of a value; equal content has an equal digest whatever its key order."""
    canonical = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
