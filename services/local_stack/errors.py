"""What can go wrong when the local stack starts. Every error says what is wrong and how to mend it.

StackError
├── PackageMissingError     a server's package is not installed
├── LibraryMissingError     a server's binary lacks a system library, or does not run on this machine
├── PortTakenError          a port that was asked for by number is in use
├── FolderInUseError        another live stack owns the folder
├── FolderUnusableError     the folder can't be made or written
├── DiskFullError           too little free space to start, or a server ran out of it
└── ServerFailedError       a server ended or never answered; quotes the last lines of its log
"""


class StackError(Exception):
    """The local stack can't start or go on. `problem` says why, `mend` what to do about it."""

    def __init__(self, problem: str, mend: str) -> None:
        super().__init__(f"{problem}\n  mend: {mend}")
        self.problem = problem
        self.mend = mend


class PackageMissingError(StackError):
    """A server's package is not installed in this Python environment."""


class LibraryMissingError(StackError):
    """A server's binary can't run here: a system library is missing or the platform is another one."""


class PortTakenError(StackError):
    """A port that was asked for by number is in use by another process."""


class FolderInUseError(StackError):
    """Another live stack owns the folder."""


class FolderUnusableError(StackError):
    """The folder can't be made, or can't be written."""


class DiskFullError(StackError):
    """There is too little free space to start, or a server ran out of it."""


class ServerFailedError(StackError):
    """A server ended by itself or never answered in time."""
