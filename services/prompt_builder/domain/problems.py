"""Words of the open vocabularies that no template knows."""

from collections.abc import Sequence
from difflib import get_close_matches

from schemas.project import ProjectSettings, TemplateOverride
from schemas.shot import Problem, Shot
from services.prompt_builder.domain.templates import OPEN_TABLES, SLOTS, Templates, unknown_slots
from services.prompt_builder.domain.wording import clip

_TEXT = 3900
_VALUE = 200


def unknown_words(project: ProjectSettings, shot: Shot, templates: Templates) -> tuple[Problem, ...]:
    """Everything in style, mood, lighting and the project's templates that can't be worded.

    Args:
        project: its templates count as known.
        shot: the shot.
        templates: as shipped.
    """
    known = templates.with_overrides(project.templates)
    asked = (
        ("style", "shot.style" if shot.style else "project.style", shot.style or project.style),
        ("mood", "shot.mood", shot.mood),
        ("lighting", "shot.lighting", shot.lighting),
        *([("lighting", "shot.light_source", shot.light_source)] if shot.light_source else []),
    )
    problems = [
        Problem(field=field, value=word, allowed=_allowed(word, known.words(table)), code=f"unknown-{table}")
        for table, field, word in asked
        if known.entry(table, word) is None
    ]
    for place, override in enumerate(project.templates):
        problems += _override_problems(f"project.templates.{place}", override, templates)
    return tuple(problems)


def _override_problems(field: str, override: TemplateOverride, templates: Templates) -> list[Problem]:
    if override.table not in templates.tables:
        allowed = _allowed(override.table, tuple(sorted(templates.tables)))
        return [Problem(field=f"{field}.table", value=override.table, allowed=allowed, code="unknown-template-table")]
    problems = []
    if override.table not in OPEN_TABLES and templates.entry(override.table, override.key) is None:
        allowed = _allowed(override.key, templates.words(override.table))
        problems.append(Problem(field=f"{field}.key", value=override.key, allowed=allowed, code="unknown-template-key"))
    for slot in sorted(unknown_slots(override.text)):
        allowed = _allowed(slot, SLOTS) + "; braces that are no slot are doubled: {{…}}"
        value = "{" + clip(slot, _VALUE) + "}"
        problems.append(Problem(field=f"{field}.text", value=value, allowed=allowed, code="unknown-slot"))
    return problems


def _allowed(word: str, known: Sequence[str]) -> str:
    """Every known word, the closest first."""
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    rest = [item for item in known if item not in close]
    meant = f"{close[0]} (did you mean this?), " if close else ""
    return clip(meant + ", ".join(rest), _TEXT)
