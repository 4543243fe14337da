"""The asset store: images in the object store, one metadata record each in the document database."""

import asyncio

from schemas.asset import Asset, AssetRef
from services.chassis.documents import Collection, DocumentStore
from services.chassis.object_store import ObjectStore
from services.generation.domain.images import Picture
from services.generation.domain.outcomes import Stored

ASSETS = "assets"


class AssetStore:
    """Objects under `<project>/<shot>/`, records in the collection `assets`, `_id` = asset id.

    Args:
        objects: where bytes go.
        documents: where records go.
        bucket: the bucket that `objects` writes to.
    """

    def __init__(self, objects: ObjectStore, documents: DocumentStore, bucket: str) -> None:
        self.bucket = bucket
        self._objects = objects
        self._records: Collection = documents.collection(ASSETS)

    async def prepare(self) -> None:
        """Create the indexes: assets of a shot, and file names, which are unique in a project."""
        await self._records.ensure_index([("project_id", 1), ("shot_id", 1)])

    async def store(self, picture: Picture, where: Stored) -> None:
        """Store the bytes as they were received, then what is made of them; returns when the store has all of it.

        A crash in between leaves either nothing, or what the rest can be made from again: no paid image is lost half
        stored, and no part of it stays behind alone.
        """
        parts = [(where.image.uri, picture.png, "image/png")]
        if where.original is not None and picture.original is not None:
            parts.insert(0, (where.original.uri, picture.original.data, picture.original.mime_type))
        if where.image.thumbnail_uri is not None:
            parts.append((where.image.thumbnail_uri, picture.thumbnail, "image/jpeg"))
        received, *made = parts
        await self._put(*received)
        await asyncio.gather(*(self._put(*part) for part in made))

    async def received(self, where: Stored) -> bytes | None:
        """The bytes as they were received; None when the store doesn't have them, or others."""
        ref = where.original or where.image
        return await self._objects.get(ref.uri) if await self._matches(ref) else None

    async def holds(self, where: Stored) -> bool:
        """Whether image, thumbnail and original are there, the two with a known hash byte for byte."""
        refs = [where.image] if where.original is None else [where.image, where.original]
        found = await asyncio.gather(*(self._matches(ref) for ref in refs))
        thumbnail = where.image.thumbnail_uri
        return all(found) and (thumbnail is None or await self._objects.stat(thumbnail) is not None)

    async def record(self, asset: Asset) -> None:
        """Write the metadata record; a repeat overwrites it."""
        await self._records.put({"_id": asset.asset_id, **asset.model_dump(mode="json")})

    async def _put(self, uri: str, data: bytes, mime_type: str) -> None:
        await self._objects.put(uri.removeprefix(f"s3://{self.bucket}/"), data, mime_type)

    async def _matches(self, ref: AssetRef) -> bool:
        found = await self._objects.stat(ref.uri)
        return found is not None and found.size == ref.size_bytes and found.sha256 == ref.sha256
