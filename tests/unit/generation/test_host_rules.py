"""Which URLs are asked, and which get the key."""

import pytest

from services.generation.providers.host_rules import ForbiddenUrlError, HostRules

RULES = HostRules(
    "https://api.vendor.example/v1",
    api_hosts=(".vendor-eu.example",),
    file_hosts=("cdn.vendor.example", ".store.example"),
)
FAKE = HostRules("http://127.0.0.1:9400/vendor/v1", trusted=True, file_hosts=("cdn.vendor.example",))


def test_a_path_leads_below_the_base_url() -> None:
    assert RULES.api_url("/jobs/1") == "https://api.vendor.example/v1/jobs/1"
    assert RULES.api_url("//evil.example/x") == "https://api.vendor.example/v1//evil.example/x"
    assert RULES.api_url("/@evil.example") == "https://api.vendor.example/v1/@evil.example"


@pytest.mark.parametrize(
    "url",
    ["https://api.vendor.example/other?x=1", "https://eu1.vendor-eu.example/poll", "https://API.VENDOR.example/x"],
)
def test_a_whole_url_of_the_api_gets_the_key(url: str) -> None:
    assert RULES.api_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "https://cdn.vendor.example/x",
        "https://vendor-eu.example/x",
        "https://evilvendor-eu.example/x",
        "https://api.vendor.example.evil.example/x",
        "http://api.vendor.example/x",
        "https://api.vendor.example:8443/x",
        "https://user:word@api.vendor.example/x",
        "https://api.vendor.example@evil.example/x",
        "https://api.vendor.example\\@evil.example/x",
        "https://api.vendor.example/x\r\nhost: evil",
        "https://api.vendor.example:99999/x",
        "https://[::1/x",
        "ftp://api.vendor.example/x",
        "file:///etc/passwd",
        "jobs/1",
        "",
        "https://api.vendor.example/" + "x" * 5000,
        "https://eu..vendor-eu.example/x",
        "https://.vendor-eu.example/x",
        "https://xn--a.vendor-eu.example/x",
        f"https://{'a' * 64}.vendor-eu.example/x",
        "https://api.vendor.example/\x7f",
        "https://api.vendor.exаmple/x",  # noqa: RUF001 - a letter of another alphabet
    ],
)
def test_every_other_url_is_refused(url: str) -> None:
    with pytest.raises(ForbiddenUrlError):
        RULES.api_url(url)


def test_images_come_from_the_file_hosts_only() -> None:
    assert RULES.file_url("https://cdn.vendor.example/a.png?sig=1")
    assert RULES.file_url("https://a.b.store.example/a.png")
    for url in ("https://api.vendor.example/a.png", "https://store.example/a.png", "http://cdn.vendor.example/a.png"):
        with pytest.raises(ForbiddenUrlError):
            RULES.file_url(url)


def test_what_the_operator_has_set_may_be_anywhere_and_serves_files_too() -> None:
    assert FAKE.api_url("/jobs/1") == "http://127.0.0.1:9400/vendor/v1/jobs/1"
    assert FAKE.file_url("http://127.0.0.1:9400/files/1.png")
    assert FAKE.exempt == {("127.0.0.1", 9400)}
    assert RULES.exempt == frozenset()
    for url in (
        "http://127.0.0.1:9401/files/1.png",
        "https://127.0.0.1:9400/files/1.png",
        "http://localhost:9400/1.png",
    ):
        with pytest.raises(ForbiddenUrlError):
            FAKE.file_url(url)


def test_an_error_names_the_host_and_no_signature() -> None:
    with pytest.raises(ForbiddenUrlError, match=r"evil\.example") as raised:
        RULES.file_url("https://evil.example/a.png?signature=abc")
    assert "abc" not in str(raised.value)
