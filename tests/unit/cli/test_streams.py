"""Standard output that is lost on the way: a full disk, a reader that has left."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.cli.streams import BROKEN_PIPE

FULL = Path("/dev/full")
WORDS = "sys.stdout.write('word ' * {times})"
#: Within the stream's own buffer the loss shows when it is flushed; beyond, when it is written.
TIMES = pytest.mark.parametrize("times", [1, 100_000])


def code(body: str) -> list[str]:
    return [
        sys.executable,
        "-c",
        f"import sys\nfrom services.cli.streams import run_guarded\nrun_guarded(lambda: {body})",
    ]


@TIMES
@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full, which only Linux has")
def test_a_full_disk_is_told_in_one_line_and_is_a_failure(times: int) -> None:
    with FULL.open("wb") as full:
        ran = subprocess.run(
            code(WORDS.format(times=times)), stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert ran.returncode == 1
    assert ran.stderr == "ice: the output can't be written: No space left on device; what is there of it is not whole\n"


@TIMES
def test_a_reader_that_has_left_is_left_silently_with_the_shells_status(times: int) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        ran = subprocess.run(
            code(WORDS.format(times=times)), stdout=write, stderr=subprocess.PIPE, text=True, check=False
        )
    finally:
        os.close(write)
    assert (ran.returncode, ran.stderr) == (BROKEN_PIPE, "")


def test_what_can_be_written_keeps_the_commands_own_status() -> None:
    body = "(sys.stdout.write('h\\udc80'), sys.exit(4))"
    ran = subprocess.run(code(body), capture_output=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (4, b"h\\udc80", b"")
