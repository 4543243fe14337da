"""One run: the film is fed while the faults happen, then everything settles, then the checker judges."""

import asyncio
import json
import random
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from schemas.base import Event
from services.chassis.failures import Transient
from services.chassis.publishing import EventPublisher
from services.local_stack.errors import StackError
from services.local_stack.servers import probes
from services.local_stack.servers.server import Server
from tests.chaos import film, unseen
from tests.chaos.evidence import Places, gather
from tests.chaos.faults import Fault, schedule
from tests.chaos.observer import Observer
from tests.chaos.reviewer import Reviewer
from tests.chaos.settings import ChaosSettings
from tests.chaos.verdict import Verdict, judge
from tests.chaos.world import BROKERS, BUCKET, DATABASE, World

Tell = Callable[[str], None]

_QUIET_S: Final = 6.0
_FEED_EVERY_S: Final = 0.5
_SHOTS_BEFORE_BIBLE: Final = 12
_LOOK_S: Final = 0.2
_LOOKS: Final = 600
_CATCH_UP_S: Final = 4.0
_UP_AGAIN_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run found."""

    seed: int
    frames: int
    took_s: float
    settled_s: float | None
    """Seconds from the last fault until every frame was accounted for; None = never."""
    verdict: Verdict
    surprises: dict[str, int]
    """How often each service ended without being told to."""
    unwilling: list[str]
    """Services that did not stop within their grace on SIGTERM."""
    folder: Path

    @property
    def good(self) -> bool:
        """Whether nothing was found that must not be, and no service has fallen over by itself."""
        return not self.verdict.violations and self.settled_s is not None and not self.surprises


class Run:
    """One seed in one world."""

    def __init__(self, seed: int, options: ChaosSettings, world: World, tell: Tell) -> None:
        self._seed = seed
        self._options = options
        self._world = world
        self._tell = tell
        self._film = (unseen if options.film == "unseen" else film).make(seed, options.shots)
        decided = bool(self._film.wanted)
        self._observer = Observer(world.planner.kafka_bootstrap, doubt_is_an_end=not decided)
        self._reviewer = Reviewer(world.planner, self._observer, tell) if decided else None
        self._begun = 0.0
        self._quorum = asyncio.Lock()
        self._storage = {kind: asyncio.Lock() for kind in ("kill-database", "kill-object-store")}

    async def play(self) -> Outcome:
        """Feed, break, settle, judge."""
        started = time.monotonic()
        world = self._world
        await world.start()
        self._observer.start()
        self._begun = time.monotonic()
        self._observer.last_news = asyncio.get_running_loop().time()
        self._tell(
            f"up after {self._begun - started:.0f} s: {len(world.nodes)} broker(s), {len(world.services)} services"
        )
        faults = schedule(self._seed, self._options.fault_s, self._options.faults)
        watching = [asyncio.create_task(self._watch())]
        if self._reviewer is not None:
            watching.append(asyncio.create_task(self._reviewer.decide()))
        try:
            await asyncio.gather(self._feed(), *(self._happen(fault) for fault in faults))
            last = time.monotonic()
            await self._settle()
            settled = None if self._observer.open_frames(self._film.frames) else time.monotonic() - last
        finally:
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)
        self._tell(f"processor seconds: {world.processor_s()}")
        unwilling = await world.stop_services()
        await self._observer.stop()
        verdict = await self._judge()
        return Outcome(
            seed=self._seed,
            frames=len(self._film.frames),
            took_s=time.monotonic() - started,
            settled_s=settled,
            verdict=verdict,
            surprises={name: item.surprises for name, item in world.services.items() if item.surprises},
            unwilling=unwilling,
            folder=world.folder,
        )

    async def _feed(self) -> None:
        """Publish the film over three quarters of the window; the bible late, so that the first shots wait for it."""
        story, length = self._film, self._options.fault_s * 0.75
        publisher = EventPublisher(self._world.planner, "planner")
        await self._connect(publisher)
        sent, bible = 0, False
        try:
            while sent < len(story.shots) or not bible:
                passed = (time.monotonic() - self._begun) / length
                due = min(len(story.shots), int(passed * len(story.shots)) + 1)
                late = not bible and (due >= _SHOTS_BEFORE_BIBLE or due == len(story.shots))
                await self._publish(publisher, [*(story.bible if late else ()), *story.shots[sent:due]])
                sent, bible = due, bible or late
                await asyncio.sleep(_FEED_EVERY_S)
        finally:
            await publisher.stop()
        self._tell(f"{self._now()}  all {len(story.shots)} shots are published")

    async def _publish(self, publisher: EventPublisher, events: list[Event]) -> None:
        while True:
            try:
                await publisher.publish(events)
            except Transient:
                await publisher.stop()
                await self._connect(publisher)
            else:
                return

    async def _connect(self, publisher: EventPublisher) -> None:
        while True:
            try:
                await publisher.start()
            except Transient:
                await asyncio.sleep(0.5)
            else:
                return

    async def _watch(self) -> None:
        """A supervisor: starts again what ended by itself."""
        while True:
            for service in self._world.services.values():
                service.revive()
            await asyncio.sleep(0.5)

    async def _settle(self) -> None:
        """Wait until every frame is accounted for and the topics are quiet."""
        observer, loop = self._observer, asyncio.get_running_loop()
        until = loop.time() + self._options.most_s * self._options.pace
        self._tell(f"{self._now()}  the last fault is over, {len(observer.open_frames(self._film.frames))} frames open")
        while loop.time() < until:
            quiet_s = loop.time() - observer.last_news
            still_open = observer.open_frames(self._film.frames)
            if quiet_s > (self._options.settle_s if still_open else _QUIET_S) * self._options.pace:
                break
            await asyncio.sleep(0.5)
        still_open = observer.open_frames(self._film.frames)
        self._tell(f"{self._now()}  settled, {len(still_open)} frames open")
        if still_open:
            for service in self._world.services.values():
                service.tell()
            await asyncio.sleep(2.0)

    async def _judge(self) -> Verdict:
        world = self._world
        for node in world.nodes:
            if world.kafka.pid(node) is None:
                await world.kafka.start_node(node)
        places = Places(
            bootstrap=world.planner.kafka_bootstrap,
            mongo_url=world.mongo_url,
            database=DATABASE,
            s3_endpoint=world.s3_endpoint,
            s3_access_key=world.s3_keys.access_key,
            s3_secret_key=world.s3_keys.secret_key,
            bucket=BUCKET,
            bill=world.bill,
        )
        evidence = await gather(places)
        dump = world.folder / "ledger.jsonl"
        dump.write_text("".join(json.dumps(doc, default=str) + "\n" for doc in evidence.ledger), encoding="utf-8")
        for topic, records in evidence.records.items():
            if topic.endswith(".dlq") and records:
                (world.folder / topic).write_text("\n".join(json.dumps(item.body) for item in records))
        return judge(evidence, self._film.frames, self._film.wanted)

    async def _happen(self, fault: Fault) -> None:
        await asyncio.sleep(max(0.0, self._begun + fault.at - time.monotonic()))
        begun = time.monotonic() - self._begun
        happened = await self._do(fault)
        over = time.monotonic() - self._begun
        self._tell(f"{fault}{f': {happened}' if happened else ''}; was {begun:.1f} to {over:.1f} s")

    def _do(self, fault: Fault) -> Coroutine[Any, Any, str | None]:
        doers: dict[str, Callable[[Fault], Coroutine[Any, Any, str | None]]] = {
            "kill": self._kill,
            "freeze": self._freeze,
            "kill-broker": self._kill_broker,
            "kill-controller": self._kill_broker,
            "kill-database": self._kill_storage,
            "kill-object-store": self._kill_storage,
            "fill-disk": self._fill_disk,
            "deliver-again": self._deliver_again,
            "shift-clock": self._shift_clock,
        }
        return doers.get(fault.kind, self._link)(fault)

    async def _kill(self, fault: Fault) -> None:
        service = self._world.services[fault.target]
        service.kill()
        await asyncio.sleep(fault.for_s)
        service.start()

    async def _freeze(self, fault: Fault) -> None:
        service = self._world.services[fault.target]
        service.freeze()
        await asyncio.sleep(fault.for_s)
        service.thaw()

    async def _kill_broker(self, fault: Fault) -> str:
        async with self._quorum:
            kafka = self._world.kafka
            leader = kafka.controller()
            others = [node for node in BROKERS if node != leader]
            node = leader if fault.kind == "kill-controller" and leader else random.Random(self._seed).choice(others)
            kafka.kill(node)
            await asyncio.sleep(fault.for_s)
            kafka.spawn_node(node)
            port = int(kafka.address(node).rpartition(":")[2])
            for _ in range(_LOOKS):
                if await probes.port_open(port):
                    break
                await asyncio.sleep(_LOOK_S)
            # The copies catch up, so that the next broker may fall.
            await asyncio.sleep(_CATCH_UP_S)
        return f"node {node}"

    async def _kill_storage(self, fault: Fault) -> None:
        world = self._world
        server = world.database if fault.kind == "kill-database" else world.object_store
        async with self._storage[fault.kind]:
            server.kill()
            await asyncio.sleep(fault.for_s)
            await _up_again(server)

    async def _fill_disk(self, fault: Fault) -> str | None:
        disk = self._world.disk
        filled = await asyncio.to_thread(disk.fill)
        if not filled:
            return "left out: this user may not mount a small disk"
        await asyncio.sleep(fault.for_s)
        disk.free()
        # SeaweedFS's index takes no write after a full disk until it is started again, as its operator must know.
        async with self._storage["kill-object-store"]:
            self._world.object_store.kill()
            await _up_again(self._world.object_store)
        return None

    async def _deliver_again(self, fault: Fault) -> str:
        rng = random.Random(f"{self._seed} {fault}")
        sent = await self._observer.deliver_again(fault.target, int(fault.amount), rng)
        return f"{sent} records"

    async def _shift_clock(self, fault: Fault) -> None:
        service = self._world.services[fault.target]
        service.shift_clock(fault.amount)
        await asyncio.sleep(fault.for_s)
        service.shift_clock(0)

    async def _link(self, fault: Fault) -> None:
        order = {"link": fault.target, "do": fault.kind, "for_s": fault.for_s}
        self._world.tell_proxy({**order, "s": fault.amount, "times": int(fault.amount)})

    def _now(self) -> str:
        return f"{time.monotonic() - self._begun:6.1f} s"


async def _up_again(server: Server) -> None:
    """Start a server again and again, as its supervisor would: with its disk full it ends at once."""
    deadline = time.monotonic() + _UP_AGAIN_S
    while True:
        try:
            await server.start()
        except StackError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(1)
        else:
            return
