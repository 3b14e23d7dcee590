"""Diffusion, flow matching and the Diffusion Transformer, knob by knob: the code of the book.

x_data, eps --path.coeffs(t)--> x_t              noising
x_t, t, y   ---net--> output --solve--> Estimate inference
Estimate    --step rule (t -> s)--> x_s          sampling

The noising path and its times are in diffusion (betas, schedules), flow_matching and grids; the middle line in prediction,
learned and oracle; step rules, which the field also calls solvers, in samplers. nets/ has the networks, trained/ those that
learned.
"""

from lib.clipping import Clipped
from lib.data import Standardizer, batches, digits, mnist_subset, split, two_moons, two_moons_mixture
from lib.diffusion import (
    DDPM,
    DiscreteSchedule,
    cosine_betas,
    linear_betas,
    scaled_linear_betas,
    sigmoid_betas,
    zero_terminal_snr,
)
from lib.ema import EMA
from lib.flow_matching import CosinePath, FlowMatching, LinearPath, VPPath, shift_times
from lib.grids import karras_sigmas, leading_grid, quadratic_grid, trailing_grid
from lib.guidance import Guided
from lib.labels import NO_LABEL, drop_labels
from lib.learned import Learned
from lib.metrics import (
    energy_distance,
    frechet_distance,
    mean_log_density,
    noise_floor,
    precision_recall,
    share_off,
    sliced_wasserstein,
    spread,
    yardsticks,
)
from lib.mixture import GaussianMixture
from lib.nets.autoencoder import Autoencoder
from lib.nets.classifier import Classifier
from lib.nets.dit import DiT, DiTBlock, explicit_attention, patchify, unpatchify
from lib.nets.embedding import LabelEmbedding, SinusoidalTimeEmbedding
from lib.nets.ensemble import Ensemble, beside, each
from lib.nets.mlp import MLPDenoiser
from lib.nets.unet import UNet
from lib.oracle import EmpiricalOracle, Oracle
from lib.pictures import augment, emoji, faces, fashion_mnist
from lib.prediction import TARGETS, Coeffs, Estimate, make_target, min_snr_weight, solve, target_row
from lib.samplers import (
    State,
    ancestral,
    calls_a_step,
    ddim,
    dpmpp_2m,
    euler,
    heun,
    rk4,
    sample,
    walk,
)
from lib.seeding import randn, seeded
from lib.trained.images import load_autoencoder, load_classifier, load_model
from lib.training import fit
