"""What a command says: results on standard output, everything else on standard error.

With `--json` standard output holds exactly one JSON value; with `--quiet` standard error stays empty but for errors.
Colour only on a terminal and never under `NO_COLOR`; both are rich's own rules.
"""

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

PIPE_WIDTH: Final = 160
"""Columns where no terminal says how many it has: tables in a pipe or a log are not folded at 80."""


class Output:
    """The two streams of one command.

    Args:
        as_json: results as one JSON value.
        quiet: no progress and no notes.
    """

    def __init__(self, *, as_json: bool, quiet: bool) -> None:
        self.as_json = as_json
        self.quiet = quiet
        self._consoles: dict[bool, Console] = {}

    @property
    def live(self) -> bool:
        """Whether a display that redraws itself makes sense: a person looks on."""
        return not self.quiet and not self.as_json and self.console(stderr=True).is_terminal

    def console(self, *, stderr: bool = False) -> "Console":
        """The rich console of a stream; made on first use, since most of `--help` needs none."""
        if stderr not in self._consoles:
            from rich.console import Console  # noqa: PLC0415 - heavy, and `--help` must not pay for it

            console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
            if not console.is_terminal:
                console.width = max(console.width, PIPE_WIDTH)
            self._consoles[stderr] = console
        return self._consoles[stderr]

    def result(
        self,
        value: Any,  # noqa: ANN401 - any JSON value
        show: Callable[[], "RenderableType"],
        *,
        whole_lines: bool = False,
    ) -> None:
        """The command's answer: `value` as JSON, or what `show` draws; `whole_lines` leaves folding to the terminal."""
        if self.as_json:
            sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
            sys.stdout.flush()
        else:
            self.console().print(show(), soft_wrap=whole_lines)

    def note(self, text: "RenderableType") -> None:
        """Something on the way; not part of the answer."""
        if not self.quiet and not self.as_json:
            self.console(stderr=True).print(text)

    def error(self, problem: str, mend: str = "") -> None:
        """What went wrong; shown whatever the options are."""
        from rich.text import Text  # noqa: PLC0415 - as above

        text = Text("ice: ", style="bold red").append(problem, style="default not bold")
        if mend:
            text.append("\n  mend: ", style="bold yellow").append(mend, style="default not bold")
        self.console(stderr=True).print(text, soft_wrap=True)
