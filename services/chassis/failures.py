"""What a handler raises, and what its message gets for it.

    Failure
    ├── Transient           retried in place with back-off as long as it lasts; readiness says so
    ├── Busy                retried in place after `retry_after_s`; back-pressure, no alarm
    └── Poison              dead-lettered at once with its reason; the neighbours go on
        ├── ObjectMissing   the object store has no object of that URI
        └── ObjectTooLarge  the object is larger than the reader allows

    any other Exception     a bug: `max_attempts` tries, then dead-lettered
    NewerVersionError       (schemas.registry) halts the consumer; nothing is committed past the message

A refused prompt, an exhausted fallback chain or a failed validation is a business event, not an exception.
"""


class Failure(Exception):  # noqa: N818 - the leaves name outcomes, and read so where they are raised
    """Base of the outcomes that a handler can choose for its message."""


class Transient(Failure):
    """A dependency is away or overloaded: the same message may succeed later.

    Args:
        message: what failed, with the name of the dependency.
        retry_after_s: seconds that the dependency asked to wait; None leaves it to the back-off.
    """

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Busy(Failure):
    """No room now: wait and try again. Back-pressure, not a fault.

    Args:
        message: what is full.
        retry_after_s: seconds until room is expected; None leaves it to the back-off.
    """

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Poison(Failure):
    """The message can never succeed, whatever is retried. The text becomes the dead letter's reason."""


class ObjectMissing(Poison):
    """The object store has no object of that URI."""

    def __init__(self, uri: str) -> None:
        super().__init__(f"object {uri} does not exist in the object store")
        self.uri = uri


class ObjectTooLarge(Poison):
    """The object is larger than its reader allows."""

    def __init__(self, uri: str, size: int, max_bytes: int) -> None:
        super().__init__(f"object {uri} has {size} bytes, allowed are at most {max_bytes}")
        self.uri = uri
        self.size = size
        self.max_bytes = max_bytes
