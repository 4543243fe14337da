"""Commands about money: `ice costs` and `ice ledger`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from services.cli import settings
from services.cli.counting import counted
from services.cli.exits import Exit
from services.cli.gateway_client import GatewayClient
from services.cli.output import Output
from services.cli.project_commands import chosen_project

Answer = dict[str, Any]

_MICROS: Final = 1_000_000
_CENTS: Final = 0.01
_SHOWN: Final = 5


async def costs(output: Output, folder: Path | None, project_id: str | None) -> Exit:
    """What one project has cost."""
    async with GatewayClient(settings.gateway_url(folder)) as client:
        answer = await client.costs(await chosen_project(client, project_id))
    output.result(answer, lambda: _costs_view(answer))
    return Exit.OK


async def ledger(output: Output, folder: Path | None, project_id: str | None) -> Exit:
    """Every call in doubt, of one project or of all."""
    async with GatewayClient(settings.gateway_url(folder)) as client:
        calls = await client.in_doubt(project_id)
    output.result(calls, lambda: _ledger_view(calls))
    return Exit.OK


def dollars(micros: int) -> str:
    """Millionths of a US dollar for people: cents, and more digits only below one cent."""
    amount = micros / _MICROS
    return f"${amount:,.2f}" if amount == 0 or amount >= _CENTS else f"${amount:.4f}"


def _costs_view(answer: Answer) -> RenderableType:
    head = Text(f"{answer['project_id']}  ", style="bold").append(dollars(answer["spent_usd_micros"]), style="bold")
    head.append(
        f"  {counted(answer['calls'], 'call')}, {answer['made']} made, {answer['failed']} failed", style="grey50"
    )
    parts: list[RenderableType] = [head]
    if answer["in_doubt"]:
        perhaps = dollars(answer["possible_usd_micros"])
        parts.append(Text(f"{answer['in_doubt']} in doubt, perhaps {perhaps} more: `ice ledger`", style="red3"))
    for title, rows, name in (
        ("by model", answer["by_model"], "model"),
        ("by scene", answer["by_scene"], "scene_id"),
        ("dearest shots", answer["dearest_shots"][:_SHOWN], "shot_id"),
    ):
        parts += [Text(), _table(title, rows, name)]
    return Group(*parts)


def _table(title: str, rows: Sequence[Answer], name: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="grey50")
    table.add_column(title, no_wrap=True)
    for column in ("calls", "made", "failed", "in doubt", "spent", "perhaps"):
        table.add_column(column, justify="right", no_wrap=True)
    for row in rows:
        counts = (str(row[key] or "·") for key in ("calls", "made", "failed"))
        doubt = Text(str(row["in_doubt"] or "·"), style="red3" if row["in_doubt"] else "")
        perhaps = dollars(row["possible_usd_micros"]) if row["possible_usd_micros"] else "·"
        table.add_row(str(row[name]), *counts, doubt, dollars(row["spent_usd_micros"]), perhaps)
    return table


def _ledger_view(calls: Sequence[Answer]) -> RenderableType:
    if not calls:
        return Text("no call is in doubt", style="green")
    table = Table(box=None, pad_edge=False, header_style="grey50")
    for column in ("sent", "film", "shot", "frame", "model", "perhaps", "run", "vendor's job", "generation"):
        table.add_column(column, justify="right" if column == "perhaps" else "left", overflow="fold")
    for call in calls:
        table.add_row(
            str(call["sent_at"] or "–")[:19].replace("T", " "),
            str(call["project_id"]),
            str(call["shot_id"]),
            str(call["frame_role"]),
            str(call["model"]),
            dollars(call["possible_cost_usd_micros"]),
            str(call["run_status"]),
            str(call["vendor_job_id"] or "–"),
            str(call["generation_id"]),
        )
    total = dollars(sum(call["possible_cost_usd_micros"] for call in calls))
    count = f"{len(calls)} call{'' if len(calls) == 1 else 's'} in doubt, perhaps {total}"
    return Group(table, Text(), Text(f"{count}; look for each on the vendor's bill at its time (UTC)", style="bold"))
