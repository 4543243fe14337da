"""What a running stack tells other processes: the file `stack.json` in its folder. It holds no secrets."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from services.local_stack.servers.process import ProcessId

STATE_FILE = "stack.json"


class StackState(BaseModel):
    """Where everything of a running stack is."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    version: Literal[1] = 1
    pid: int
    """Process that runs the services and owns the servers."""
    process_started: str
    """Start time of that process in the system's own form; tells it from a later one with the same number."""
    kafka_bootstrap: str
    """`host:port`."""
    kafka_idempotence: bool
    """Whether producers may be idempotent; false on the embedded broker."""
    mongo_url: str
    mongo_database: str
    s3_endpoint: str
    """`host:port`, plain HTTP; the keys are in the file `credentials.json`, for this user only."""
    s3_bucket: str
    gateway_url: str
    """`http://host:port` of the JSON API."""
    providers: tuple[str, ...]
    """Providers whose workers run."""
    services: tuple[str, ...]
    logs: str
    """Folder of the log files."""

    def alive(self) -> bool:
        """Whether the process that wrote this still runs."""
        return ProcessId(self.pid, self.process_started).alive()


def read_state(folder: Path) -> StackState | None:
    """The stack that runs over a folder; None when none does, also after a crash."""
    try:
        state = StackState.model_validate_json((folder / STATE_FILE).read_bytes())
    except (OSError, ValidationError):
        return None
    return state if state.alive() else None
