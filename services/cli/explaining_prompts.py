"""The facts of a frame and its wordings, as `ice explain` and the page of prompts tell them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

Answer = dict[str, Any]
#: Tokens of a chunk that an encoder reads besides its start and end marks.
_CHUNK: Final = 75


def labelled(wordings: Sequence[Answer]) -> dict[str, Answer]:
    """Every wording by a short name: its dialect, the shorter ones numbered, `latin` where names are spelled."""
    named: dict[str, Answer] = {}
    for wording in wordings:
        latin = " latin" if wording["latin"] and wording["dialect"] == "natural" else ""
        base = f"{wording['dialect']}{latin}"
        number = sum(label.split(" #")[0] == base for label in named) + 1
        named[base if number == 1 else f"{base} #{number}"] = wording
    return named


def said(rank: int, wording: Answer) -> str:
    """`✓` where a wording says a fact, `~` where it says a part of it, `–` where it leaves it out."""
    gone = [item for item in wording["dropped"] if item["rank"] == rank]
    return "✓" if not gone else "~" if all(item["part"] for item in gone) else "–"


def facts(rows: Sequence[Answer], wordings: Mapping[str, Answer]) -> Table:
    """A table of facts, with a column per wording that tells whether it says them."""
    table = Table(box=None, pad_edge=False, header_style="grey50")
    table.add_column("", justify="right", style="grey50")
    table.add_column("fact", no_wrap=True)
    table.add_column("says", ratio=3)
    table.add_column("weight", justify="right")
    for label in wordings:
        table.add_column(label, justify="center", style="green")
    table.add_column("from", style="grey50", overflow="fold", ratio=1)
    for fact in rows:
        marks = (said(fact["rank"], wording) for wording in wordings.values())
        table.add_row(str(fact["rank"]), fact["kind"], fact["text"], f"{fact['weight']:g}", *marks, fact["source"])
    return table


def measure(wording: Answer) -> str:
    """How long a wording is: characters, and of tags the tokens of each chunk, alike for both encoders of SDXL."""
    characters = f"{len(wording['prompt']):,} characters"
    counts = [chunk["tokens"] for chunk in wording["chunks"] if chunk["tokens"]]
    if not counts:
        return characters
    chunks = " + ".join(str(count) for count in counts)
    return f"{characters}; {chunks} of {_CHUNK} CLIP tokens per chunk"


def reasons(wording: Answer) -> dict[str, list[str]]:
    """What a wording leaves out, by reason."""
    by_reason: dict[str, list[str]] = {}
    for dropped in wording["dropped"]:
        rest = "rest of " if dropped["part"] else ""
        by_reason.setdefault(dropped["reason"], []).append(f"{rest}{dropped['kind']} ({dropped['text']})")
    return by_reason


def worded(wording: Answer) -> Iterator[RenderableType]:
    """One wording: its length, its words, what it must not show, what it leaves out and why."""
    yield Text(measure(wording), style="grey50")
    yield Text(wording["prompt"])
    if wording["negative_prompt"]:
        yield Text("not: ", style="red").append(wording["negative_prompt"], style="grey50")
    if wording["negative_folded"]:
        yield Text("or, in the prompt: ", style="red").append(wording["negative_folded"], style="grey50")
    if wording["variant_told"]:
        yield Text("before it, where a model changes the plate that there is by words: ", style="yellow").append(
            wording["variant_told"], style="grey50"
        )
    for name, spelled in wording["names"].items():
        yield Text(f"name {name} is written {spelled}", style="yellow")
    for reason, lost in reasons(wording).items():
        yield Text(f"dropped ({reason}): ", style="yellow").append(" | ".join(lost), style="grey50")
