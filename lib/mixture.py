"""A Gaussian mixture: the one distribution whose diffusion is known exactly.

x_data ~ sum_k w_k N(m_k, diag s_k^2)  and  x_t = alpha x_data + sigma eps  give, with  tau_k = alpha^2 s_k^2 + sigma^2,

    p(x_t)          = sum_k w_k N(x_t; alpha m_k, diag tau_k)                a mixture again
    r_k             = p(k | x_t), a softmax                                  responsibilities
    E[x_data | x_t] = sum_k r_k (m_k + alpha s_k^2 / tau_k (x_t - alpha m_k))
    E[eps | x_t]    = sum_k r_k        sigma / tau_k (x_t - alpha m_k)
    score           = sum_k r_k           -1 / tau_k (x_t - alpha m_k)       = -E[eps | x_t] / sigma

Within a component everything is linear-Gaussian, so the means follow from the Gaussian conditioning formula. Nothing is divided
by alpha or sigma: with s_k > 0 all of it is finite at both ends, and alpha*E[x_data] + sigma*E[eps] = x_t term by term.
"""

import math
from itertools import count
from typing import NamedTuple

import torch
from torch import Tensor

from lib.checks import FLOATS, as_table, at_least_single, check_floats, check_whole, told
from lib.kernels import affine, mix
from lib.labels import check_labels, label_rows
from lib.prediction import Coeffs, Estimate, check_coeffs
from lib.seeding import given

CLEAN = Coeffs(1.0, 0.0)
# The log-weight of a component that a label rules out: an infinity would make 0 * inf of a matrix product.
OUTSIDE = -1e30
BLOCK = (
    2**17
)  # samples x components worked on at once: larger blocks are fresh memory every time, which costs page faults


