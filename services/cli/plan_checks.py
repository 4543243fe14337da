"""What must hold over the whole film: ids are unique and known, continuity has no cycle, a shot is in one scene.

Works on the plan as it was read, before any model: so these mistakes are found beside the wrong fields, not after
they are mended. Whatever has the wrong shape is left to the models.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.cli.plan_mistakes import closest
from services.cli.plan_tree import Mistake, Path, Place, Tree, dotted, shown

_MAX_LISTED = 40

Words = Mapping[str, Collection[str]]
"""Known words of the open vocabularies, by `style`, `mood` and `lighting`."""
_Entry = tuple[Path, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Shot:
    path: Path
    raw: Mapping[str, Any]
    scene: Path
    sequence: Path
    order: int

    @property
    def id_path(self) -> Path:
        return (*self.path, "shot_id" if "shot_id" in self.raw else "id")


@dataclass(slots=True)
class _Film:
    tree: Tree
    shots: list[_Shot] = field(default_factory=list)
    scenes: list[_Entry] = field(default_factory=list)
    sequences: list[_Entry] = field(default_factory=list)
    entities: dict[str, list[_Entry]] = field(default_factory=dict)
    ids: dict[str, dict[str, Mapping[str, Any]]] = field(default_factory=dict)


def film_mistakes(tree: Tree, words: Words | None = None) -> list[Mistake]:
    """Every mistake that shows only when the whole film is seen; `words` None leaves the open vocabularies alone."""
    film = _film(tree)
    return [
        *_repeated_ids(film),
        *_bible(film),
        *_scenes(film),
        *(mistake for shot in film.shots for mistake in _shot(film, shot)),
        *_continuity(film),
        *_templates(film),
        *(_open_words(film, words) if words is not None else ()),
    ]


def _film(tree: Tree) -> _Film:
    film = _Film(tree)
    for kind in ("characters", "locations", "props"):
        film.entities[kind] = list(_entries(tree, ("bible", kind)))
        # Of a repeated id the last counts; that it is repeated is a mistake of its own.
        film.ids[kind] = {raw["id"]: raw for _, raw in film.entities[kind] if isinstance(raw.get("id"), str)}
    film.sequences = list(_entries(tree, ("sequences",)))
    for sequence_path, _ in film.sequences:
        for scene_path, scene in _entries(tree, (*sequence_path, "scenes")):
            film.scenes.append((scene_path, scene))
            for shot_path, shot in _entries(tree, (*scene_path, "shots")):
                film.shots.append(_Shot(shot_path, shot, scene_path, sequence_path, len(film.shots)))
    return film


def _entries(tree: Tree, path: Path) -> Iterator[_Entry]:
    items = tree.at(path)
    for number, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict):
            yield (*path, number), item


def _repeated_ids(film: _Film) -> Iterator[Mistake]:
    for kind, entries in film.entities.items():
        yield from _repeated(film.tree, [(*path, "id") for path, _ in entries], f"id of {kind}")
    yield from _repeated(film.tree, [(*path, "sequence_id") for path, _ in film.sequences], "sequence_id")
    yield from _repeated(film.tree, [(*path, "scene_id") for path, _ in film.scenes], "scene_id")
    yield from _repeated(film.tree, [shot.id_path for shot in film.shots], "shot_id")
    for path, _ in film.entities["characters"]:
        costumes = [(*costume, "costume_id") for costume, _ in _entries(film.tree, (*path, "wardrobe"))]
        yield from _repeated(film.tree, costumes, "costume_id of this character")


def _repeated(tree: Tree, paths: Iterable[Path], what: str) -> Iterator[Mistake]:
    seen: dict[str, Place] = {}
    for path in paths:
        value = tree.at(path)
        if not isinstance(value, str):
            continue
        place = tree.place(path)
        first = seen.setdefault(value, place)
        if first is not place:
            allowed = f"{what} is used before in line {first.line}; allowed is each one once"
            yield Mistake(*place, dotted(path), shown(value), allowed, "duplicate-id", related=(first,))


def _unknown(tree: Tree, path: Path, known: Collection[str], what: str, code: str) -> Iterator[Mistake]:
    value = tree.at(path)
    if isinstance(value, str) and value not in known:
        allowed = list(known)
        listed = ", ".join(allowed[:_MAX_LISTED]) + (" …" if len(allowed) > _MAX_LISTED else "")
        text = f"no such {what}; allowed is one of {listed}" if allowed else f"no such {what}; the plan has none"
        yield Mistake(*tree.place(path), dotted(path), shown(value), text, code, closest(value, allowed))


def _bible(film: _Film) -> Iterator[Mistake]:
    scene_ids = [raw["scene_id"] for _, raw in film.scenes if isinstance(raw.get("scene_id"), str)]
    sequence_ids = [raw["sequence_id"] for _, raw in film.sequences if isinstance(raw.get("sequence_id"), str)]
    for path, character in film.entities["characters"]:
        for kind, known in (("scenes", scene_ids), ("sequences", sequence_ids)):
            worn: dict[str, Place] = {}
            for costume, _ in _entries(film.tree, (*path, "wardrobe")):
                yield from _costume(film.tree, (*costume, kind), known, worn)
        images = film.tree.at((*path, "reference_images"))
        for number, image in enumerate(images if isinstance(images, list) else ()):
            if isinstance(image, dict):
                here = (*path, "reference_images", number, "costume_id")
                yield from _unknown(film.tree, here, _costume_ids(character), "costume", "unknown-costume")
    characters = film.ids["characters"]
    for path, _ in film.entities["props"]:
        yield from _unknown(film.tree, (*path, "owner_id"), characters, "character", "unknown-character")


def _costume(tree: Tree, path: Path, known: list[str], worn: dict[str, Place]) -> Iterator[Mistake]:
    items = tree.at(path)
    what = str(path[-1]).removesuffix("s")
    for number, value in enumerate(items if isinstance(items, list) else ()):
        here = (*path, number)
        yield from _unknown(tree, here, known, what, f"unknown-{what}")
        if isinstance(value, str):
            first = worn.setdefault(value, tree.place(here))
            if first is not tree.place(here):
                allowed = f"this {what} has its costume from line {first.line}; allowed is one costume per {what}"
                yield Mistake(*tree.place(here), dotted(here), shown(value), allowed, "two-costumes", related=(first,))


def _costume_ids(character: Mapping[str, Any]) -> list[str]:
    wardrobe = character.get("wardrobe")
    items = wardrobe if isinstance(wardrobe, list) else []
    return [item["costume_id"] for item in items if isinstance(item, dict) and isinstance(item.get("costume_id"), str)]


def _scenes(film: _Film) -> Iterator[Mistake]:
    locations = film.ids["locations"]
    for path, _ in film.scenes:
        yield from _unknown(film.tree, (*path, "location_id"), locations, "location", "unknown-location")


def _shot(film: _Film, shot: _Shot) -> Iterator[Mistake]:
    tree = film.tree
    locations = film.ids["locations"]
    yield from _unknown(tree, (*shot.path, "location_id"), locations, "location", "unknown-location")
    props = tree.at((*shot.path, "props"))
    for number in range(len(props) if isinstance(props, list) else 0):
        yield from _unknown(tree, (*shot.path, "props", number), film.ids["props"], "prop", "unknown-prop")
    yield from _cast(film, shot)
    place = shot.raw.get("location_id") or tree.at((*shot.scene, "location_id"))
    if isinstance(place, str) and place in locations:
        yield from _version(tree, (*shot.path, "location_version"), locations[place])
    for name, owner in (("scene_id", shot.scene), ("sequence_id", shot.sequence)):
        yield from _placed(tree, (*shot.path, name), tree.at((*owner, name)))
    yield from _placed(tree, (*shot.path, "story_order"), shot.order)
    yield from _one_side(tree, shot)


def _one_side(tree: Tree, shot: _Shot) -> Iterator[Mistake]:
    given = [name for name in ("width", "height") if shot.raw.get(name) is not None]
    if len(given) == 1:
        path = (*shot.path, given[0])
        allowed = "width, height: only one is given; allowed is both or neither"
        yield Mistake(*tree.place(path), dotted(path), shown(tree.at(path)), allowed, "one-side")


def _placed(tree: Tree, path: Path, expected: Any) -> Iterator[Mistake]:  # noqa: ANN401 - text or number
    """Where a shot stands in the film follows from its place in the file; saying something else is a mistake."""
    value = tree.at(path)
    if value is not None and expected is not None and value != expected:
        allowed = f"allowed is {expected}, which follows from the shot's place in the plan: leave it out"
        yield Mistake(*tree.place(path), dotted(path), shown(value), allowed, "misplaced-shot")


def _cast(film: _Film, shot: _Shot) -> Iterator[Mistake]:
    tree, characters = film.tree, film.ids["characters"]
    name = "cast" if "cast" in shot.raw else "characters"
    items = shot.raw.get(name)
    paths = []
    for number, item in enumerate(items if isinstance(items, list) else ()):
        path: Path = (*shot.path, name, number)
        if isinstance(item, dict):
            path = (*path, "character_id")
        paths.append(path)
        yield from _unknown(tree, path, characters, "character", "unknown-character")
        wanted = tree.at(path)
        if isinstance(item, dict) and isinstance(wanted, str) and wanted in characters:
            character = characters[wanted]
            yield from _version(tree, (*path[:-1], "bible_version"), character)
            costumes = _costume_ids(character)
            yield from _unknown(tree, (*path[:-1], "costume_id"), costumes, f"costume of {wanted}", "unknown-costume")
    yield from _repeated(tree, paths, "this character of the shot")


def _version(tree: Tree, path: Path, entity: Mapping[str, Any]) -> Iterator[Mistake]:
    value, has = tree.at(path), entity.get("version", 1)
    if isinstance(value, int) and isinstance(has, int) and value != has:
        allowed = f"the plan has version {has} of it; allowed is {has}, or leave it out for the newest"
        yield Mistake(*tree.place(path), dotted(path), shown(value), allowed, "unknown-version")


def _continuity(film: _Film) -> Iterator[Mistake]:
    tree = film.tree
    after: dict[str, str] = {}
    paths: dict[str, Path] = {}
    ids = [tree.at(shot.id_path) for shot in film.shots]
    known = dict.fromkeys(item for item in ids if isinstance(item, str))
    for shot, shot_id in zip(film.shots, ids, strict=True):
        path = (*shot.path, "continuity_from")
        yield from _unknown(tree, path, known, "shot", "unknown-shot")
        previous = tree.at(path)
        if isinstance(shot_id, str) and isinstance(previous, str):
            after.setdefault(shot_id, previous)
            paths.setdefault(shot_id, path)
    done: set[str] = set()
    for start in after:
        way = _way_back(start, after, done)
        done.update(way)
        if way and after.get(way[-1]) in way:
            loop = way[way.index(after[way[-1]]) :]
            path = paths[loop[0]]
            allowed = f"continuity goes round: {' ← '.join((*loop, loop[0]))}; allowed is an earlier shot"
            related = tuple(tree.place(paths[item]) for item in loop[1:])
            yield Mistake(
                *tree.place(path), dotted(path), shown(after[loop[0]]), allowed, "continuity-cycle", related=related
            )


def _way_back(start: str, after: Mapping[str, str], done: set[str]) -> list[str]:
    """The shots from `start` back along their continuity, until one without, one met before, or a loop closes."""
    way: dict[str, None] = {}
    current = start
    while current in after and current not in done and current not in way:
        way[current] = None
        current = after[current]
    return list(way)


def _templates(film: _Film) -> Iterator[Mistake]:
    seen: dict[tuple[str, str], Place] = {}
    for path, raw in _entries(film.tree, ("project", "templates")):
        key = (str(raw.get("table")), str(raw.get("key")))
        first = seen.setdefault(key, film.tree.place(path))
        if first is not film.tree.place(path):
            allowed = f"{'/'.join(key)} is given before in line {first.line}; allowed is once"
            place = film.tree.place(path)
            yield Mistake(*place, dotted(path), "", allowed, "duplicate-template", related=(first,))


def _open_words(film: _Film, words: Words) -> Iterator[Mistake]:
    """Styles, moods and lightings that neither the engine nor the project has a wording for."""
    tree = film.tree
    own = [raw for _, raw in _entries(tree, ("project", "templates"))]
    places: list[Path] = [("project",), *(path for path, _ in film.scenes), *(shot.path for shot in film.shots)]
    for table, shipped in words.items():
        added = [raw["key"] for raw in own if raw.get("table") == table and isinstance(raw.get("key"), str)]
        known = dict.fromkeys((*shipped, *added))
        for place in places:
            yield from _unknown(tree, (*place, table), known, table, f"unknown-{table}")
