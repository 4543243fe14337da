"""Facts as weighted tags within the tokens of a CLIP text encoder, in one chunk or several."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from schemas.emphasis import Piece, by_hand
from schemas.prompt import DroppedFact, PromptChunk, WeightedText
from services.prompt_builder.domain.chunks import Chunks, Placed
from services.prompt_builder.domain.planned import VITAL, Planned
from services.prompt_builder.domain.tokens import CLIP_BUDGET, TokenCount

#: Kinds placed with all of their tags at once, like the vital ones.
_WHOLE: Final = frozenset({"trigger", "note", "subject"})
#: Further tags of a prompt written by hand that go with its first one.
_TOGETHER: Final = 3
#: Told in sentences, of which a part tells little: as a whole or not at all, after the words that CLIP knows as tags.
_NARRATED: Final = frozenset({"character", "location-description", "style-guide"})
#: Told likewise where it is also said what each character does.
_NARRATED_BESIDE_ACTION: Final = frozenset({"description", "action"})
_LAST_TURN: Final = 99
#: What a frame is known by beside who is in it: a budget cuts it last.
_CORE: Final = frozenset({"character-action", "location", "time"})
#: Kinds whose tags name a thing, then how it is: `red sari with gold border`.
_THINGS: Final = frozenset({"costume", "landmarks", "props", "character-action"})
_JOINT: Final = re.compile(r" (?=(?:with|over|under|in|of|on|and|that|as) )")
#: Tokens of a tag that waits a turn, so that one long phrase takes no place from several short ones.
_LONG_TAG: Final = 10
#: The order of tags in one chunk: what was written by hand and asked by a reviewer, then how many, how close, who.
_LEADING: Final = ("prompt", "note", "subject", "cast-count", "shot-size", "identity", "trigger", "costume")
#: The order where more chunks follow: who stands in the first, whatever was written by hand.
_LEADING_OF_MORE: Final = ("subject", "cast-count", "shot-size", "identity", "trigger", "prompt", "note", "costume")
_SEPARATOR: Final = ", "


def tags_prompt(
    facts: Sequence[Planned], count: TokenCount, chunks: int = 1, budget: int = CLIP_BUDGET
) -> tuple[tuple[PromptChunk, ...], tuple[DroppedFact, ...]]:
    """The facts as tags within `chunks` chunks of `budget` tokens as `count` counts them; the last ranks give way.

    How many and who come before all else, in the first chunk; identity is shared out evenly: each character's first
    tags before anyone's last. A fact stands in one chunk.
    """
    leading = _LEADING if chunks == 1 else _LEADING_OF_MORE
    ranks = {kind: place for place, kind in enumerate(leading)}
    reading = sorted(
        (Placed(_parted(fact, count) if chunks == 1 else fact) for fact in facts if not fact.omitted),
        key=lambda item: ranks.get(item.fact.kind, len(ranks)),
    )
    room = Chunks(reading, count, chunks, budget)
    for item in reading:
        if item.fact.kind in VITAL and item.fact.kind != "identity":
            room.place(item, *item.fact.tags)
    room.place_identities([item for item in reading if item.fact.kind == "identity"])
    _place_others(reading, room, count)
    dropped = [fact.dropped(fact.omitted) for fact in facts if fact.omitted]
    reason = f"{budget}-token budget" if chunks == 1 else f"{chunks} chunks of {budget} tokens"
    dropped += [
        item.fact.dropped(reason, _SEPARATOR.join(item.cut), part=bool(item.kept))
        for item in sorted(reading, key=lambda item: item.fact.rank or 0)
        if item.cut
    ]
    return tuple(_chunk(items, count) for items in room.layout() or [] if items), tuple(dropped)


def _parted(fact: Planned, count: TokenCount) -> Planned:
    """A fact with each long tag in two, what it is and how it is: in one chunk there may be room for the first."""
    if fact.kind not in _THINGS:
        return fact
    parts = [_JOINT.split(tag, maxsplit=1) if count(tag) > _LONG_TAG else [tag] for tag in fact.tags]
    return replace(fact, tags=tuple(part for tag in parts for part in tag))


def _place_others(reading: Sequence[Placed], room: Chunks, count: TokenCount) -> None:
    """Place the tags of everything else: every fact's first before any fact's later ones, narration last and whole."""
    acting = any(item.fact.kind == "character-action" for item in reading)
    narrated = _NARRATED | _NARRATED_BESIDE_ACTION if acting else _NARRATED
    core = _CORE if acting else _CORE | _NARRATED_BESIDE_ACTION
    turns: list[tuple[int, int, Placed, tuple[str, ...]]] = []
    for item in reading:
        fact, rank = item.fact, item.fact.rank or 0
        if fact.kind in VITAL or not fact.tags:
            continue
        if fact.kind in narrated:
            turns.append((_LAST_TURN, rank, item, fact.tags))
        else:
            turns += [(_turn(fact, n, count(tag), core), rank, item, (tag,)) for n, tag in enumerate(fact.tags)]
    for _, _, item, tags in sorted(turns, key=lambda turn: turn[:2]):
        room.place(item, *tags)


def _turn(fact: Planned, number: int, cost: int, core: frozenset[str]) -> int:
    """When a tag is placed: what must be whole, what happens where and when, short first tags, long or second ones."""
    if fact.kind in _WHOLE:
        return -2
    stressed = fact.kind == "props" and fact.weight > 1
    if (fact.kind in core or stressed) and not number and cost <= _LONG_TAG:
        return -1
    if fact.kind == "prompt":
        return max(0, number - _TOGETHER)
    return number + (cost > _LONG_TAG)


def _chunk(items: Sequence[Placed], count: TokenCount) -> PromptChunk:
    """The facts of one chunk, one after the other."""
    pieces: list[Piece] = []
    for item in items:
        pieces += [Piece(_SEPARATOR)] if pieces else []
        pieces += _worded(item)
    joined = _joined(pieces)
    text = "".join(piece.text for piece in joined)
    return PromptChunk(pieces=joined, tokens=count(text))


def _worded(item: Placed) -> list[Piece]:
    """The tags of a fact, weighted as the fact is; emphasis written by hand as it was written."""
    text = _SEPARATOR.join(item.kept)
    return list(by_hand(text)) if item.fact.kind == "prompt" else [Piece(text, round(item.fact.weight, 2))]


def _joined(pieces: Sequence[Piece]) -> tuple[WeightedText, ...]:
    """Neighbours without weight as one piece; facts that are stressed stay apart."""
    joined: list[WeightedText] = []
    for piece in pieces:
        if joined and joined[-1].weight == piece.weight == 1.0:
            joined[-1] = WeightedText(text=joined[-1].text + piece.text)
        else:
            joined.append(WeightedText(text=piece.text, weight=piece.weight))
    return tuple(joined)
