"""The person who decides on calls in doubt: each is asked for again, knowingly."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from schemas.review import Decision, ReviewDecided
from schemas.run import RunContext
from services.chassis.failures import Transient
from services.chassis.publishing import EventPublisher
from services.chassis.settings import ServiceSettings
from tests.chaos.observer import Observer

#: A decision that comes before the orchestrator has heard of the doubt is ignored, so it is told again.
_EVERY_S: Final = 5.0
_TIMES: Final = 60


class Reviewer:
    """Tells the orchestrator to go on, as `ice review` would.

    Args:
        planner: how to publish, past the proxy.
        observer: knows the calls in doubt.
        tell: where the person's doings are noted.
    """

    def __init__(self, planner: ServiceSettings, observer: Observer, tell: Callable[[str], None]) -> None:
        self._planner = planner
        self._observer = observer
        self._tell = tell
        self._told: Counter[str] = Counter()

    async def decide(self) -> None:
        """Decide until cancelled."""
        while True:
            await asyncio.sleep(_EVERY_S)
            due = [call for call in self._observer.doubts if self._told[call] < _TIMES]
            if due:
                await self._publish([self._decision(call, self._observer.doubts[call]) for call in due])

    def _decision(self, call: str, body: dict[str, Any]) -> ReviewDecided:
        run = RunContext.model_validate(body["run"])
        if not self._told[call]:
            self._tell(f"in doubt: {call} of {run.shot.shot_id}; asked for again")
        self._told[call] += 1
        return ReviewDecided(
            review_id=f"{call}-{self._told[call]}",
            project_id=run.project.project_id,
            shot_id=run.shot.shot_id,
            run_id=run.run_id,
            generation_id=call,
            decision=Decision.REROLL,
            note="nobody can say whether it was paid",
        )

    async def _publish(self, decisions: list[ReviewDecided]) -> None:
        publisher = EventPublisher(self._planner, "reviewer")
        try:
            await publisher.start()
            await publisher.publish(decisions)
        except Transient as error:
            self._tell(f"a decision could not be published: {error}")
        finally:
            await publisher.stop()
