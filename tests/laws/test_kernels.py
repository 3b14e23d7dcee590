"""Every trick for a CPU computes what the plain line beside it says, and so do its derivatives."""

import pytest
import torch

from lib import kernels, randn, seeded


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return randn(shape, like=torch.zeros(0, dtype=torch.float64), generator=seeded(seed))


X, Y, COLUMN = draw(5, 6), draw(5, 6, seed=1), draw(5, 1, seed=2)
CASES = {
    "combine": [(2.0, X, -0.5, Y), (1.0, X, 0.3, Y), (COLUMN, X, COLUMN**2, Y), (0.0, X, COLUMN, Y)],
    "standardised": [(X,), (3 + 10 * draw(2, 3, 8),)],
    "multiply_add": [(X, COLUMN, Y), (draw(2, 4, 6), draw(2, 1, 6), draw(2, 1, 6, seed=1))],
    "gelu": [(X,), (20 * X,)],
    "affine": [(draw(b, 7), X, draw(b, 7, 6, seed=3)) for b in (1, 5)],
    "mix": [(X.softmax(-1), draw(b, 6, 9, seed=3)) for b in (1, 5)],
}
TRICKS = {name: thing for name, thing in vars(kernels).items() if hasattr(thing, "plain")}


def test_every_trick_has_its_cases():
    assert TRICKS.keys() == CASES.keys()


@pytest.mark.parametrize("name", CASES)
def test_a_trick_is_the_plain_line_beside_it(name):
    for arguments in CASES[name]:
        found = []
        for function in (TRICKS[name], TRICKS[name].plain):
            tensors = [a.clone().requires_grad_() if isinstance(a, torch.Tensor) else a for a in arguments]
            value = function(*tensors)
            weight = draw(*value.shape, seed=9)  # of a scalar of all numbers, whose gradient is compared
            inputs = [a for a in tensors if isinstance(a, torch.Tensor)]
            found.append([value, *torch.autograd.grad((value * weight).sum(), inputs)])
        for fast, plain in zip(*found, strict=True):
            torch.testing.assert_close(fast, plain, rtol=0, atol=1e-12)  # a few operations; seen: 3e-15
