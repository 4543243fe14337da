"""One suite on the fake and on a real object store: what holds for one holds for the other."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from services.chassis.failures import ObjectMissing, ObjectTooLarge, Poison, Transient
from services.chassis.object_store import ObjectStore, S3ObjectStore
from services.chassis.settings import ServiceSettings
from tests.fakes.object_store import FakeObjectStore
from tests.fixtures.object_store import S3Endpoint


def settings_of(endpoint: S3Endpoint) -> ServiceSettings:
    return ServiceSettings(
        s3_endpoint=endpoint.endpoint,
        s3_access_key=endpoint.access_key,
        s3_secret_key=endpoint.secret_key,
        s3_bucket=endpoint.bucket,
        s3_secure=endpoint.secure,
    )


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.integration)])
def real_settings(request: pytest.FixtureRequest) -> ServiceSettings | None:
    """Of the real store; None for the fake. Not async: the fixture that starts the server may not be."""
    return None if request.param == "fake" else settings_of(request.getfixturevalue("s3_endpoint"))


@pytest.fixture
async def store(real_settings: ServiceSettings | None) -> AsyncIterator[ObjectStore]:
    if real_settings is None:
        yield FakeObjectStore()
        return
    real = S3ObjectStore(real_settings)
    await real.start()
    yield real
    await real.stop()


@pytest.fixture
def folder() -> str:
    return f"t/{secrets.token_hex(6)}"


async def test_what_is_put_comes_back(store: ObjectStore, folder: str) -> None:
    data = secrets.token_bytes(300_000)
    stored = await store.put(f"{folder}/a.png", data, "image/png", {"made-by": "test"})
    assert stored.uri.startswith("s3://")
    assert stored.uri.endswith(f"/{folder}/a.png")
    assert (stored.size, stored.sha256) == (300_000, hashlib.sha256(data).hexdigest())
    assert await store.get(stored.uri) == data


async def test_a_file_goes_there_and_back(store: ObjectStore, folder: str, tmp_path: Path) -> None:
    data = secrets.token_bytes(700_001)
    (tmp_path / "a").write_bytes(data)
    (tmp_path / "b").write_bytes(b"x" * 800_000)
    stored = await store.put_file(f"{folder}/a.bin", tmp_path / "a", "application/octet-stream")
    assert await store.stat(stored.uri) == stored
    assert await store.get_file(stored.uri, tmp_path / "b") == stored
    assert stored.sha256 == hashlib.sha256(data).hexdigest()
    assert (tmp_path / "b").read_bytes() == data


async def test_a_file_is_written_no_further_than_allowed(store: ObjectStore, folder: str, tmp_path: Path) -> None:
    stored = await store.put(f"{folder}/a", b"x" * 1_000, "text/plain")
    (tmp_path / "a").touch()
    with pytest.raises(ObjectTooLarge):
        await store.get_file(stored.uri, tmp_path / "a", max_bytes=999)
    assert (tmp_path / "a").stat().st_size <= 999
    with pytest.raises(OSError, match="no-such"):
        await store.get_file(stored.uri, tmp_path / "no-such" / "a")
    with pytest.raises(ObjectMissing):
        await store.get_file(stored.uri + "-not", tmp_path / "a")


async def test_stat_tells_size_and_digest_without_reading(store: ObjectStore, folder: str) -> None:
    stored = await store.put(f"{folder}/a", b"abc", "text/plain")
    assert await store.stat(stored.uri) == stored


async def test_an_empty_object_is_an_object(store: ObjectStore, folder: str) -> None:
    stored = await store.put(f"{folder}/empty", b"", "text/plain")
    assert stored.size == 0
    assert await store.get(stored.uri) == b""


async def test_a_second_put_replaces(store: ObjectStore, folder: str) -> None:
    await store.put(f"{folder}/a", b"first", "text/plain")
    stored = await store.put(f"{folder}/a", b"2nd", "text/plain")
    assert await store.get(stored.uri) == b"2nd"
    assert await store.stat(stored.uri) == stored


async def test_a_missing_object_is_named(store: ObjectStore, folder: str) -> None:
    there = await store.put(f"{folder}/a", b"x", "text/plain")
    missing = there.uri + "-not"
    assert await store.stat(missing) is None
    with pytest.raises(ObjectMissing, match="does not exist") as caught:
        await store.get(missing)
    assert caught.value.uri == missing
    assert isinstance(caught.value, Poison)


async def test_no_more_is_read_than_allowed(store: ObjectStore, folder: str) -> None:
    stored = await store.put(f"{folder}/a", b"x" * 1_000, "text/plain")
    assert len(await store.get(stored.uri, max_bytes=1_000)) == 1_000
    with pytest.raises(ObjectTooLarge, match="has 1000 bytes, allowed are at most 999"):
        await store.get(stored.uri, max_bytes=999)


async def test_objects_are_listed_by_key_under_their_prefix(store: ObjectStore, folder: str) -> None:
    for name in ("b/2", "b/1", "c/1"):
        await store.put(f"{folder}/{name}", name.encode(), "text/plain")
    found = await store.list(f"{folder}/b/")
    assert [item.uri.rpartition("/")[2] for item in found] == ["1", "2"]
    assert [item.size for item in found] == [3, 3]
    assert await store.list(f"{folder}/nothing") == []


async def test_keys_may_be_of_any_script(store: ObjectStore, folder: str) -> None:
    stored = await store.put(f"{folder}/वृन्दावन ünd +%&.png", b"x", "image/png")
    assert await store.get(stored.uri) == b"x"
    assert [item.uri for item in await store.list(folder)] == [stored.uri]


@pytest.mark.parametrize("expires_s", [0, -1, 3_601])
async def test_a_presigned_url_lives_an_hour_at_most(store: ObjectStore, folder: str, expires_s: int) -> None:
    stored = await store.put(f"{folder}/a", b"x", "text/plain")
    with pytest.raises(ValueError, match=f"expires_s: {expires_s}, allowed is 1 to 3600"):
        await store.presign(stored.uri, expires_s)


@pytest.mark.parametrize("uri", ["http://ice/a", "s3://other-bucket/a", "s3://ice", "ice/a", "", "s3://ice-tests/"])
async def test_a_uri_of_another_kind_is_refused(store: ObjectStore, uri: str) -> None:
    with pytest.raises(ValueError, match="allowed is 's3://"):
        await store.get(uri)


async def test_many_at_once_are_kept_apart(store: ObjectStore, folder: str) -> None:
    names = [str(number) for number in range(20)]
    stored = await asyncio.gather(*(store.put(f"{folder}/{name}", name.encode(), "text/plain") for name in names))
    assert await asyncio.gather(*(store.get(item.uri) for item in stored)) == [name.encode() for name in names]


@pytest.mark.integration
async def test_anybody_can_read_a_presigned_url(s3_endpoint: S3Endpoint, folder: str) -> None:
    store = S3ObjectStore(settings_of(s3_endpoint))
    await store.start()
    stored = await store.put(f"{folder}/a.png", b"bytes", "image/png", {"note": "x"})
    async with httpx.AsyncClient() as client:
        answer = await client.get(await store.presign(stored.uri, 60))
    await store.stop()
    assert (answer.status_code, answer.content) == (200, b"bytes")
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-amz-meta-sha256"] == stored.sha256


@pytest.mark.integration
async def test_a_store_that_is_away_is_transient() -> None:
    store = S3ObjectStore(ServiceSettings(s3_endpoint="127.0.0.1:1", s3_access_key="a", s3_secret_key="b"))
    await store.start()
    with pytest.raises(Transient, match="object store, ping"):
        await store.ping()
    with pytest.raises(Transient, match="object store, put s3://ice/a"):
        await store.put("a", b"x", "text/plain")
    await store.stop()


@pytest.mark.integration
async def test_a_missing_bucket_is_told_by_ping_and_made_on_request(s3_endpoint: S3Endpoint) -> None:
    bucket = f"b{secrets.token_hex(6)}"
    store = S3ObjectStore(settings_of(s3_endpoint).model_copy(update={"s3_bucket": bucket}))
    await store.start()
    with pytest.raises(Transient, match=f"bucket '{bucket}' does not exist"):
        await store.ping()
    await store.ensure_bucket()
    await store.ensure_bucket()
    await store.ping()
    await store.stop()
    s3_endpoint.client().remove_bucket(bucket)


async def test_before_the_start_everything_is_transient() -> None:
    with pytest.raises(Transient, match=r"start\(\) was not called"):
        await S3ObjectStore(ServiceSettings()).get("s3://ice/a")


async def test_the_fake_can_be_away_too() -> None:
    fake = FakeObjectStore()
    fake.away = "unplugged"
    with pytest.raises(Transient, match="unplugged"):
        await fake.put("a", b"x", "text/plain")
