import pytest

from schemas.bible import Character, Lora, ReferenceImage
from schemas.shot import ShotRejected
from schemas.vocabulary import Facing, ShotSize
from services.character_conditioning import domain
from services.character_conditioning.domain import Missing, Roster, Wanted
from tests.fakes.conditioning import character, planned, project, shot

WARDROBE = [
    {"costume_id": "travel", "sequences": ["SEQ1"]},
    {"costume_id": "wedding", "scenes": ["SC010"]},
    {"costume_id": "plain"},
    {"costume_id": "second-plain"},
]


def cast(*characters: Character) -> dict[str, Character]:
    return {item.id: item for item in characters}


@pytest.mark.parametrize(
    ("member", "place", "costume", "source"),
    [
        ({"costume_id": "travel"}, {}, "travel", "shot"),
        ({}, {"scene_id": "SC010", "sequence_id": "SEQ1"}, "wedding", "scene"),
        ({}, {"scene_id": "SC020", "sequence_id": "SEQ1"}, "travel", "sequence"),
        ({}, {"scene_id": "SC020"}, "plain", "default"),
    ],
)
def test_the_costume_is_the_shots_then_the_scenes_then_the_sequences_then_the_default(
    member: dict[str, str], place: dict[str, str], costume: str, source: str
) -> None:
    wanted = shot(cast=[{"character_id": "radha", **member}], **place)
    (one,) = domain.condition(wanted, project(), cast(character(wardrobe=WARDROBE)))
    assert (one.costume.costume_id, one.costume_source) == (costume, source)


def test_without_a_fitting_costume_the_attire_is_worn() -> None:
    radha = character(wardrobe=WARDROBE[:1], attire={"style": "traditional Indian", "colors": ["red", "gold"]})
    (one,) = domain.condition(shot(cast=["radha"], scene_id="SC020"), project(), cast(radha))
    assert one.costume_source == "attire"
    assert one.costume.description == "traditional Indian clothing in red and gold"
    assert [(piece.name, piece.colour) for piece in one.costume.garments] == [
        ("traditional Indian clothing", "red and gold")
    ]


@pytest.mark.parametrize(
    ("attire", "description", "pieces"),
    [
        ({}, "", []),
        ({"style": "  "}, "", []),
        ({"colour": "white"}, "clothing in white", ["clothing"]),
        ({"sari": "red silk"}, "red silk sari", ["red silk sari"]),
        ({"top": "white kurta", "style": "festive"}, "festive: white kurta", ["white kurta"]),
        ({"coat": "trench coat", "shoes": ["boots"]}, "trench coat and boots", ["trench coat", "boots"]),
    ],
)
def test_attire_becomes_pieces(attire: dict[str, str], description: str, pieces: list[str]) -> None:
    costume = domain.costume_from_attire(character(attire=attire))
    assert costume.description == description
    assert [piece.name for piece in costume.garments] == pieces


def test_accessories_of_the_attire_are_accessories() -> None:
    costume = domain.costume_from_attire(character(attire={"sari": "red", "jewellery": ["gold bangles", "nose ring"]}))
    assert [piece.name for piece in costume.accessories] == ["gold bangles", "nose ring"]
    assert costume.description == "red sari, with gold bangles and nose ring"


def test_a_huge_attire_is_cut_to_what_a_costume_holds() -> None:
    costume = domain.costume_from_attire(character(attire={f"piece{i}": ["x" * 500] * 9 for i in range(64)}))
    assert len(costume.garments) == 24
    assert len(costume.description) == 500


def test_changing_features_of_the_shot_win_over_the_bibles() -> None:
    radha = character(changing={"hair": "open", "injury": "none"})
    wanted = shot(cast=[{"character_id": "radha", "changing": {"injury": "cut over the left eye"}}])
    (one,) = domain.condition(wanted, project(), cast(radha))
    assert one.changing == {"hair": "open", "injury": "cut over the left eye"}


def test_a_members_facing_wins_over_the_shots() -> None:
    wanted = shot(facing="back", cast=[{"character_id": "radha", "facing": "profile"}, "krishna"])
    conditioned = domain.condition(wanted, project(), cast(character(), character("krishna")))
    assert [one.facing for one in conditioned] == [Facing.PROFILE, Facing.BACK]


def ranked(*references: str, facing: Facing, size: ShotSize) -> list[str]:
    """Names `view` or `view@costume`, ranked."""
    images = []
    for name in references:
        view, _, costume = name.partition("@")
        images.append(
            ReferenceImage.model_validate(
                {
                    "uri": f"s3://b/{name}",
                    "view": None if view == "any" else view,
                    "costume_id": costume or None,
                }
            )
        )
    found = domain.ranked_references(images, costume_id="red", facing=facing, size=size)
    return [image.uri.removeprefix("s3://b/") for image in found]


