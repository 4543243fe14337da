"""Prompt templates: versioned tables of wordings that a project may replace or extend.

A wording may hold slots, `{subject}`. They are filled in one pass of plain substitution: a value is never looked at
again, so that text written by people can't be evaluated, whatever braces it holds. `{{subject}}` is no slot.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, model_validator

from schemas.ids import content_digest
from schemas.project import TemplateOverride
from schemas.text import Slug
from services.prompt_builder.domain.tokens import TokenCount, estimate

#: What a wording may ask for; the prototype's slots.
SLOTS: Final = (
    "subject",
    "action",
    "location",
    "style",
    "expression",
    "pov_character",
    "camera_work",
    "mood",
    "target",
    "time_of_day",
    "atmosphere",
)
#: Tables whose keys are planner's words: a project may add keys of its own.
OPEN_TABLES: Final = frozenset({"style", "lighting", "mood", "action", "location", "quality", "never"})

_SLOT = re.compile(r"(?<!\{)\{([a-z_]+)\}(?!\})")


class TemplateError(ValueError):
    """The templates contradict themselves; the message names table, key and what is wrong."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Entry(_Part):
    """Wording of one key."""

    text: str
    """Words for a sentence."""
    tag: str = ""
    """Words for tags; empty = the text."""
    empty: str = ""
    """Words for a frame without characters; empty = the text."""
    negative: str = ""
    """Words for the negative prompt."""
    instead: str = ""
    """A sentence that says what is there in place of the negative words, for models that take no negative prompt."""
    expression: str = ""
    """Face that goes with a mood."""
    body: str = ""
    """Posture that goes with a mood."""
    words: tuple[str, ...] = ()
    """Words of an action that call for this entry."""
    aliases: tuple[Slug, ...] = ()
    """Other keys with the same wording."""
    source: str = ""
    """Where it comes from; set when it is put into a table."""

    @property
    def tags(self) -> str:
        """Words for tags."""
        return self.tag or self.text


class Band(_Part):
    """Words for a range of numbers: those under `below` that no earlier band took; None takes the rest."""

    text: str
    below: float | None = None


class TemplateFile(_Part):
    """One file of templates."""

    version: int
    tables: dict[Slug, dict[Slug, Entry]]
    scales: dict[Slug, tuple[Band, ...]]

    @model_validator(mode="after")
    def _scales_end_open(self) -> Self:
        for name, bands in self.scales.items():
            if not bands or bands[-1].below is not None or any(band.below is None for band in bands[:-1]):
                raise ValueError(f"scales.{name}: the last band, and only the last, must have no `below`")
        return self


Tables = Mapping[str, Mapping[str, Entry]]
Romanise = Callable[[str], str]
"""A text of any script in ASCII letters, as it may be read aloud."""


@dataclass(frozen=True)
class Templates:
    """Every wording, as one value, how tokens of a wording are counted and how names are spelled in Latin letters.

    `overridden` lists what a project changed, for the digest.
    """

    number: int
    tables: Tables
    scales: Mapping[str, tuple[Band, ...]]
    shipped_digest: str
    overridden: tuple[TemplateOverride, ...] = field(default=())
    count: TokenCount = estimate
    romanise: Romanise = str

    @cached_property
    def version(self) -> str:
        """Version number and the first twelve digits of a digest over every wording in use, e.g. `1+3f0c…`."""
        digest = self.shipped_digest
        if self.overridden:
            digest = content_digest([digest, [item.model_dump(mode="json") for item in self.overridden]])
        return f"{self.number}+{digest[:12]}"

    def entry(self, table: str, key: str) -> Entry | None:
        """Wording of a key; None when the table has no such key."""
        return self.tables.get(table, {}).get(key)

    def required(self, table: str, key: str) -> Entry:
        """Wording of a key of a closed table.

        Raises:
            TemplateError: the templates lack it, though the vocabulary has it.
        """
        found = self.entry(table, key)
        if found is None:
            raise TemplateError(f"{table}: no wording for {key!r}")
        return found

    def words(self, table: str) -> tuple[str, ...]:
        """Every key and alias of a table, sorted."""
        return tuple(sorted(self.tables.get(table, {})))

    def scaled(self, scale: str, value: float) -> str:
        """Words for a number.

        Raises:
            TemplateError: there is no such scale.
        """
        for band in self.scales.get(scale, ()):
            if band.below is None or value < band.below:
                return band.text
        raise TemplateError(f"scales: no scale {scale!r}")

    def with_overrides(self, overrides: tuple[TemplateOverride, ...]) -> "Templates":
        """These templates with a project's wordings in place of, or beside, the shipped ones.

        An override keeps what it doesn't say (expression and body of a mood, words of an action). Overrides that
        `problems.unknown_words` objects to are left out here.
        """
        if not overrides:
            return self
        tables = {name: dict(entries) for name, entries in self.tables.items()}
        for item in overrides:
            table = tables.get(item.table)
            if table is None:
                continue
            old = table.get(item.key, Entry(text=""))
            table[item.key] = old.model_copy(
                update={
                    "text": item.text,
                    "tag": "",
                    "empty": "",
                    "negative": item.negative or old.negative,
                    "instead": "" if item.negative else old.instead,
                    "aliases": (),
                    "source": f"project:templates/{item.table}/{item.key}",
                }
            )
        return replace(self, tables=tables, overridden=overrides)


def assemble(files: Iterable[TemplateFile], count: TokenCount = estimate, romanise: Romanise = str) -> Templates:
    """One value out of all files; `count` counts CLIP tokens, `romanise` spells names for encoders that know English.

    Raises:
        TemplateError: files of different versions, a table or key given twice, or an unknown slot.
    """
    every = tuple(files)
    numbers = {item.version for item in every}
    if len(numbers) != 1:
        raise TemplateError(f"version: {sorted(numbers)}; every file must have the same")
    number = numbers.pop()
    tables: dict[str, Mapping[str, Entry]] = {}
    scales: dict[str, tuple[Band, ...]] = {}
    for item in every:
        twice = (tables.keys() & item.tables.keys()) | (scales.keys() & item.scales.keys())
        if twice:
            raise TemplateError(f"{', '.join(sorted(twice))}: given in two files")
        tables |= {name: _table(name, entries, number) for name, entries in item.tables.items()}
        scales |= item.scales
    content = [[item.model_dump(mode="json") for item in sorted(every, key=lambda item: sorted(item.tables))]]
    return Templates(
        number,
        MappingProxyType(tables),
        MappingProxyType(scales),
        content_digest(content),
        count=count,
        romanise=romanise,
    )


def _table(name: str, entries: Mapping[str, Entry], number: int) -> Mapping[str, Entry]:
    table: dict[str, Entry] = {}
    for key, entry in entries.items():
        unknown = unknown_slots(entry.text) | unknown_slots(entry.empty)
        if unknown:
            raise TemplateError(f"{name}/{key}: unknown slot {', '.join(sorted(unknown))}; allowed is {SLOTS}")
        sourced = entry.model_copy(update={"source": f"template:{name}/{key}@{number}"})
        for word in (key, *entry.aliases):
            if word in table:
                raise TemplateError(f"{name}/{word}: given twice")
            table[word] = sourced
    return MappingProxyType(table)


def unknown_slots(text: str) -> set[str]:
    """Names in single braces that are no slot."""
    return set(_SLOT.findall(text)) - set(SLOTS)


def fill(text: str, slots: Mapping[str, str]) -> str:
    """The text with its slots filled, in one pass; a name that is no slot stays as it is."""
    return _SLOT.sub(lambda found: slots.get(found.group(1), found.group(0)), text)
