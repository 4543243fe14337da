"""The text of a film plan as plain values, each with its place in the file."""

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

Path = tuple[str | int, ...]
"""Way to a value: names of fields and places in lists (from 0)."""

MAX_NUMBER_LENGTH: Final = 64
"""Longer digits are kept as text: no field takes them, and reading them costs the square of their length."""
_JOINERS: Final = frozenset("\u200c\u200d")
MAX_SHOWN: Final = 60
MAX_DEPTH: Final = 32
"""A plan's own fields go 10 deep."""
MAX_VALUES: Final = 200_000
"""Values after aliases are written out; a film of 2,000 shots has about 60,000."""


class Place(NamedTuple):
    """Line and column, both from 1."""

    line: int
    column: int


START = Place(1, 1)


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong with a plan."""

    line: int
    """From 1."""
    column: int
    """From 1, in characters."""
    field: str
    """Path of the field, e.g. `sequences[0].scenes[1].shots[2].camera_angle`; empty for the file as a whole."""
    value: str
    """What stands there, shortened; empty when nothing does."""
    allowed: str
    """What may stand there."""
    code: str
    """Kind of mistake, stable for programs, e.g. `unknown-character`."""
    suggestion: str | None = None
    """The allowed word that is probably meant."""
    related: tuple[Place, ...] = ()
    """Other places that the mistake involves, e.g. the first use of a repeated id."""

    def sentence(self) -> str:
        """The mistake without its file and place."""
        text = ": ".join(part for part in (self.field, self.value, self.allowed) if part)
        # What is allowed may list names from the file, so the whole sentence is made safe.
        return _safe(f"{text}; did you mean '{self.suggestion}'?" if self.suggestion else text)

    def located(self, file: str) -> str:
        """`file:line:column: …`, as editors and terminals link it."""
        return f"{file}:{self.line}:{self.column}: {self.sentence()}"


class UnreadableTextError(ValueError):
    """The text is no YAML or JSON, so that there is nothing to check field by field."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("; ".join(mistake.sentence() for mistake in mistakes))
        self.mistakes = mistakes


@dataclass(slots=True)
class Tree:
    """A plan as it was read.

    Attributes:
        value: dicts, lists, texts, numbers, booleans and None; keys of dicts are always text.
        keys: where the name of each field stands (a list's item has none).
        values: where each value stands.
        mistakes: what was wrong without making the rest unreadable, e.g. a field given twice.
    """

    value: Any = None
    keys: dict[Path, Place] = field(default_factory=dict)
    values: dict[Path, Place] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def place(self, path: Path) -> Place:
        """Where a value stands; where its nearest parent stands when it is not in the file."""
        while path:
            found = self.values.get(path) or self.keys.get(path)
            if found is not None:
                return found
            path = path[:-1]
        return self.values.get((), START)

    def key_place(self, path: Path) -> Place:
        """Where the name of a field stands."""
        return self.keys.get(path) or self.place(path)

    def at(self, path: Path) -> Any:  # noqa: ANN401 - any YAML value
        """The value at a path; None when there is none."""
        node = self.value
        for part in path:
            inside_list = isinstance(node, list) and isinstance(part, int) and 0 <= part < len(node)
            if not inside_list and not (isinstance(node, dict) and part in node):
                return None
            node = node[part]
        return node


def dotted(path: Path) -> str:
    """A path as people write it: `sequences[0].scenes[1].title`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = shown_name(part)
            text += f".{name}" if text else name
    return text


def shown_name(name: str) -> str:
    """A field's name, shortened and without what would break a terminal line."""
    return f"{_safe(name[:MAX_SHOWN])}…" if len(name) > MAX_SHOWN else _safe(name)


def shown(value: Any) -> str:  # noqa: ANN401 - any YAML value
    """A value in a message: texts quoted, long ones cut with their length, collections by their size."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return f"a mapping of {len(value)} fields"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, str):
        cut = _safe(value[:MAX_SHOWN])
        return f"'{cut}'" if len(value) <= MAX_SHOWN else f"'{cut}…' ({len(value):,} characters)"
    return str(value)[:MAX_SHOWN]


def _safe(text: str) -> str:
    """Text that stays on its line: no breaks, controls, direction marks or lone surrogates; joiners of scripts stay."""
    return "".join(char if char.isprintable() or char in _JOINERS else "\ufffd" for char in text)


def fatal(place: Place, value: str, allowed: str, code: str) -> UnreadableTextError:
    """The error for a file that can't be read on from a place."""
    return UnreadableTextError([Mistake(place.line, place.column, "", value, allowed, code)])


class TreeBuilder:
    """Collects values and places, and keeps depth and number in bounds."""

    def __init__(self) -> None:
        self.tree = Tree()
        self._count = 0

    def enter(self, path: Path, place: Place) -> None:
        """Note a value; refuse when the file grew too deep or too big."""
        self._count += 1
        if len(path) > MAX_DEPTH:
            raise fatal(place, "nested too deep", f"allowed are {MAX_DEPTH} levels", "too-deep")
        if self._count > MAX_VALUES:
            allowed = f"allowed are {MAX_VALUES:,} values with aliases written out"
            raise fatal(place, "too many values", allowed, "too-many-values")
        self.tree.values[path] = place

    def key(self, mapping: dict[str, Any], path: Path, name: str, place: Place) -> Path:
        """Note the name of a field; a name given twice is a mistake and the first one counts."""
        inner = (*path, name)
        if name not in mapping:
            self.tree.keys[inner] = place
            return inner
        first = self.tree.keys[inner]
        self.tree.mistakes.append(
            Mistake(
                *place,
                dotted(inner),
                shown_name(name),
                f"given twice, first in line {first.line}; allowed is once",
                "duplicate-field",
                related=(first,),
            )
        )
        # A path that can't be in the plan, so that the second value leaves the first one's places alone.
        return (*path, f"{name} (again, line {place.line})")
