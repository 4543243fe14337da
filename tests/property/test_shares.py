"""Laws of sharing out partitions."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from services.chassis.shares import EvenShares, Member, Partitions, share_out

TOPICS = ("a", "b", "c")
counts = st.fixed_dictionaries({topic: st.integers(0, 40) for topic in TOPICS})
names = st.lists(st.text("uvwxyz", min_size=1, max_size=4), min_size=1, max_size=7, unique=True)
NOTHING: Partitions = {}


def partitions(sizes: dict[str, int]) -> dict[str, list[int]]:
    return {topic: list(range(size)) for topic, size in sizes.items()}


def members(names: list[str], held: dict[str, dict[str, list[int]]] | None = None) -> dict[str, Member]:
    return {name: Member(frozenset(TOPICS), (held or {}).get(name, NOTHING)) for name in names}


def kept(before: dict[str, dict[str, list[int]]], after: dict[str, dict[str, list[int]]]) -> int:
    return sum(
        len(set(mine) & set(after.get(name, {}).get(topic, [])))
        for name, topics in before.items()
        for topic, mine in topics.items()
    )


@given(sizes=counts, who=names)
def test_each_partition_has_one_owner_and_the_shares_are_even(sizes: dict[str, int], who: list[str]) -> None:
    shares = share_out(partitions(sizes), members(who))
    for topic, size in sizes.items():
        given_out = [partition for mine in shares.values() for partition in mine.get(topic, [])]
        assert sorted(given_out) == list(range(size))
        of_topic = [len(mine.get(topic, [])) for mine in shares.values()]
        assert max(of_topic) - min(of_topic) <= 1
    sums = [sum(len(some) for some in mine.values()) for mine in shares.values()]
    assert max(sums) - min(sums) <= 1


@given(sizes=counts, who=names)
def test_a_group_that_stays_as_it_was_moves_nothing(sizes: dict[str, int], who: list[str]) -> None:
    first = share_out(partitions(sizes), members(who))
    assert share_out(partitions(sizes), members(who, first)) == first


@given(sizes=counts, who=names, newcomer=st.text("uvwxyz", min_size=5, max_size=5))
def test_a_newcomer_is_all_that_things_move_to(sizes: dict[str, int], who: list[str], newcomer: str) -> None:
    before = share_out(partitions(sizes), members(who))
    after = share_out(partitions(sizes), members([*who, newcomer], before))
    arrived = sum(len(mine) for mine in after[newcomer].values())
    moved = sum(sizes.values()) - kept(before, after)
    # Beyond what the newcomer gets, one partition of a topic may change hands to keep the sums even.
    assert moved <= arrived + len(TOPICS) * len(who)


def test_growing_and_shrinking_16_partitions_moves_as_few_as_even_shares_allow() -> None:
    sizes = {"a": 16}
    shares = share_out(partitions(sizes), members(["m1"]))
    moves = []
    for who in (["m1", "m2"], ["m1", "m2", "m3"], ["m1", "m3"], ["m3"]):
        after = share_out(partitions(sizes), members(who, shares))
        moves.append(16 - kept(shares, after))
        shares = after
    assert moves == [8, 5, 5, 8]


def test_whoever_reads_a_topic_alone_gets_it_whole() -> None:
    about = {"x": Member(frozenset("a"), NOTHING), "y": Member(frozenset("ab"), NOTHING)}
    assert share_out({"a": [0, 1], "b": [0, 1]}, about) == {"x": {"a": [0]}, "y": {"a": [1], "b": [0, 1]}}


def test_of_two_who_say_that_they_had_a_partition_one_keeps_it() -> None:
    about = {name: Member(frozenset("a"), {"a": [0, 1]}) for name in ("x", "y")}
    shares = share_out({"a": [0, 1]}, about)
    assert sorted(itertools.chain(*(mine["a"] for mine in shares.values()))) == [0, 1]


class Cluster:
    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return {0, 1, 2, 3} if topic == "a" else None


def test_what_a_member_had_reaches_the_leader_over_the_wire() -> None:
    first, second = EvenShares(), EvenShares()
    alone = first.assign(Cluster(), {"m2": first.metadata(["a", "unknown"])})
    first.on_assignment(type(alone["m2"]).decode(alone["m2"].encode()))
    told = {"m1": second.metadata(["a"]), "m2": first.metadata(["a"])}
    wire = {name: type(metadata).decode(metadata.encode()) for name, metadata in told.items()}
    together = second.assign(Cluster(), wire)
    assert dict(together["m2"].assignment) == {"a": [0, 1]}
    assert dict(together["m1"].assignment) == {"a": [2, 3]}
