"""What the commands make of the gateway's answers: sheets, exports, progress. The API is the real one, in process."""

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from PIL import Image

from schemas.film_plan import FilmPlan
from schemas.generation import FailureKind
from services.cli import money_commands, project_commands
from services.cli.exits import CliError, Exit
from services.cli.exporting import export_keyframes, file_names
from services.cli.files import safe_name
from services.cli.gateway_client import GatewayClient
from services.cli.output import Output
from services.cli.plan_reading import load_plan
from services.cli.storyboard import save_sheets
from services.cli.watching import film_states, report, watch
from tests import builders
from tests.fakes.film_gateway import URL, FilmGateway

EXAMPLES = Path(__file__).resolve().parents[3] / "contracts" / "examples" / "film.plan" / "v1"


@pytest.fixture(scope="module")
def film() -> FilmPlan:
    return load_plan((EXAMPLES / "vrindavan.yaml").read_bytes(), "vrindavan.yaml")


@pytest.fixture
def gateway() -> FilmGateway:
    # Small pages, so that every list is read over several of them.
    return FilmGateway(page_size=5)


@pytest.fixture
async def client(gateway: FilmGateway) -> AsyncIterator[GatewayClient]:
    async with GatewayClient(URL, gateway) as opened:
        yield opened


async def made(gateway: FilmGateway, film: FilmPlan) -> int:
    runs = await gateway.plan(film)
    for run in runs:
        await gateway.make(run)
    return len(runs)


async def test_a_keyframe_outside_the_object_store_fails_alone(
    gateway: FilmGateway, client: GatewayClient, film: FilmPlan, tmp_path: Path
) -> None:
    first, *others = await gateway.plan(film)
    for run in others:
        await gateway.make(run)
    foreign = builders.asset("forged", uri="https://elsewhere.example/a.png", thumbnail_uri=None)
    await gateway.make(first, asset=foreign)

    done = await export_keyframes(client, "vrindavan", tmp_path)

    assert len(done.files) == len(others)
    assert [line.partition(": ")[2] for line in done.failed] == [f"{foreign.uri} is not in the engine's object store"]
    assert await save_sheets(client, "vrindavan", tmp_path)


async def test_every_keyframe_is_exported_once_and_matches_its_hash(
    gateway: FilmGateway, client: GatewayClient, film: FilmPlan, tmp_path: Path
) -> None:
    frames = await made(gateway, film)
    done = await export_keyframes(client, "vrindavan", tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())

    assert len(done.files) == len(set(done.files)) == frames
    assert done.failed == ()
    for item in manifest["keyframes"]:
        data = (tmp_path / item["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == item["asset"]["sha256"]
        assert "url" not in item


async def test_exporting_again_downloads_nothing(
    gateway: FilmGateway, client: GatewayClient, film: FilmPlan, tmp_path: Path
) -> None:
    frames = await made(gateway, film)
    await export_keyframes(client, "vrindavan", tmp_path)
    gateway.images.clear()
    again = await export_keyframes(client, "vrindavan", tmp_path)
    assert (again.kept, again.failed) == (frames, ())


async def test_bytes_that_are_not_what_the_event_announced_are_never_written(
    gateway: FilmGateway, client: GatewayClient, film: FilmPlan, tmp_path: Path
) -> None:
    await made(gateway, film)
    broken = next(path for path in gateway.images if path.endswith(".png"))
    gateway.images[broken] = b"something else"
    done = await export_keyframes(client, "vrindavan", tmp_path)
    assert len(done.failed) == 1
    assert "14 bytes" in done.failed[0]
    assert not (tmp_path / done.failed[0].split(":")[0]).exists()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("SC010_SH0010", "SC010_SH0010"),
        ("../../etc/passwd", "etc_passwd"),
        (".hidden", "hidden"),
        ("", "_"),
        ("con.txt", "_con.txt"),
        ("राधा 1", "राधा_1"),
        ("a/b\\c:d", "a_b_c_d"),
    ],
)
def test_a_name_from_an_event_is_a_safe_file_name(text: str, name: str) -> None:
    made_name = safe_name(text)
    assert Path(made_name).name == made_name
    assert made_name == name or "राधा" in text


def test_names_stay_unique_where_case_does_not_count() -> None:
    item = {"frame_role": "single", "revision": 1, "asset": {"mime_type": "image/png"}}
    names = file_names([{**item, "shot": {"code": code}} for code in ("Shot", "SHOT", "shot")])
    assert len({name.casefold() for name in names}) == 3


