"""Which offset of a partition may be committed while its messages end in any order. Pure."""


class OffsetTracker:
    """The offsets of one assigned partition.

    A commit of offset N says "everything below N is done", so it never passes an unfinished message.
    Offsets may have gaps (compaction, transactions).
    """

    def __init__(self) -> None:
        # Insertion order is offset order, so the first key is the lowest that is unfinished.
        self._unfinished: dict[int, None] = {}
        self._next: int | None = None
        self._committed: int | None = None

    def begin(self, offset: int) -> None:
        """A message is handed out.

        Raises:
            ValueError: `offset` is not above every one handed out before.
        """
        if self._next is not None and offset < self._next:
            raise ValueError(f"offset {offset} was handed out after {self._next - 1}")
        self._unfinished[offset] = None
        self._next = offset + 1

    def finish(self, offset: int) -> None:
        """A message is done, its effects durable. A second call, or one for an offset not handed out, does nothing."""
        self._unfinished.pop(offset, None)

    @property
    def in_flight(self) -> int:
        """How many are handed out and not done."""
        return len(self._unfinished)

    def committable(self) -> int | None:
        """The lowest offset that isn't done, or the one after the last; None before the first message."""
        return next(iter(self._unfinished), self._next)

    def to_commit(self) -> int | None:
        """`committable()` where it is news; None where the broker knows it already."""
        offset = self.committable()
        return None if offset == self._committed else offset

    def committed(self, offset: int) -> None:
        """The broker has taken this commit."""
        self._committed = offset
