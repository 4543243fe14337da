import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.local_stack.errors import DiskFullError, FolderInUseError, FolderUnusableError
from services.local_stack.folder import StackFolder


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[StackFolder]:
    folder = StackFolder(tmp_path / "stack")
    folder.acquire(min_free_mb=0)
    yield folder
    folder.release()


def test_a_folder_has_one_owner(folder: StackFolder) -> None:
    with pytest.raises(FolderInUseError, match=f"process {os.getpid()}") as caught:
        StackFolder(folder.path).acquire(min_free_mb=0)
    assert f"kill {os.getpid()}" in caught.value.mend


def test_a_folder_given_back_can_be_taken_again(folder: StackFolder) -> None:
    folder.release()
    second = StackFolder(folder.path)
    second.acquire(min_free_mb=0)
    second.release()


def test_the_lock_file_of_a_dead_owner_does_not_block(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("999999\n")
    folder = StackFolder(tmp_path)
    folder.acquire(min_free_mb=0)
    assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"
    folder.release()


def test_a_folder_that_cannot_be_made_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderUnusableError, match="file") as caught:
        StackFolder(tmp_path / "file" / "stack").acquire(min_free_mb=0)
    assert "may write" in caught.value.mend


def test_too_little_free_space_is_an_error_that_tells_both_numbers(tmp_path: Path) -> None:
    folder = StackFolder(tmp_path)
    with pytest.raises(DiskFullError, match=r"only \d+ MiB are free for .*; \d+ MiB are needed"):
        folder.acquire(min_free_mb=1_000_000_000)
    # Nothing is held after the refusal.
    folder.acquire(min_free_mb=0)
    folder.release()


def test_credentials_are_random_kept_and_private(folder: StackFolder, tmp_path: Path) -> None:
    made = folder.credentials()
    other = StackFolder(tmp_path / "other")
    other.acquire(min_free_mb=0)
    assert folder.credentials() == made
    assert other.credentials().s3_secret_key != made.s3_secret_key
    assert len(made.s3_secret_key) >= 20
    assert stat.S_IMODE(folder.credentials_file.stat().st_mode) == 0o600
    other.release()


def test_damaged_credentials_are_an_error_that_shows_no_secret(folder: StackFolder) -> None:
    folder.credentials_file.write_text('{"s3_access_key": "a", "s3_secret": "hush"}')
    with pytest.raises(FolderUnusableError, match=r"credentials\.json is damaged") as caught:
        folder.credentials()
    assert "hush" not in str(caught.value)


def test_ports_are_remembered_and_a_damaged_memory_is_forgotten(folder: StackFolder) -> None:
    folder.remember_ports({"kafka": 4711})
    assert StackFolder(folder.path).remembered_ports() == {"kafka": 4711}
    (folder.path / "ports.json").write_text('{"kafka": 47')
    assert folder.remembered_ports() == {}
