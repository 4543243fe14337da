"""Exit codes of `ice`, and the error that carries one."""

from enum import IntEnum


class Exit(IntEnum):
    """What a script can tell from the exit status."""

    OK = 0
    """Done, and everything that was asked for is well."""
    FAILED = 1
    """It ran, and something failed: a shot, a check, a download."""
    INVALID = 2
    """The command line, a file or a name given is wrong; nothing was done."""
    UNREACHABLE = 3
    """No engine answers: the stack does not run, or not at the address given."""
    TIMED_OUT = 4
    """It did not come about within the time given; what runs goes on running."""
    INTERRUPTED = 130
    """Ctrl-C, as shells count it."""


class CliError(Exception):
    """Ends the command with a message for people.

    Attributes:
        code: exit status.
        problem: what is wrong, with the value and what is allowed.
        mend: what to do about it; empty when the problem says it.
    """

    def __init__(self, problem: str, *, code: Exit = Exit.FAILED, mend: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.code = code
        self.mend = mend
