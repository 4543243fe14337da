"""Textual inversions on a server of one's own: words that the server knows, put where the prompt has what wakes them.

Such a file lies on the server; a program names it in the prompt (ComfyUI `embedding:name`, AUTOMATIC1111 `name`). It is
words and nothing else, so it is as regional as the prompt that it stands in. Pure.
"""

import re
from collections.abc import Iterable, Sequence
from functools import partial

from schemas.adapter import AdapterKind
from schemas.bible import Lora
from schemas.emphasis import literal
from schemas.vocabulary import WeightForm

#: What may stand before and behind a server's word; a space is put where anything else does.
_BEFORE, _BEHIND = " \t\n(", " \t\n,):"


def is_embedding(lora: Lora) -> bool:
    """Whether an adapter is a textual inversion."""
    return lora.kind is AdapterKind.TEXTUAL_INVERSION


def applied(loras: Iterable[Lora]) -> tuple[Lora, ...]:
    """Those adapters that change the network: all but textual inversions."""
    return tuple(lora for lora in loras if not is_embedding(lora))


def spelled(prompt: str, words: Sequence[tuple[Lora, str]], form: WeightForm) -> str:
    """The prompt with the server's words for textual inversions.

    Args:
        prompt: in the server's form of weights.
        words: each textual inversion with the server's word for it, which stands for all of its trigger words; it comes
            last where the prompt has none of these.
        form: of weights, in which the prompt writes brackets of people's words.
    """
    for lora, word in words:
        triggers = sorted((literal(trigger, form) for trigger in lora.trigger_words), key=len, reverse=True)
        found = 0
        if triggers:
            pattern = rf"(?<!\w)(?:{'|'.join(map(re.escape, triggers))})(?!\w)"
            prompt, found = re.subn(pattern, partial(_set_apart, word), prompt)
        if not found:
            prompt = ", ".join(part for part in (prompt, word) if part)
    return prompt


def _set_apart(word: str, found: "re.Match[str]") -> str:
    before, behind = found.string[: found.start()][-1:], found.string[found.end() :][:1]
    return f"{' ' if before and before not in _BEFORE else ''}{word}{' ' if behind and behind not in _BEHIND else ''}"
