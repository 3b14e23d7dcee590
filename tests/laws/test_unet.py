"""The U-Net: a silent start, the whole picture seen, sizes that fit."""

import pytest
import torch

from lib import NO_LABEL, UNet, randn, seeded


def small(**changes) -> UNet:
    return UNet(8, 3, **{"width": 8, "t_scale": 1000, "classes": 4, "generator": seeded(0)} | changes)


def stirred(net: UNet) -> UNet:
    """The net with every weight moved away from its start."""
    for i, p in enumerate(net.parameters()):
        p.data += 0.2 * randn(p.shape, generator=seeded(i))
    return net


X, Y = randn((2, 3, 8, 8), generator=seeded(0)), torch.tensor([3, NO_LABEL])


def test_a_new_net_answers_zero():
    assert small()(X, torch.rand(2), Y).abs().max() == 0


@pytest.mark.parametrize("levels", [1, 2, 3, 4])
def test_it_answers_in_the_shape_of_the_picture(levels):
    assert stirred(small(levels=levels))(X, 0.5, Y).shape == X.shape


def test_equal_seeds_start_from_equal_weights():
    one, same, other = (small(generator=seeded(n)).state_dict() for n in (0, 0, 1))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_every_pixel_sees_every_pixel_and_rows_do_not_see_each_other():
    """A convolution sees 3x3; what is far away comes through the attention at the coarsest size."""
    net, far = stirred(small(levels=1)), X.clone()
    far[0, :, 7, 7] += 1
    change = (net(far, 0.5, Y) - net(X, 0.5, Y)).abs().amax(1)
    assert (change[0] > 0).all() and change[1].max() == 0


def test_the_kept_results_carry_the_detail():
    """Past the coarsest size, 2x2 positions of 16 channels, come at most 64 of the 192 directions of a picture."""

    def directions(net: UNet) -> int:
        slope = torch.func.jacrev(lambda x: net(x[None], 0.5))(X[0].double())
        return torch.linalg.matrix_rank(slope.reshape(192, 192), rtol=1e-7).item()

    net = stirred(small().double())
    assert directions(net) > 150
    for block in net.up:
        block.conv1.weight.data[:, -block.conv2.weight.shape[1] :] = 0  # what was kept is laid behind
        block.skip.weight.data[:, -block.conv2.weight.shape[1] :] = 0
    assert directions(net) < 70  # a norm may still see the mean and variance of what was kept


def test_time_and_class_matter_and_a_number_is_a_time_for_all():
    net = stirred(small())
    torch.testing.assert_close(net(X, 0.5, Y), net(X, torch.full((2,), 0.5), Y))
    assert not torch.equal(net(X, 0.5, Y), net(X, 0.6, Y))
    changed = (net(X, 0.5, torch.tensor([2, NO_LABEL])) - net(X, 0.5, Y)).abs().amax((1, 2, 3))
    assert changed[0] > 0 and changed[1] == 0
    assert torch.equal(net(X, 0.5), net(X, 0.5, torch.tensor([NO_LABEL, NO_LABEL])))


def test_every_weight_learns():
    net = stirred(small())
    net(X, torch.tensor([0.2, 0.7]), Y).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in net.parameters())


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: UNet(8, width=12), "multiple of 8"),
        (lambda: UNet(28, levels=4), "cannot be halved 3 times"),
        (lambda: UNet(0), "size"),
        (lambda: small()(X[:, :, :4], 0.5), "images"),
        (lambda: small()(X, torch.rand(3)), "each of the 2"),
        (lambda: small(classes=None)(X, 0.5, Y), "without classes"),
    ],
)
def test_what_does_not_fit_is_said(make, words):
    with pytest.raises(ValueError, match=words):
        make()
