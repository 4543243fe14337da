"""LoRA adapters and textual inversions on one model: loaded once, kept hot, the longest unused put away first."""

import logging
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from diffusers.loaders import lora_base
from safetensors.torch import load_file

from services.generation.providers.diffusers.orders import Adapter
from services.generation.providers.diffusers.painter.hearing import Hearing

log = logging.getLogger(__name__)

#: Tensors of a textual inversion, by the encoder that they are for; a file with one unnamed tensor is for the first.
_FIRST, _SECOND = ("clip_l", "emb_params", "string_to_param"), ("clip_g",)
_FEW = 4
#: In the names of a DoRA's tensors, by their two layouts.
_DORA = ("dora_scale", "lora_magnitude_vector")


class UnfitAdapterError(ValueError):
    """The adapter can't be applied to this model."""


def slot(adapter: Adapter) -> str:
    """The name under which its content is loaded."""
    return f"ice_{adapter.sha256[:24]}"


def token(adapter: Adapter) -> str:
    """The word that stands for a textual inversion in the prompt: its own, so that two films' words never meet."""
    return f"<ice{adapter.sha256[:16]}>"


class Shelf:
    """What is loaded on one model's pipeline.

    Args:
        pipeline: of the model.
        model: its name, for people.
        most: LoRA adapters that stay loaded; embeddings are small, and all stay.
    """

    def __init__(self, pipeline: Any, model: str, most: int) -> None:  # noqa: ANN401 - a diffusers pipeline
        self.hearing = Hearing()
        self._pipeline = pipeline
        self._model = model
        self._most = most
        self._loras: dict[str, None] = {}
        self._words: set[str] = set()
        # What is switched on now, in the network and in the readers; None = not known. Switching walks every layer.
        self._applied: tuple[str, ...] | None = None
        self._read_with: tuple[tuple[str, float], ...] | None = None

    @property
    def hot(self) -> tuple[str, ...]:
        """Loaded LoRA adapters by `slot`, the longest unused first."""
        return tuple(self._loras)

    def need(self, adapter: Adapter, beside: Iterable[str] = ()) -> None:
        """Have it loaded.

        Args:
            adapter: that is needed now.
            beside: slots that must stay.

        Raises:
            UnfitAdapterError: no file of that kind, or one for another family of models.
        """
        name = slot(adapter)
        if name in self._loras:
            self._loras[name] = self._loras.pop(name)
            return
        if token(adapter) in self._words:
            return
        tensors = self._read(adapter)
        if _is_embedding(tensors):
            self._learn(adapter, tensors)
            return
        if any(mark in key for key in tensors for mark in _DORA):
            raise self._unfit(adapter, "it is a DoRA: it scales whole layers, so it can't be kept to its own images")
        self._make_room({*beside, name})
        self._applied = self._read_with = None
        try:
            self._pipeline.load_lora_weights(tensors, adapter_name=name)
            heard = self.hearing.attach(self._pipeline.unet, name)
        except Exception as error:
            self._put_away(name)
            raise self._unfit(adapter, error) from error
        if heard == 0 and not any(name in _held(encoder) for encoder in self._encoders):
            raise self._unfit(adapter, "it changes none of this model's layers")
        self._loras[name] = None

    def loras(self, adapters: Sequence[Adapter]) -> tuple[Adapter, ...]:
        """Those of these that are LoRA adapters."""
        return tuple(adapter for adapter in adapters if slot(adapter) in self._loras)

    def apply(self, adapters: Sequence[Adapter]) -> None:
        """Have the network use these LoRA adapters at full strength, and no others, from now on."""
        network, names = self._pipeline.unet, tuple(slot(adapter) for adapter in adapters)
        present = tuple(name for name in names if name in _held(network))
        if not _held(network) or present == self._applied:
            return
        if present:
            network.enable_lora()
            network.set_adapters(list(present), weights=[1.0] * len(present))
        else:
            network.disable_lora()
        self._applied = present

    def readers(self, adapters: Sequence[Adapter]) -> tuple[Adapter, ...]:
        """Those of these LoRA adapters that change how words are read."""
        return tuple(lora for lora in adapters if any(slot(lora) in _held(encoder) for encoder in self._encoders))

    def read_with(self, adapters: Sequence[Adapter]) -> None:
        """Have words be read with these LoRA adapters at their strengths, and no others, from now on."""
        wanted = tuple((slot(adapter), adapter.scale) for adapter in adapters)
        if wanted == self._read_with:
            return
        for encoder in self._encoders:
            present = [(name, scale) for name, scale in wanted if name in _held(encoder)]
            if present:
                names, scales = [name for name, _ in present], [scale for _, scale in present]
                lora_base.enable_lora_for_text_encoder(encoder)
                lora_base.set_adapters_for_text_encoder(names, encoder, scales)
            elif _held(encoder):
                lora_base.disable_lora_for_text_encoder(encoder)
        self._read_with = wanted

    def worded(self, prompt: str, adapters: Sequence[Adapter]) -> str:
        """The prompt with each embedding's trigger words replaced by its own; added where the prompt has none."""
        for adapter in adapters:
            word = token(adapter)
            if word not in self._words:
                continue
            triggers = [re.escape(trigger) for trigger in sorted(adapter.trigger_words, key=len, reverse=True)]
            found = 0
            if triggers:
                prompt, found = re.subn(rf"(?<!\w)(?:{'|'.join(triggers)})(?!\w)", word, prompt)
            if not found:
                prompt = f"{prompt}, {word}" if prompt else word
        return prompt

    def _read(self, adapter: Adapter) -> dict[str, Any]:
        try:
            tensors: dict[str, Any] = load_file(Path(adapter.path))
        except FileNotFoundError:
            raise
        except Exception as error:
            raise self._unfit(adapter, f"no safetensors file that can be read: {error}") from error
        return tensors

    def _learn(self, adapter: Adapter, tensors: dict[str, Any]) -> None:
        """Load a textual inversion into each encoder that it has a tensor for."""
        pipeline, word = self._pipeline, token(adapter)
        second = next((tensors[name] for name in _SECOND if name in tensors), None)
        first = next((tensors[name] for name in _FIRST if name in tensors), None)
        if first is None and second is None:
            first = next(iter(tensors.values()))
        pairs = [(first, pipeline.tokenizer, pipeline.text_encoder)]
        if hasattr(pipeline, "text_encoder_2"):
            pairs.append((second, pipeline.tokenizer_2, pipeline.text_encoder_2))
        if any(tensor is None for tensor, _, _ in pairs):
            raise self._unfit(adapter, "a textual inversion for another family of models")
        for tensor, tokenizer, encoder in pairs:
            try:
                pipeline.load_textual_inversion({word: tensor}, token=word, text_encoder=encoder, tokenizer=tokenizer)
            except ValueError as error:
                raise self._unfit(adapter, error) from error
        self._words.add(word)

    def _make_room(self, staying: set[str]) -> None:
        for name in [name for name in self._loras if name not in staying]:
            if len(self._loras) < self._most:
                return
            del self._loras[name]
            self._put_away(name)

    def _put_away(self, name: str) -> None:
        self._applied = self._read_with = None
        try:
            self._pipeline.delete_adapters([name])
        except ValueError:
            log.debug("adapter %s was not loaded in every part", name)

    @property
    def _encoders(self) -> list[Any]:
        found = (self._pipeline.text_encoder, getattr(self._pipeline, "text_encoder_2", None))
        return [encoder for encoder in found if encoder is not None]

    def _unfit(self, adapter: Adapter, why: object) -> UnfitAdapterError:
        text = " ".join(str(why).split())[:300]
        return UnfitAdapterError(f"adapter {adapter.name}: can't be applied to {self._model}: {text}")


def _held(part: Any) -> dict[str, Any]:  # noqa: ANN401 - a part of a pipeline
    """Adapters that a part holds, by name."""
    return getattr(part, "peft_config", None) or {}


def _is_embedding(tensors: dict[str, Any]) -> bool:
    named = any(name in tensors for name in (*_FIRST, *_SECOND))
    return named or (len(tensors) <= _FEW and not any("lora" in name for name in tensors))
