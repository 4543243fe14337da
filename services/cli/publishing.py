"""A film plan to the broker: its bible first, then its shots."""

from dataclasses import dataclass

from schemas.film_plan import FilmPlan
from services.chassis.failures import Transient
from services.chassis.publishing import EventPublisher, UnpublishableError
from services.chassis.settings import ServiceSettings
from services.cli.broker_reading import START_A_BROKER
from services.cli.counting import counted
from services.cli.exits import CliError, Exit
from services.cli.plan_reading import plan_events

SOURCE = "cli"


@dataclass(frozen=True, slots=True)
class Published:
    """What went out, all of it acknowledged."""

    project_id: str
    title: str
    entities: int
    shots: int
    frames: int
    """Keyframes that the shots ask for: a start-end pair is two."""

    @property
    def told(self) -> str:
        """How much it is, for people."""
        entries = counted(self.entities, "bible entry", "bible entries")
        return f"{entries}, {counted(self.shots, 'shot')}, {counted(self.frames, 'keyframe')}"


async def publish_plan(plan: FilmPlan, settings: ServiceSettings) -> Published:
    """Publish a plan and wait for every acknowledgement. Publishing it again changes nothing.

    Raises:
        CliError: no broker answers, or it does not take an event.
    """
    bible, shots = plan_events(plan)
    publisher = EventPublisher(settings, SOURCE)
    try:
        await publisher.start()
        try:
            await publisher.publish(bible)
            await publisher.publish(shots)
        finally:
            await publisher.stop()
    except Transient as error:
        raise CliError(
            f"no broker takes the plan at {settings.kafka_bootstrap} ({error})",
            code=Exit.UNREACHABLE,
            mend=START_A_BROKER,
        ) from error
    except UnpublishableError as error:
        raise CliError(str(error), code=Exit.INVALID) from error
    return Published(
        project_id=plan.project.project_id,
        title=plan.project.title,
        entities=len(bible),
        shots=len(shots),
        frames=frame_count(plan),
    )


def frame_count(plan: FilmPlan) -> int:
    """Keyframes that a plan asks for."""
    return sum(len(shot.frames.roles) for shot in plan.shots)
