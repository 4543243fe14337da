"""Shots that continue others, through the stages that decide: serial in a segment, parallel between segments."""

from collections.abc import Sequence

import pytest

from schemas.base import Event
from schemas.conditioning import LocationConditioned
from schemas.generation import FailureKind, GenerationRequested
from schemas.keyframe import KeyframeFailed, KeyframeReady
from schemas.prompt import PromptBuilt
from schemas.review import Decision, ReviewRequested
from schemas.shot import ShotPlanned, ShotRejected
from schemas.vocabulary import SubjectKind
from services.orchestrator.domain.decisions import decide
from services.orchestrator.domain.state import ShotState
from services.prompt_builder.adapters.shipped_templates import shipped_templates
from services.prompt_builder.domain import build
from tests.fakes.clock import FakeClock
from tests.fakes.conditioning import CONTINUITY_WAIT_S, PROJECT, LocationStage, conditioned, planned, project
from tests.fakes.documents import FakeDocuments
from tests.fakes.orchestration import broken, completed, decided, passed, terms

TEMPLATES = shipped_templates()
CHAINS = {"A1": None, "A2": "A1", "A3": "A2", "B1": None, "B2": "B1", "B3": "B2", "C": None, "D": None}


class Film:
    """A project's shots from plan to keyframe: settled, worded and decided by the stages' own rules.

    `asked` holds the shots in the order in which models were asked for them.
    """

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.stage = LocationStage(FakeDocuments(), self.clock)
        self.terms = terms("previz")
        self.asked: list[str] = []
        self.open: dict[str, GenerationRequested] = {}
        self.reviews: dict[str, ReviewRequested] = {}
        self.worded: dict[str, LocationConditioned] = {}
        self._states: dict[tuple[str, str], ShotState] = {}

    async def plan(self, *shots: ShotPlanned) -> None:
        for shot in shots:
            await self._decide(shot)
            await self._published(await self.stage.take(*conditioned(shot)))

    async def paint(self, shot_id: str) -> None:
        """The model's image comes, and is good."""
        made = completed(self.open.pop(shot_id))
        await self._decide(made)
        await self._decide(passed(made))

    async def fail(self, shot_id: str) -> None:
        """The model refuses, and there is no other."""
        await self._decide(broken(self.open.pop(shot_id), FailureKind.REFUSED))

    async def review(self, shot_id: str, decision: Decision) -> None:
        await self._decide(decided(self.reviews.pop(shot_id), decision, note="not him"))

    async def late(self) -> None:
        """All deadlines pass."""
        self.clock.advance(CONTINUITY_WAIT_S)
        await self._published(await self.stage.sweep())

    async def _decide(self, event: Event) -> None:
        project_id, shot_id = event.partition_key().split("/")
        first = ShotState(project_id=project_id, subject=SubjectKind.KEYFRAME, shot_id=shot_id)
        ruling = decide(self._states.get((project_id, shot_id), first), event, self.terms)
        self._states[project_id, shot_id] = ruling.state
        await self._published(ruling.events)

    async def _published(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, LocationConditioned):
                self.worded[event.run.shot.shot_id] = event
                prompt = build(event, TEMPLATES)
                assert isinstance(prompt, PromptBuilt)
                await self._decide(prompt)
            elif isinstance(event, GenerationRequested):
                self.asked.append(event.run.shot.shot_id)
                self.open[event.run.shot.shot_id] = event
            elif isinstance(event, ReviewRequested):
                self.reviews[event.run.shot.shot_id] = event
            elif isinstance(event, KeyframeReady | KeyframeFailed | ShotRejected):
                await self._published(await self.stage.take(event))

    def matched(self, shot_id: str) -> list[str]:
        """Shots whose frames a shot was asked to match."""
        return [frame.shot_id for frame in self.worded[shot_id].continuity]

    def without(self, shot_id: str) -> list[str]:
        """What a shot goes without."""
        return [item.code for item in self.worded[shot_id].degradations]


@pytest.fixture
def film() -> Film:
    return Film()


def chained(links: dict[str, str | None]) -> list[ShotPlanned]:
    return [planned(shot_id, continuity_from=parent) for shot_id, parent in links.items()]


async def test_shots_wait_for_their_segment_and_for_no_other(film: Film) -> None:
    await film.plan(*chained(CHAINS))
    assert film.asked == ["A1", "B1", "C", "D"]
    await film.paint("B1")
    await film.paint("B2")
    assert film.asked == ["A1", "B1", "C", "D", "B2", "B3"]
    await film.paint("B3")
    await film.paint("A1")
    assert film.asked[6:] == ["A2"]
    await film.paint("A2")
    assert film.asked[6:] == ["A2", "A3"]
    assert {shot_id: film.matched(shot_id) for shot_id in CHAINS} == {
        shot_id: [parent] if parent else [] for shot_id, parent in CHAINS.items()
    }
    assert [film.without(shot_id) for shot_id in CHAINS] == [[]] * len(CHAINS)


async def test_the_order_in_which_a_segment_is_planned_does_not_matter(film: Film) -> None:
    await film.plan(*reversed(chained(CHAINS)))
    assert film.asked == ["D", "C", "B1", "A1"]
    for shot_id in ("A1", "A2", "B1", "A3", "B2"):
        await film.paint(shot_id)
    assert film.asked[4:] == ["A2", "A3", "B2", "B3"]


