"""`python -m tests.second_run STATUS`: what failed beside the others runs once more, alone, and is told as flaky.

Only after a run that ended with STATUS 1 (tests failed), only tests that work with brokers, databases and processes,
and only where at most `MOST` of them failed; anything else stays failed. Why: docs/decisions/0028.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

#: More than this is no chance.
MOST = 2
MAY_MEET_CHANCE = ("tests/integration/", "tests/e2e/")
LAST_FAILED = Path(".pytest_cache/v/cache/lastfailed")
TESTS_FAILED = 1


def may_run_again(failed: Iterable[str]) -> bool:
    """Whether these tests' failure may be the machine's: few, and all of them with servers and processes."""
    names = list(failed)
    return 0 < len(names) <= MOST and all(name.startswith(MAY_MEET_CHANCE) for name in names)


def main(arguments: Sequence[str]) -> int:
    """The status to end with: 0 if every test that failed passes alone, else that of the first run."""
    status = int(arguments[0])
    failed = list(json.loads(LAST_FAILED.read_text())) if status == TESTS_FAILED and LAST_FAILED.exists() else []
    if not may_run_again(failed):
        return status
    _tell(f"\n{len(failed)} failed beside the others; once more, alone:", *failed)
    if subprocess.run([sys.executable, "-m", "pytest", *failed], check=False).returncode:
        return status
    _tell(*(f"FLAKY {name}: failed beside the others (above), passed alone" for name in failed))
    return 0


def _tell(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
