"""Which events a replay is about, and which of them are the newest."""

import pytest

from schemas import topics
from schemas.bible import CharacterDefined
from schemas.events import REGISTRY
from schemas.prompt import PromptBuilt
from schemas.run import ChainEvent, runs_of
from schemas.shot import CastMember
from schemas.topics import TopicSpec
from schemas.vocabulary import FramePlan, SubjectKind
from services.cli.exits import CliError
from services.cli.replay.asking import SOURCES, Ask, checked
from services.cli.replay.facts import Facts, Rank, about_a_shot, check_filters, facts_of, matches, rank_of
from services.cli.replay.newest import NewestMakings, NewestRecords
from tests import builders

WORDED = builders.prompt_built()
SPECS = topics.specs(("previz",))


@pytest.mark.parametrize(
    ("topic", "rebuild", "source"),
    [
        *((topic, False, topic) for topic in SOURCES),
        *((topic, True, topics.SHOT_PLANNED) for topic in SOURCES),
        (topics.KEYFRAME_FAILED, False, topics.PROMPT_BUILT),
        (topics.GENERATION_COMPLETED, False, topics.PROMPT_BUILT),
        (topics.KEYFRAME_READY, True, topics.SHOT_PLANNED),
        (topics.SHOT_REJECTED, False, topics.SHOT_PLANNED),
    ],
)
def test_new_takes_come_from_the_topic_itself_or_the_prompt_and_rebuilt_ones_from_the_plan(
    topic: str, rebuild: bool, source: str
) -> None:
    assert Ask(topic=topic, regenerate=True, rebuild=rebuild).source == source
    assert Ask(topic=topic).source == topic


def test_wishes_go_with_regenerate_only() -> None:
    with pytest.raises(CliError, match="--model, --rebuild: without --regenerate"):
        checked(Ask(topic=topics.SHOT_PLANNED, model="previz", rebuild=True))
    with pytest.raises(CliError, match="about no shot"):
        checked(Ask(topic=topics.BIBLE_CHARACTERS, regenerate=True))


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_a_topic_makes_shots_again_if_its_events_name_one_and_is_refused_if_not(spec: TopicSpec) -> None:
    event, ask = REGISTRY.event(spec.event_type), Ask(topic=spec.name, regenerate=True)
    if {"shot", "shot_id"} & event.model_fields.keys() or issubclass(event, ChainEvent):
        assert checked(ask).source in SOURCES
    else:
        with pytest.raises(CliError, match="about no shot"):
            checked(ask)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_events_that_name_their_film_can_be_narrowed_to_it(spec: TopicSpec) -> None:
    event = REGISTRY.event(spec.event_type)
    if {"project", "project_id", "shot", "run"} & event.model_fields.keys():
        check_filters(Ask(topic=spec.name, projects=("dusk",)), event)


def test_the_making_of_a_sheet_is_about_no_shot_and_has_no_rank() -> None:
    sheet = WORDED.run.model_copy(update={"subject": SubjectKind.CHARACTER_SHEET})
    assert about_a_shot(WORDED)
    assert about_a_shot(builders.planned())
    of_a_sheet = WORDED.model_copy(update={"run": sheet})
    assert (about_a_shot(of_a_sheet), rank_of(of_a_sheet)) == (False, None)


def test_a_filter_that_events_do_not_tell_is_refused_with_those_they_do() -> None:
    ask = Ask(topic=topics.SHOT_REJECTED, scenes=("sc010",))
    with pytest.raises(
        CliError, match=r"--scene: events of shot\.rejected\.v1 don't tell; allowed here is --project, --shot"
    ):
        check_filters(ask, REGISTRY.event("film.shot.rejected"))
    # New takes come from plans, which do tell.
    check_filters(ask.model_copy(update={"regenerate": True}), REGISTRY.event("film.shot.rejected"))


def test_every_event_that_can_be_filtered_tells_what_the_table_says() -> None:
    told = facts_of(WORDED)
    assert told == Facts("vrindavan", "sc010", "sh0010", "single", frozenset({"radha"}))
    assert facts_of(builders.planned()) == Facts("vrindavan", "sc010", "sh0010", None, frozenset({"radha"}))
    assert facts_of(CharacterDefined(project_id="p", character=builders.RADHA)).characters == frozenset({"radha"})


def test_filters_of_one_kind_are_alternatives_and_kinds_add_up() -> None:
    facts = facts_of(builders.planned())
    assert matches(Ask(topic="t", shots=("other", "sh0010"), projects=("vrindavan",)), facts)
    assert not matches(Ask(topic="t", shots=("sh0010",), scenes=("sc999",)), facts)
    assert matches(Ask(topic="t", characters=("radha",)), facts)
    assert not matches(Ask(topic="t", characters=("krishna",)), facts)
    hidden = builders.planned(builders.shot(cast=(CastMember(character_id="radha", visible=False),)))
    assert not matches(Ask(topic="t", characters=("radha",)), facts_of(hidden))


def test_start_and_end_frames_are_subjects_of_their_own_in_the_chain_and_one_shot_in_the_plan() -> None:
    plan = builders.planned(builders.shot(frames=FramePlan.START_END))
    assert rank_of(plan) == Rank("vrindavan/sh0010", 1, "", 0)
    ranks = [rank_of(WORDED.model_copy(update={"run": run})) for run in runs_of(plan)]
    assert [rank.subject for rank in ranks if rank] == ["vrindavan/sh0010/start", "vrindavan/sh0010/end"]


def offered(*ranks: Rank, wanted: bool = True) -> dict[int, frozenset[int]]:
    newest = NewestMakings()
    for offset, rank in enumerate(ranks):
        newest.offer(rank, 0, offset, wanted=wanted)
    return newest.chosen()


def test_the_highest_revision_is_chosen_whatever_its_place() -> None:
    assert offered(Rank("s", 1, "", 0), Rank("s", 3, "", 0), Rank("s", 2, "", 0)) == {0: {1}}


def test_of_one_making_the_first_content_stands_and_the_highest_take() -> None:
    assert offered(Rank("s", 1, "", 0), Rank("s", 1, "", 0)) == {0: {0}}
    assert offered(Rank("s", 1, "", 1), Rank("s", 1, "", 3), Rank("s", 1, "", 2)) == {0: {1}}


def test_a_later_making_of_the_same_revision_is_newer() -> None:
    assert offered(Rank("s", 1, "", 4), Rank("s", 1, "again", 1)) == {0: {1}}


def test_a_newest_one_that_is_not_wanted_leaves_nothing_of_its_subject() -> None:
    newest = NewestMakings()
    newest.offer(Rank("s", 1, "", 0), 0, 0, wanted=True)
    newest.offer(Rank("s", 2, "", 0), 0, 1, wanted=False)
    newest.offer(Rank("t", 1, "", 0), 1, 5, wanted=True)
    assert newest.chosen() == {1: {5}}


def test_of_a_compacted_topic_the_last_record_of_a_key_counts_even_when_it_is_a_deletion() -> None:
    newest = NewestRecords()
    newest.offer(b"p/radha", 0, 0, wanted=True)
    newest.offer(b"p/mira", 0, 1, wanted=True)
    newest.offer(b"p/radha", 0, 2, wanted=False)
    assert newest.chosen() == {0: {1}}


def test_a_prompt_ranks_by_its_take() -> None:
    second = WORDED.model_copy(update={"take": 2})
    assert isinstance(second, PromptBuilt)
    rank = rank_of(second)
    assert rank is not None
    assert rank.take == 2
