"""The page of prompts is generated, and up to date."""

from services.cli import prompt_pages


def test_the_page_of_prompts_is_up_to_date() -> None:
    assert prompt_pages.main(["--check"]) == 0
