from hypothesis import given
from hypothesis import strategies as st

from services.chassis.retrying import Backoff


@given(failures=st.integers(1, 10_000))
def test_a_wait_grows_and_never_passes_the_cap(failures: int) -> None:
    delay = Backoff(base_s=0.5, cap_s=20.0).delay(failures)
    full = min(20.0, 0.5 * 2.0 ** min(failures - 1, 30))
    assert full / 2 <= delay <= full


@given(failures=st.integers(1, 100), asked=st.floats(0, 600))
def test_the_other_side_is_never_asked_sooner_than_it_wants(failures: int, asked: float) -> None:
    assert Backoff(base_s=0.5, cap_s=20.0).delay(failures, asked) >= asked
