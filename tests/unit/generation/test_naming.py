"""Names follow from what was asked."""

from schemas.ids import generation_id
from services.generation.domain import naming
from tests.fakes.requests import a_request, a_run


def test_keys_follow_from_project_shot_and_generation_alone() -> None:
    request = a_request()
    stem = f"vrindavan/sh0020/{request.generation_id}"
    assert naming.keys(request, "webp") == naming.Keys(f"{stem}.png", f"{stem}.thumb.jpg", f"{stem}.original.webp")


def test_a_file_name_says_shot_kind_role_revision_and_take() -> None:
    request = a_request()
    assert naming.filename(request) == f"SEQ010_SH0020_KF_single_v001_t01_{request.generation_id[:8]}.png"


def test_file_names_differ_between_takes_models_attempts_and_regenerations() -> None:
    requests = [
        a_request(),
        a_request(take=2),
        a_request(attempt=2),
        a_request(candidate=2),
        a_request(model="other"),
        a_request(a_run(regeneration_id="again")),
        a_request(a_run(revision=2)),
    ]
    assert len({naming.filename(request) for request in requests}) == len(requests)


def test_a_code_in_any_script_gives_a_file_name_for_every_file_system() -> None:
    assert naming.filename(a_request(a_run(shot={"code": "../Sc 1/राधा: *?"}))).startswith("Sc-1_KF_")
    assert naming.filename(a_request(a_run(shot={"code": "राधा"}))).startswith("sh0020_KF_")


def test_ratios_are_reduced() -> None:
    assert [naming.aspect_ratio(*size) for size in ((1024, 576), (512, 512), (1998, 1080))] == [
        "16:9",
        "1:1",
        "37:20",
    ]


def test_the_generation_id_is_that_of_the_contract() -> None:
    request = a_request()
    assert request.generation_id == generation_id(request.run.run_id, 1, "previz", 1, 1)
