"""`ice ledger`: calls in doubt, and a person's word on them. The API and the orchestrator are real, in process."""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from schemas.events import topic_of
from schemas.film_plan import FilmPlan
from schemas.generation import FailureKind, GenerationFailed, GenerationRequested
from schemas.review import Decision, ReviewDecided
from services.cli import money_commands, resolving
from services.cli.app import app
from services.cli.exits import CliError, Exit
from services.cli.gateway_client import GatewayClient
from services.cli.plan_reading import load_plan
from services.cli.resolving import Wanted, hand_in, held_call, question
from services.orchestrator.app import make_handlers
from services.orchestrator.handlers import Handlers
from services.orchestrator.settings import OrchestratorSettings
from tests import builders
from tests.fakes.clock import FakeClock
from tests.fakes.documents import FakeDocuments
from tests.fakes.film_gateway import URL, FilmGateway
from tests.fakes.orchestration import FakeGauges, only, worded

EXAMPLES = Path(__file__).resolve().parents[3] / "contracts" / "examples" / "film.plan" / "v1"
COST = 53_000


@pytest.fixture(scope="module")
def film() -> FilmPlan:
    return load_plan((EXAMPLES / "vrindavan.yaml").read_bytes(), "vrindavan.yaml")


@pytest.fixture
def gateway() -> FilmGateway:
    return FilmGateway()


@pytest.fixture
async def client(gateway: FilmGateway) -> AsyncIterator[GatewayClient]:
    async with GatewayClient(URL, gateway) as opened:
        yield opened


def doubted(asked: GenerationRequested) -> GenerationFailed:
    return builders.generation_failed(
        asked, kind=FailureKind.IN_DOUBT, cost_usd_micros=COST, sent_at="2026-11-23T09:30:00Z", reason="cut off"
    )


async def in_doubt(gateway: FilmGateway, film: FilmPlan, count: int = 1) -> list[GenerationRequested]:
    """Calls in doubt, each of a run of its own, as the gateway hears of them."""
    asked = [builders.generation_requested(run) for run in (await gateway.plan(film))[:count]]
    for call in asked:
        await gateway.feed([call, doubted(call)])
    return asked


class Line:
    """`ice` with the gateway in process, outside of any event loop, as it runs."""

    def __init__(self, gateway: FilmGateway, monkeypatch: pytest.MonkeyPatch) -> None:
        for module in (money_commands, resolving):
            monkeypatch.setattr(module, "GatewayClient", lambda url: GatewayClient(url, gateway))
        monkeypatch.setenv("ICE_GATEWAY_URL", URL)

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        result = CliRunner().invoke(app, ("ledger", *arguments))
        return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def ledger(gateway: FilmGateway, monkeypatch: pytest.MonkeyPatch) -> Line:
    return Line(gateway, monkeypatch)


def done(work: Coroutine[Any, Any, list[GenerationRequested]]) -> list[GenerationRequested]:
    return asyncio.run(work)


def test_alone_it_lists_as_list_does(ledger: Line, gateway: FilmGateway, film: FilmPlan) -> None:
    (asked,) = done(in_doubt(gateway, film))
    for arguments in ((), ("list",)):
        code, out, _ = ledger(*arguments, "--json")
        assert code == Exit.OK
        assert [call["generation_id"] for call in json.loads(out)] == [asked.generation_id]
    assert "1 call in doubt, perhaps $0.05" in ledger()[1]


def test_options_before_a_command_are_refused_and_not_passed_over(ledger: Line) -> None:
    code, _, told = ledger("--json", "resolve", "g1", "re-roll")
    assert code == Exit.INVALID
    assert "options go after" in told


def test_a_re_roll_hands_in_the_decision(ledger: Line, gateway: FilmGateway, film: FilmPlan) -> None:
    (asked,) = done(in_doubt(gateway, film))
    said = ("--note", "not on the bill", "--reviewer", "Mira")
    code, out, _ = ledger("resolve", asked.generation_id, "re-roll", *said, "--yes", "--json")
    assert code == Exit.OK
    (event,) = gateway.published
    assert isinstance(event, ReviewDecided)
    assert (event.decision, event.run_id, event.generation_id, event.note, event.reviewer) == (
        Decision.REROLL,
        asked.run.run_id,
        asked.generation_id,
        "not on the bill",
        "Mira",
    )
    assert json.loads(out)["event_id"] == event.event_id


def test_the_beginning_of_an_id_will_do_but_not_of_two(ledger: Line, gateway: FilmGateway, film: FilmPlan) -> None:
    first, second = done(in_doubt(gateway, film, 2))
    length = next(n for n in range(1, 64) if first.generation_id[:n] != second.generation_id[:n])
    assert ledger("resolve", first.generation_id[:length], "re-roll", "--yes")[0] == Exit.OK
    code, _, told = ledger("resolve", "", "re-roll", "--yes")
    assert (code, len(gateway.published)) == (Exit.INVALID, 1)
    assert "is not in doubt" in told
    shared = first.generation_id[: length - 1]
    if shared:
        assert "begins 2 ids" in ledger("resolve", shared, "re-roll", "--yes")[2]


