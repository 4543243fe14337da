"""What an AUTOMATIC1111 or Forge server says that it has: checkpoints, adapters, samplers, control models. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.generation.providers.exchange import HttpReply, UnreadableReplyError, at
from services.generation.providers.local.gear import file_of, fits_base
from services.generation.providers.local.models import LocalModel

CONTROLNET: Final = "controlnet"
#: Modules that prepare a reference for an IP-Adapter, best first: the extension's own choice, then by encoder (Forge's
#: names last).
_MODULES: Final = ("ip-adapter-auto", "ip-adapter_clip_sdxl_plus_vith", "ip-adapter_clip_h", "CLIP-ViT-H (IPAdapter)")


@dataclass(frozen=True, slots=True)
class WebuiGear:
    """A server's files and scripts; see `Gear`.

    Attributes:
        checkpoints: titles, as override settings take them.
        loras: names, as a prompt's tags take them.
        samplers: names.
        schedulers: labels; empty where the server has none of their own (before 1.9).
        scripts: always-on scripts of txt2img, in lower case.
        models: control models and IP-Adapters of the ControlNet extension.
        modules: preprocessors of it.
        embeddings: names of its textual inversions; None = it doesn't tell.
    """

    checkpoints: tuple[str, ...]
    loras: tuple[str, ...]
    samplers: tuple[str, ...]
    schedulers: tuple[str, ...] = ()
    scripts: frozenset[str] = frozenset()
    models: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    embeddings: tuple[str, ...] | None = None

    @property
    def controls(self) -> tuple[str, ...]:
        """Control models; none without the extension."""
        return self.models if CONTROLNET in self.scripts else ()

    @property
    def begins(self) -> bool:
        """Its img2img comes with it."""
        return True

    @property
    def parts_prompts(self) -> bool:
        """Its one prompt is for the whole frame."""
        return False

    @property
    def parts_loras(self) -> bool:
        """Its tags work on the whole frame."""
        return False

    def reads(self, model: LocalModel) -> bool:
        """Whether the ControlNet extension is there, with an IP-Adapter of the family."""
        return self.adapter(model) is not None and self.module is not None

    def adapter(self, model: LocalModel) -> str | None:
        """The IP-Adapter for a model."""
        fitting = [
            name
            for name in self.controls
            if fits_base(name, model.base) and any(word in name.casefold() for word in ("ip-adapter", "ipadapter"))
        ]
        if model.ip_adapter:
            return file_of(model.ip_adapter, fitting)
        plus = [name for name in fitting if "plus" in name.casefold() and "face" not in name.casefold()]
        return next(iter([*plus, *fitting]), None)

    @property
    def module(self) -> str | None:
        """The preprocessor of references."""
        return next((name for name in _MODULES if name in self.modules), None)

    @property
    def no_module(self) -> str:
        """The preprocessor that leaves a picture as it is; Forge writes it with a capital."""
        return "None" if "None" in self.modules else "none"

    def sampler(self, model: LocalModel) -> str | None:
        """The server's spelling of a model's sampler; None = it hasn't it."""
        return _same(model.sampler or "DPM++ 2M", self.samplers)

    def scheduler(self, model: LocalModel) -> str | None:
        """The server's spelling of a model's schedule; None = it has none of that name, or none at all."""
        return _same(model.scheduler or "Karras", self.schedulers)


def webui_gear(replies: Sequence[HttpReply | None]) -> WebuiGear:
    """The meaning of replies to sd-models, samplers, loras, schedulers, scripts, control models, modules, embeddings.

    Raises:
        UnreadableReplyError: the first two aren't what the server's documentation says.
    """
    checkpoints, samplers, loras, schedulers, scripts, models, modules, embeddings = replies
    if checkpoints is None or samplers is None:
        raise UnreadableReplyError("sd-models: not answered; allowed is a server that was started with --api")
    return WebuiGear(
        checkpoints=_texts(_items(checkpoints), "title"),
        samplers=_texts(_items(samplers), "name"),
        loras=_texts(_optional(loras), "name"),
        schedulers=_texts(_optional(schedulers), "label"),
        scripts=frozenset(str(name).casefold() for name in _optional(scripts, "txt2img")),
        models=tuple(str(name) for name in _optional(models, "model_list")),
        modules=tuple(str(name) for name in _optional(modules, "module_list")),
        embeddings=_embeddings(embeddings),
    )


def _embeddings(reply: HttpReply | None) -> tuple[str, ...] | None:
    """Those loaded, and those that didn't fit the checkpoint loaded now: ours may be another."""
    found = [reply.at(part) for part in ("loaded", "skipped")] if reply is not None and reply.is_json else []
    if not isinstance(next(iter(found), None), dict):
        return None
    return tuple(dict.fromkeys(name for names in found if isinstance(names, dict) for name in names))


def _items(reply: HttpReply) -> list[Any]:
    found = reply.document
    if not isinstance(found, list):
        raise UnreadableReplyError(f"{reply.excerpt}: allowed is a list")
    return found


def _optional(reply: HttpReply | None, *path: str) -> list[Any]:
    found = reply.at(*path) if reply is not None and reply.is_json else None
    return found if isinstance(found, list) else []


def _texts(items: Iterable[Any], key: str) -> tuple[str, ...]:
    found = (at(item, key) for item in items)
    return tuple(name for name in found if isinstance(name, str) and name)


def _same(wanted: str, names: Iterable[str]) -> str | None:
    return next((name for name in names if name.casefold() == wanted.casefold()), None)
