"""Sheets, plates and prop views, and the bible's versions, in the read model. Pure.

Like everything in it each event writes fields of its own only: what counts is worked out when it is read.
"""

from collections.abc import Mapping
from typing import Any, Final

from schemas.bible import Character, Entity, Location, Prop
from schemas.ids import content_digest
from schemas.reference import ReferenceFailed, ReferenceReady, ReferenceRequested
from schemas.vocabulary import SubjectKind

KINDS: Final[Mapping[str, type[Entity]]] = {"character": Character, "location": Location, "prop": Prop}
"""Entries of the bible by kind."""
SUBJECTS: Final = {
    SubjectKind.CHARACTER_SHEET: "character",
    SubjectKind.LOCATION_PLATE: "location",
    SubjectKind.PROP_VIEW: "prop",
}
"""Whose reference it is, by subject."""

Document = Mapping[str, Any]
Answer = dict[str, Any]
ReferenceEvent = ReferenceRequested | ReferenceReady | ReferenceFailed


def reference_id(event: ReferenceEvent) -> str:
    """Key of a reference's document; its own holds words of people, which a path can't."""
    return f"{event.project_id}/{content_digest(event.key)}"


def reference_fields(event: ReferenceEvent, at_ms: int) -> tuple[Answer, Answer, dict[str, int]]:
    """What an event sets on its reference's document, only when it is new, and what keeps the lowest."""
    about = {
        "project_id": event.project_id,
        "subject": event.subject.value,
        "kind": SUBJECTS[event.subject],
        "entity_id": event.entity_id,
        "variant": event.variant,
        "look_digest": event.bible_digest,
    }
    regeneration_id = event.regeneration_id
    making = "makings.first" if regeneration_id is None else f"makings.{content_digest(regeneration_id)[:24]}"
    match event:
        case ReferenceReady():
            said: Answer = {f"{making}.ready.{event.event_id}.body": event.model_dump(mode="json")}
            least = {f"{making}.ready.{event.event_id}.at_ms": at_ms}
        case ReferenceFailed():
            said = {f"{making}.failed": {"reason": event.reason, "code": event.code, "run_id": event.run_id}}
            least = {f"{making}.failed_at_ms": at_ms}
        case ReferenceRequested():
            said = {
                f"{making}.run": event.run.model_dump(mode="json") if event.run is not None else None,
                f"{making}.run_id": event.run.run_id if event.run is not None else None,
                f"{making}.reason": event.reason,
            }
            least = {f"{making}.asked_at_ms": at_ms}
    return {**said, f"{making}.regeneration_id": event.regeneration_id}, {**about, **_version(event)}, least


def _version(event: ReferenceEvent) -> Answer:
    return {"bible_version": event.bible_version}


def told(document: Document) -> Answer:
    """A reference as the API shows it: what counts of all its makings.

    `status`: `ready` with the newest image, `making` while one is under way and none is there, else `failed`.
    """
    makings = list(document.get("makings", {}).values())
    images = [item for making in makings for item in making.get("ready", {}).values()]
    newest = max(images, key=lambda item: item["at_ms"], default=None)
    last: Document = max(makings, key=lambda making: making.get("asked_at_ms", 0), default={})
    failures = [making for making in makings if making.get("failed") and not making.get("ready")]
    names = ("project_id", "subject", "kind", "entity_id", "variant", "bible_version", "look_digest")
    answer = {name: document.get(name) for name in names}
    open_ = any(not making.get("failed") and not making.get("ready") for making in makings)
    status = "ready" if newest is not None else "making" if open_ else "failed"
    reason = failures[-1]["failed"]["reason"] if status == "failed" and failures else last.get("reason")
    return {
        **answer,
        "status": status,
        "reason": reason,
        "makings": len(makings),
        "run_id": (newest or {}).get("body", {}).get("run_id") or last.get("run_id"),
        "image": _image(newest["body"]) if newest is not None else None,
        "older": list(
            dict.fromkeys(
                picture["uri"]
                for item in images
                if item is not newest
                for picture in item["body"].get("references", ())
            )
        ),
    }


def _image(body: Document) -> Answer:
    names = ("asset", "model", "provider", "generation_id", "degradations", "cost_usd_micros", "approved_by")
    return {**{name: body.get(name) for name in names}, "provenance": body.get("provenance")}


def first_run(document: Document) -> Answer | None:
    """The run that was asked for first: what to repeat for another making. None = it isn't known."""
    runs = [making["run"] for making in document.get("makings", {}).values() if making.get("run")]
    return runs[0] if runs else None


def entity_fields(entity: Entity, at_ms: int) -> tuple[Answer, dict[str, int]]:
    """What an entry sets on its document, and what keeps the lowest: the first content of a version counts."""
    path = f"versions.{entity.version}.{entity.digest}"
    return {f"{path}.entity": entity.model_dump(mode="json")}, {f"{path}.at_ms": at_ms}


def versions_of(document: Document) -> list[Answer]:
    """Every version of an entry, the oldest first; of several contents of a version the first."""
    found = []
    for number, contents in document.get("versions", {}).items():
        digest, first = min(contents.items(), key=lambda item: item[1].get("at_ms", 0))
        found.append({"version": int(number), "digest": digest, "at_ms": first.get("at_ms"), "entity": first["entity"]})
    if not found and document.get("entity"):
        # Written by a release that kept the newest only.
        entity = KINDS[document["kind"]].model_validate(document["entity"])
        found.append({"version": entity.version, "digest": entity.digest, "at_ms": None, "entity": document["entity"]})
    return sorted(found, key=lambda item: item["version"])
