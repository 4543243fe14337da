"""Who of a consumer group gets which partitions: even shares of each topic, and as few moves as that allows.

The client library's own assignors don't fit: `roundrobin` moves nearly everything with each member that comes or goes,
and `sticky` evens out the sum over all topics only, so that one worker can end with most of the busy topic's partitions
and another with the idle ones; its memory is also shared by all consumers of a process. The group rebalances eagerly
all the same (everybody lets go of everything for a moment), but what stays where it was finds its work there: a call
that outlived the drain is known to its worker, a received image is still in hand.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata

Partitions = Mapping[str, Sequence[int]]
_VERSION: Final = 0


@dataclass(frozen=True, slots=True)
class Member:
    """A member of the group: the topics that it reads, and the partitions that it had until now."""

    topics: frozenset[str]
    held: Partitions


def share_out(partitions: Partitions, members: Mapping[str, Member]) -> dict[str, dict[str, list[int]]]:
    """Partitions for each member, by topic.

    Of each topic the shares of its readers differ by at most one, and so do their sums where all read the same topics.
    Within that, a member keeps what it had. The same arguments give the same answer on every machine.

    Args:
        partitions: of each topic.
        members: by id.
    """
    shares: dict[str, dict[str, list[int]]] = {member: {} for member in members}
    totals = dict.fromkeys(members, 0)
    owners = _owners(members)
    for topic in sorted(partitions):
        readers = sorted(member for member, about in members.items() if topic in about.topics)
        if not readers:
            continue
        all_of_it = sorted(partitions[topic])
        had = {reader: [p for p in all_of_it if owners.get((topic, p)) == reader] for reader in readers}
        least, over = divmod(len(all_of_it), len(readers))
        # One more for those who have least so far, then for those who have had one more already.
        in_line = sorted(readers, key=lambda reader: (totals[reader], -len(had[reader]), reader))
        quota = {reader: least + (place < over) for place, reader in enumerate(in_line)}
        kept = {reader: had[reader][: quota[reader]] for reader in readers}
        taken = {partition for some in kept.values() for partition in some}
        free = iter([partition for partition in all_of_it if partition not in taken])
        for reader in readers:
            missing = quota[reader] - len(kept[reader])
            mine = sorted(kept[reader] + [next(free) for _ in range(missing)])
            totals[reader] += len(mine)
            if mine:
                shares[reader][topic] = mine
    return shares


def _owners(members: Mapping[str, Member]) -> dict[tuple[str, int], str]:
    """Who had each partition; of two that say so (one was away for a while), the first by id."""
    owners: dict[tuple[str, int], str] = {}
    for name in sorted(members):
        for topic, held in members[name].held.items():
            for partition in held:
                owners.setdefault((topic, partition), name)
    return owners


class EvenShares(AbstractPartitionAssignor):  # type: ignore[misc]  # aiokafka carries no types
    """The assignor of one consumer; it remembers what that consumer has, and tells the group's leader."""

    name = "ice-even-shares"

    def __init__(self) -> None:
        self._held: dict[str, list[int]] = {}

    def metadata(self, topics: Iterable[str]) -> ConsumerProtocolMemberMetadata:
        """What this member tells when it joins."""
        held = json.dumps(self._held, sort_keys=True).encode() if self._held else b""
        return ConsumerProtocolMemberMetadata(_VERSION, list(topics), held)

    def on_assignment(self, assignment: ConsumerProtocolMemberAssignment) -> None:
        """What this member has from now on."""
        self._held = {topic: list(partitions) for topic, partitions in assignment.assignment}

    # The library's are class methods of stateless classes; it calls whatever it was given.
    def assign(  # type: ignore[override,unused-ignore]
        self, cluster: object, members: Mapping[str, ConsumerProtocolMemberMetadata]
    ) -> dict[str, ConsumerProtocolMemberAssignment]:
        """The leader's decision for everybody."""
        about = {
            name: Member(frozenset(metadata.subscription), json.loads(metadata.user_data or b"{}"))
            for name, metadata in members.items()
        }
        topics = {topic for member in about.values() for topic in member.topics}
        known: dict[str, Iterable[int] | None] = {topic: cluster.partitions_for_topic(topic) for topic in topics}  # type: ignore[attr-defined]
        partitions = {topic: sorted(found) for topic, found in known.items() if found is not None}
        return {
            name: ConsumerProtocolMemberAssignment(_VERSION, sorted(mine.items()), b"")
            for name, mine in share_out(partitions, about).items()
        }
