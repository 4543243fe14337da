"""A job as a graph of ComfyUI's nodes, in the format of its API. Pure: the same job and server give the same graph.

    checkpoint ─ adapters of nobody in particular ─ IP-Adapter: a node per reference, masked to whom it shows ─┐
        └ CLIP ─ the frame's prompt + per character: its adapters, its prompt, its mask ─ guides ──────────────┴ sampler

A character's adapters are hooks on its own condition, so they work within its mask only; a server without hooks gets
them in the chain for everybody (and `gear.with_losses_by_parts` says so).
"""

from collections.abc import Mapping
from typing import Any, Final

from schemas.bible import Lora
from schemas.emphasis import literal
from schemas.vocabulary import WeightForm
from services.generation.providers.local.comfyui_gear import ComfyGear
from services.generation.providers.local.embeddings import applied, is_embedding, spelled
from services.generation.providers.local.gear import control_for, file_of, is_union
from services.generation.providers.local.models import LocalModel, local_model
from services.generation.providers.local.parts import Guide, LocalJob, Part
from services.generation.providers.vendor import INIT, Reference

#: A node's output: its id and the place among its outputs.
Link = list[str | int]
Graph = dict[str, dict[str, Any]]

_MODEL, _CLIP, _VAE = 0, 1, 2
#: Where a request names no strength.
_STRENGTH: Final = 0.6
#: A place or an earlier frame gives light and layout; as strong as a face it would paint over the people.
_SHARE: Final[Mapping[str, float]] = {"location": 0.6, "continuity": 0.5, "prop": 0.4}
_PART_STRENGTH: Final = 0.9
_UNION: Final[Mapping[str, str]] = {
    "pose": "openpose",
    "depth": "depth",
    "lineart": "canny/lineart/anime_lineart/mlsd",
    "canny": "canny/lineart/anime_lineart/mlsd",
}
#: References that aren't shown to an IP-Adapter.
OTHER_ROLES: Final = frozenset({"composition", INIT})


def build_graph(job: LocalJob, gear: ComfyGear) -> Graph:
    """The graph of a job for a server.

    Args:
        job: within what the server has: its references, masks and guides are uploaded.
        gear: of that server.

    Raises:
        ValueError: the server lacks a file that the job names; says which.
    """
    return _Builder(job, gear).graph()