async def test_a_whole_scene_continues_one_master_shot_at_once(film: Film) -> None:
    await film.plan(*chained({"MASTER": None, "CU1": "MASTER", "CU2": "MASTER", "CU3": "MASTER"}))
    assert film.asked == ["MASTER"]
    await film.paint("MASTER")
    assert film.asked == ["MASTER", "CU1", "CU2", "CU3"]


async def test_the_end_of_a_parent_without_keyframe_frees_its_own_segment_only(film: Film) -> None:
    await film.plan(*chained(CHAINS))
    await film.fail("A1")
    assert film.asked == ["A1", "B1", "C", "D", "A2"]
    assert (film.matched("A2"), film.without("A2")) == ([], ["continuity-unavailable"])
    await film.paint("A2")
    assert film.asked[5:] == ["A3"]
    assert film.matched("A3") == ["A2"]


async def test_a_shot_waits_while_its_parent_is_in_review_and_other_segments_go_on(film: Film) -> None:
    await film.plan(planned("A1", approval="manual"), *chained({"A2": "A1", "B1": None, "B2": "B1"}))
    await film.paint("A1")
    await film.paint("B1")
    assert film.asked == ["A1", "B1", "B2"]
    await film.review("A1", Decision.APPROVE)
    assert film.asked[3:] == ["A2"]
    assert film.matched("A2") == ["A1"]


async def test_a_parent_that_a_reviewer_rejects_ends_the_wait(film: Film) -> None:
    await film.plan(planned("A1", approval="manual"), planned("A2", continuity_from="A1"))
    await film.paint("A1")
    await film.review("A1", Decision.REJECT)
    assert film.asked == ["A1", "A2"]
    assert film.without("A2") == ["continuity-unavailable"]


async def test_a_parent_that_no_model_can_make_ends_the_wait(film: Film) -> None:
    await film.plan(planned("A1", width=8192, height=64), *chained({"A2": "A1", "B1": None}))
    assert film.asked == ["A2", "B1"]
    assert film.without("A2") == ["continuity-unavailable"]


async def test_a_superseded_parent_is_waited_for_in_its_newest_revision(film: Film) -> None:
    await film.plan(planned("A1"), planned("A2", continuity_from="A1"), planned("A1", revision=2))
    assert film.asked == ["A1", "A1"]
    newest = film.open["A1"]
    await film.paint("A1")
    assert film.asked[2:] == ["A2"]
    assert newest.run.revision == 2
    assert film.matched("A2") == ["A1"]


async def test_a_parent_in_another_scene_is_continued_and_one_in_another_project_is_not(film: Film) -> None:
    elsewhere = planned("A1", settings=project(project_id="another"))
    await film.plan(elsewhere, planned("A2", continuity_from="A1"))
    await film.paint("A1")
    assert film.asked == ["A1"]
    await film.plan(planned("A1", scene_id="SC099"))
    await film.paint("A1")
    assert film.asked == ["A1", "A1", "A2"]
    assert PROJECT in film.worded["A2"].continuity[0].asset.uri


async def test_a_circle_is_broken_at_one_shot_and_holds_up_no_other_segment(film: Film) -> None:
    await film.plan(*chained({"A1": "A3", "A2": "A1", "A3": "A2", "B1": None, "B2": "B1"}))
    assert film.asked == ["A1", "B1"]
    await film.paint("A1")
    await film.paint("B1")
    assert film.asked[2:] == ["A2", "B2"]


async def test_a_segment_whose_first_shot_never_comes_stays_serial_after_the_deadline(
    film: Film,
) -> None:
    await film.plan(*chained({"A2": "A1", "A3": "A2", "A4": "A3", "B1": None}))
    assert film.asked == ["B1"]
    await film.late()
    assert film.asked == ["B1", "A2"]
    await film.paint("A2")
    assert film.asked[2:] == ["A3"]
    assert [film.without(shot_id) for shot_id in ("A2", "A3")] == [["continuity-unavailable"], []]


async def test_every_wait_in_a_segment_ends_though_no_shot_of_it_ever_does(film: Film) -> None:
    await film.plan(*chained({"A2": "A1", "A3": "A2", "A4": "A3"}))
    for waiting in (["A2"], ["A2", "A3"], ["A2", "A3", "A4"]):
        await film.late()
        assert film.asked == waiting


async def test_at_the_deadline_an_older_keyframe_of_the_parent_serves(film: Film) -> None:
    await film.plan(planned("A1"))
    await film.paint("A1")
    await film.plan(planned("A1", revision=2), planned("A2", continuity_from="A1"))
    await film.late()
    assert film.asked[2:] == ["A2"]
    assert (film.matched("A2"), film.without("A2")) == (["A1"], [])


async def test_an_end_frame_keeps_its_start_frame_though_both_waited_for_another_shot(film: Film) -> None:
    await film.plan(planned("A2", continuity_from="A1", frames="start-end"))
    await film.late()
    assert film.asked == ["A2"]
    await film.paint("A2")
    assert film.asked == ["A2", "A2"]
    assert film.matched("A2") == ["A2"]
