"""Facts about what happens, how it feels and how the film looks."""

import re
from collections.abc import Mapping
from dataclasses import replace

from schemas.conditioning import ConditionedEvent
from schemas.vocabulary import Facing, SubjectKind
from services.prompt_builder.domain.planned import Planned, planned
from services.prompt_builder.domain.templates import Templates, fill
from services.prompt_builder.domain.wording import is_balanced, listed, one_line, pieces, top_level_pieces

_SPEAKER = re.compile(r"^\s*([^\n:\uff1a]{1,80}?)\s*(?:\([^)\n]*\))?\s*[:\uff1a]")


def story_facts(event: ConditionedEvent, templates: Templates, slots: Mapping[str, str]) -> tuple[Planned, ...]:
    """Hand-written prompt, description and action both, speaking, mood, style, period, quality."""
    run, shot = event.run, event.run.shot
    facts = [planned("description", shot.description, "shot.description")]
    if shot.prompt.strip():
        facts.append(_by_hand(shot.prompt))
    if run.subject is not SubjectKind.KEYFRAME:
        entry = templates.required("subject", run.subject.value.replace("_", "-"))
        facts.append(planned("subject", entry.text, entry.source, tag=entry.tags))
    if shot.action.strip() and one_line(shot.action) != one_line(shot.description):
        facts.append(planned("action", shot.action, "shot.action"))
    if shot.dialogue.strip():
        facts.append(_speaking(event))
    facts += _mood(event, templates, slots)
    facts += _look(event, templates, slots)
    return tuple(facts)


def _by_hand(prompt: str) -> Planned:
    """A prompt written by hand: where its brackets are closed, they may be emphasis and stay as they are."""
    line = one_line(prompt)
    tags = top_level_pieces(line) if is_balanced(line) else pieces(line)
    return Planned("prompt", line, "shot.prompt", tags)


def _speaking(event: ConditionedEvent) -> Planned:
    """That somebody speaks, never the words: a model would draw them."""
    visible = {one_line(member.name).casefold(): one_line(member.name) for member in event.visible_cast}
    unseen = {one_line(member.name).casefold() for member in event.cast if not member.visible}
    found = _SPEAKER.match(event.run.shot.dialogue)
    speaker = one_line(found.group(1)).casefold() if found else ""
    if speaker in visible:
        clause, tag = f"{visible[speaker]} is speaking", "speaking, open mouth"
    elif speaker in unseen:
        clause, tag = "a voice is heard from outside the frame", "listening"
    elif len(visible) == 1:
        clause, tag = f"{listed(list(visible.values()))} is speaking", "speaking, open mouth"
    elif visible:
        clause, tag = "they are speaking with each other", "talking"
    else:
        clause, tag = "someone is speaking", "talking"
    return planned("speaking", clause, "shot.dialogue", tag=tag)


def _mood(event: ConditionedEvent, templates: Templates, slots: Mapping[str, str]) -> list[Planned]:
    entry = templates.entry("mood", event.run.shot.mood)
    if entry is None:
        return []
    source = f"shot.mood {entry.source}"
    facts = [planned("mood", fill(entry.text, slots), source, tag=fill(entry.tags, slots))]
    for member in event.visible_cast:
        # From behind a mood shows in the body only, and what somebody does is the body's.
        face = "" if member.facing is Facing.BACK else entry.expression
        body = "" if member.action.strip() else entry.body
        worn = ", ".join(part for part in (face, body) if part)
        if worn and not member.expression.strip():
            fact = planned("mood-body", worn, source)
            facts.append(replace(fact, text=f"{one_line(member.name)}: {fact.clause}", owner=member.character_id))
    return facts


def _look(event: ConditionedEvent, templates: Templates, slots: Mapping[str, str]) -> list[Planned]:
    project = event.run.project
    facts = []
    style = templates.entry("style", event.run.style)
    if style is not None:
        source = f"{'shot' if event.run.shot.style else 'project'}.style {style.source}"
        facts.append(planned("style", fill(style.text, slots), source, tag=fill(style.tags, slots)))
    if project.style_guide.strip():
        facts.append(planned("style-guide", project.style_guide, "project.style_guide"))
    if project.period.strip():
        facts.append(planned("period", project.period, "project.period"))
    quality = {entry.source: entry for entry in templates.tables.get("quality", {}).values()}
    for source, entry in quality.items():
        facts.append(planned("quality", fill(entry.text, slots), source, tag=fill(entry.tags, slots)))
    return facts
