"""Which fact stands in which chunk of a prompt that CLIP reads, within the tokens of each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from schemas.emphasis import by_hand
from services.prompt_builder.domain.planned import VITAL, Planned
from services.prompt_builder.domain.tokens import TokenCount
from services.prompt_builder.domain.wording import clip

#: Share of the first chunk that identities may take together: of the only one, and where more follow.
_IDENTITY_SHARE: Final = 0.36
_IDENTITY_SHARE_OF_MORE: Final = 0.62
#: Tokens that even one of many characters may take, where there is room for that.
_LEAST_IDENTITY: Final = 3
_COMMA: Final = 1
_ZERO_WIDTH_JOINER: Final = "\u200d"
#: Kinds that stand in the first chunk, whose words tell most.
_FIRST: Final = frozenset({*VITAL, "trigger", "subject"})


@dataclass(slots=True)
class Placed:
    """A fact, and those of its tags that have found room."""

    fact: Planned
    kept: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    spent: int = 0


class Chunks:
    """Chunks of tags, filled in the order of reading; a fact stands in one of them only.

    Args:
        items: the facts in the order of reading.
        count: CLIP tokens of a text.
        chunks: how many there are.
        budget: tokens of each.
    """

    def __init__(self, items: Sequence[Placed], count: TokenCount, chunks: int, budget: int) -> None:
        self._items = items
        self._count = count
        self._chunks = chunks
        self._budget = budget
        self._said: set[str] = set()

    def place(self, item: Placed, *tags: str) -> None:
        """More tags of a fact, all of them or none; what another fact has said needs no room."""
        new = [tag for tag in tags if tag.casefold() not in self._said]
        cost = sum(self._cost(item, tag) for tag in new)
        item.spent += cost
        if self.layout() is None:
            item.spent -= cost
            item.cut += new
            return
        item.kept += new
        self._said.update(tag.casefold() for tag in new)

    def place_identities(self, items: Sequence[Placed]) -> None:
        """Who is in the frame, character by character, within a fair share each of the first chunk."""
        if not items:
            return
        left = self._budget - sum(item.spent for item in self._items)
        part = _IDENTITY_SHARE if self._chunks == 1 else _IDENTITY_SHARE_OF_MORE
        share = max(int(self._budget * part) // len(items), min(_LEAST_IDENTITY, left // len(items)))
        for item in items:
            for place, tag in enumerate(item.fact.tags):
                room = min(share - item.spent, left)
                head = tag
                if self._count(tag) + _COMMA > room:
                    # Half a name still tells more than none.
                    head = shortened(tag, room - _COMMA, self._count) if place == 0 else ""
                    item.cut.append(tag[len(head) :].strip())
                if head:
                    item.kept.append(head)
                    cost = self._count(head) + _COMMA
                    item.spent, left = item.spent + cost, left - cost

    def layout(self) -> list[list[Placed]] | None:
        """The facts that have words, chunk by chunk; None when they don't fit."""
        chunks: list[list[Placed]] = [[]]
        left = self._budget
        for item in self._items:
            if item.spent > left and chunks[-1]:
                chunks.append([])
                left = self._budget
            late = len(chunks) > 1 and item.fact.kind in _FIRST and item.spent
            if item.spent > left or late or len(chunks) > self._chunks:
                return None
            if item.spent:
                chunks[-1].append(item)
                left -= item.spent
        return chunks

    def _cost(self, item: Placed, tag: str) -> int:
        return self._count(plain(tag) if item.fact.kind == "prompt" else tag) + _COMMA


def plain(tag: str) -> str:
    """The words of a tag, without emphasis written by hand."""
    return "".join(piece.text for piece in by_hand(tag))


def shortened(tag: str, budget: int, count: TokenCount) -> str:
    """As many words of the tag as fit, or as many characters of its first word."""
    words = tag.split(" ")
    while len(words) > 1 and count(" ".join(words)) > budget:
        words.pop()
    head = " ".join(words)
    while head and count(head) > budget:
        head = clip(head, len(head) - 1)
    # One character of many parts, a family emoji or a conjunct of letters, may be too long by itself.
    return head or _first_parts(words[0], budget, count)


def _first_parts(character: str, budget: int, count: TokenCount) -> str:
    """As many parts of what is shown as one character as fit."""
    while character and count(character) > budget:
        character = character[:-1]
    return character.rstrip(_ZERO_WIDTH_JOINER)
