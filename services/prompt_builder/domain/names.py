"""Names of any script, spelled in Latin letters for encoders that know no others; the facts keep the original."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from schemas.conditioning import ConditionedEvent
from services.prompt_builder.domain.planned import Planned
from services.prompt_builder.domain.templates import Romanise
from services.prompt_builder.domain.wording import one_line

#: What a spelling may hold; marks that stand for sounds which English lacks would be read as marks.
_STRANGE = re.compile(r"[^A-Za-z0-9&.' -]+")


def names_in(event: ConditionedEvent) -> tuple[str, ...]:
    """Every name that a prompt of this frame may say, each once."""
    names = [
        *(member.name for member in event.cast),
        *([event.location.name] if event.location else []),
        *(prop.name for prop in event.props),
    ]
    return tuple(dict.fromkeys(one_line(name) for name in names))


def in_ascii(names: Iterable[str], romanise: Romanise) -> dict[str, str]:
    """Spellings of the names that have any letter outside of ASCII."""
    return _spelled(romanise, [name for name in names if not name.isascii()])


def in_latin(names: Iterable[str], romanise: Romanise) -> dict[str, str]:
    """Spellings of the names that have a letter of another script than Latin; accents stay."""
    return _spelled(romanise, [name for name in names if any(_is_foreign(char) for char in name)])


def _is_foreign(char: str) -> bool:
    return not char.isascii() and char.isalpha() and "LATIN" not in unicodedata.name(char, "")


def _spelled(romanise: Romanise, names: Sequence[str]) -> dict[str, str]:
    """A name that has no spelling stays as it is."""
    spellings = {
        name: _capital(one_line(_STRANGE.sub(" ", romanise(name)).replace(" '", " ").strip(" '-."))) for name in names
    }
    return {name: spelling for name, spelling in spellings.items() if spelling and spelling != name}


def _capital(spelling: str) -> str:
    return " ".join(word[0].upper() + word[1:] for word in spelling.split())


def renamed(facts: Sequence[Planned], names: Mapping[str, str]) -> tuple[Planned, ...]:
    """The facts with each name spelled as given, wherever it stands as a word by itself."""
    if not names:
        return tuple(facts)
    pattern = re.compile("|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)))

    def spell(text: str) -> str:
        return pattern.sub(lambda found: names[found.group()] if _is_word(found) else found.group(), text)

    return tuple(
        replace(fact, clause=spell(fact.clause), tags=tuple(spell(tag) for tag in fact.tags)) for fact in facts
    )


def _is_word(found: re.Match[str]) -> bool:
    """Whether letters or marks of letters go on neither before nor after."""
    text, start, end = found.string, found.start(), found.end()
    before, after = text[start - 1 : start], text[end : end + 1]
    return not any(char and unicodedata.category(char)[0] in "LM" for char in (before, after))
