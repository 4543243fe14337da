"""The registry of adapters: LoRA files and textual inversions by the hash of their content."""

from typing import ClassVar

from pydantic import AwareDatetime, Field

from schemas.base import Event, Identifier, Model
from schemas.bible.v1 import AdapterKind
from schemas.ids import content_digest
from schemas.text import AssetUri, Name, Phrase, Sha256, Slug


class Adapter(Model):
    """One version of a LoRA or textual inversion, with its file."""

    adapter_id: Identifier
    """Its name in the project, as `loras` of a character call it, e.g. `radha-v1`."""
    version: int = Field(default=1, ge=1)
    """Grows by one with every change of the file or of what is said of it."""
    kind: AdapterKind = AdapterKind.LORA
    """What the file holds."""
    base_model: Slug
    """Model family it was trained for: `sd15`, `sd21`, `sdxl`, `sd3`, `flux` …; checked against the file."""
    trigger_words: tuple[Name, ...] = Field(default=(), max_length=16)
    """Words that wake it, added to the prompt. Of a textual inversion the first is the token that it teaches."""
    scale: float = Field(default=0.8, ge=0, le=2)
    """Strength where a character says none, 0 to 2."""
    character_id: Identifier | None = None
    """Character that it was trained on; None = nobody in particular."""
    licence: Phrase = ""
    """Under what terms it may be used; empty = not said."""
    uri: AssetUri
    """The file: `s3://bucket/adapters/<sha256>.safetensors`."""
    sha256: Sha256
    """Hash of the file."""
    size_bytes: int = Field(ge=1)
    """Size of the file."""
    created_at: AwareDatetime | None = None
    """When this version was added."""

    @property
    def digest(self) -> str:
        """Sha256 over all but version and date, so that adding the same again is no change."""
        return content_digest(self.model_dump(mode="json", exclude={"version", "created_at"}))


class AdapterDefined(Event):
    """A LoRA or textual inversion entered the registry, or changed."""

    TYPE: ClassVar[str] = "film.adapter.defined"

    project_id: Identifier
    """Film project."""
    adapter: Adapter
    """The whole entry, not a difference."""

    def identity(self) -> tuple[str, ...]:
        """One event per entry, version and content."""
        return (self.project_id, self.adapter.adapter_id, str(self.adapter.version), self.adapter.digest)

    def partition_key(self) -> str:
        """`<project_id>/<adapter id>`."""
        return f"{self.project_id}/{self.adapter.adapter_id}"


__all__ = ["Adapter", "AdapterDefined", "AdapterKind"]
