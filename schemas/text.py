"""Text fields: any script and emoji, no control characters, bounded length."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

#: Unicode categories Cc (without tab and newline) and Cs, as one pattern: this runs on every text of every event.
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def without_controls(value: str) -> str:
    """Refuse what can't be shown, stored or encoded: control characters (but tab, newline) and lone surrogates.

    Raises:
        ValueError: names the first offending character and its position (from 0).
    """
    found = _FORBIDDEN.search(value)
    if found is not None:
        raise ValueError(
            f"character {found.start()} is U+{ord(found[0]):04X}; allowed is any text without control characters"
        )
    return value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("blank; allowed is text with at least one visible character")
    return value


_Clean = AfterValidator(without_controls)

#: 1 to 200 characters, not blank.
Name = Annotated[str, StringConstraints(min_length=1, max_length=200), _Clean, AfterValidator(_not_blank)]
#: 0 to 500 characters.
Phrase = Annotated[str, StringConstraints(max_length=500), _Clean]
#: 0 to 4,000 characters.
Text = Annotated[str, StringConstraints(max_length=4000), _Clean]
#: 1 to 4,000 characters, not blank.
Description = Annotated[str, StringConstraints(min_length=1, max_length=4000), _Clean, AfterValidator(_not_blank)]
#: A rendered prompt: up to 40,000 characters, above every vendor's own limit.
PromptText = Annotated[str, StringConstraints(max_length=40_000), _Clean]
#: A word of an open vocabulary (style, mood, lighting): kebab case, 1 to 64 characters, e.g. `golden-hour`.
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
#: Short free values by name, e.g. `{"hair": "long black hair"}`; up to 64 entries.
Features = Annotated[dict[Name, Phrase | tuple[Phrase, ...]], Field(max_length=64)]
#: Up to 64 labels.
Tags = Annotated[tuple[Name, ...], Field(max_length=64)]
#: Lower-case hex.
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
#: An object of ours (`s3://bucket/key`) or a public `https://` address; checked against SSRF where it is fetched.
AssetUri = Annotated[str, StringConstraints(pattern=r"^(s3|https)://[^\s]+$", max_length=2048), _Clean]