def test_a_reference_in_the_costume_worn_comes_first_and_one_in_another_last() -> None:
    found = ranked("front@blue", "front", "back@red", facing=Facing.FRONT, size=ShotSize.CLOSE_UP)
    assert found == ["back@red", "front", "front@blue"]


def test_a_close_up_prefers_the_view_that_is_nearest_to_what_the_camera_sees() -> None:
    found = ranked(
        "full-body", "back", "any", "profile", "sheet", "three-quarter", facing=Facing.PROFILE, size=ShotSize.CLOSE_UP
    )
    assert found == ["profile", "three-quarter", "sheet", "back", "any", "full-body"]


def test_a_wide_shot_prefers_the_whole_body_unless_it_is_seen_from_behind() -> None:
    views = ("front", "back", "full-body", "sheet")
    assert ranked(*views, facing=Facing.FRONT, size=ShotSize.WIDE) == ["full-body", "sheet", "front", "back"]
    assert ranked(*views, facing=Facing.BACK, size=ShotSize.FULL) == ["sheet", "back", "full-body", "front"]


def test_references_of_equal_worth_keep_the_bibles_order() -> None:
    assert ranked("any", "any@", facing=Facing.FRONT, size=ShotSize.MEDIUM) == ["any", "any@"]


@pytest.mark.parametrize(("owners", "scale"), [(1, 0.8), (2, 0.7), (3, 0.6), (4, 0.5), (6, 0.5)])
def test_adapters_are_turned_down_when_several_visible_characters_have_them(owners: int, scale: float) -> None:
    people = [character(f"c{i}", loras=[{"lora_id": f"l{i}"}]) for i in range(owners)] + [character("plain")]
    found = domain.condition(shot(cast=[item.id for item in people]), project(), cast(*people))
    assert [lora.scale for one in found for lora in one.loras] == [scale] * owners


def test_an_invisible_characters_adapter_neither_counts_nor_is_turned_down() -> None:
    people = [character("a", loras=[{"lora_id": "x"}]), character("b", loras=[{"lora_id": "y"}])]
    wanted = shot(cast=[{"character_id": "a"}, {"character_id": "b", "visible": False}])
    found = domain.condition(wanted, project(), cast(*people))
    assert [(one.visible, one.loras[0].scale) for one in found] == [(True, 0.8), (False, 0.8)]


def test_an_adapter_that_is_weaker_than_the_ceiling_is_left_alone() -> None:
    people = [character("a", loras=[{"lora_id": "x", "scale": 0.3}]), character("b", embedding_id="y")]
    found = domain.condition(shot(cast=["a", "b"]), project(), cast(*people))
    assert [one.loras for one in found] == [(Lora(lora_id="x", scale=0.3),), (Lora(lora_id="y", scale=0.7),)]


def test_an_embedding_that_is_among_the_adapters_is_not_given_twice() -> None:
    assert len(domain.adapters_of(character(embedding_id="x", loras=[{"lora_id": "x", "scale": 0.5}]))) == 1


def test_a_characters_seed_is_the_locked_one_else_its_own_in_every_shot() -> None:
    assert domain.character_seed(project(), character(seed=5)).model_dump() == {
        "value": 5,
        "policy": "locked-character",
        "derived_from": "bible: radha version 1",
    }
    derived = domain.character_seed(project(), character())
    assert derived.policy == "character"
    assert derived.derived_from == "project vrindavan, character radha"
    assert derived == domain.character_seed(project(), character(version=9, description="Another."))
    assert derived.value != domain.character_seed(project(seed=1), character()).value
    assert derived.value != domain.character_seed(project(), character("krishna")).value


def test_a_seed_locked_in_the_shot_wins_over_every_policy() -> None:
    for policy in ("shot", "scene", "character"):
        found = domain.frame_seed(project(seed_policy=policy), shot(seed=3, cast=["radha"]), cast(character(seed=4)))
        assert (found.value, found.policy) == (3, "locked-shot")


def test_shots_of_a_scene_share_a_seed_by_policy_scene_only() -> None:
    one, two = shot("SH010"), shot("SH020")
    by_scene, by_shot = project(seed_policy="scene"), project()
    assert domain.frame_seed(by_scene, one, {}) == domain.frame_seed(by_scene, two, {})
    assert domain.frame_seed(by_shot, one, {}).value != domain.frame_seed(by_shot, two, {}).value


