"""The settings of tests/covering.py hold every pair, and a pair that is left out is noticed."""

import pytest

from tests.covering import combinations, covering, every, gaps, held

CHOICES = {"a": (1, 2, 3, 4), "b": ("x", "y", "z"), "c": (0.0, 0.5), "d": (False, True), "e": (1, 2, 3)}


@pytest.mark.parametrize(("strength", "most"), [(1, 4), (2, 16), (3, 60), (5, 144)])
def test_every_combination_is_held_by_few_settings(strength, most):
    settings = covering(CHOICES, strength)
    assert gaps(settings, CHOICES, strength) == []
    assert all(list(setting) == list(CHOICES) for setting in settings)
    assert len(settings) <= most


def test_it_is_the_same_every_time():
    assert covering(CHOICES) == covering(CHOICES)


@pytest.mark.parametrize("pair", list(combinations(CHOICES, 2)), ids=str)
def test_a_pair_that_is_left_out_is_noticed(pair):
    without = [setting for setting in covering(CHOICES) if pair not in held(setting, 2)]
    assert pair in gaps(without, CHOICES)


@pytest.mark.parametrize("strength", [1, 2])
def test_what_is_tried_anyway_is_not_tried_again(strength):
    besides = covering(CHOICES, strength)[::2]
    more = covering(CHOICES, strength, besides=besides)
    assert gaps(besides + more, CHOICES, strength) == [] != gaps(more, CHOICES, strength)
    assert covering(CHOICES, strength, besides=covering(CHOICES, strength)) == []
    assert covering(CHOICES, strength, lambda setting: setting not in besides, besides) != more


def refused(setting: dict) -> bool:
    return (setting["a"] == 1 and setting["b"] != "x") or (setting["d"] and setting["e"] == 3 and setting["c"] == 0.0)


def test_a_pair_is_held_by_a_setting_that_is_not_refused_where_there_is_one():
    settings = covering(CHOICES, allowed=lambda setting: not refused(setting))
    possible = {pair for setting in every(CHOICES, lambda it: not refused(it)) for pair in held(setting, 2)}
    drawn = {pair for setting in settings if not refused(setting) for pair in held(setting, 2)}
    assert drawn == possible
    assert gaps(settings, CHOICES) == []
    never = {pair for pair in combinations(CHOICES, 2) if pair not in possible}
    assert never == {(("a", 1), ("b", "y")), (("a", 1), ("b", "z"))}
    assert sum(map(refused, settings)) == len(never)


def test_one_allowed_setting_among_many_is_found():
    choices = {name: tuple(range(12)) for name in "abc"}
    only = {"a": 3, "b": 5, "c": 7}
    assert only in covering(choices, 2, only.__eq__)
