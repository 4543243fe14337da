"""How a consumer presents itself to its group."""

from collections.abc import Sequence

from schemas.base import Event
from services.chassis.app import make_app
from services.chassis.bindings import Concurrent, On
from services.chassis.settings import ServiceSettings
from services.chassis.wire import engine_wire


async def nothing(event: Event) -> Sequence[Event]:
    del event
    return ()


async def test_a_member_names_one_way_to_share_partitions_for_its_client_joins_once_for_each() -> None:
    for concurrency in (None, Concurrent(slots=2)):
        app = make_app(
            ServiceSettings(), name="x", subscriptions=(On("shot.planned.v1", nothing),), concurrency=concurrency
        )
        consumer = app._make_consumer(engine_wire())
        assert len(consumer._client(1.0)["partition_assignment_strategy"]) == 1
