"""Which providers a deployment has, by the keys that are set."""

from schemas.providers import FREE_PROVIDER, SWITCHES, missing_keys, with_keys


def test_without_a_key_there_is_the_free_provider_alone() -> None:
    assert with_keys(()) == (FREE_PROVIDER,)
    assert missing_keys(()).keys() == SWITCHES.keys()


def test_each_key_brings_its_provider_after_the_free_one() -> None:
    assert with_keys({"FAL_KEY", "OPENAI_API_KEY", "HOME"}) == (FREE_PROVIDER, "openai", "fal")


def test_a_missing_key_is_told_by_its_variable() -> None:
    missing = missing_keys({"OPENAI_API_KEY"})
    assert "openai" not in missing
    assert missing["google"] == "no key: GEMINI_API_KEY is not set"


def test_with_every_key_nothing_is_missing() -> None:
    every = set(SWITCHES.values())
    assert missing_keys(every) == {}
    assert with_keys(every) == (FREE_PROVIDER, *SWITCHES)
