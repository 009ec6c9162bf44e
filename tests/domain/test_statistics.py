"""Intervals, effects and incidence: by their properties, and against scipy, statsmodels and lifelines."""

from __future__ import annotations

import math
import random
from statistics import NormalDist

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from goals_tui.domain.statistics import (
    CONFIDENCE,
    NO_DIFFERENCE,
    Departures,
    Share,
    at_equal_mix,
    difference,
    effects,
    incidence,
    quantile,
    target_state,
    verdict,
    wilson_interval,
)
from tests.examples import examples

ORACLES = "{} is not installed: pip install -e '.[oracles]'"

shares = st.integers(1, 500).flatmap(lambda whole: st.builds(Share, st.integers(0, whole), st.just(whole)))
parts = st.dictionaries(st.sampled_from("abcdefgh"), shares | st.just(Share(0, 0)), max_size=8)


def test_the_intervals_have_a_confidence_of_95_percent() -> None:
    share = Share(40, 100)
    low, _ = share.interval or (0.0, 0.0)
    # By the definition of the interval, its end is that many standard errors of the end away.
    assert (0.4 - low) / math.sqrt(low * (1 - low) / 100) == pytest.approx(NormalDist().inv_cdf((1 + CONFIDENCE) / 2))


@given(shares)
@examples(100)
def test_wilson_against_scipy(share: Share) -> None:
    scipy = pytest.importorskip("scipy.stats", reason=ORACLES.format("scipy"))
    wanted = scipy.binomtest(share.part, share.whole).proportion_ci(0.95, method="wilson")
    assert wilson_interval(share.part, share.whole) == pytest.approx((wanted.low, wanted.high), abs=1e-12)


@given(shares, shares)
@examples(100)
def test_newcombe_against_statsmodels(a: Share, b: Share) -> None:
    oracle = pytest.importorskip("statsmodels.stats.proportion", reason=ORACLES.format("statsmodels"))
    wanted = oracle.confint_proportions_2indep(b.part, b.whole, a.part, a.whole, method="newcomb", compare="diff")
    found = difference(a, b)
    assert found.interval == pytest.approx(wanted, abs=1e-9)
    assert found.difference == pytest.approx(b.part / b.whole - a.part / a.whole)


@pytest.mark.parametrize("seed", range(5))
def test_incidence_against_lifelines(seed: int) -> None:
    lifelines = pytest.importorskip("lifelines", reason=ORACLES.format("lifelines"))
    chance = random.Random(seed)
    times = chance.sample(range(1, 10_000), 200)
    kinds = [chance.choice((0, 1, 1, 2)) for _ in times]
    fitter = lifelines.AalenJohansenFitter(calculate_variance=False)
    fitter.fit(times, kinds, event_of_interest=1)
    wanted = fitter.cumulative_density_.iloc[:, 0]
    found = incidence(
        [
            Departures(t, reached=kind == 1, superseded=kind == 2, open=kind == 0)
            for t, kind in zip(times, kinds, strict=True)
        ]
    )
    assert [seconds for seconds, _ in found] == sorted(t for t, kind in zip(times, kinds, strict=True) if kind == 1)
    assert [share for _, share in found] == pytest.approx([wanted.loc[seconds] for seconds, _ in found], abs=1e-12)


def test_the_change_of_the_example_is_not_clear() -> None:
    found = difference(Share(486, 765), Share(439, 704))
    assert found.difference == pytest.approx(-0.0117, abs=1e-4)
    assert not found.clear
    assert difference(Share(300, 765), Share(439, 704)).clear


@given(shares)
@examples(50)
def test_an_interval_holds_its_rate(share: Share) -> None:
    low, high = wilson_interval(share.part, share.whole) or (1, 0)
    assert 0 <= low <= share.part / share.whole <= high <= 1


@given(shares, shares)
@examples(50)
def test_a_difference_turned_round_is_its_negative(a: Share, b: Share) -> None:
    one, other = difference(a, b), difference(b, a)
    assert one.interval and other.interval
    assert one.interval == pytest.approx((-other.interval[1], -other.interval[0]))
    assert one.clear == other.clear


def test_nothing_of_nothing_has_no_interval_and_no_difference() -> None:
    assert wilson_interval(0, 0) is None
    assert difference(Share(0, 0), Share(1, 2)) == difference(Share(1, 2), Share(0, 0)) == NO_DIFFERENCE
    assert not NO_DIFFERENCE.clear


