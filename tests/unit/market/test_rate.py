"""The token bucket, on times that the test says."""

from hypothesis import given
from hypothesis import strategies as st

from tacore.market.rate import TokenBucket

NEVER = float("inf")


def test_bucket_when_it_rested_lets_a_burst_through_and_then_keeps_the_rate() -> None:
    bucket = TokenBucket(rate_per_s=2, burst=3)
    assert [bucket.reserve(100.0, NEVER) for _ in range(6)] == [0, 0, 0, 0.5, 1.0, 1.5]


def test_bucket_when_the_wait_is_too_long_claims_nothing() -> None:
    bucket = TokenBucket(rate_per_s=1, burst=1)
    assert bucket.reserve(0.0, NEVER) == 0
    assert bucket.reserve(0.0, 0.9) is None
    assert bucket.wait_s(0.0) == 1.0
    assert bucket.reserve(1.0, 0.0) == 0


@given(
    rate=st.floats(0.5, 50),
    burst=st.integers(1, 20),
    gaps=st.lists(st.floats(0, 3), min_size=1, max_size=60),
)
def test_bucket_when_called_at_any_times_lets_no_more_through_than_burst_and_rate(
    rate: float, burst: int, gaps: list[float]
) -> None:
    bucket, now, made = TokenBucket(rate, burst), 1000.0, []
    for gap in gaps:
        now += gap
        wait = bucket.reserve(now, NEVER)
        assert wait is not None
        made.append(now + wait)
    for first in range(len(made)):
        for last in range(first, len(made)):
            assert last - first + 1 <= burst + rate * (made[last] - made[first]) + 1e-6
