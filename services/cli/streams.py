"""Standard output and error that can be lost: a full disk behind `>`, a reader like `head` that has seen enough."""

import contextlib
import errno
import io
import os
import sys
from collections.abc import Callable
from typing import Final, TextIO

#: As shells count a process that SIGPIPE has ended; `cat` and `grep` leave so, too.
BROKEN_PIPE: Final = 141
_FAILED: Final = 1


class OutputLostError(Exception):
    """What was to be written can't be; no error of a file, which `except OSError` would take it for."""


class _Fragile(io.FileIO):
    """A stream's end. After its first failure it takes everything and keeps nothing, so that leaving fails no more."""

    lost: OSError | None = None

    def write(self, data: "bytes | bytearray | memoryview", /) -> int | None:  # type: ignore[override] # narrower
        """Write, or say once that it is lost.

        Raises:
            OutputLostError: nobody takes it.
        """
        if self.lost is not None:
            return len(data)
        try:
            return super().write(data)
        except OSError as error:
            if isinstance(error, BlockingIOError):
                raise
            self.lost = error
            raise OutputLostError(f"{os.strerror(error.errno or 0)}") from error


def _guarded(stream: TextIO | None) -> tuple[TextIO | None, _Fragile | None]:
    """A stream in which every character can be written, and its end where that can be lost."""
    if not isinstance(stream, io.TextIOWrapper):
        return stream, None
    # Where the terminal's encoding lacks a character (a code page, LC_ALL=C), it is spelt out instead of ending us.
    stream.reconfigure(errors="backslashreplace")
    try:
        number = stream.fileno()
    except (OSError, ValueError):
        return stream, None
    if stream.isatty():
        return stream, None
    end = _Fragile(number, "wb", closefd=False)
    buffered = io.BufferedWriter(end)  # type: ignore[type-var] # a FileIO whose write is narrower
    text = io.TextIOWrapper(
        buffered, encoding=stream.encoding, errors="backslashreplace", line_buffering=stream.line_buffering
    )
    return text, end


def run_guarded(command: Callable[[], object]) -> None:
    """Run a command line; where its output is lost, leave with one line about it, or silently when the reader left.

    Raises:
        SystemExit: with the command's status; 141 when the reader has left, 1 when nothing can be written.
    """
    sys.stdout, out = _guarded(sys.stdout)
    sys.stderr, err = _guarded(sys.stderr)
    try:
        command()
    except OutputLostError:
        pass
    finally:
        lost = _flushed(sys.stdout, out) or _flushed(sys.stderr, err)
        if lost is not None:
            _leave(lost)


def _flushed(stream: TextIO | None, end: _Fragile | None) -> OSError | None:
    if stream is None or end is None:
        return None
    with contextlib.suppress(OutputLostError):
        stream.flush()
    return end.lost


def _leave(lost: OSError) -> None:
    if lost.errno == errno.EPIPE:
        sys.exit(BROKEN_PIPE)
    reason = os.strerror(lost.errno or 0)
    sys.stderr.write(f"ice: the output can't be written: {reason}; what is there of it is not whole\n")
    sys.stderr.flush()
    sys.exit(_FAILED)
