"""Which keyframes were made from what has changed since. Pure: by content, whatever was published again in between.

A stale keyframe is kept and shown; it is made again on purpose only.
"""

from collections.abc import Iterable, Mapping
from typing import Any

Answer = dict[str, Any]
Document = Mapping[str, Any]


def changes(keyframe: Document, shot: Document, digests: Mapping[str, str], remade: Mapping[str, str]) -> list[Answer]:
    """What has changed in the bible and in its references since a keyframe was made, as `{code, what, reason}`.

    Args:
        keyframe: body of its event.
        shot: the newest plan of its shot; an entry whose version it names has not changed for it.
        digests: of the newest version of each entry, by `character:<id>`, `location:<id>`, `prop:<id>`.
        remade: by address of an image that another making has replaced: whose it is.
    """
    provenance = keyframe.get("provenance") or {}
    pinned = pins(shot)
    found = [
        {"code": "bible", "what": name, "reason": f"{name.replace(':', ' ')} has another look now"}
        for name, digest in (provenance.get("bible_digests") or {}).items()
        if name not in pinned and digests.get(name, digest) != digest
    ]
    found += [
        {"code": "reference", "what": remade[use["uri"]], "reason": f"{remade[use['uri']]} was made again"}
        for use in provenance.get("references") or ()
        if use["uri"] in remade
    ]
    return found


def pins(shot: Document) -> frozenset[str]:
    """Entries of which a shot names the version."""
    cast = (f"character:{member['character_id']}" for member in shot.get("cast", ()) if member.get("bible_version"))
    place = (f"location:{shot['location_id']}",) if shot.get("location_version") else ()
    return frozenset((*cast, *place))


def replaced(references: Iterable[Document]) -> dict[str, str]:
    """Addresses of reference images that newer makings have replaced, each with whose it is."""
    return {
        uri: " ".join((item["subject"].replace("_", " "), "of", item["entity_id"], item["variant"] or "")).strip()
        for item in references
        for uri in item["older"]
    }
