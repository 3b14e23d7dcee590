"""Few settings of many knobs that together hold every pair of values: most faults that knobs make together need two."""

import itertools
import random
from collections.abc import Callable, Iterator, Sequence

TRIES = 50  # random settings for a combination, of which the one that holds most others is taken


def covering(
    choices: dict[str, Sequence],
    strength: int = 2,
    allowed: Callable[[dict], bool] = bool,
    besides: Sequence[dict] = (),
) -> list[dict]:
    """Settings in which all values of any `strength` knobs meet; in allowed ones, as far as some allowed setting holds them.

    What is held by the allowed ones of `besides`, which are tried anyway, is not held again.
    """
    pick, found = random.Random(0), []
    there = {combination for setting in filter(allowed, besides) for combination in held(setting, strength)}
    missing = dict.fromkeys(it for it in combinations(choices, strength) if it not in there)
    while missing:
        wanted = next(iter(missing))
        free = choices | {key: [value] for key, value in wanted}
        tries = [{key: pick.choice(values) for key, values in free.items()} for _ in range(TRIES)]
        good = [setting for setting in tries if allowed(setting)] or list(itertools.islice(every(free, allowed), 1))
        if good:
            best = max(good, key=lambda setting: sum(it in missing for it in held(setting, strength)))
        else:  # what is with it is refused because of it, and is still to be covered
            best, missing = tries[0], {it: None for it in missing if it != wanted}
        found.append(best)
        for combination in held(best, strength) if good else ():
            missing.pop(combination, None)
    return found


def gaps(settings: list[dict], choices: dict[str, Sequence], strength: int = 2) -> list[tuple]:
    """The combinations that no setting holds."""
    there = {combination for setting in settings for combination in held(setting, strength)}
    return [combination for combination in combinations(choices, strength) if combination not in there]


def every(choices: dict[str, Sequence], allowed: Callable[[dict], bool] = bool) -> Iterator[dict]:
    """All allowed settings there are."""
    return filter(allowed, (dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())))


def held(setting: dict, strength: int) -> Iterator[tuple]:
    """The combinations of a setting, as tuples of (knob, value)."""
    return itertools.combinations(setting.items(), strength)


def combinations(choices: dict[str, Sequence], strength: int) -> Iterator[tuple]:
    """All combinations of values of so many knobs."""
    for keys in itertools.combinations(choices, strength):
        for values in itertools.product(*(choices[key] for key in keys)):
            yield tuple(zip(keys, values, strict=True))
