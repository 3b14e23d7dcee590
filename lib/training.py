"""Training: one generator that yields after every step, so that the caller decides what to log, plot or stop.

    for state in fit(model, batches(x, size=256), steps=2000, ema=ema): ...                  a model on a path
    for state in minimise(net.loss, net.parameters(), batches(x, y, size=256), 2000): ...    anything else with a loss

The learning rate warms up linearly over the first 5 % of the steps and then falls to 0 along a half cosine (or as
`schedule` says).
`stratified=True` spreads the times of a batch evenly, t_i uniform in [i/B, (i+1)/B): the loss keeps its mean and loses most
of the variance that drawing t brought in (Kingma et al. 2021, section I.1). `times` draws them from any other density:

    fit(model, data, 2000, times=logit_normal, schedule=lambda i, steps: 1.0)
"""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lib.checks import check_batch, check_fit, check_loss, check_number, check_training, check_tuple
from lib.ema import EMA
from lib.kernels import all_finite
from lib.learned import Learned
from lib.prediction import determinant
from lib.seeding import given, rand


class Progress(NamedTuple):
    """What `fit` yields: the number of steps done, and the last loss (a 0-dim tensor: reading it may wait for a GPU)."""

    step: int
    loss: Tensor


def fit(
    model: nn.Module,
    data: Iterable[tuple[Tensor, Tensor | None]],
    steps: int,
    *,
    lr: float = 1e-3,
    ema: EMA | None = None,
    stratified: bool = False,
    times: Callable[..., Tensor] | None = None,
    schedule: Callable[[int, int], float] | None = None,
    generator: torch.Generator | None = None,
) -> Iterator[Progress]:
    """Minimise model.loss(x, y) with Adam for `steps` batches of `data`, in place.

    times(n, like=x, generator=g) draws n numbers in [0, 1), which the path makes times; stratified=True stands for
    stratified_uniform. schedule(i, steps) is the factor on `lr` at step i, `warmup_cosine` by default.
    Raises, before the first step, TypeError for a model without a loss and for data that is not batches, ValueError for a model
    that is frozen or whose target cannot be sampled on its path, and for both `stratified` and `times`; then ValueError when data
    ends early, TypeError for a batch that is not a pair, FloatingPointError when the loss stops being finite (looked at every 100
    steps and in the last) or the last weights are not.
    """
    check_fit(model, data, stratified, times)
    draw, generator = stratified_uniform if stratified else times, given(generator)

    def loss(x: Tensor, y: Tensor | None) -> Tensor:
        t = model.path.times(draw(len(x), like=x, generator=generator)) if draw else None
        return model.loss(x, y, t=t, generator=generator)

    _check_model(model)
    return minimise(loss, model.parameters(), _pairs(data), steps, lr=lr, schedule=schedule, ema=ema)


def _pairs(data: Iterable) -> Iterator[tuple[Tensor, Tensor | None]]:
    for batch in data:
        check_batch(batch)
        yield batch


def _check_model(model: nn.Module) -> None:
    """Refuse a model that cannot be sampled once it has learned."""
    if isinstance(model, Learned) and determinant(model.target, model.path.coeffs(model.path.t_noise)) == 0:
        raise ValueError(
            f'A net for "{model.target}" cannot be sampled on this path: at pure noise, where sampling begins, the target is '
            'singular, and its answer says nothing of the data. Train it for "v" or "x0".'
        )


def minimise(
    loss: Callable[..., Tensor],
    parameters: Iterable[nn.Parameter],
    batches: Iterable[tuple],
    steps: int,
    *,
    lr: float = 1e-3,
    schedule: Callable[[int, int], float] | None = None,
    ema: EMA | None = None,
) -> Iterator[Progress]:
    """Minimise loss(*batch) over `parameters`, in place, for `steps` batches: the training loop of all nets of the book.

    Raises FloatingPointError when the loss stops being finite (looked at every 100 steps and in the last) or when the weights are
    not finite at the end; ValueError when data ends early, and where no weight can be trained.
    """
    parameters = list(parameters)
    check_training(loss, parameters, batches, steps, lr, schedule, ema)
    if isinstance(ema, EMA) and not ema.follows(parameters):
        raise ValueError("This average follows another net, of which no weight is trained here. EMA(model.net, decay).")
    return _minimise(loss, parameters, batches, int(steps), lr, schedule or warmup_cosine, ema)


def _minimise(loss, parameters, batches, steps, lr, factor, ema) -> Iterator[Progress]:
    batches, optimizer = iter(batches), torch.optim.Adam(parameters, lr=lr, fused=True)
    for step in range(steps):
        batch = next(batches, None)
        if batch is None:
            raise ValueError(
                f"The data ended after {step} of {steps} batches. `batches` never ends; wrap your own in cycle."
            )
        check_tuple(batch)
        check_number("What a schedule returns", rate := factor(step, steps), 0)
        for group in optimizer.param_groups:
            group["lr"] = lr * rate
        value = loss(*batch)
        check_loss(value)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        if ema is not None:
            ema.update()
        last = step + 1 == steps
        if (last or (step + 1) % 100 == 0) and not value.isfinite():
            raise FloatingPointError(
                f"The loss is {value.item()} at step {step + 1}. Lower lr, and check that the data is standardised."
            )
        if last and not all(map(all_finite, parameters)):
            raise FloatingPointError(
                f"The weights are not finite after step {step + 1}, the last. Lower lr, and check that the data is standardised."
            )
        if last and isinstance(ema, EMA) and not all(map(all_finite, ema.net.parameters())):
            raise FloatingPointError(
                "The weights are finite and their average is not. Begin it anew: EMA(model.net, decay)."
            )
        yield Progress(step + 1, value.detach())


def warmup_cosine(i: int, steps: int, warmup: float = 0.05) -> float:
    """Factor on the learning rate at step i of `steps`: linear warm-up, then a half cosine down to 0."""
    ramp = max(1, round(warmup * steps))
    return min(1.0, (i + 1) / ramp) * 0.5 * (1 + math.cos(math.pi * min(1.0, i / steps)))


def stratified_uniform(n: int, *, like: Tensor | None = None, generator: torch.Generator | None = None) -> Tensor:
    """Draw n numbers, one uniform in each of the n equal parts of [0, 1), in random order."""
    generator = given(generator)
    u = rand(n, like=like, generator=generator)
    order = torch.randperm(n, generator=generator, device=generator.device).to(u.device)
    return (order + u) / n


def logit_normal(n: int, mean: float = 0.0, std: float = 1.0, *, like=None, generator=None) -> Tensor:
    """Draw n times in (0, 1) whose logit is N(mean, std^2): more training in the middle (Esser et al. 2024, section 3.1)."""
    u = rand(n, like=like, generator=generator)
    return torch.sigmoid(mean + std * torch.special.ndtri(u.clamp_min(torch.finfo(u.dtype).tiny)))
