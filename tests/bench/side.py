"""One side in a process of its own: reads a `Task` on standard input, writes an `Outcome` to standard output."""

import sys

import uvloop

from tests.bench import bare_chain, pipeline
from tests.bench.load import Task


def main() -> int:
    """Run the side that the task names."""
    task = Task.model_validate_json(sys.stdin.read())
    side = pipeline if task.side == "pipeline" else bare_chain
    sys.stdout.write(uvloop.run(side.run(task)).model_dump_json())
    return 0


if __name__ == "__main__":
    sys.exit(main())
