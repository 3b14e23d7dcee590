"""Nets side by side answer and learn as they would alone."""

import pytest
import torch

from lib import FlowMatching, MLPDenoiser, batches, randn, seeded, two_moons
from lib.nets.ensemble import Ensemble, beside, each
from lib.training import stratified_uniform

COUNT, B = 3, 32


def nets(classes=None, **settings):
    torch.manual_seed(0)
    return [MLPDenoiser(width=16, t_scale=1000, classes=classes, **settings) for _ in range(COUNT)]


@pytest.mark.parametrize(("classes", "labels"), [(None, False), (2, True), (2, False)])
def test_each_part_of_a_batch_is_answered_by_its_own_net(classes, labels):
    alone = nets(classes)
    x, t = randn((COUNT * B, 2), generator=seeded(1)), torch.rand(COUNT * B, generator=seeded(2))
    y = torch.arange(COUNT * B) % 3 - 1 if labels else None
    parts = zip(alone, x.chunk(COUNT), t.chunk(COUNT), y.chunk(COUNT) if labels else [None] * COUNT)
    expected = torch.cat([net(*part) for net, *part in parts])
    assert torch.allclose(Ensemble(alone)(x, t, y), expected, atol=1e-6)  # another order of adding up


@pytest.mark.parametrize("classes", [None, 2])
def test_taken_apart_they_are_what_was_put_in(classes):
    alone = nets(classes)
    for one, other in zip(alone, Ensemble(alone).apart(), strict=True):
        assert one is not other
        states = one.state_dict(), other.state_dict()
        assert states[0].keys() == states[1].keys() and all(torch.equal(states[0][k], states[1][k]) for k in states[0])


def learned(net, parts, steps=30):
    """The answers of a net after some steps of Adam on these batches (x, y, t, eps), and the loss of the last."""
    model, adam = FlowMatching(net), torch.optim.Adam(net.parameters(), lr=1e-2)
    for x, y, t, eps in parts[:steps]:
        loss = model.loss(x, y, t=t, eps=eps)
        adam.zero_grad()
        loss.backward()
        adam.step()
    return loss.item()


def test_they_learn_as_they_would_alone():
    def own(k):
        data, g = batches(*two_moons(2000, generator=seeded(3)), size=B, generator=seeded(k)), seeded(10 + k)
        return [(*next(data), torch.rand(B, generator=g), randn((B, 2), generator=g)) for _ in range(30)]

    alone, streams = nets(2), [own(k) for k in range(COUNT)]
    together = Ensemble(alone)
    loss = learned(together, [tuple(map(torch.cat, zip(*parts))) for parts in zip(*streams)])
    losses = [learned(net, parts) for net, parts in zip(alone, streams)]
    assert loss == pytest.approx(sum(losses) / COUNT, rel=1e-3)
    exam = randn((200, 2), generator=seeded(5)), torch.rand(200, generator=seeded(6))
    with torch.no_grad():
        answers = torch.stack([net(*exam) for net in alone])
        found = torch.stack([net(*exam) for net in together.apart()])
    # Rounding (seen: 6e-5) is far below what tells the nets apart.
    assert (found - answers).abs().max() < 0.02 * (answers[0] - answers[1]).abs().mean()


def test_streams_and_times_are_laid_side_by_side():
    x, y = two_moons(100, generator=seeded(3))
    streams = [batches(x, y, size=5, generator=seeded(k)) for k in range(2)]
    (both, labels), (one, its), (other, _) = (
        next(beside(*streams)),
        *[next(batches(x, y, size=5, generator=seeded(k))) for k in range(2)],
    )
    assert torch.equal(both, torch.cat([one, other])) and torch.equal(labels[:5], its)
    assert next(beside(batches(x, size=5)))[1] is None
    t = each(stratified_uniform, 2)(20, generator=seeded(0))
    for part in t.chunk(2):  # each net's own times are spread evenly
        assert (part.sort().values * 10).floor().tolist() == list(range(10))


def test_what_cannot_stand_side_by_side_is_refused():
    with pytest.raises(ValueError, match="one shape, t_scale"):
        Ensemble([MLPDenoiser(), MLPDenoiser(t_scale=1000)])
    with pytest.raises(ValueError, match="got 2 kinds"):
        Ensemble([MLPDenoiser(), MLPDenoiser(width=64)])
    with pytest.raises(ValueError, match="equal parts; got 4 rows"):
        Ensemble(nets())(torch.zeros(4, 2), torch.zeros(4))
    with pytest.raises(ValueError, match="without classes"):
        Ensemble(nets())(torch.zeros(3, 2), torch.zeros(3), torch.zeros(3).long())
    with pytest.raises(ValueError, match="Unknown label"):
        Ensemble(nets(2))(torch.zeros(3, 2), torch.zeros(3), torch.tensor([0, 1, 2]))
