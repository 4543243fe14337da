"""What a refusal says is allowed, where the allowed things are entries of a film's bible."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Final

_LISTED: Final = 20
_SUGGESTIONS: Final = 3


def allowed_entries(kind: str, wanted: str, project_id: str, names: Mapping[str, str]) -> str:
    """The known ids of a kind, with those that resemble `wanted`; `names` are names by id."""
    if not names:
        return f"a {kind} of project {project_id}; its bible has none yet"
    close = close_matches(wanted, names)
    hint = f"; did you mean {listed(close)}?" if close else ""
    return f"a {kind} of project {project_id}: {listed(sorted(names))}{hint}"


def close_matches(wanted: str, names: Mapping[str, str]) -> list[str]:
    """Up to three ids whose id or name resembles `wanted`, the closest first."""
    by_word: dict[str, str] = {}
    for entity_id, name in sorted(names.items()):
        for word in (entity_id.casefold(), name.casefold(), *name.casefold().split()):
            by_word.setdefault(word, entity_id)
    close = difflib.get_close_matches(wanted.casefold(), by_word, n=_SUGGESTIONS * 3, cutoff=0.6)
    return list(dict.fromkeys(by_word[word] for word in close))[:_SUGGESTIONS]


def listed(items: Iterable[str]) -> str:
    """The first twenty, and how many more there are."""
    shown = list(items)
    more = f" and {len(shown) - _LISTED} more" if len(shown) > _LISTED else ""
    return ", ".join(shown[:_LISTED]) + more
