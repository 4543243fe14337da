"""The film plan's format as a page for people, generated from its JSON Schema."""

from typing import Any, Final

Schema = dict[str, Any]

_INTRO: Final = """# Film plan, version 1

<!-- Generated from schemas/film_plan by `make contracts`; change the models, not this page. -->

A whole film in one YAML or JSON file of at most 4 MB. `ice plan validate FILE` tells every mistake at once, with line,
field, value and what is allowed; `ice plan publish FILE` publishes the bible, then one ShotPlanned per shot. Publishing
the same plan again changes nothing; a changed shot needs a higher `revision`.

- A scene lends its `location_id`, `time_of_day`, `weather`, `season`, `lighting`, `mood` and `style` to shots that name
  none; what no scene says comes from the location or the project.
- `scene_id`, `sequence_id`, `scene_title`, `story_order`, `shot_number` (10, 20, 30 …) and `code` follow from a shot's
  place in the file.
- Words are forgiving: `Golden Hour`, `golden_hour` and `golden-hour` are one; so are usual synonyms (`ots`, `cowboy`,
  `bird's-eye`). Styles, moods and lightings are those of the prompt templates and of the project's own `templates`.
- Unknown fields are mistakes here, though events ignore them: a typo must not pass.

Two whole films: [vrindavan](examples/film.plan/v1/vrindavan.yaml), [noir-city](examples/film.plan/v1/noir-city.yaml).
"""
#: Models in the order of reading; the plan itself has no name among the definitions.
_ORDER: Final = (
    "ProjectSettings",
    "Budget",
    "TemplateOverride",
    "Bible",
    "Character",
    "Costume",
    "Garment",
    "ReferenceImage",
    "Lora",
    "Location",
    "Prop",
    "Sequence",
    "Scene",
    "PlannedShot",
    "CastMember",
)


def plan_reference(schema: Schema) -> str:
    """Markdown: a table of fields per model.

    Args:
        schema: the JSON Schema of `FilmPlan`.

    Raises:
        KeyError: a model of the page is no longer part of the plan.
    """
    definitions = schema["$defs"]
    parts = [_INTRO, _table("The file", schema)]
    parts += [_table(name, definitions[name]) for name in _ORDER]
    words = sorted(name for name, item in definitions.items() if "enum" in item)
    parts.append("## Words\n\n| | allowed |\n|---|---|\n" + "".join(_words(name, definitions[name]) for name in words))
    return "\n".join(parts)


def _table(title: str, model: Schema) -> str:
    lines = [f"## {title}", "", "| field | type | default | meaning |", "|---|---|---|---|"]
    required = set(model.get("required", ()))
    for name, field in model["properties"].items():
        default = "**required**" if name in required else _default(field)
        lines.append(f"| `{name}` | {_type(field)} | {default} | {_one_line(field.get('description', ''))} |")
    return "\n".join(lines) + "\n"


def _words(name: str, model: Schema) -> str:
    return f"| {name} | {', '.join(f'`{word}`' for word in model['enum'])} |\n"


def _default(field: Schema) -> str:
    value = field.get("default")
    if value in (None, "", [], {}) or isinstance(value, dict):
        return ""
    return f"`{value}`"


def _type(field: Schema) -> str:
    if "$ref" in field:
        return str(field["$ref"].rsplit("/", 1)[1])
    if "anyOf" in field:
        kinds = [_type(item) for item in field["anyOf"] if item.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {}))}"
    if field.get("type") == "object":
        return "names and values"
    if "const" in field:
        return f"`{field['const']}`"
    return _bounded(field)


def _bounded(field: Schema) -> str:
    kind = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}.get(
        str(field.get("type")), "any"
    )
    low = field.get("minimum", field.get("exclusiveMinimum"))
    high = field.get("maximum", field.get("exclusiveMaximum"))
    if low is not None or high is not None:
        above = "above " if "exclusiveMinimum" in field else ""
        span = f"{low if low is not None else '…'} to {high if high is not None else '…'}"
        return f"{kind}, {above}{span}"
    longest = field.get("maxLength")
    return f"{kind}, up to {longest:,} characters" if kind == "text" and longest else kind


def _one_line(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
