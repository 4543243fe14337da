"""`ice ledger resolve`: a person's word on a call in doubt."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from rich.text import Text

from services.cli import settings
from services.cli.commands import confirm
from services.cli.deciding import review
from services.cli.exits import CliError, Exit
from services.cli.gateway_client import GatewayClient
from services.cli.loop import run_in_loop
from services.cli.money_commands import dollars
from services.cli.output import Output

Answer = dict[str, Any]

_HELD: Final = "held"
_LISTED: Final = 10


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the person says.

    Attributes:
        generation: id of the call, or its beginning.
        decision: `re-roll` or `reject`.
        note: why.
        reviewer: who.
    """

    generation: str
    decision: Literal["re-roll", "reject"]
    note: str = ""
    reviewer: str = "anonymous"


def resolve(output: Output, folder: Path | None, wanted: Wanted, *, ask: bool) -> Exit:
    """Hand in the decision on a call in doubt, after a person's yes where `ask`."""
    if wanted.decision == "reject" and not wanted.note.strip():
        raise CliError("--note: empty; allowed is the reason why, since the frame is given up", code=Exit.INVALID)
    url = settings.gateway_url(folder)
    # The question stands between two visits of the loop: Ctrl-C must be able to end it.
    call = run_in_loop(_with_client(url, lambda client: held_call(client, wanted.generation)))
    if ask:
        confirm(output, "resolve", question(call, wanted))
    done = run_in_loop(_with_client(url, lambda client: hand_in(client, call, wanted)))
    value = {**call, "decision": wanted.decision, "event_id": done["event_id"]}
    output.result(value, lambda: Text(_told(call, wanted)))
    return Exit.OK


async def held_call(client: GatewayClient, generation: str) -> Answer:
    """The call in doubt of that id, or of an id that begins so, whose run is held for it.

    Raises:
        CliError: there is none or several, or its run is no longer held.
    """
    calls = await client.in_doubt()
    found = [call for call in calls if generation and str(call["generation_id"]).startswith(generation)]
    if len(found) != 1:
        raise _unclear(generation, found, calls)
    (call,) = found
    if call["run_status"] != _HELD:
        raise CliError(
            f"generation {call['generation_id']}: its run is {call['run_status']}; "
            "allowed is one that is held, any other goes on or has ended by itself"
        )
    return call


async def hand_in(client: GatewayClient, call: Answer, wanted: Wanted) -> Answer:
    """Hand in the decision; the same once more is the same decision."""
    return await client.decide(review("ledger", str(call["run_id"]), str(call["generation_id"]), wanted))


def question(call: Answer, wanted: Wanted) -> str:
    """What is asked before the decision is handed in: the worst that it may cost."""
    perhaps = dollars(call["possible_cost_usd_micros"])
    frame = f"{call['shot_id']} ({call['frame_role']}) of {call['project_id']}"
    if wanted.decision == "reject":
        return f"Give up {frame}? The call to {call['model']} may have cost {perhaps} and stays on the books."
    job = f", job {call['vendor_job_id']}" if call["vendor_job_id"] else ""
    sent = str(call["sent_at"] or "at an unknown time")[:19].replace("T", " ")
    return (
        f"Ask {call['model']} again for {frame}? The call of {sent} (UTC{job}) may have cost {perhaps}: "
        f"if it is on the vendor's bill, this pays about {perhaps} a second time."
    )


def _told(call: Answer, wanted: Wanted) -> str:
    what = f"{call['shot_id']} ({call['frame_role']})"
    if wanted.decision == "reject":
        return f"{what}: given up; the possible {dollars(call['possible_cost_usd_micros'])} stays in `ice costs`"
    return f"{what}: {call['model']} is asked again; follow it with: ice watch {call['project_id']}"


def _unclear(generation: str, found: Sequence[Answer], calls: Sequence[Answer]) -> CliError:
    if found:
        several = ", ".join(str(call["generation_id"]) for call in found[:_LISTED])
        return CliError(f"generation {generation!r}: begins {len(found)} ids: {several}", code=Exit.INVALID)
    known = ", ".join(str(call["generation_id"]) for call in calls[:_LISTED])
    allowed = f"allowed is one of {known}" if known else "no call is in doubt"
    return CliError(f"generation {generation!r}: is not in doubt; {allowed}", code=Exit.INVALID, mend="`ice ledger`")


async def _with_client(url: str, work: Callable[[GatewayClient], Awaitable[Answer]]) -> Answer:
    async with GatewayClient(url) as client:
        return await work(client)
