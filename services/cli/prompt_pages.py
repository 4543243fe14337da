"""Writes `docs/prompts.md` from the films, or checks it: `python -m services.cli.prompt_pages [--check]`.

Six varied shots of both films in every dialect, with what each wording left out and why, as `ice explain` tells it.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from schemas.film_plan import FilmPlan, PlannedShot
from services.cli.explaining_prompts import labelled, measure, reasons, said
from services.cli.films import load_films
from services.cli.plan_judging import parts_of
from services.cli.reference_prompts import reference_wordings
from services.engine import ImageEngine

PAGE = Path(__file__).resolve().parents[2] / "docs" / "prompts.md"
#: (film, shot, what it shows about prompts)
SHOTS: Final = (
    ("vrindavan", "SC010_SH0020", "one character, a travelling camera"),
    ("vrindavan", "SC020_SH0030", "over a shoulder, two characters, dialogue"),
    ("vrindavan", "SC050_SH0010", "three characters from overhead, a style of its own"),
    ("noir-city", "SC120_SH0050", "an insert: the object is the subject"),
    ("noir-city", "SC310_SH0030", "a start and an end frame"),
    ("noir-city", "SC410_SH0020", "a place without people"),
)
#: A provider that needs no key; prompts don't depend on it.
_PROVIDERS: Final = ("previz",)
_INTRODUCTION: Final = """\
# What the prompts say

Generated from the two films by `python -m services.cli.prompt_pages`; `--check` tells whether it is up to date.
`ice explain` shows the same for any shot of any plan, with every fact, its weight and where it comes from.

A shot becomes **facts**, the most important first: who is in the frame, how many, how close. Each **dialect** words the
same facts its own way and lists what it left out, with the reason; the columns beside the facts tell which wording says
a fact (✓), a part of it (~) or nothing of it (–).

- `natural`: sentences, for GPT Image, Gemini, FLUX, Stable Image, SD 3.5 and Leonardo. Where the whole has more than
  10,000, 2,000 or 1,500 characters, there are shorter wordings (`#2` …) for models that take no more; facts of the last
  ranks give way first. Models that read English only get `natural latin` where a name has letters of another script.
- `tags`: weighted tags, for SDXL and SD 1.5, in up to three chunks of 75 tokens of CLIP's own vocabulary, which both of
  SDXL's text encoders share: one count holds for each. Who is in the frame stands in the first chunk; no fact is parted
  between two. `#2` is the wording of one chunk, for programs that read no more.

Weights are shown as A1111 writes them; `BREAK` parts chunks. A model's card in the catalogue says which form its
program reads (`a1111`, `comfy`, `compel`, `none`), and the request is written in it; brackets of people's text are
never weights. What a frame must not show goes into the negative prompt; where a model takes none, sentences that say
what is there instead are added to the prompt, and the result says so (`negative-prompt-folded`).
"""
_REFERENCES: Final = """\
## References

Where the bible has no picture, a sheet, plate or prop view is made first, on the same way as a shot. It is told what is
the same in every shot: face and wardrobe at ease in even light, the place in its variant, the whole thing by itself.
A plate of another time, weather or season is derived from the base plate (ADR 0027): models with image-to-image begin
with it and are told the words below alone; models that edit by words are told first what to change in it; others are
shown it.
"""


def rendered() -> str:
    """The whole page."""
    parts = [_INTRODUCTION]
    plans = {film: load_films([film])[0] for film in dict.fromkeys(film for film, _, _ in SHOTS)}
    for film, shot_id, shows in SHOTS:
        plan = plans[film]
        parts += _shot(plan, next(shot for shot in plan.shots if shot.shot_id == shot_id), shows)
    return "\n".join([*parts, _REFERENCES, *_references(plans[SHOTS[0][0]])])


def _references(plan: FilmPlan) -> Iterator[str]:
    for what, wordings in reference_wordings(plan):
        yield f"### {plan.project.title}, {what}\n"
        for label, wording in labelled(wordings).items():
            yield from _prompt(f"`{label}`", wording)


def _shot(plan: FilmPlan, shot: PlannedShot, shows: str) -> Iterator[str]:
    engine = ImageEngine(project=plan.project, providers=_PROVIDERS)
    yield f"## {plan.project.title}, {shot.code}: {shows}\n"
    frames = [engine.generate_shot_image(shot, **parts_of(plan, shot), frame_role=role) for role in shot.frames.roles]
    yield _facts(frames[0]["facts"], labelled(frames[0]["wordings"]))
    for frame in frames:
        heading = f", {frame['frame_role']} frame" if len(frames) > 1 else ""
        for label, wording in labelled(frame["wordings"]).items():
            yield from _prompt(f"`{label}`{heading}", wording)


def _facts(facts: list[dict[str, Any]], wordings: dict[str, dict[str, Any]]) -> str:
    rows = [
        f"| {fact['rank']} | {fact['kind']} | {_cell(fact['text'])} | {fact['weight']:g} | "
        + " | ".join(said(fact["rank"], wording) for wording in wordings.values())
        + " |"
        for fact in facts
    ]
    names = " | ".join(f"`{label}`" for label in wordings)
    table = "\n".join([f"| | Fact | Says | Weight | {names} |", "|---" * (4 + len(wordings)) + "|", *rows])
    return f"<details><summary>{len(facts)} facts, the most important first</summary>\n\n{table}\n\n</details>\n"


def _prompt(title: str, wording: dict[str, Any]) -> Iterator[str]:
    yield f"**{title}** ({measure(wording)})\n"
    yield f"> {wording['prompt']}\n"
    if wording["negative_prompt"]:
        yield f"*Not:* {wording['negative_prompt']}\n"
    if wording["negative_folded"]:
        yield f"*Or, in the prompt:* {wording['negative_folded']}\n"
    if wording["variant_told"]:
        yield f"*Before it, where a model changes the plate that there is by words:* {wording['variant_told']}\n"
    lost = reasons(wording)
    if lost:
        yield "\n".join(f"- Left out, {why}: {_cell('; '.join(items))}" for why, items in lost.items()) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(arguments: list[str] | None = None) -> int:
    """Write the page, or with `--check` say whether it is up to date."""
    parser = argparse.ArgumentParser(description="Write docs/prompts.md from the films.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail when the page is not up to date")
    checking = parser.parse_args(arguments).check
    page = rendered()
    if not checking:
        PAGE.write_text(page, encoding="utf-8")
        return 0
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page:
        return 0
    sys.stderr.write("docs/prompts.md: out of date; run python -m services.cli.prompt_pages\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
