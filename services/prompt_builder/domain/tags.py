"""Facts as weighted tags within a token budget, for models whose text encoder is CLIP."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from schemas.prompt import DroppedFact
from services.prompt_builder.domain.planned import VITAL, Planned
from services.prompt_builder.domain.tokens import CLIP_BUDGET, TokenCount
from services.prompt_builder.domain.wording import clip, escaped

#: Share of the budget that identities may take together before anything else is placed.
_IDENTITY_SHARE: Final = 0.36
#: Tokens that even one of many characters may take.
_LEAST_IDENTITY: Final = 3
_COMMA = 1
_ZERO_WIDTH_JOINER: Final = "\u200d"
#: Kinds placed with all of their tags at once, like the vital ones.
_WHOLE: Final = frozenset({"trigger", "note"})
#: Further tags that go with the first one.
_TOGETHER: Final = {"prompt": 3}
#: Told in sentences: their words wait for those of the vocabulary, which CLIP knows as tags.
_NARRATED: Final = frozenset({"description", "character", "location-description"})
#: Tokens of a tag that waits a turn, so that one long phrase takes no place from several short ones.
_LONG_TAG: Final = 10
#: The order of tags: what was written by hand and asked by a reviewer, then how many, how close, who.
_LEADING: Final = ("prompt", "note", "subject", "cast-count", "shot-size", "identity", "trigger", "costume")


@dataclass(slots=True)
class _Placed:
    """A fact and those of its tags that have found room."""

    fact: Planned
    kept: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)


def tags_prompt(
    facts: Sequence[Planned], count: TokenCount, budget: int = CLIP_BUDGET
) -> tuple[str, tuple[DroppedFact, ...]]:
    """The facts as tags within `budget` tokens as `count` counts them; the last ranks give way first.

    Identity comes before all else and is shared out evenly: each character's first tags before anyone's last.
    """
    reason = f"{budget}-token budget"
    acting = any(fact.kind == "character-action" for fact in facts)
    narrated = _NARRATED | {"action"} if acting else _NARRATED
    placed = [_Placed(fact) for fact in facts if not fact.omitted]
    dropped = [fact.dropped(fact.omitted) for fact in facts if fact.omitted]
    left = _place_identities([item for item in placed if item.fact.kind == "identity"], budget, count)
    _place_others([item for item in placed if item.fact.kind != "identity"], left, count, narrated)
    dropped += [item.fact.dropped(reason, ", ".join(item.cut)) for item in placed if item.cut]
    return ", ".join(_worded(item) for item in _reading_order(placed) if item.kept), tuple(dropped)


def _place_identities(identities: Sequence[_Placed], budget: int, count: TokenCount) -> int:
    """Place tags character by character in turn, within a fair share each; returns the tokens left."""
    left = budget
    if not identities:
        return left
    share = max(_LEAST_IDENTITY, int(budget * _IDENTITY_SHARE) // len(identities))
    for item in identities:
        spent = 0
        for place, tag in enumerate(item.fact.tags):
            cost = count(tag) + _COMMA
            if spent + cost > min(share, left):
                # Half a name still tells more than none.
                head = _shortened(tag, min(share, left) - spent - _COMMA, count) if place == 0 else ""
                if head:
                    item.kept.append(head)
                    item.cut.append(tag[len(head) :].strip())
                    cost = count(head) + _COMMA
                    spent, left = spent + cost, left - cost
                else:
                    item.cut.append(tag)
                continue
            item.kept.append(tag)
            spent, left = spent + cost, left - cost
    return left


def _shortened(tag: str, budget: int, count: TokenCount) -> str:
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


def _place_others(items: Sequence[_Placed], left: int, count: TokenCount, narrated: frozenset[str]) -> None:
    """Place the tags of everything else: every fact's first before any fact's later ones, and vital facts whole."""
    turns = sorted(
        (
            (_turn(item.fact, number, count(tag), narrated), rank, item, tag)
            for rank, item in enumerate(items)
            for number, tag in enumerate(item.fact.tags)
        ),
        key=lambda turn: turn[:2],
    )
    for _, _, item, tag in turns:
        cost = count(tag) + _COMMA
        if cost <= left:
            item.kept.append(tag)
            left -= cost
        else:
            item.cut.append(tag)


def _turn(fact: Planned, number: int, cost: int, narrated: frozenset[str]) -> int:
    """When a tag is placed: what is vital at once, then short first tags, then long or second ones, and so on."""
    if fact.kind in VITAL or fact.kind in _WHOLE:
        return -1
    waits = (fact.kind in narrated) + (cost > _LONG_TAG)
    return max(0, number - _TOGETHER.get(fact.kind, 0)) + (waits if fact.kind != "prompt" else 0)


def _reading_order(placed: Sequence[_Placed]) -> list[_Placed]:
    """By hand first, then how many, how close and who; then by rank."""
    ranks = {kind: place for place, kind in enumerate(_LEADING)}
    return sorted(placed, key=lambda item: ranks.get(item.fact.kind, len(ranks)))


def _worded(item: _Placed) -> str:
    """`tag, tag`, or `(tag, tag:1.2)` when the fact is stressed."""
    by_hand = item.fact.kind == "prompt"
    words = ", ".join(tag if by_hand else escaped(tag) for tag in item.kept)
    weight = round(item.fact.weight, 2)
    return words if weight == 1.0 or by_hand else f"({words}:{weight:g})"
