"""What a ComfyUI server says of itself in `/object_info`: its nodes, their inputs, and the files that it has. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.generation.providers.exchange import HttpReply, UnreadableReplyError, at
from services.generation.providers.local.gear import fits_base
from services.generation.providers.local.models import LocalModel

#: Nodes that every server has; one without them is no ComfyUI, or one much too old.
CORE: Final = (
    "CheckpointLoaderSimple",
    "CLIPTextEncode",
    "EmptyLatentImage",
    "KSampler",
    "VAEDecode",
    "SaveImage",
    "LoadImage",
)
_REGIONS: Final = ("LoadImageMask", "ConditioningCombine")
_HOOKS: Final = ("CreateHookLora", "SetClipHooks", "ConditioningSetProperties")
_ADAPTER: Final = ("IPAdapterUnifiedLoader", "IPAdapterAdvanced")
_CONTROL: Final = ("ControlNetLoader", "ControlNetApplyAdvanced")
_BEGINNING: Final = ("LoadImage", "ImageScale", "VAEEncode")


@dataclass(frozen=True, slots=True)
class Node:
    """A class of nodes: its inputs by name, with what each may be (a type, or the values to choose from)."""

    required: Mapping[str, str | tuple[str, ...]]
    optional: Mapping[str, str | tuple[str, ...]]
    outputs: tuple[str, ...]

    def choices(self, name: str) -> tuple[str, ...]:
        """Values that an input may have; empty where it isn't chosen from a list."""
        found = self.required.get(name, self.optional.get(name, ()))
        return () if isinstance(found, str) else found


@dataclass(frozen=True, slots=True)
class ComfyGear:
    """What a server has; see `Gear`.

    Attributes:
        nodes: by class.
        embeddings: names of its textual inversions that a prompt can call: one with a space ends at that.
    """

    nodes: Mapping[str, Node]
    embeddings: tuple[str, ...] | None = None

    @property
    def checkpoints(self) -> tuple[str, ...]:
        """Files of its folder `checkpoints`."""
        return self._files("CheckpointLoaderSimple", "ckpt_name")

    @property
    def loras(self) -> tuple[str, ...]:
        """Files of its folder `loras`."""
        return self._files("LoraLoader", "lora_name")

    @property
    def controls(self) -> tuple[str, ...]:
        """Files of its folder `controlnet`."""
        return self._files("ControlNetLoader", "control_net_name") if self.has(*_CONTROL) else ()

    @property
    def parts_prompts(self) -> bool:
        """Whether conditions can be masked."""
        return self.has(*_REGIONS) and (self.has("ConditioningSetMask") or self.has("ConditioningSetProperties"))

    @property
    def parts_loras(self) -> bool:
        """Whether conditions can carry adapters of their own (since ComfyUI 0.3.8)."""
        return self.has(*_REGIONS, *_HOOKS)

    @property
    def begins(self) -> bool:
        """Whether a picture can be scaled and encoded; these nodes come with every server of today."""
        return self.has(*_BEGINNING)

    def has(self, *names: str) -> bool:
        """Whether it has all of these nodes."""
        return all(name in self.nodes for name in names)

    def reads(self, model: LocalModel) -> bool:
        """Whether the pack ComfyUI_IPAdapter_plus is there, with a file for the model's family."""
        if not self.has(*_ADAPTER, "LoadImage"):
            return False
        presets = self.nodes["IPAdapterUnifiedLoader"].choices("preset")
        files = self._files("IPAdapterModelLoader", "ipadapter_file")
        return (not model.ip_adapter or model.ip_adapter in presets) and any(
            fits_base(name, model.base) for name in files
        )

    def preset(self, model: LocalModel) -> str:
        """The unified loader's preset for a model."""
        presets = self.nodes["IPAdapterUnifiedLoader"].choices("preset")
        plus = next((name for name in presets if name.startswith("PLUS (")), None)
        return model.ip_adapter or plus or next(iter(presets), "PLUS (high strength)")

    def _files(self, node: str, name: str) -> tuple[str, ...]:
        return self.nodes[node].choices(name) if node in self.nodes else ()


def comfy_gear(reply: HttpReply, embeddings: HttpReply | None = None) -> ComfyGear:
    """The meaning of replies to `GET /object_info` and `GET /embeddings`.

    Raises:
        UnreadableReplyError: it isn't what ComfyUI answers.
    """
    told = reply.document
    missing = [name for name in CORE if not isinstance(at(told, name, "input"), dict)]
    if missing:
        raise UnreadableReplyError(f"object_info: no node {', '.join(missing)}; allowed is a ComfyUI server's answer")
    nodes = {name: _node(node) for name, node in told.items() if isinstance(at(node, "input"), dict)}
    listed = embeddings.document if embeddings is not None and embeddings.is_json else None
    names = [name for name in listed if isinstance(name, str) and not re.search(r"\s", name)] if listed else []
    return ComfyGear(nodes, tuple(names) if isinstance(listed, list) else None)


def _node(told: Any) -> Node:  # noqa: ANN401 - JSON
    outputs = at(told, "output")
    return Node(
        required=_inputs(at(told, "input", "required")),
        optional=_inputs(at(told, "input", "optional")),
        outputs=tuple(str(kind) for kind in outputs) if isinstance(outputs, list) else (),
    )


def _inputs(told: Any) -> dict[str, str | tuple[str, ...]]:  # noqa: ANN401 - JSON
    return {name: _kind(spec) for name, spec in told.items()} if isinstance(told, dict) else {}


def _kind(spec: Any) -> str | tuple[str, ...]:  # noqa: ANN401 - JSON
    """Older nodes list the choices in the type's place, newer ones say COMBO and list them as options."""
    kind = at(spec, 0)
    choices = kind if isinstance(kind, list) else at(spec, 1, "options") if kind == "COMBO" else None
    return tuple(str(item) for item in choices) if isinstance(choices, list) else str(kind)