def test_an_id_that_is_not_in_doubt_is_told_which_are(ledger: Line, gateway: FilmGateway, film: FilmPlan) -> None:
    (asked,) = done(in_doubt(gateway, film))
    code, _, told = ledger("resolve", "nothing-of-ours", "re-roll", "--yes")
    assert code == Exit.INVALID
    assert asked.generation_id in told
    assert gateway.published == []


def test_nothing_is_paid_again_without_a_yes(ledger: Line, gateway: FilmGateway, film: FilmPlan) -> None:
    (asked,) = done(in_doubt(gateway, film))
    code, _, told = ledger("resolve", asked.generation_id, "re-roll")
    assert code == Exit.INVALID
    assert "nobody is there to ask" in told
    assert gateway.published == []


def test_a_reject_says_why_or_is_refused(ledger: Line, gateway: FilmGateway, film: FilmPlan) -> None:
    (asked,) = done(in_doubt(gateway, film))
    code, _, told = ledger("resolve", asked.generation_id, "reject", "--yes")
    assert (code, gateway.published) == (Exit.INVALID, [])
    assert "--note: empty" in told
    assert ledger("resolve", asked.generation_id, "reject", "--yes", "--note", "skip it")[0] == Exit.OK
    (event,) = gateway.published
    assert isinstance(event, ReviewDecided)
    assert event.decision is Decision.REJECT


def test_any_other_decision_is_refused(ledger: Line) -> None:
    assert ledger("resolve", "g1", "approve", "--yes")[0] == Exit.INVALID


async def test_the_question_says_what_a_second_call_may_cost(
    gateway: FilmGateway, client: GatewayClient, film: FilmPlan
) -> None:
    (asked,) = await in_doubt(gateway, film)
    call = await held_call(client, asked.generation_id)
    again = question(call, Wanted(asked.generation_id, "re-roll"))
    assert "2026-11-23 09:30:00" in again
    assert "pays about $0.05 a second time" in again
    assert "stays on the books" in question(call, Wanted(asked.generation_id, "reject", "skip it"))


class Engine:
    """The orchestrator's handlers and the gateway, over the events that each would hear."""

    def __init__(self, gateway: FilmGateway) -> None:
        self.gateway = gateway
        settings = OrchestratorSettings(providers=("openai",), orchestrator_warm_up_s=0)
        self.handlers: Handlers = make_handlers(settings, FakeDocuments(), FakeClock(), FakeGauges())

    async def hold(self, film: FilmPlan) -> GenerationRequested:
        """A run of the film whose paid call is in doubt."""
        asked = only(await self.handlers.prompt_built(worded((await self.gateway.plan(film))[0])), GenerationRequested)
        assert await self.handlers.generation_failed(doubted(asked)) == ()
        await self.gateway.feed([asked, doubted(asked)])
        return asked

    async def decided(self) -> list[GenerationRequested]:
        """What the orchestrator asks for upon every decision that was handed in."""
        asked = []
        for event in self.gateway.published:
            assert isinstance(event, ReviewDecided)
            answer = await self.handlers.review_decided(event)
            asked += [item for item in answer if isinstance(item, GenerationRequested)]
        return asked


async def test_a_re_roll_of_a_held_run_makes_exactly_one_new_call(
    gateway: FilmGateway, client: GatewayClient, film: FilmPlan
) -> None:
    engine = Engine(gateway)
    asked = await engine.hold(film)
    wanted = Wanted(asked.generation_id, "re-roll", "not on the bill", "Mira")
    call = await held_call(client, asked.generation_id)
    # The operator's line broke, so the decision is handed in again, and once more in other words.
    await hand_in(client, call, wanted)
    await hand_in(client, call, wanted)
    await hand_in(client, call, Wanted(asked.generation_id, "re-roll", "really not on the bill", "Mira"))

    calls = {item.event_id: item for item in await engine.decided()}
    (again,) = calls.values()
    assert (again.model, again.attempt, again.run.run_id) == (asked.model, asked.attempt + 1, asked.run.run_id)
    assert again.generation_id != asked.generation_id
    assert topic_of(again) == "generation.requested.openai.express.v1"

    await gateway.feed([again])
    with pytest.raises(CliError, match="its run is generating; allowed is one that is held"):
        await held_call(client, asked.generation_id)


async def test_a_reject_of_a_held_run_makes_no_call(
    gateway: FilmGateway, client: GatewayClient, film: FilmPlan
) -> None:
    engine = Engine(gateway)
    asked = await engine.hold(film)
    call = await held_call(client, asked.generation_id)
    await hand_in(client, call, Wanted(asked.generation_id, "reject", "skip it"))
    assert await engine.decided() == []
