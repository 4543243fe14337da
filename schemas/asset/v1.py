"""Images (and other media) in the object store."""

from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, Field

from schemas.base import Identifier, Model
from schemas.text import AssetUri, Name, Phrase, PromptText, Sha256


class AssetType(StrEnum):
    """Kind of media."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"


class AssetStatus(StrEnum):
    """How far an asset is."""

    PENDING = "pending"
    GENERATING = "generating"
    GENERATED = "generated"
    FAILED = "failed"


class AssetRef(Model):
    """An image that exists, exactly as described."""

    uri: AssetUri
    """`s3://bucket/key`."""
    sha256: Sha256
    """Hash of its bytes."""
    size_bytes: int = Field(ge=1)
    """Length in bytes."""
    mime_type: Name
    """Media type, e.g. `image/png`."""
    width: int = Field(ge=1)
    """Width in pixels."""
    height: int = Field(ge=1)
    """Height in pixels."""
    thumbnail_uri: AssetUri | None = None
    """A small JPEG of it."""


class Asset(Model):
    """A media file with how it was made; the metadata record of the asset store."""

    asset_id: Identifier
    """The generation that made it."""
    asset_type: AssetType = AssetType.IMAGE
    """Kind of media."""
    url: AssetUri
    """Where it is."""
    filename: Name
    """Unique file name for exports, e.g. `SEQ010_SH0020_KF_v003.png`."""
    prompt: PromptText = ""
    """Prompt it was made with."""
    model: Name | None = None
    """Model that made it."""
    generation_params: dict[str, Any] = Field(default_factory=dict)
    """Parameters sent to the model."""
    width: int | None = Field(default=None, ge=1)
    """Width in pixels."""
    height: int | None = Field(default=None, ge=1)
    """Height in pixels."""
    duration_s: float | None = Field(default=None, ge=0)
    """Length in seconds, for video and sound."""
    aspect_ratio: Phrase | None = None
    """As a reduced ratio, e.g. `16:9`."""
    file_size: int | None = Field(default=None, ge=0)
    """Length in bytes."""
    mime_type: Name | None = None
    """Media type."""
    sha256: Sha256 | None = None
    """Hash of its bytes."""
    project_id: Identifier | None = None
    """Film project."""
    shot_id: Identifier | None = None
    """Shot."""
    scene_id: Identifier | None = None
    """Scene."""
    status: AssetStatus = AssetStatus.GENERATED
    """How far it is."""
    created_at: AwareDatetime | None = None
    """When it was stored."""
    updated_at: AwareDatetime | None = None
    """When its record changed."""
