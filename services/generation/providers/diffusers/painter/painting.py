"""Paints batches: every image from its own seed, in its own words, with its own adapters and references."""

import io
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import diffusers
import numpy as np
import torch  # noqa: TID251 - the painter's own process
import transformers

from services.generation.providers.diffusers.diffusers_settings import DiffusersSettings
from services.generation.providers.diffusers.fields import CELL, Field, Fields
from services.generation.providers.diffusers.orders import (
    Failed,
    Forgotten,
    Order,
    Painted,
    Shrunk,
    Step,
    Told,
    Warming,
)
from services.generation.providers.diffusers.painter import pictures, wording
from services.generation.providers.diffusers.painter.adapters import UnfitAdapterError, slot
from services.generation.providers.diffusers.painter.models import Model
from services.generation.providers.diffusers.painter.wording import Words

log = logging.getLogger(__name__)

_WORDS_KEPT: Final = 64
_GUIDED_FROM: Final = 1.0
#: Threads that write pictures while the next ones are painted: a large one takes a tenth of a second.
_WRITERS: Final = 2
#: After these the card answers nothing any more: only a new process helps.
_FATAL: Final = ("CUDA error", "device-side assert", "CUBLAS_STATUS", "cuDNN error")


class _GivenUpError(Exception):
    """Nobody wants any image of the batch."""

    def __init__(self, step: int) -> None:
        super().__init__(f"given up at step {step}")
        self.step = step


@dataclass(frozen=True, slots=True)
class _Ready:
    """An order with all that the network needs for it."""

    order: Order
    words: Words
    fields: Fields
    shown: list[tuple[torch.Tensor, Field, float]]


