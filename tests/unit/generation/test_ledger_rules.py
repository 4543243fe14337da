"""Every state that a crash can leave, and what is done about it."""

from datetime import timedelta

import pytest

from services.generation.domain import ledger as rules
from services.generation.domain.ledger import Entry, InDoubtPolicy, Knowledge, State, Step
from tests.fakes.clock import FakeClock
from tests.fakes.requests import a_request

NOW = FakeClock().now()
LEASE = timedelta(seconds=60)
PATIENCE = timedelta(hours=1)
PENDING = ({"type": "t", "version": 1, "body": {}},)
ASKED = ({"type": "asked", "version": 1, "body": {}},)


def entry(*, free: bool = False) -> Entry:
    return rules.claim(a_request(), owner="a", free=free, now=NOW, lease=LEASE)


def sent() -> Entry:
    return rules.sending(entry(), now=NOW, lease=LEASE)


def accepted() -> Entry:
    return rules.accepted(sent(), "job-1", now=NOW, lease=LEASE)


def step(
    found: Entry,
    *,
    owner: str = "b",
    after_s: float = 61,
    policy: InDoubtPolicy = InDoubtPolicy.HOLD,
    in_hand: bool = False,
    unsent: bool = False,
    lost: bool = False,
) -> Step:
    now = NOW + timedelta(seconds=after_s)
    return rules.decide(found, Knowledge(owner, now, in_hand=in_hand, unsent=unsent, lost=lost), policy, PATIENCE)


def test_a_live_claim_of_another_worker_is_waited_for() -> None:
    assert step(entry(), after_s=59) is Step.WAIT


def test_an_expired_unsent_claim_is_sent_by_the_next_worker() -> None:
    assert step(entry()) is Step.SEND


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (InDoubtPolicy.HOLD, Step.IN_DOUBT),
        (InDoubtPolicy.NEXT_MODEL, Step.IN_DOUBT),
        (InDoubtPolicy.RETRY_ONCE, Step.SEND),
    ],
)
def test_a_paid_call_that_crashed_in_sending_follows_the_policy(policy: InDoubtPolicy, expected: Step) -> None:
    assert step(sent(), policy=policy) is expected


def test_retry_once_sends_once_more_and_no_more() -> None:
    assert step(rules.sending(sent(), now=NOW, lease=LEASE), policy=InDoubtPolicy.RETRY_ONCE) is Step.IN_DOUBT


def test_the_own_sending_entry_after_an_error_is_in_doubt_without_waiting_for_the_lease() -> None:
    assert step(sent(), owner="a", after_s=1) is Step.IN_DOUBT


def test_a_call_that_this_process_knows_it_did_not_send_is_sent() -> None:
    assert step(sent(), owner="a", after_s=1, unsent=True) is Step.SEND


def test_what_another_process_did_not_send_is_not_known_here() -> None:
    assert step(sent(), unsent=True) is Step.IN_DOUBT


def test_a_free_call_is_never_in_doubt() -> None:
    assert step(entry(free=True)) is Step.SEND


def test_an_accepted_call_is_resumed() -> None:
    assert step(accepted()) is Step.RESUME


def test_an_accepted_call_is_in_doubt_when_patience_ends() -> None:
    assert step(accepted(), after_s=3601) is Step.IN_DOUBT


def test_a_received_image_is_looked_for_in_the_store_before_anything_else() -> None:
    received = rules.received(accepted(), ASKED, PENDING, NOW, LEASE)
    assert step(received) is Step.ADOPT


def test_a_received_image_that_is_lost_is_asked_for_again_where_the_vendor_keeps_it() -> None:
    assert step(rules.received(accepted(), ASKED, PENDING, NOW, LEASE), lost=True) is Step.RESUME
    assert step(rules.received(sent(), ASKED, PENDING, NOW, LEASE), lost=True) is Step.IN_DOUBT


def test_an_image_in_hand_is_stored_by_the_process_that_holds_it_only() -> None:
    received = rules.received(sent(), ASKED, PENDING, NOW, LEASE)
    assert step(received, owner="a", after_s=1, in_hand=True) is Step.STORE
    assert step(received, owner="b", in_hand=True) is Step.ADOPT


@pytest.mark.parametrize("state", [State.DONE, State.FAILED])
def test_an_ended_call_is_answered_from_the_ledger(state: State) -> None:
    ended = rules.finished(sent(), state, PENDING, now=NOW)
    assert step(ended, after_s=0) is Step.REPUBLISH
    assert ended.events == PENDING


@pytest.mark.parametrize("policy", list(InDoubtPolicy))
@pytest.mark.parametrize("found", [sent(), accepted()], ids=["sending", "accepted"])
def test_a_call_in_doubt_keeps_its_state_and_is_answered_from_the_ledger(found: Entry, policy: InDoubtPolicy) -> None:
    doubted = rules.doubted(found, PENDING, now=NOW)
    assert step(doubted, policy=policy) is Step.REPUBLISH
    assert (doubted.state, doubted.in_doubt, doubted.events) == (found.state, True, PENDING)


@pytest.mark.parametrize("found", [entry(), rules.finished(sent(), State.DONE, PENDING, now=NOW)])
def test_what_was_never_sent_or_has_ended_is_not_in_doubt(found: Entry) -> None:
    with pytest.raises(ValueError, match="allowed is 'sending' or 'accepted'"):
        rules.doubted(found, PENDING, now=NOW)


def test_a_call_ends_as_done_or_failed_only() -> None:
    with pytest.raises(ValueError, match="allowed is 'done' or 'failed'"):
        rules.finished(sent(), State.SENDING, (), now=NOW)


def test_every_change_raises_the_version_by_one_and_a_new_claim_raises_the_fence() -> None:
    first = entry()
    second = rules.taken(first, owner="b", now=NOW, lease=LEASE)
    assert (second.version, second.fence, second.owner) == (2, 2, "b")
    assert rules.renewed(second, now=NOW, lease=LEASE).version == 3