async def test_a_films_sheet_has_every_frame_made_or_not(
    gateway: FilmGateway, client: GatewayClient, film: FilmPlan, tmp_path: Path
) -> None:
    runs = await gateway.plan(film)
    for run in runs[:-1]:
        await gateway.make(run)
    await gateway.fail(runs[-1], "no capable model")
    (path,) = await save_sheets(client, "vrindavan", tmp_path / "deep" / "er")
    with Image.open(path) as image:
        assert image.width == 2400
        assert image.height > 2400


async def test_status_says_why_the_engine_is_not_ready(
    gateway: FilmGateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    gateway.health = {
        "live": True,
        "ready": False,
        "checks": {
            "started": {"ok": True, "detail": ""},
            "halted": {"ok": False, "detail": "version 2 is newer than 1"},
        },
    }
    monkeypatch.setattr(project_commands, "GatewayClient", lambda url: GatewayClient(url, gateway))
    monkeypatch.setenv("ICE_GATEWAY_URL", URL)
    assert await project_commands.status(Output(as_json=False, quiet=False), tmp_path) is Exit.FAILED
    assert "halted: version 2 is newer than 1" in capsys.readouterr().out


async def test_watching_ends_when_the_film_is_finished_and_says_what_failed(
    gateway: FilmGateway, client: GatewayClient, film: FilmPlan, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = await gateway.plan(film)
    for run in runs[1:]:
        await gateway.make(run)
    await gateway.fail(runs[0], "the last attempt was refused")
    output = Output(as_json=True, quiet=False)
    films = await watch(client, output, expected={"vrindavan": len(runs)}, timeout_s=5)

    assert report(output, films) is Exit.FAILED
    told = json.loads(capsys.readouterr().out)
    assert told[0]["counts"]["ready"] == len(runs) - 1
    assert told[0]["failures"][0]["reason"] == "the last attempt was refused"


async def test_watching_gives_up_in_time_and_says_where_the_film_is(
    gateway: FilmGateway, client: GatewayClient, film: FilmPlan
) -> None:
    await gateway.plan(film)
    with pytest.raises(CliError, match=r"vrindavan: 0/19 ready \(19 planned\)") as caught:
        await watch(client, Output(as_json=True, quiet=True), project_ids=["vrindavan"], timeout_s=0.1)
    assert caught.value.code is Exit.TIMED_OUT


async def test_a_project_that_nobody_has_heard_of_yet_is_left_out(client: GatewayClient) -> None:
    assert await film_states(client, ["vrindavan"], {"vrindavan": 19}) == []


async def test_an_unknown_project_is_the_callers_mistake(client: GatewayClient) -> None:
    with pytest.raises(CliError, match="'nowhere' is unknown") as caught:
        await client.project("nowhere")
    assert caught.value.code is Exit.INVALID


async def test_a_gateway_that_is_away_is_unreachable_with_the_mend() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    async with GatewayClient("http://127.0.0.1:9", httpx.MockTransport(refuse)) as away:
        with pytest.raises(CliError, match=r"127\.0\.0\.1:9") as caught:
            await away.projects()
    assert caught.value.code is Exit.UNREACHABLE
    assert "ice up" in caught.value.mend


@pytest.mark.parametrize("content", [b"<html>hello</html>", b"[]", b""])
async def test_something_else_on_the_port_is_not_taken_for_a_gateway(content: bytes) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=content))
    async with GatewayClient("http://127.0.0.1:9", transport) as other:
        with pytest.raises(CliError, match="not as a gateway") as caught:
            await other.projects()
    assert caught.value.code is Exit.UNREACHABLE


async def test_costs_and_the_ledger_tell_what_is_certain_and_what_is_in_doubt(
    gateway: FilmGateway,
    film: FilmPlan,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    run = (await gateway.plan(film))[0]
    asked = builders.generation_requested(run)
    doubt = {"kind": FailureKind.IN_DOUBT, "cost_usd_micros": 53_000, "sent_at": "2026-11-23T09:30:00Z"}
    await gateway.feed([asked, builders.generation_failed(asked, **doubt)])
    monkeypatch.setattr(money_commands, "GatewayClient", lambda url: GatewayClient(url, gateway))
    monkeypatch.setenv("ICE_GATEWAY_URL", URL)
    output = Output(as_json=False, quiet=False)

    assert await money_commands.costs(output, tmp_path, "vrindavan") is Exit.OK
    assert await money_commands.ledger(output, tmp_path, None) is Exit.OK

    told = capsys.readouterr().out
    assert "1 in doubt, perhaps $0.05 more" in told
    assert "2026-11-23 09:30:00" in told
    assert asked.generation_id[:8] in told


@pytest.mark.parametrize(
    ("micros", "text"), [(0, "$0.00"), (400, "$0.0004"), (10_000, "$0.01"), (1_234_567_890, "$1,234.57")]
)
def test_money_is_told_in_cents_and_finer_only_below_one(micros: int, text: str) -> None:
    assert money_commands.dollars(micros) == text
