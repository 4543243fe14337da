"""A service's life: order of starting and stopping, sweeps, announcements, what health says."""

import asyncio
import secrets
import socket
from collections.abc import Sequence

import httpx
import pytest

from schemas.topics import TopicSpec
from services.chassis.app import EventPublisher, On, Sweep, Swept
from services.chassis.documents import Documents
from services.chassis.failures import Transient
from services.chassis.http_server import Receive, Scope, Send
from services.chassis.provision import ProvisioningError, provision
from services.chassis.settings import ServiceSettings
from tests.fakes.toy_events import ANSWERED, ASKED, TOY_WIRE, Answered, Asked, answer
from tests.integration.chassis.conftest import World, eventually

pytestmark = pytest.mark.integration


async def reply(asked: Asked) -> list[Answered]:
    return [answer(asked)]


REPLY = On(ASKED, reply, emits=(Answered,))


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Thing:
    """A resource that writes down what happens to it."""

    def __init__(self, name: str, diary: list[str], *, away: str | None = None) -> None:
        self.name = name
        self.diary = diary
        self.away = away

    async def start(self) -> None:
        self.diary.append(f"start {self.name}")
        if self.away:
            raise Transient(self.away)

    async def stop(self) -> None:
        self.diary.append(f"stop {self.name}")

    async def ping(self) -> None:
        if self.away:
            raise Transient(self.away)


async def test_resources_open_before_the_first_message_and_close_after_the_last(world: World) -> None:
    diary: list[str] = []

    async def handle(asked: Asked) -> list[Answered]:
        diary.append(f"handle {asked.number}")
        return [answer(asked)]

    async def prepare() -> None:
        diary.append("prepare")

    await world.send(Asked(name="n", number=1))
    app = await world.start(
        [On(ASKED, handle, emits=(Answered,))],
        resources=(Thing("one", diary), Thing("two", diary)),
        prepare=(prepare,),
    )
    await world.read(ANSWERED, 1)
    await app.stop()
    await app.stop()

    assert diary == ["start one", "start two", "prepare", "handle 1", "stop two", "stop one"]


async def test_a_start_that_fails_closes_what_it_opened(world: World) -> None:
    diary: list[str] = []
    app = world.app([REPLY], resources=(Thing("one", diary), Thing("two", diary, away="two is away")))
    with pytest.raises(Transient, match="two is away"):
        await app.start()
    assert diary == ["start one", "start two", "stop two", "stop one"]


async def test_a_broker_that_is_away_is_transient() -> None:
    settings = ServiceSettings(kafka_bootstrap="127.0.0.1:1", kafka_request_timeout_ms=1_000)
    publisher = EventPublisher(settings, "toy", wire=TOY_WIRE)
    with pytest.raises(Transient, match=r"broker 127\.0\.0\.1:1"):
        await publisher.start()
    with pytest.raises(Transient, match=r"start\(\) was not called"):
        await publisher.ping()
    await publisher.stop()


async def test_what_is_announced_is_published_at_the_start(world: World) -> None:
    async def announce() -> Sequence[Answered]:
        return [Answered(name="here", number=0)]

    await world.start([REPLY], announce=announce)
    (record,) = await world.read(ANSWERED, 1)
    assert record.key == b"here"


async def test_what_a_sweep_finds_is_confirmed_after_its_events_are_published(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    diary: list[str] = []
    parked = [1, 2]
    original = EventPublisher.publish
    failing = 2

    async def publish(self: EventPublisher, events: Sequence[Answered]) -> None:
        nonlocal failing
        if failing:
            failing -= 1
            raise Transient("broker: away")
        await original(self, events)
        diary.extend(f"published {event.number}" for event in events)

    async def sweep() -> Sequence[Swept]:
        def found(number: int) -> Swept:
            async def confirm() -> None:
                diary.append(f"confirmed {number}")
                parked.remove(number)

            return Swept([Answered(name="swept", number=number)], confirm)

        return [found(number) for number in parked]

    monkeypatch.setattr(EventPublisher, "publish", publish)
    app = await world.start([], sweeps=(Sweep("parked", sweep, every_s=0.05),))
    await eventually(lambda: not parked)

    assert diary == ["published 1", "confirmed 1", "published 2", "confirmed 2"]
    assert b'ice_sweep_failed_total{service="toy",sweep="parked"} 2.0' in app.metrics.render()
    assert len(await world.read(ANSWERED, 2)) == 2


async def test_a_sweep_that_fails_is_tried_again(world: World) -> None:
    away = True

    async def sweep() -> Sequence[Swept]:
        if away:
            raise Transient("database: away")
        return []

    app = await world.start([], sweeps=(Sweep("s", sweep, every_s=0.2),))
    await eventually(lambda: not app.health().ready)
    away = False
    await eventually(lambda: app.health().ready)


async def test_readiness_tells_the_truth_about_the_database(world: World) -> None:
    diary: list[str] = []
    thing = Thing("database", diary)
    port = free_port()
    await world.start([REPLY], resources=(thing,), settings={"http_port": port})
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["checks"]["Thing"]["ok"]) == (200, True)

        thing.away = "unplugged"
        await asyncio.sleep(1.1)
        ready = await client.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["checks"]["Thing"] == {"ok": False, "detail": "unplugged"}
        assert (await client.get("/livez")).status_code == 200

        thing.away = None
        await asyncio.sleep(1.1)
        assert (await client.get("/readyz")).status_code == 200