class _Builder:
    def __init__(self, job: LocalJob, gear: ComfyGear) -> None:
        self._job = job
        self._gear = gear
        self._model: LocalModel = local_model(job.traits)
        self._nodes: Graph = {}

    def graph(self) -> Graph:
        job, own = self._job, self._model
        checkpoint = self._add("CheckpointLoaderSimple", ckpt_name=self._checkpoint())
        model, clip, vae = _out(checkpoint, _MODEL), _out(checkpoint, _CLIP), _out(checkpoint, _VAE)
        if own.clip_skip > 1:
            clip = self._one("CLIPSetLastLayer", clip=clip, stop_at_clip_layer=-own.clip_skip)
        model, clip = self._adapted(model, clip)
        positive = self._positive(clip)
        negative = self._one("CLIPTextEncode", text=job.negative_prompt, clip=clip)
        positive, negative = self._guided(positive, negative, vae)
        latent, denoise = self._latent(vae)
        drawn = self._one(
            "KSampler",
            model=self._shown(model),
            positive=positive,
            negative=negative,
            latent_image=latent,
            seed=job.seed or 0,
            steps=job.steps or own.steps,
            cfg=own.cfg_scale if job.cfg_scale is None else job.cfg_scale,
            sampler_name=own.sampler or "dpmpp_2m",
            scheduler=own.scheduler or "karras",
            denoise=denoise,
        )
        image = self._one("VAEDecode", samples=drawn, vae=vae)
        self._add("SaveImage", images=image, filename_prefix=f"ice/{job.generation_id}")
        return self._nodes

    def _checkpoint(self) -> str:
        found = file_of(self._model.checkpoint, self._gear.checkpoints)
        if found is None:
            raise ValueError(f"checkpoint: {self._model.checkpoint!r} is not on the server")
        return found

    def _adapted(self, model: Link, clip: Link) -> tuple[Link, Link]:
        """Adapters that work on the whole frame."""
        for lora in applied(self._job.loras):
            if self._regional(lora):
                continue
            node = self._add("LoraLoader", model=model, clip=clip, **self._lora(lora))
            model, clip = _out(node, _MODEL), _out(node, _CLIP)
        return model, clip

    def _regional(self, lora: Lora) -> bool:
        divided = self._job.divided and self._gear.parts_loras
        return divided and self._job.lora_owner(lora.lora_id) is not None

    def _lora(self, lora: Lora) -> dict[str, Any]:
        name = file_of(lora.lora_id, self._gear.loras)
        if name is None:
            raise ValueError(f"loras: {lora.lora_id!r} is not on the server")
        return {"lora_name": name, "strength_model": lora.scale, "strength_clip": lora.scale}

    def _positive(self, clip: Link) -> Link:
        whole = self._one("CLIPTextEncode", text=self._spelled(), clip=clip)
        if not (self._job.divided and self._gear.parts_prompts):
            return whole
        for part in self._job.parts:
            whole = self._one("ConditioningCombine", conditioning_1=whole, conditioning_2=self._part(part, clip))
        return whole

    def _part(self, part: Part, clip: Link) -> Link:
        """One character's condition: its prompt read with its adapters, within its mask."""
        hooks = self._hooks(part)
        if hooks is not None:
            # The condition itself gets the hooks below; given here too, they would be counted twice.
            still = {"apply_to_conds": False, "schedule_clip": False}
            clip = self._one("SetClipHooks", clip=clip, hooks=hooks, **still)
        own = [word for lora, word in self._words() if lora.lora_id in part.lora_ids]
        told = ", ".join([*own, part.prompt]) if part.prompt else self._spelled()
        text = self._one("CLIPTextEncode", text=told, clip=clip)
        mask, area = self._mask(part.mask), {"strength": _PART_STRENGTH, "set_cond_area": "default"}
        if not self._gear.has("ConditioningSetProperties"):
            return self._one("ConditioningSetMask", conditioning=text, mask=mask, **area)
        # Both spellings are in use; a server is only told those that it knows.
        more: dict[str, Any] = {"mask": mask, "opt_mask": mask}
        if hooks is not None:
            more |= {"hooks": hooks, "opt_hooks": hooks}
        return self._one("ConditioningSetProperties", cond_NEW=text, **area, **more)

    def _hooks(self, part: Part) -> Link | None:
        hooks: Link | None = None
        for lora in applied(self._job.loras):
            if self._regional(lora) and self._job.lora_owner(lora.lora_id) == part.character_id:
                before = {} if hooks is None else {"prev_hooks": hooks}
                hooks = self._one("CreateHookLora", **self._lora(lora), **before)
        return hooks

    def _spelled(self) -> str:
        """The frame's prompt with the server's words for textual inversions."""
        return spelled(self._job.prompt, self._words(), WeightForm.COMFY)

    def _words(self) -> list[tuple[Lora, str]]:
        """Textual inversions with the server's words for them."""
        names = [
            (lora, file_of(lora.lora_id, self._gear.embeddings or ())) for lora in self._job.loras if is_embedding(lora)
        ]
        missing = [lora.lora_id for lora, name in names if name is None]
        if missing:
            raise ValueError(f"loras: {missing[0]!r} is no textual inversion of the server")
        return [(lora, f"embedding:{literal(name, WeightForm.COMFY)}") for lora, name in names if name is not None]

    def _shown(self, model: Link) -> Link:
        """The model as it looks at the references."""
        shown = [reference for reference in self._job.references if reference.role not in OTHER_ROLES]
        if not shown:
            return model
        loader = self._add("IPAdapterUnifiedLoader", model=model, preset=self._gear.preset(self._model))
        model = _out(loader, 0)
        for reference in shown:
            mask = self._job.mask_of(reference)
            given = {} if mask is None else {"attn_mask": self._mask(mask)}
            strength = _STRENGTH if reference.strength is None else reference.strength
            model = self._one(
                "IPAdapterAdvanced",
                model=model,
                ipadapter=_out(loader, 1),
                image=self._picture(reference),
                weight=round(strength * _SHARE.get(reference.role, 1.0), 3),
                weight_type="style transfer" if reference.role == "continuity" else "linear",
                combine_embeds="concat",
                start_at=0.0,
                end_at=1.0,
                embeds_scaling="V only",
                **given,
            )
        return model

    def _guided(self, positive: Link, negative: Link, vae: Link) -> tuple[Link, Link]:
        for guide in self._job.guides:
            node = self._add(
                "ControlNetApplyAdvanced",
                positive=positive,
                negative=negative,
                control_net=self._control(guide),
                image=self._lines(guide),
                strength=self._model.guide_strength,
                start_percent=0.0,
                end_percent=self._model.guide_end,
                vae=vae,
            )
            positive, negative = _out(node, 0), _out(node, 1)
        return positive, negative

    def _control(self, guide: Guide) -> Link:
        name = control_for(guide.kind, self._model, self._gear)
        if name is None:
            raise ValueError(f"guides: {guide.kind!r} has no control model on the server")
        control = self._one("ControlNetLoader", control_net_name=name)
        if is_union(name) and self._gear.has("SetUnionControlNetType"):
            control = self._one("SetUnionControlNetType", control_net=control, type=_UNION[guide.kind])
        return control

    def _lines(self, guide: Guide) -> Link:
        picture = self._picture(guide.picture)
        if guide.kind != "canny" or not self._gear.has("Canny"):
            return picture
        return self._one("Canny", image=picture, low_threshold=0.2, high_threshold=0.5)

    def _latent(self, vae: Link) -> tuple[Link, float]:
        """An empty frame, or the picture to start from and how much of it may change."""
        (width, height), job = self._job.size, self._job
        start = next((item for item in job.references if item.role == INIT), None)
        if start is None:
            return self._one("EmptyLatentImage", width=width, height=height, batch_size=1), 1.0
        scaled = self._one(
            "ImageScale",
            image=self._picture(start),
            upscale_method="lanczos",
            width=width,
            height=height,
            crop="center",
        )
        held = _STRENGTH if start.strength is None else start.strength
        return self._one("VAEEncode", pixels=scaled, vae=vae), round(min(1.0, max(0.05, 1.0 - held)), 3)

    def _picture(self, reference: Reference) -> Link:
        return self._one("LoadImage", image=_uploaded(reference))

    def _mask(self, mask: Reference) -> Link:
        return self._one("LoadImageMask", image=_uploaded(mask), channel="red")

    def _one(self, kind: str, **inputs: Any) -> Link:  # noqa: ANN401 - values of a graph
        return _out(self._add(kind, **inputs), 0)

    def _add(self, kind: str, **inputs: Any) -> str:  # noqa: ANN401 - values of a graph
        """A node, told only what its server's version of it knows; the same node is made once."""
        known = self._gear.nodes[kind]
        told = {name: value for name, value in inputs.items() if name in known.required or name in known.optional}
        node = {"class_type": kind, "inputs": told}
        for name, made in self._nodes.items():
            if made == node:
                return name
        name = str(len(self._nodes) + 1)
        self._nodes[name] = node
        return name


def _out(node: str, place: int) -> Link:
    return [node, place]


def _uploaded(reference: Reference) -> str:
    if reference.uploaded is None:
        raise ValueError(f"{reference.role} {reference.entity_id}: not uploaded")
    return reference.uploaded
