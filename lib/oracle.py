"""The exact answer as one more model: it plugs in wherever a trained network does.

Oracle           the data is a Gaussian mixture: the estimate is known in closed form (`lib.mixture`)
EmpiricalOracle  the data is a finite set of points x_i, each equally likely: what a perfect fit to a training set would say,

    E[x_data | x_t] = sum_i r_i x_i,    r = softmax_i(-|x_t - alpha x_i|^2 / (2 sigma^2))
    E[eps | x_t]    = (x_t - alpha E[x_data | x_t]) / sigma
"""

import torch
from torch import Tensor

from lib.checks import at_least_single, check_floats, check_path, check_samples, told
from lib.kernels import all_finite
from lib.labels import NO_LABEL, check_labels, label_rows
from lib.mixture import BLOCK, GaussianMixture
from lib.prediction import Estimate, Path, Time


class Oracle:
    """The conditional means of a mixture on a path. Estimates at every time, both ends included; y (B,) or None."""

    def __init__(self, mixture: GaussianMixture, path: Path):
        if isinstance(mixture, type) or not hasattr(mixture, "estimate"):
            raise TypeError(
                f"Oracle wants a GaussianMixture, got {told(mixture)}. EmpiricalOracle takes the points of a dataset."
            )
        check_path(path)
        self.mixture, self.path = mixture, path

    def estimate(self, x_t: Tensor, t: Time, y: Tensor | None = None) -> Estimate:
        check_floats("x_t", x_t)
        return self.mixture.estimate(x_t, self.path.coeffs(t, like=x_t), y)


class EmpiricalOracle:
    """The conditional means when the data distribution is the dataset itself: x (N, ...), labels y (N,) or None.

    Its samples are the training points: it generalises to nothing. At sigma = 0 it answers x0 = x_t / alpha, eps = 0.
    Half precision is worked on in float32.
    Raises ValueError for an empty dataset, for values that are not finite, for labels that are not a whole number for each point;
    and, when asked, for samples of another shape and for a class without a point.
    """

    def __init__(self, x: Tensor, path: Path, y: Tensor | None = None):
        check_samples("x", x)
        check_path(path)
        if len(x) == 0:
            raise ValueError("The dataset is empty: there is no point to return to.")
        if not all_finite(x):
            raise ValueError("The data has NaN or infinite values. Remove or repair those samples first.")
        self.points, self.path, self.labels = x, path, None if y is None else label_rows(y, len(x))

    def estimate(self, x_t: Tensor, t: Time, y: Tensor | None = None) -> Estimate:
        check_samples("x_t", x_t, rows=1)
        if x_t.ndim < 2 or x_t.shape[1:] != self.points.shape[1:]:
            raise ValueError(
                f"Expected samples (B, ...) of the shape of the points, {tuple(self.points.shape[1:])}, got {tuple(x_t.shape)}."
            )
        c = self.path.coeffs(t, like=x_t)
        x = x_t.to(at_least_single(x_t.dtype)).flatten(1)
        points, y = self.points.to(x).flatten(1), None if y is None else self._check(y, len(x)).to(x.device)
        alpha, sigma = (torch.as_tensor(a).to(x).reshape(-1, 1).expand(len(x), 1) for a in (c.alpha, c.sigma))
        blocks = torch.arange(len(x)).split(max(1, BLOCK // len(points)))
        x0 = torch.cat([self._mean(x[i], alpha[i], sigma[i], points, None if y is None else y[i]) for i in blocks])
        clean = sigma == 0
        x0 = torch.where(clean, x / alpha, x0)
        eps = torch.where(clean, 0.0, (x - alpha * x0) / sigma)
        return Estimate(x0.reshape(x_t.shape).to(x_t.dtype), eps.reshape(x_t.shape).to(x_t.dtype))

    def _check(self, y, batch):
        """The labels that were asked for; a class without a point has no mean."""
        if self.labels is None:
            raise ValueError("This dataset has no labels to condition on. Give EmpiricalOracle its y.")
        y = check_labels(y, batch, int(self.labels.max()) + 1)
        if missing := set(y.cpu().tolist()) - set(self.labels.cpu().tolist()) - {NO_LABEL}:
            raise ValueError(f"Class {min(missing)} has no point in this dataset, so nothing can be asked of it.")
        return y

    def _mean(self, x, alpha, sigma, points, y):
        # -|x - alpha p|^2 / (2 sigma^2), up to a term without p, as one matrix product.
        logits = alpha * (x @ points.T - alpha / 2 * points.square().sum(-1)) / sigma.square().clamp_min(1e-30)
        if y is not None:
            inside = (self.labels.to(y.device) == y[:, None]) | (y[:, None] == NO_LABEL)
            logits = logits.masked_fill(~inside, -torch.inf)
        return logits.softmax(-1) @ points
