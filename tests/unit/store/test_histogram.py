import random
import statistics

import pytest

from tacore.store import histogram


@pytest.mark.parametrize("value", [0, 1, 15, 16, 17, 31, 32, 255, 1_000, 65_535, 10**6, 10**9, 2**53])
def test_bucket_when_value_given_has_its_middle_within_the_stated_error(value: int) -> None:
    middle = histogram.middle_of(histogram.bucket_of(value))

    assert abs(middle - value) <= value * histogram.RELATIVE_ERROR


def test_bucket_when_values_grow_never_goes_back() -> None:
    buckets = [histogram.bucket_of(value) for value in range(5_000)]

    assert buckets == sorted(buckets)


@pytest.mark.parametrize("spread", [0.2, 1.0, 2.5])
def test_quantiles_when_values_are_lognormal_match_the_raw_values(spread: float) -> None:
    rng = random.Random(7)  # noqa: S311 - no secret
    values = [int(rng.lognormvariate(8, spread)) for _ in range(20_001)]
    cuts = statistics.quantiles(values, n=100, method="inclusive")

    counts = histogram.count_values((value, 1) for value in values)
    found = histogram.quantiles(counts, [0.5, 0.95, 0.99])

    for mine, exact in zip(found, (cuts[49], cuts[94], cuts[98]), strict=True):
        assert mine == pytest.approx(exact, rel=histogram.RELATIVE_ERROR + 0.01)


def test_quantiles_when_one_value_dominates_give_it() -> None:
    assert histogram.quantiles({3: 99, 10: 1}, [0.5, 0.99, 1.0]) == [3.0, 3.0, 10.0]


def test_quantiles_when_there_are_no_values_are_zero() -> None:
    assert histogram.quantiles({}, [0.5, 0.99]) == [0.0, 0.0]


def test_histogram_when_encoded_and_merged_keeps_every_count() -> None:
    counts = histogram.decode(histogram.encode({300: 2**31, 5: 1}))
    histogram.merge(counts, {5: 2, 7: 1})

    assert counts == {300: 2**31, 5: 3, 7: 1}
