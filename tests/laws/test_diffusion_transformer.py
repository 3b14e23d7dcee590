"""The Diffusion Transformer: cutting and joining, a silent start, two ways to attend."""

import pytest
import torch

from lib import (
    DDPM,
    NO_LABEL,
    DiT,
    DiTBlock,
    FlowMatching,
    explicit_attention,
    patchify,
    randn,
    seeded,
    unpatchify,
)
from lib.kernels import GELU


def small(**changes) -> DiT:
    shape = {"width": 32, "depth": 2, "heads": 4, "t_scale": 1000, "classes": 10, "generator": seeded(0)}
    return DiT(8, 3, **shape | changes)


def stirred(net: torch.nn.Module) -> torch.nn.Module:
    """The net with every weight moved away from its start."""
    for i, p in enumerate(net.parameters()):
        p.data += 0.2 * randn(p.shape, generator=seeded(i))
    return net


@pytest.mark.parametrize("patch", [1, 2, 4])
def test_unpatchify_undoes_patchify(patch):
    x = randn((2, 3, 8, 8), generator=seeded(0))
    assert torch.equal(unpatchify(patchify(x, patch), patch, 3), x)


def test_a_token_is_one_patch_and_tokens_run_row_by_row():
    x = torch.arange(2 * 16.0).reshape(1, 2, 4, 4)
    tokens = patchify(x, 2)
    assert tokens[0, 1].tolist() == [2, 3, 6, 7, 18, 19, 22, 23]  # upper right patch: channel, row, column
    assert tokens[0, 2].tolist()[:2] == [8, 9]  # the second row of patches begins


def test_a_new_block_is_the_identity_and_a_new_net_answers_zero():
    x, c = randn((2, 5, 32), generator=seeded(0)), randn((2, 32), generator=seeded(1))
    assert torch.equal(DiTBlock(32, 4)(x, c), x)
    images = randn((2, 3, 8, 8), generator=seeded(2))
    assert small()(images, torch.rand(2), torch.tensor([3, NO_LABEL])).abs().max() == 0


def test_equal_seeds_start_from_equal_weights():
    one, same, other = (small(generator=seeded(n)).state_dict() for n in (0, 0, 1))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert sum(not torch.equal(one[name], other[name]) for name in one) == 12  # what starts random


def test_the_norms_have_no_weights_of_their_own():
    assert not any(isinstance(m, torch.nn.LayerNorm) for m in small().modules())
    block = stirred(DiTBlock(32, 4))
    x, c = randn((2, 5, 32), generator=seeded(0)), torch.zeros(2, 32)
    for p in block.modulation.parameters():
        p.data.zero_()
    assert torch.equal(block(x, c), x)  # zero modulation closes both gates whatever the other weights are


def test_sdpa_and_explicit_attention_agree_with_gradients():
    x, t, y = randn((2, 3, 8, 8), generator=seeded(0)), torch.tensor([0.2, 0.7]), torch.tensor([1, 2])
    nets = stirred(small()), stirred(small(attention=explicit_attention))
    outputs = [net(x, t, y) for net in nets]
    torch.testing.assert_close(*outputs, atol=1e-5, rtol=1e-5)
    for output in outputs:
        output.square().mean().backward()
    for mine, other in zip(*[net.parameters() for net in nets]):
        torch.testing.assert_close(mine.grad, other.grad, atol=1e-5, rtol=1e-4)


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")  # torch's own, when it prepares forward mode
def test_only_explicit_attention_has_a_forward_derivative():
    x, t = randn((1, 3, 8, 8), generator=seeded(0)), torch.tensor([0.3])
    net = stirred(small(attention=explicit_attention, classes=None, t_scale=1)).double()
    x, t = x.double(), t.double()
    _, slope = torch.func.jvp(lambda t: net(x, t), (t,), (torch.ones_like(t),))
    h = 1e-6
    torch.testing.assert_close(slope, (net(x, t + h) - net(x, t - h)) / (2 * h), atol=1e-5, rtol=1e-5)
    net = stirred(small(classes=None))
    with pytest.raises(NotImplementedError, match="forward"):
        torch.func.jvp(lambda t: net(x.float(), t), (t.float(),), (torch.ones(1),))


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")  # torch's own, when it prepares forward mode
def test_gelu_is_torchs_with_all_its_derivatives():
    x = 2 * randn((20,), like=torch.zeros(0, dtype=torch.float64), generator=seeded(0))
    for derivative in (
        lambda f: f,
        lambda f: torch.func.grad(lambda x: f(x).sum()),
        lambda f: torch.func.hessian(lambda x: f(x).sum()),  # forwards over backwards, under vmap
        lambda f: torch.func.jacrev(torch.func.grad(lambda x: f(x).sum())),
        lambda f: torch.func.vmap(f),
        lambda f: lambda x: torch.func.jvp(f, (x,), (x,))[1],
    ):
        # A few operations; seen: 4e-15.
        torch.testing.assert_close(derivative(GELU())(x), derivative(torch.nn.GELU("tanh"))(x), atol=1e-12, rtol=0)
    single = x.float().requires_grad_()
    assert torch.autograd.gradgradcheck(GELU(), (x.requires_grad_(),))
    torch.testing.assert_close(GELU()(single), torch.nn.GELU("tanh")(single), atol=1e-6, rtol=0)


def test_every_patch_hears_of_every_other():
    net, x = stirred(small()), randn((1, 3, 8, 8), generator=seeded(0)).requires_grad_()
    net(x, torch.tensor([0.5]), torch.tensor([1]))[0, 0, 0, 0].backward()
    assert (patchify(x.grad, 2).abs().amax(-1) > 0).all()


def test_time_and_class_are_heard_and_no_label_is_a_class_of_its_own():
    net, x = stirred(small()), randn((1, 3, 8, 8), generator=seeded(0))
    half, one = torch.tensor([0.5]), torch.tensor([1])
    base = net(x, half, one)
    assert not torch.allclose(base, net(x, torch.tensor([0.6]), one), atol=1e-3)
    assert not torch.allclose(base, net(x, half, torch.tensor([2])), atol=1e-3)
    assert not torch.allclose(base, net(x, half), atol=1e-3)
    assert torch.equal(net(x, half), net(x, half, torch.tensor([NO_LABEL])))


@pytest.mark.parametrize("process", [DDPM, FlowMatching])
def test_one_net_serves_both_processes(process):
    net = stirred(small(t_scale={DDPM: 1, FlowMatching: 1000}[process]))
    model, x = process(net), randn((4, 3, 8, 8), generator=seeded(0))
    y = torch.arange(4)
    model.loss(x, y, generator=seeded(1)).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())
    with torch.no_grad():
        assert model.sample((4, 3, 8, 8), 2, y=y, generator=seeded(2)).shape == x.shape


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: DiT(7), "do not tile"),
        (lambda: DiT(8, width=30, heads=3), "divisible by 4"),
        (lambda: DiT(8, width=32, heads=5), "multiple"),
        (lambda: patchify(torch.zeros(1, 1, 7, 7), 2), "do not tile"),
        (lambda: small()(torch.zeros(1, 1, 8, 8), torch.zeros(1)), "built for images of shape"),
        (
            lambda: small(classes=None)(torch.zeros(1, 3, 8, 8), torch.zeros(1), torch.zeros(1).long()),
            "without classes",
        ),
    ],
)
def test_sizes_that_do_not_fit_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()
