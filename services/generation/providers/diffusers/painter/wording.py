"""Prompts of any length with weights, for one CLIP encoder (Stable Diffusion 1.5) or two (SDXL).

Each encoder reads 75 tokens at a time; what it makes of the windows is laid end to end. Weights scale the tokens'
vectors, and the root mean square of the whole is kept (AUTOMATIC1111 keeps the mean, which may be next to zero). SDXL's
pooled vector is that of the first window.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch  # noqa: TID251 - the painter's own process

from services.generation.providers.diffusers.prompt_weights import WINDOW, Piece, chunks_of, parse, pieces

_EMPTY = Piece((), ())


@dataclass(frozen=True, slots=True)
class Words:
    """A prompt and its negative as the network reads them: one image's, on the pipeline's device.

    Attributes:
        prompt: 1 × tokens × width; `negative` likewise, of the same shape.
        negative: of the negative prompt.
        pooled: 1 × width; None where the model has none.
        negative_pooled: likewise.
        windows: of 77 tokens, in both.
    """

    prompt: torch.Tensor
    negative: torch.Tensor
    pooled: torch.Tensor | None
    negative_pooled: torch.Tensor | None
    windows: int


def read(pipeline: Any, prompt: str, negative: str) -> Words:  # noqa: ANN401 - a diffusers pipeline
    """Both prompts, brought to the same number of windows."""
    readers = [(pipeline.tokenizer, pipeline.text_encoder)]
    if hasattr(pipeline, "text_encoder_2"):
        readers.append((pipeline.tokenizer_2, pipeline.text_encoder_2))
    parted = [[_parted(pipeline, text, tokenizer) for tokenizer, _ in readers] for text in (prompt, negative)]
    windows = max(len(found) for each in parted for found in each)
    told, untold = (
        _encoded(readers, [[*found, *[_EMPTY] * (windows - len(found))] for found in each]) for each in parted
    )
    if not negative.strip() and getattr(pipeline.config, "force_zeros_for_empty_prompt", False):
        pooled = None if untold[1] is None else torch.zeros_like(untold[1])
        untold = (torch.zeros_like(untold[0]), pooled)
    return Words(told[0], untold[0], told[1], untold[1], windows)


def _parted(pipeline: Any, text: str, tokenizer: Any) -> tuple[Piece, ...]:  # noqa: ANN401 - diffusers', transformers'
    """The windows of a prompt; ` BREAK ` begins a new one."""
    comma = tokenizer.convert_tokens_to_ids(",</w>")
    known = comma if comma != tokenizer.unk_token_id else None
    chunks = (_tokens(pipeline, chunk, tokenizer) for chunk in chunks_of(text))
    return tuple(piece for tokens, weights in chunks for piece in pieces(tokens, weights, known))


def _tokens(pipeline: Any, text: str, tokenizer: Any) -> tuple[list[int], list[float]]:  # noqa: ANN401 - as above
    tokens: list[int] = []
    weights: list[float] = []
    for item in parse(text):
        words = pipeline.maybe_convert_prompt(item.text, tokenizer)
        ids = tokenizer(words, add_special_tokens=False, truncation=False, verbose=False).input_ids
        tokens += ids
        weights += [item.weight] * len(ids)
    return tokens, weights


def _encoded(
    readers: Sequence[tuple[Any, Any]], parted: Sequence[Sequence[Piece]]
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """The windows of every reader end to end, readers side by side; and the pooled vector."""
    two = len(readers) > 1
    columns, pooled = [], None
    for (tokenizer, encoder), windows in zip(readers, parted, strict=True):
        given = torch.tensor([_window(tokenizer, piece) for piece in windows], device=encoder.device)
        answer = encoder(given, output_hidden_states=two)
        # SDXL was trained on the layer before the last of both encoders, 1.5 on the last.
        hidden = answer.hidden_states[-2] if two else answer[0]
        columns.append(_weighted(hidden, windows).reshape(1, -1, hidden.shape[-1]))
        # The second encoder is the one with a projection; its vector overwrites the first's.
        pooled = answer[0][:1] if two else None
    return torch.cat(columns, dim=-1), pooled


def _window(tokenizer: Any, piece: Piece) -> list[int]:  # noqa: ANN401 - transformers'
    padding = tokenizer.pad_token_id
    filled = [tokenizer.bos_token_id, *piece.tokens, tokenizer.eos_token_id]
    return filled + [padding] * (WINDOW + 2 - len(filled))


def _weighted(hidden: torch.Tensor, windows: Sequence[Piece]) -> torch.Tensor:
    rows = [[1.0, *piece.weights, *[1.0] * (WINDOW + 1 - len(piece.weights))] for piece in windows]
    if all(weight == 1.0 for row in rows for weight in row):
        return hidden
    before = hidden.float()
    after = before * torch.tensor(rows, device=hidden.device).unsqueeze(-1)
    loudness: torch.Tensor = (before.square().mean() / after.square().mean()).sqrt()
    return (after * loudness).to(hidden.dtype)
