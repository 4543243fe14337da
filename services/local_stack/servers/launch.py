"""Tiny launcher between us and a server: on Linux the server dies with us, even when we are killed outright.

Run as a script, never imported: `python -I -S launch.py <parent pid> <program> [arguments...]`. It asks the
kernel to kill this process when the parent's thread ends (the setting survives `exec`), then becomes the
server. `preexec_fn` would do the same, but is not safe in a process that has threads.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(argv: list[str]) -> None:
    """Tie this process to its parent and become the program. Returns only when the parent is already gone."""
    parent, program = int(argv[1]), argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        return
    os.execv(program[0], program)  # noqa: S606


if __name__ == "__main__":
    main(sys.argv)
