"""The exact answer as one more model: it plugs in wherever a trained network does.

Oracle           the data is a Gaussian mixture: the estimate is known in closed form (`lib.mixture`)
EmpiricalOracle  the data is a finite set of points x_i, each equally likely: what a perfect fit to a training set would say,

    E[x_data | x_t] = sum_i r_i x_i,    r = softmax_i(-|x_t - alpha x_i|^2 / (2 sigma^2))
    E[eps | x_t]    = (x_t - alpha E[x_data | x_t]) / sigma
"""

import torch
from torch import Tensor

from lib.labels import NO_LABEL, check_labels
from lib.mixture import BLOCK, GaussianMixture
from lib.prediction import Estimate, Path, Time


class Oracle:
    """The conditional means of a mixture on a path. Estimates at every time, both ends included; y (B,) or None."""

    def __init__(self, mixture: GaussianMixture, path: Path):
        self.mixture, self.path = mixture, path

    def estimate(self, x_t: Tensor, t: Time, y: Tensor | None = None) -> Estimate:
        return self.mixture.estimate(x_t, self.path.coeffs(t, like=x_t), y)


class EmpiricalOracle:
    """The conditional means when the data distribution is the dataset itself: x (N, ...), labels y (N,) or None.

    Its samples are the training points: it generalises to nothing. At sigma = 0 it answers x0 = x_t / alpha, eps = 0.
    Raises ValueError for an empty dataset and for values that are not finite.
    """

    def __init__(self, x: Tensor, path: Path, y: Tensor | None = None):
        if len(x) == 0:
            raise ValueError("The dataset is empty: there is no point to return to.")
        if not x.isfinite().all():
            raise ValueError("The data has NaN or infinite values. Remove or repair those samples first.")
        self.points, self.path, self.labels = x, path, y

    def estimate(self, x_t: Tensor, t: Time, y: Tensor | None = None) -> Estimate:
        c = self.path.coeffs(t, like=x_t)
        x, points = x_t.flatten(1), self.points.to(x_t).flatten(1)
        if y is not None:
            if self.labels is None:
                raise ValueError("This dataset has no labels to condition on. Give EmpiricalOracle its y.")
            check_labels(y, len(x_t), int(self.labels.max()) + 1)
        alpha, sigma = (torch.as_tensor(a).to(x).reshape(-1, 1).expand(len(x), 1) for a in (c.alpha, c.sigma))
        blocks = torch.arange(len(x)).split(max(1, BLOCK // len(points)))
        x0 = torch.cat([self._mean(x[i], alpha[i], sigma[i], points, None if y is None else y[i]) for i in blocks])
        clean = sigma == 0
        x0 = torch.where(clean, x / alpha, x0)
        eps = torch.where(clean, 0.0, (x - alpha * x0) / sigma)
        return Estimate(x0.reshape(x_t.shape), eps.reshape(x_t.shape))

    def _mean(self, x, alpha, sigma, points, y):
        # -|x - alpha p|^2 / (2 sigma^2), up to a term without p, as one matrix product.
        logits = alpha * (x @ points.T - alpha / 2 * points.square().sum(-1)) / sigma.square().clamp_min(1e-30)
        if y is not None:
            inside = (self.labels.to(y.device) == y[:, None]) | (y[:, None] == NO_LABEL)
            logits = logits.masked_fill(~inside, -torch.inf)
        return logits.softmax(-1) @ points
