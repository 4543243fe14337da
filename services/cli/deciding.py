"""A person's word on a frame, as the API takes it from every command."""

import hashlib
from typing import Any, Final, Protocol

Answer = dict[str, Any]

_DIGITS: Final = 24


class Word(Protocol):
    """What a person says."""

    @property
    def decision(self) -> str:
        """`approve`, `reject` or `re-roll`."""
        ...

    @property
    def note(self) -> str:
        """Why."""
        ...

    @property
    def reviewer(self) -> str:
        """Who."""
        ...


def review(command: str, run_id: str, generation_id: str, said: Word) -> Answer:
    """The body of `POST /reviews`. The same once more is the same decision: its id follows from what is said.

    Args:
        command: where it was said; leads the id.
        run_id: of the frame.
        generation_id: the take that is decided on.
        said: by whom, what and why.
    """
    words = f"{generation_id}\n{said.decision}\n{said.note}\n{said.reviewer}"
    return {
        "review_id": f"{command}-{hashlib.sha256(words.encode()).hexdigest()[:_DIGITS]}",
        "run_id": run_id,
        "generation_id": generation_id,
        "decision": said.decision,
        "note": said.note,
        "reviewer": said.reviewer,
    }
