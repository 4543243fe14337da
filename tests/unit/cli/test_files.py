"""Files are written whole, or the error says which and why."""

from pathlib import Path

import pytest

from services.cli.exits import CliError
from services.cli.files import write_file


def test_a_file_in_the_place_of_a_folder_is_told_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(CliError, match=r"frame\.png can't be written"):
        write_file(tmp_path / "out" / "frame.png", b"image")
    assert (tmp_path / "out").read_text() == "a file"