class GaussianMixture:
    """weights (M,) summing to 1, means (M, D), variances (M, D) per axis, labels (M,) = class of each component (optional).

    Kept in float64 and cast to the dtype and device of the samples at use.
    Raises ValueError for shapes that do not fit, weights that are negative or do not sum to 1, variances that are not
    positive, classes without a component, and anything that is not finite.
    """

    def __init__(self, weights, means, variances, labels=None):
        weights, means, variances = (
            as_table("weights", weights),
            as_table("means", means),
            as_table("variances", variances),
        )
        if means.ndim != 2 or weights.shape != means.shape[:1] or variances.shape != means.shape or len(means) == 0:
            raise ValueError(
                "A mixture of M components in D dimensions needs weights (M,), means (M, D) and variances (M, D); got "
                f"{tuple(weights.shape)}, {tuple(means.shape)} and {tuple(variances.shape)}."
            )
        if not all(a.isfinite().all() for a in (weights, means, variances)):
            raise ValueError(
                "Weights, means and variances must be finite; look for NaN or inf in what they were made from."
            )
        if (weights < 0).any() or abs(weights.sum().item() - 1) > 1e-6:
            raise ValueError(
                f"Weights must be >= 0 and sum to 1, they sum to {weights.sum().item():g}. Divide by their sum."
            )
        if (variances <= 0).any():
            raise ValueError("Variances must be positive. For a mixture of points use EmpiricalOracle.")
        self.weights, self.means, self.variances = weights, means, variances
        labels = torch.zeros(len(means), dtype=torch.int64) if labels is None else as_table("labels", labels, None)
        self.labels = label_rows(labels, len(means))
        if self.labels.min() < 0:
            raise ValueError(
                f"Classes are numbered from 0, got {int(self.labels.min())}: every component belongs to one."
            )
        self.classes = int(self.labels.max()) + 1
        used = set(self.labels[weights > 0].tolist())
        if len(used) < self.classes:
            empty = next(k for k in count() if k not in used)
            raise ValueError(
                f"Class {empty} has no component with a weight, so nothing can be asked of it. "
                "Number the classes 0 to C - 1 without a gap."
            )
        self.shares = torch.zeros(self.classes, dtype=torch.float64).index_add_(0, self.labels, weights)

    @property
    def dim(self) -> int:
        return self.means.shape[1]

    @property
    def mean(self) -> Tensor:
        """(D,) exact mean."""
        return self.weights @ self.means

    @property
    def variance(self) -> Tensor:
        """(D,) exact variance of each axis."""
        return self.weights @ (self.variances + self.means**2) - self.mean**2

    def rescaled(self, shift: Tensor, scale: Tensor) -> "GaussianMixture":
        """The mixture of (x - shift) / scale, with shift and scale (D,) or numbers."""
        shift, scale = as_table("shift", shift), as_table("scale", scale)
        if not {tuple(shift.shape), tuple(scale.shape)} <= {(), (self.dim,)}:
            raise ValueError(
                f"shift and scale have shape ({self.dim},), got {tuple(shift.shape)} and {tuple(scale.shape)}."
            )
        return GaussianMixture(self.weights, (self.means - shift) / scale, self.variances / scale**2, self.labels)

    def sample(self, n: int, *, generator: torch.Generator | None = None, dtype=torch.float32) -> tuple[Tensor, Tensor]:
        """Draw n clean samples: x_data (n, D) and their class labels y (n,). The generator is one of the CPU.

        Raises ValueError for n below 1, TypeError for a dtype that is not of floats.
        """
        check_whole("The number of samples", n, 1)
        if not isinstance(dtype, torch.dtype) or dtype not in FLOATS:
            raise TypeError(f"Samples are floats, so dtype must be one such as torch.float32, got {told(dtype)}.")
        generator = given(generator)
        k = torch.multinomial(self.weights, n, replacement=True, generator=generator)
        noise = torch.randn(n, self.dim, dtype=torch.float64, generator=generator)
        return (self.means[k] + self.variances[k].sqrt() * noise).to(dtype), self.labels[k]

    def log_prob(self, x_t: Tensor, coeffs: Coeffs = CLEAN, y: Tensor | None = None) -> Tensor:
        """(B,) log density of x_t (B, D) at the noise level of `coeffs`; the data's own by default. Given y, of p(x_t | y)."""
        x = _working(x_t)
        return torch.cat([logits.logsumexp(-1) for logits, _ in self._blocks(x, coeffs, y)]).to(x_t.dtype)

    def score(self, x_t: Tensor, coeffs: Coeffs = CLEAN, y: Tensor | None = None) -> Tensor:
        """(B, D) gradient of log_prob by x_t."""
        x = _working(x_t)
        alpha, _, m_over_tau, _, one_over_tau = self._expect(x, coeffs, y)
        return (alpha * m_over_tau - one_over_tau * x).to(x_t.dtype)

    def estimate(self, x_t: Tensor, coeffs: Coeffs, y: Tensor | None = None) -> Estimate:
        """E[x_data | x_t] and E[eps | x_t] (and y, where given), for x_t (B, D). Works in blocks: memory hardly grows with B.

        Raises TypeError for an x_t of whole numbers, ValueError for another shape and for unknown labels.
        """
        x = _working(x_t)
        alpha, sigma, m_over_tau, s2_over_tau, one_over_tau = self._expect(x, coeffs, y)
        # m - alpha^2 s^2 / tau m, written without a difference of near-equal numbers: 1 - alpha^2 s^2 / tau = sigma^2 / tau
        x0 = sigma * sigma * m_over_tau + alpha * s2_over_tau * x
        return Estimate(x0.to(x_t.dtype), (sigma * (one_over_tau * x - alpha * m_over_tau)).to(x_t.dtype))

    def _expect(self, x_t, coeffs, y):
        """alpha, sigma (b, 1), b = 1 or B; means over the components of m_k / tau_k, s_k^2 / tau_k and 1 / tau_k: (B, D) each."""
        mixed = [mix(logits.softmax(-1), at.mixed) for logits, at in self._blocks(x_t, coeffs, y)]
        curves = (torch.as_tensor(c, dtype=x_t.dtype).to(x_t.device).reshape(-1, 1) for c in coeffs[:2])
        return *curves, *(torch.cat(mixed) if len(mixed) > 1 else mixed[0]).chunk(3, -1)

    def _blocks(self, x_t, coeffs, y):
        """Yield, block of rows after block, the logits log(w_k N(x; alpha m_k, tau_k)) (rows, M) and the tables behind them."""
        if x_t.ndim != 2 or x_t.shape[1] != self.dim:
            raise ValueError(f"Expected samples of shape (B, {self.dim}), got {tuple(x_t.shape)}.")
        if y is not None:
            y = check_labels(y, len(x_t), self.classes)
        check_coeffs(coeffs)
        if any(isinstance(c, Tensor) and c.numel() not in (1, len(x_t)) for c in coeffs[:2]):
            raise ValueError(
                f"Coeffs belong to one time, or to a time for each of the {len(x_t)} samples: path.coeffs(t, like=x)."
            )
        alpha, sigma = (torch.as_tensor(c, dtype=x_t.dtype).to(x_t.device).reshape(-1, 1, 1) for c in coeffs[:2])
        shared = len(alpha) == len(sigma) == 1  # all rows at one time: then one set of tables serves them all
        if y is None:
            given = x_t.new_zeros(len(self.weights), 0)
        else:
            y, given, one_hot = y.to(x_t.device), self._given().to(x_t), torch.eye(self.classes + 1).to(x_t)
        at = self._at(alpha, sigma, given) if shared else None
        rows = max(1, BLOCK // (len(self.weights) * (1 if shared else self.dim)))
        for i in range(0, max(len(x_t), 1), rows):
            x, here = x_t[i : i + rows], at or self._at(alpha[i : i + rows], sigma[i : i + rows], given)
            # The square is multiplied out so that one matrix product serves every component, and the label with it.
            seen = [x * x, x] if y is None else [x * x, x, one_hot[y[i : i + rows]]]
            yield affine(here.constant, torch.cat(seen, -1), here.logits), here

    def _at(self, alpha, sigma, given) -> "_At":
        means, variances = self.means.to(alpha), self.variances.to(alpha)
        tau = alpha * alpha * variances + sigma * sigma
        one_over_tau = tau.reciprocal()
        m_over_tau = means * one_over_tau
        exponents = alpha * alpha * means * m_over_tau + (2 * math.pi * tau).log()
        return _At(
            self.weights.log().to(alpha) - 0.5 * exponents.sum(-1),
            torch.cat([-0.5 * one_over_tau, alpha * m_over_tau, given.expand(len(alpha), -1, -1)], -1),
            torch.cat([m_over_tau, variances * one_over_tau, one_over_tau], -1),
        )

    def _given(self) -> Tensor:
        """(M, classes + 1): what a label adds to the logits, p(x, k) -> p(x, k | y); the last column is that of no label.

        Components of other classes drop out, the rest are divided by the class's weight.
        """
        inside = self.labels[:, None] == torch.arange(self.classes)
        return torch.cat([torch.where(inside, -self.shares.log(), OUTSIDE), torch.zeros(len(inside), 1)], -1)


def _working(x_t: Tensor) -> Tensor:
    """x_t in at least single precision: in half, a square over a small variance has no digit left."""
    check_floats("x_t", x_t)
    return x_t.to(at_least_single(x_t.dtype))


class _At(NamedTuple):
    """The mixture's tables at one noise level, or one for each row: b = 1 or B."""

    constant: Tensor  # (b, M)
    logits: Tensor  # (b, M, 2D), with labels (b, M, 2D + classes + 1): coefficients of x^2, x and the label
    mixed: Tensor  # (b, M, 3D): m / tau, s^2 / tau, 1 / tau