def test_by_policy_character_the_frame_has_the_leads_seed() -> None:
    people = cast(character("extra", character_type="background"), character("radha"), character("krishna"))
    by_lead = project(seed_policy="character")
    found = domain.frame_seed(by_lead, shot(cast=["extra", "radha", "krishna"]), people)
    assert found.value == domain.character_seed(by_lead, people["radha"]).value
    assert found.derived_from.startswith("lead radha; ")


def test_by_policy_character_a_frame_without_anybody_visible_has_the_shots_seed_and_says_so() -> None:
    found = domain.frame_seed(
        project(seed_policy="character"),
        shot(cast=[{"character_id": "radha", "visible": False}]),
        cast(character()),
    )
    assert found.policy == "shot"
    assert "no visible character" in found.derived_from


def test_a_regeneration_has_a_seed_of_its_own_by_policy_shot_only() -> None:
    by_shot, by_scene = project(), project(seed_policy="scene")
    assert domain.frame_seed(by_shot, shot(), {}, "again").value != domain.frame_seed(by_shot, shot(), {}).value
    assert domain.frame_seed(by_scene, shot(), {}, "again") == domain.frame_seed(by_scene, shot(), {})


def test_both_frames_of_a_shot_have_the_same_cast_and_seed() -> None:
    start, end = domain.conditioned(planned(frames="start-end", cast=["radha"]), cast(character()))
    assert (start.cast, start.seed) == (end.cast, end.seed)
    assert start.run.run_id != end.run.run_id


def test_missing_are_entries_versions_and_costumes_that_may_still_come() -> None:
    wanted = planned(
        cast=[
            "nobody",
            {"character_id": "old", "bible_version": 3},
            {"character_id": "radha", "costume_id": "armour"},
            {"character_id": "pinned", "costume_id": "armour", "bible_version": 1},
        ]
    )
    found = domain.missing_from(wanted, cast(character(), character("pinned")))
    assert found == (
        Missing(0, Wanted("nobody"), "character"),
        Missing(1, Wanted("old", 3), "version"),
        Missing(2, Wanted("radha"), "costume", "armour"),
    )


def refusal(*events: object) -> dict[str, tuple[str, str, str]]:
    (event,) = events
    assert isinstance(event, ShotRejected)
    return {problem.field: (problem.code, problem.value, problem.allowed) for problem in event.problems}


def test_an_unknown_costume_of_a_pinned_entry_is_refused_at_once_with_what_there_is() -> None:
    wanted = planned(cast=[{"character_id": "radha", "costume_id": "armour", "bible_version": 1}])
    assert refusal(*domain.decide(wanted, cast(character(wardrobe=WARDROBE)))) == {
        "shot.cast.0.costume_id": (
            "unknown-costume",
            "armour",
            "a costume of radha version 1: travel, wedding, plain, second-plain",
        )
    }


def test_more_changing_features_than_fit_are_refused() -> None:
    radha = character(changing={f"a{i}": "x" for i in range(60)})
    wanted = planned(cast=[{"character_id": "radha", "changing": {f"b{i}": "x" for i in range(5)}}])
    assert refusal(*domain.decide(wanted, cast(radha)))["shot.cast.0.changing"][0] == "too-many-features"


def test_a_cast_of_more_text_than_any_event_may_carry_is_refused_instead_of_getting_stuck() -> None:
    radha = character(appearance={"hair": ("x" * 500,) * 900})
    code, value, allowed = refusal(*domain.decide(planned(cast=["radha"]), cast(radha)))["shot.cast"]
    assert (code, value) == ("too-much-text", "450,000 characters of features, 450,000 of them of radha")
    assert "400,000" in allowed


def test_a_rejection_names_every_unknown_and_what_comes_close() -> None:
    wanted = planned(cast=["rada", {"character_id": "krishna", "bible_version": 7}, "zzz"])
    found = domain.rejection(
        wanted,
        domain.missing_from(wanted, {}),
        {},
        Roster(names={"char-1": "Radha Rani", "krishna": "Krishna"}, versions={"krishna": [1, 2]}),
    )
    assert refusal(found) == {
        "shot.cast.0.character_id": (
            "unknown-character",
            "rada",
            "a character of project vrindavan: char-1, krishna; did you mean char-1?",
        ),
        "shot.cast.1.bible_version": (
            "unknown-bible-version",
            "7",
            "a version of krishna that was published: 1, 2",
        ),
        "shot.cast.2.character_id": ("unknown-character", "zzz", "a character of project vrindavan: char-1, krishna"),
    }


def test_an_empty_bible_is_said_to_be_empty() -> None:
    wanted = planned(cast=["radha"])
    found = domain.rejection(wanted, domain.missing_from(wanted, {}), {}, Roster())
    assert "none yet" in refusal(found)["shot.cast.0.character_id"][2]