class Painter:
    """Every local model of one worker, on one device.

    Args:
        settings: which models, and how they are run.
        tell: takes what happens; called on the thread that paints, and on those that write pictures.
    """

    def __init__(self, settings: DiffusersSettings, tell: Callable[[Told], None]) -> None:
        self._settings = settings
        self._tell = tell
        self._models: dict[str, Model] = {}
        self._looks: dict[str, pictures.Looks] = {}
        self._words: OrderedDict[tuple[Any, ...], Words] = OrderedDict()
        self._wanted: Callable[[str], bool] = lambda _: True
        self._writers = ThreadPoolExecutor(_WRITERS, thread_name_prefix="ice-png")
        self._writing: set[Future[None]] = set()

    def load(self) -> str:
        """Load every model and paint one step on each, so that no frame waits for that; the device's name."""
        for name, given in self._settings.models.items():
            self._tell(Warming(f"loading {name}"))
            model = self._models[name] = Model(name, given, self._settings)
            self._looks[name] = pictures.Looks(model)
        for name, model in self._models.items():
            self._tell(Warming(f"warming up {name}"))
            side = model.pipeline.vae_scale_factor * CELL
            first = Order("warm-up", name, "a street", "", (side, side), (side, side), 0, 1, 2.0)
            self._run([self._prepared(first)])
        device = next(iter(self._models.values())).device
        return torch.cuda.get_device_name(device) if device.type == "cuda" else str(device)

    def paint(self, orders: Sequence[Order], wanted: Callable[[str], bool]) -> None:
        """Paint orders of one key; each is told as painted, failed or forgotten, in any order.

        Pictures are written beside the painting of the next ones, so the last are told after this has returned;
        `finish` waits for them.

        Args:
            orders: from one on.
            wanted: asked after every step whether an image is still wanted.
        """
        self._wanted = wanted
        ready: dict[int, list[_Ready]] = {}
        for order in orders:
            if not wanted(order.order_id):
                self._tell(Forgotten(order.order_id, 0))
                continue
            try:
                one = self._prepared(order, orders)
            except FileNotFoundError as error:
                # Its adapter's file made room for others while it waited.
                self._tell(Failed(order.order_id, _said(error), invalid=False, lost_file=True))
            except (UnfitAdapterError, ValueError, OSError, KeyError) as error:
                self._tell(Failed(order.order_id, _said(error), invalid=True))
            else:
                # Images whose prompts fill different numbers of windows have different shapes: one batch each.
                ready.setdefault(one.words.windows, []).append(one)
        for batch in ready.values():
            self._together(batch)

    def finish(self) -> None:
        """Wait until every picture is written and told."""
        for writing in tuple(self._writing):
            writing.result()

    def _together(self, batch: list[_Ready]) -> None:
        """Paint a batch; in halves where memory doesn't suffice, and they in halves again."""
        first = batch[0].order
        try:
            self._answer(batch)
        except _GivenUpError as error:
            for one in batch:
                self._tell(Forgotten(one.order.order_id, error.step))
        except torch.OutOfMemoryError:
            self._release()
            if len(batch) == 1:
                size = f"{first.made[0]}x{first.made[1]}"
                self._tell(Failed(first.order_id, f"out of memory at {size}, even alone; {_ADVICE}", invalid=True))
                return
            half = len(batch) // 2
            log.warning("out of memory with %d images of %s: painted in halves from now on", len(batch), first.model)
            self._tell(Shrunk(first.key, half))
            self._together(batch[:half])
            self._together(batch[half:])
        except Exception as error:
            if any(mark in str(error) for mark in _FATAL):
                raise
            log.exception("%s could not paint %d images", first.model, len(batch))
            for one in batch:
                self._tell(Failed(one.order.order_id, _said(error), invalid=False))

    def _answer(self, batch: list[_Ready]) -> None:
        began = time.monotonic()
        images = self._run(batch)
        seconds = round(time.monotonic() - began, 3)
        for one, image in zip(batch, images, strict=True):
            order = one.order
            if image.size != order.made:
                raise ValueError(f"{order.model} made {image.size}, asked were {order.made}")
            if not self._wanted(order.order_id):
                self._tell(Forgotten(order.order_id, order.steps))
                continue
            writing = self._writers.submit(self._write, image, order.order_id, self._facts(one, len(batch), seconds))
            self._writing.add(writing)
            writing.add_done_callback(self._writing.discard)

    def _write(self, image: Any, order_id: str, facts: dict[str, Any]) -> None:  # noqa: ANN401 - Pillow's
        """Write a picture and tell of it; on a thread of its own."""
        out = io.BytesIO()
        try:
            image.save(out, "PNG", compress_level=4)
        except Exception as error:
            log.exception("%s could not be written", order_id)
            self._tell(Failed(order_id, _said(error), invalid=False))
            return
        self._tell(Painted(order_id, out.getvalue(), facts))

    def _prepared(self, order: Order, beside: Sequence[Order] = ()) -> _Ready:
        """Its adapters loaded, its words and references encoded.

        Raises:
            UnfitAdapterError: an adapter can't be applied.
            KeyError, ValueError, OSError: no such model or guide, or a picture that can't be read.
        """
        model = self._model(order.model)
        model.pipeline_for(order)
        staying = {slot(adapter) for other in beside for adapter in other.adapters}
        for adapter in order.adapters:
            model.shelf.need(adapter, staying)
        fields = Fields(order)
        shown: list[tuple[torch.Tensor, Field, float]] = []
        with torch.inference_mode():
            words = self._read(model, order)
            if model.references:
                shown = pictures.shown_by(order, fields, self._looks[model.name])
        return _Ready(order, words, fields, shown)

    def _read(self, model: Model, order: Order) -> Words:
        """The prompt as the network reads it, under the adapters' own way of reading; the last ones are kept."""
        worded = model.shelf.worded(order.prompt, order.adapters)
        readers = model.shelf.readers(model.shelf.loras(order.adapters))
        key = (model.name, worded, order.negative_prompt, *((slot(lora), lora.scale) for lora in readers))
        if key not in self._words:
            model.shelf.read_with(readers)
            self._words[key] = wording.read(model.pipeline, worded, order.negative_prompt)
        self._words.move_to_end(key)
        while len(self._words) > _WORDS_KEPT:
            self._words.popitem(last=False)
        return self._words[key]

    def _run(self, batch: list[_Ready]) -> list[Any]:
        """One run of the pipeline; Pillow images in the batch's order."""
        orders = [one.order for one in batch]
        first, model = orders[0], self._model(orders[0].model)
        guided = first.cfg_scale > _GUIDED_FROM
        given: dict[str, Any] = self._words_of(batch)
        given |= pictures.beginnings(orders) | pictures.guides(model, orders)
        # Only an image that is painted over as a whole gives its size itself.
        if first.start is None or first.start.repaint is not None:
            given |= {"width": first.made[0], "height": first.made[1]}
        if model.references:
            cells = (first.made[1] // CELL, first.made[0] // CELL)
            given |= pictures.references(
                self._looks[model.name], [one.shown for one in batch], guided=guided, cells=cells
            )
        self._apply_adapters(model, batch)
        # A generator on the processor, one per image: the same noise on every card and beside any company.
        noise = [torch.Generator("cpu").manual_seed(order.seed) for order in orders]
        # Numbers that overflowed (16 bits in the decoder) would come out as a black picture.
        with torch.inference_mode(), np.errstate(invalid="raise"):
            answer = model.pipeline_for(first)(
                **given,
                generator=noise,
                num_inference_steps=_to_ask(first),
                guidance_scale=first.cfg_scale,
                callback_on_step_end=self._watch(orders),
            )
        images: list[Any] = answer.images
        return images

    def _words_of(self, batch: list[_Ready]) -> dict[str, Any]:
        words = [one.words for one in batch]
        given = {
            "prompt_embeds": torch.cat([each.prompt for each in words]),
            "negative_prompt_embeds": torch.cat([each.negative for each in words]),
        }
        pooled = [(each.pooled, each.negative_pooled) for each in words]
        if any(told is not None for told, _ in pooled):
            given["pooled_prompt_embeds"] = torch.cat([told for told, _ in pooled if told is not None])
            given["negative_pooled_prompt_embeds"] = torch.cat([not_ for _, not_ in pooled if not_ is not None])
        return given

    def _apply_adapters(self, model: Model, batch: list[_Ready]) -> None:
        """All adapters of the batch at full strength, each weighed by its fields."""
        loras = {slot(lora): lora for one in batch for lora in model.shelf.loras(one.order.adapters)}
        fields: dict[str, list[Field]] = {name: [] for name in loras}
        for one in batch:
            asked = {slot(adapter): adapter for adapter in one.order.adapters}
            for name, each in fields.items():
                adapter = asked.get(name)
                if adapter is None:
                    each.append(np.zeros_like(one.fields.everywhere))
                else:
                    each.append(one.fields.of(adapter.owner) * np.float32(adapter.scale))
        model.shelf.apply(list(loras.values()))
        model.shelf.hearing.listen(fields, model.device, torch.float32)

    def _watch(self, orders: Sequence[Order]) -> Callable[..., dict[str, Any]]:
        def after_step(_pipeline: Any, step: int, _time: Any, _given: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - diffusers'
            self._tell(Step(step + 1, orders[0].steps, len(orders)))
            if not any(self._wanted(order.order_id) for order in orders):
                raise _GivenUpError(step + 1)
            return {}

        return after_step

    def _facts(self, one: _Ready, together: int, seconds: float) -> dict[str, Any]:
        order, model = one.order, self._model(one.order.model)
        facts: dict[str, Any] = {
            "painted_size": f"{order.made[0]}x{order.made[1]}",
            "steps": order.steps,
            "cfg_scale": order.cfg_scale,
            "scheduler": type(model.pipeline.scheduler).__name__,
            "precision": str(model.dtype).removeprefix("torch."),
            "prompt_windows": one.words.windows,
            "batch": together,
            "batch_s": seconds,
            "references_sent": len(one.shown),
        }
        if model.device.type == "cuda":
            facts["peak_mb"] = torch.cuda.max_memory_allocated(model.device) // 2**20
        if order.adapters:
            facts["adapters"] = ", ".join(adapter.name for adapter in order.adapters)[:200]
        if order.guides:
            facts["guides"] = ", ".join(sorted(order.guides))
        if order.start is not None:
            facts["denoise"] = order.start.denoise
        return facts

    def _model(self, name: str) -> Model:
        if name not in self._models:
            raise ValueError(f"model: {name!r}, allowed is one of: {', '.join(self._models)}")
        return self._models[name]

    def _release(self) -> None:
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


_ADVICE: Final = (
    "ICE_DIFFUSERS_ATTENTION_SLICING and ICE_DIFFUSERS_VAE_TILING need less, ICE_DIFFUSERS_PRECISION=bf16 half as much"
)


def _to_ask(order: Order) -> int:
    """Steps to ask the pipeline for, so that an image that begins with another goes through `order.steps` of them."""
    if order.start is None:
        return order.steps
    # diffusers goes through the share `denoise` of what is asked, rounded down.
    return math.ceil(order.steps / order.start.denoise)


def _said(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:500]


def silence() -> None:
    """The libraries speak of what is meant to be: long prompts, adapters without a part for every encoder."""
    diffusers.utils.logging.set_verbosity_error()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    diffusers.utils.logging.disable_progress_bar()