@given(parts, parts)
@examples(200)
def test_effects_add_up_to_the_difference(before: dict[str, Share], after: dict[str, Share]) -> None:
    then, now = (sum(each.values(), Share(0, 0)) for each in (before, after))
    found = effects(before, after)
    if then.rate is None or now.rate is None:
        assert found == []
        return
    assert math.isclose(sum(each.contribution for each in found), now.rate - then.rate, abs_tol=1e-9)
    sizes = [abs(each.contribution) for each in found]
    assert sizes == sorted(sizes, reverse=True)


def test_a_part_that_is_missing_takes_the_rate_of_the_other_period() -> None:
    found = {each.part: each for each in effects({"a": Share(5, 10)}, {"a": Share(5, 10), "b": Share(9, 10)})}
    assert found["a"].rate_effect == found["b"].rate_effect == 0
    # Shares 1 and 1/2, overall rates 0.5 and 0.7.
    assert found["a"].mix_effect == pytest.approx((0.5 - 1) * (0.5 - 0.6))
    assert found["b"].mix_effect == pytest.approx(0.5 * (0.9 - 0.6))


@given(shares, shares)
@examples(50)
def test_one_cell_at_equal_mix_is_the_plain_difference(a: Share, b: Share) -> None:
    found = at_equal_mix({"x": a}, {"x": b})
    assert found.covered == 1
    assert found.difference.difference == pytest.approx(difference(a, b).difference)
    assert found.difference.interval == pytest.approx(difference(a, b).interval)


def test_a_changed_mix_is_taken_out() -> None:
    """Both cells kept their rates: only their shares changed."""
    before = {"web": Share(80, 100), "voice": Share(20, 100)}
    after = {"web": Share(160, 200), "voice": Share(2, 10), "app": Share(1, 2)}
    found = at_equal_mix(before, after)
    assert found.difference.difference == pytest.approx(0)
    assert found.covered == pytest.approx(410 / 412)
    assert at_equal_mix({"x": Share(1, 2)}, {"y": Share(1, 2)}).difference == NO_DIFFERENCE
    assert at_equal_mix({}, {}).covered is None


@given(st.lists(st.tuples(st.integers(0, 20), st.sampled_from(["reached", "superseded", "open"]))))
@examples(100)
def test_incidence_never_falls_and_ends_at_the_share_without_censoring(waits: list[tuple[int, str]]) -> None:
    found = [share for _, share in incidence([Departures(t, **{kind: 1}) for t, kind in waits])]
    assert found == sorted(found) and all(0 < share <= 1 for share in found)
    kinds = [kind for _, kind in waits]
    if found and "open" not in kinds:
        assert found[-1] == pytest.approx(kinds.count("reached") / len(kinds))


@given(st.lists(st.integers(-5, 5), min_size=1), st.floats(0, 1))
@examples(50)
def test_quantiles_are_linear_between_ranks(values: list[int], share: float) -> None:
    numpy = pytest.importorskip("numpy", reason=ORACLES.format("numpy"))
    assume(values)
    counts = [(float(value), values.count(value)) for value in sorted(set(values))]
    assert quantile(counts, share) == pytest.approx(float(numpy.quantile(values, share)), abs=1e-9)
    assert quantile([], share) is None


def test_verdicts() -> None:
    assert verdict(Share(50, 100), Share(90, 100)) == "better"
    assert verdict(Share(90, 100), Share(50, 100)) == "worse"
    assert verdict(Share(50, 100), Share(51, 100)) == "no clear change"
    assert verdict(Share(50, 99), Share(90, 100)) == "too little data"
    assert target_state(Share(90, 100), 0.6) == "met"
    assert target_state(Share(30, 100), 0.6) == "missed"
    assert target_state(Share(60, 100), 0.6) == "too close to call"
    assert target_state(Share(29, 29), 0.6) == "too little data"


def test_the_order_of_parts_changes_no_digit() -> None:
    before = {f"cell {number}": Share(number % 7, 10 + number) for number in range(40)}
    after = {f"cell {number}": Share(number % 5, 9 + 2 * number) for number in range(40)}
    backwards = [dict(reversed(side.items())) for side in (before, after)]
    assert at_equal_mix(before, after) == at_equal_mix(*backwards)
    same = {name: Share(1, 2) for name in ("b", "a", "c")}
    assert effects(same, same) == effects(dict(sorted(same.items())), same)