async def test_a_real_database_that_is_away_keeps_the_service_from_starting(world: World) -> None:
    settings = world.settings.model_copy(update={"mongo_timeout_ms": 200})
    documents = Documents(ServiceSettings(**{**settings.model_dump(), "mongo_url": "mongodb://127.0.0.1:1/"}))
    app = world.app([REPLY], resources=(documents,))
    with pytest.raises(Transient, match="database, ping"):
        await app.start()
    assert not app.health().ready


async def test_metrics_are_served(world: World) -> None:
    port = free_port()
    await world.start([REPLY], settings={"http_port": port})
    await world.send(Asked(name="n", number=1))
    await world.read(ANSWERED, 1)
    await eventually(lambda: world.total_committed_is(1))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:

        async def lag_is_told() -> bool:
            return 'ice_lag{partition="' in (await client.get("/metrics")).text

        await eventually(lag_is_told)
        text = (await client.get("/metrics")).text
        missing = await client.get("/other")
    assert f'ice_consumed_total{{service="toy",topic="{world.topic(ASKED)}"}} 1.0' in text
    assert f'ice_published_total{{service="toy",topic="{world.topic(ANSWERED)}"}} 1.0' in text
    assert missing.status_code == 404


async def test_a_service_s_own_application_has_the_other_paths(world: World) -> None:
    async def hello(scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    port = free_port()
    app = await world.start([], http=hello, settings={"http_port": port})
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        assert (await client.get("/api/x")).text == "/api/x"
        assert (await client.get("/livez")).json()["live"] is True
    await app.stop()


async def test_a_taken_port_is_a_clear_error(world: World) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        app = world.app([REPLY], settings={"http_port": port})
        with pytest.raises(OSError, match=f"can't listen on 127.0.0.1:{port}"):
            await app.start()


async def test_a_publisher_alone_publishes_with_acknowledgement(world: World) -> None:
    publisher = EventPublisher(world.settings, "tool", wire=TOY_WIRE)
    await publisher.start()
    await publisher.ping()
    await publisher.publish([Asked(name="n", number=number) for number in range(3)])
    await publisher.stop()
    records = await world.read(ASKED, 3)
    assert dict(records[0].headers)["ce_source"] == b"ice/tool"


async def test_topics_are_made_once_and_left_alone_after(world: World) -> None:
    specs = [
        TopicSpec(f"made.{secrets.token_hex(3)}.v1", "toy.asked", "name", 3, -1, ("a",), ("b",), compacted=True),
        TopicSpec(f"made.{secrets.token_hex(3)}.v1", "toy.asked", "name", 2, 60_000, ("a",), ("b",)),
    ]
    first = await provision(world.settings, specs)
    again = await provision(world.settings, specs)
    names = {world.topic(spec.name) for spec in specs} | {world.topic(spec.dead_letter) for spec in specs}
    assert (set(first.created), first.existing) == (names, ())
    assert (again.created, set(again.existing)) == ((), names)


async def test_a_name_that_no_topic_may_have_is_refused(world: World) -> None:
    bad = TopicSpec("not a topic", "toy.asked", "name", 1, -1, ("a",), ("b",))
    with pytest.raises(ProvisioningError, match="not a topic"):
        await provision(world.settings, [bad])
