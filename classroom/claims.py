"""A number that the prose may quote: the notebook prints it, and a test compares the text with what was printed."""

import math


def claim(name: str, value: float, digits: int = 4) -> None:
    """Print one record, `claim name = value`, with `digits` significant digits (integers in full).

    The text quotes it as `<!--claim:name-->4.04e-5<!--/claim-->`, with as many digits as it likes up to these.
    """
    if not math.isfinite(value):
        raise ValueError(f"claim {name!r} is {value}")
    if isinstance(value, int):
        print(f"claim {name} = {value}")
    else:
        # '#' keeps trailing zeros: 0.5000 is a record to four digits, 0.5 to one.
        print(f"claim {name} = {format(float(value), f'#.{digits}g').rstrip('.')}")
