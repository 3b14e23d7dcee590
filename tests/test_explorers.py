"""The Python side of the explorers: what is handed to the browser, and what stands there where no script runs."""

import base64
import gzip
import inspect
import json
import re
import statistics
import struct
import subprocess
from itertools import product
from pathlib import Path

import pytest
import torch
from bs4 import BeautifulSoup
from scipy.optimize import linear_sum_assignment
from torch.utils.flop_counter import FlopCounterMode

from classroom.explorers import digits, dit, flow, k_budget, noising, reverse, t_scale, velocities, water
from classroom.explorers.figure import marks
from lib import (
    DDPM,
    DiT,
    FlowMatching,
    LinearPath,
    MLPDenoiser,
    Oracle,
    explicit_attention,
    randn,
    rk4,
    sample,
    seeded,
    split,
    two_moons,
    two_moons_mixture,
)
from lib.data import digits as load_digits
from lib.trained.k_budget import k_table_floor
from tests.test_notebooks import weak_alt
from tools.site import tree
from tools.site.explorers import NODE
from tools.site.gallery import LISTS, explorer, gallery, pictures

KB = 1000


def parts(text: str) -> tuple[BeautifulSoup, dict]:
    """An explorer's HTML, and its data."""
    soup = BeautifulSoup(text, "html.parser")
    return soup, json.loads(soup.find("script", class_="kx-data").string)


WITH_CANVAS = [name for name in gallery() if name not in LISTS]


@pytest.mark.parametrize("name", WITH_CANVAS)
def test_an_explorer_is_a_figure_that_says_something_without_its_script(name):
    soup, data = parts(explorer(name))
    figure, image = soup.find("figure", class_="kx"), soup.find("img", class_="kx-poster")
    assert figure["id"] == f"explorer-{figure['data-explorer']}" and figure["data-explorer"].replace("-", "_") == name
    assert not weak_alt(image["alt"]) and len(soup.figcaption.get_text()) > 40
    assert image["src"].startswith("data:image/png;base64,") and 600 < int(image["width"]) <= 720
    assert data


@pytest.mark.parametrize("name", WITH_CANVAS)
def test_an_explorer_is_light(name):
    soup, _ = parts(explorer(name))
    data = soup.find("script", class_="kx-data").string.encode()
    script = soup.find("script", type="module").string.encode()
    assert len(gzip.compress(data)) <= 60 * KB
    assert len(gzip.compress(script)) <= 50 * KB


def test_the_same_call_gives_the_same_bytes():
    assert noising.show().data == noising.show().data


def test_a_mixture_travels_to_seven_digits():
    _, data = parts(noising.show().data)
    means = torch.tensor(data["mixture"]["means"], dtype=torch.float64)
    assert torch.allclose(means, two_moons_mixture().means.flatten(), rtol=1e-6, atol=0)
    assert not torch.equal(means, two_moons_mixture().means.flatten())


def test_a_quality_stands_between_the_floor_and_doing_nothing():
    """The floor is that of the K-budget grid; the Gaussian is worse and the noise, which is wider than it, a little worse."""
    handed, floor = marks(300), k_table_floor(300)
    assert handed["floor"] == pytest.approx([floor.mean, floor.sd], rel=1e-6)
    assert 2 * floor.mean < handed["gaussian"][0] < handed["nothing"][0] < 5 * floor.mean
    assert handed["off"][0] == 0.01 < 0.5 < handed["off"][1] < handed["off"][2]
    _, data = parts(k_budget.show().data)
    assert data["marks"] == json.loads(json.dumps(handed))


@pytest.mark.parametrize("t", [0.0, 0.5, 0.88, 1.0])
def test_the_mean_square_of_the_field_is_that_of_many_points(t):
    """Over a grid, and over points that were drawn. What is left of the velocities' mean square is the loss of the oracle."""
    x_data = two_moons(20_000, generator=seeded(1), dtype=torch.float64)[0]
    eps = randn(x_data.shape, like=x_data, generator=seeded(2))
    c = LinearPath().coeffs(t)
    u = Oracle(two_moons_mixture(), LinearPath()).estimate(c.add_noise(x_data, eps), t).velocity(c)
    field, loss = velocities.mean_square_field(t), (u - (x_data - eps)).square().mean().item()
    assert field == pytest.approx(u.square().mean().item(), abs=0.03)
    assert velocities.total() - field == pytest.approx(loss, abs=0.03)
    assert velocities.total() == pytest.approx(2)


def test_the_irreducible_loss_over_the_clock_is_that_of_chapter_01():
    """Its marks in the explorer, by the trapezoidal rule."""
    _, data = parts(velocities.show().data)
    t, left = (torch.tensor(data["marks"][name], dtype=torch.float64) for name in ("t", "left"))
    assert torch.trapezoid(left, t).item() == pytest.approx(1.39, abs=0.005)


@pytest.mark.parametrize("classes", [None, 2])
def test_weights_travel_in_half_precision(classes):
    model = FlowMatching(MLPDenoiser(width=8, depth=2, embed_dim=4, t_scale=1000.0, classes=classes))
    _, data = parts(flow.show(flow=model).data)
    net = data["trained"]["linear"]
    assert net["shape"] == [6, 8, 8, 2] and net["target"] == "u" and net["scale"] == 1000 and net["embed"] == 4
    raw = base64.b64decode(net["weights"])
    values = torch.tensor(struct.unpack(f"<{len(raw) // 2}e", raw))
    own = torch.cat([p.detach().flatten() for p in model.net.layers.parameters()])
    assert torch.equal(values[: len(own)], own.half().float())
    assert net["classes"] == (classes or 0) and len(values) == len(own) + (0 if classes is None else 3 * 4)


def test_a_ddpm_travels_under_its_own_path():
    _, data = parts(reverse.show(ddpm=DDPM(MLPDenoiser(width=8, embed_dim=4))).data)
    assert list(data["trained"]) == ["ddpm"] and data["trained"]["ddpm"]["target"] == "eps"


def test_an_opening_has_its_own_id_picture_words_and_controls():
    (plain, without), (ddim, given) = (parts(reverse.show(opening=opening).data) for opening in reverse.OPENINGS)
    assert ddim.figure["id"] == "explorer-reverse-ddim" and ddim.figure["data-explorer"] == "reverse"
    assert without["first"] == {} and given["first"] == {"eta": 0, "K": 30, "start": 40}
    for part in ("src", "alt"):
        assert plain.img[part] != ddim.img[part]
    assert plain.figcaption.text != ddim.figcaption.text
    assert list(pictures("reverse")) == ["reverse", "reverse-ddim"] and list(pictures("t_scale")) == ["t-scale"]


def test_a_model_on_another_path_is_refused():
    with pytest.raises(ValueError, match="linear_betas"):
        reverse.show(ddpm=DDPM(MLPDenoiser(), betas=torch.linspace(1e-4, 0.03, 1000)))
    with pytest.raises(ValueError, match="LinearPath"):
        flow.show(flow=DDPM(MLPDenoiser()))


def test_a_dimension_outside_the_menu_is_refused():
    with pytest.raises(ValueError, match="32, 64 and 128"):
        t_scale.show(dim=256)


# ---- the parts of a DiT ------------------------------------------------------------------------------------------------------


def test_every_part_of_the_dit_shows_a_line_of_lib():
    _, data = parts(explorer("dit"))
    source = Path(inspect.getsourcefile(dit.DiT)).read_text()
    lines = {line.strip().split("  #")[0] for line in source.splitlines()}
    assert all(part["line"] in lines for part in data["parts"]) and len(data["parts"]) == len(dit.PARTS) == 14
    with pytest.raises(ValueError, match=r"0 lines of DiT\.forward begin"):
        dit.line(dit.PARTS[0]._replace(line="c = nothing"))


def test_the_costs_of_the_parts_are_those_of_a_whole_net_with_labels():
    """In the net that the page measures: every weight belongs to one part, and every product to one part, too."""
    sizes = {"patch": 8, "width": 64, "depth": dit.DEPTH, "heads": dit.HEADS, "classes": dit.CLASSES}
    net = DiT(dit.SIZE, dit.CHANNELS, **sizes, attention=explicit_attention)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        out = net(torch.zeros(1, *net.shape), 0.5, torch.tensor([3]))
    found = dit.measured(8, 64)
    assert sum(found["weights"]) == sum(weight.numel() for weight in net.parameters())
    assert sum(found["flops"]) == counter.get_total_flops()
    assert found["shapes"][-1] == list(out.shape[1:]) and [16, 64] in found["shapes"]
    blocks = sum(weight.numel() for weight in net.blocks.parameters())
    assert sum(found["weights"][slice(*dit.BLOCK)]) == blocks
    # Scores and means of all pairs: 2 N^2 W multiplications and as many additions each, in every block.
    assert found["pairs"] == dit.DEPTH * 2 * 2 * 16**2 * 64


def test_a_new_dit_learns_from_its_end():
    learns = dict(zip([part.name for part in dit.PARTS], dit.first_steps(), strict=True))
    assert {name for name, step in learns.items() if step == 1} == {"head"}
    assert {name for name, step in learns.items() if step == 2} == {"embed", "gate 1", "gate 2", "final modulate"}
    assert {name for name, step in learns.items() if step == 0} == {"patchify", "positions", "unpatchify"}
    assert {"time", "label", "attention", "MLP"} < {name for name, step in learns.items() if step == 3}


def test_the_dit_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    dit.first_steps.__wrapped__()
    dit.measured(8, 64)
    assert torch.equal(torch.get_rng_state(), before)


# ---- the average of the weights ----------------------------------------------------------------------------------------------


def test_what_is_said_of_averages_holds_in_the_measurements():
    """At a constant rate an average helps until it remembers its beginning; under a cosine there is nothing to help."""
    _, data = parts(explorer("ema"))
    halves = data["half_lives"]

    def end(schedule, length, half=None):
        seeds = data["runs"][schedule][str(length)]["end"][0 if half is None else 1 + halves.index(half)]
        assert len(seeds) >= 5
        return statistics.median(seeds)

    assert all(end("constant", n, 50) < 0.75 * end("constant", n) for n in (500, 1000, 2000))
    assert all(end("constant", n, 1000) > 3 * end("constant", n) for n in data["lengths"])
    assert all(end("cosine", n, 50) == pytest.approx(end("cosine", n), rel=0.1) for n in (1000, 2000))


# ---- what the script itself computes -------------------------------------------------------------------------------------------


def answer(script: str, asked: list) -> dict | list:
    """What a module for Node prints as JSON, which reads `asked` from its input and imports from the root."""
    run = subprocess.run(
        [NODE, "--input-type=module", "-e", script],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        cwd=tree.ROOT,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


# ---- the water level ---------------------------------------------------------------------------------------------------------

WATER = """\
globalThis.matchMedia = () => ({});
const { default: water, decode, measures } = await import("./classroom/explorers/water.js");
const { readFileSync } = await import("fs");
const [data, states] = JSON.parse(readFileSync(0, "utf8"));
const world = water.prepare(data);
const xi = Array.from({ length: world.along[0].length }, (_, i) => Math.sin(i));
console.log(JSON.stringify(states.map(([level, m]) => ({
  ...measures(world, level, m),
  said: water.say({ level, m }, world),
  pictures: world.along.map((c) => [decode(world, level, m, c), decode(world, level, m, c, xi)].map((x) => [...x])),
}))));
"""


@pytest.fixture(scope="module")
def flooded() -> dict:
    """What the explorer computes, by (level, numbers of the latent)."""
    _, data = parts(explorer("water"))
    states = list(product(data["levels"], (16, 64)))
    return dict(zip(states, answer(WATER, [data, states]), strict=True))


def test_the_water_level_is_the_best_linear_autoencoder(flooded):
    """Encoder, decoder and tau as chapter 13 derives them, in matrices: the errors of draws on both halves, and the pictures."""
    (train, _), (held_out, labels) = split(*load_digits(), 500)
    mean, kappa, axes = water.principal(train)
    first = [labels.tolist().index(label) for label in dict.fromkeys(labels.tolist())][:4]
    for (level, m), found in flooded.items():
        tau2 = (level / kappa[:m]).clamp(max=1)
        w, a = (level * (1 - tau2) / tau2).sqrt(), (tau2 * (1 - tau2) / level).sqrt()
        encoder, decoder = axes[:, :m] * a, (axes[:, :m] * w).T
        for images, name in ((train, "error"), (held_out, "unseen")):
            flat = images.flatten(1).double() - mean
            error = (flat - flat @ encoder @ decoder).square().sum(1).mean() + (tau2[:, None] * decoder.square()).sum()
            assert found[name] == pytest.approx(error.item(), abs=5e-4)
        assert found["used"] == (tau2 < 1).sum()
        assert found["share"] == pytest.approx(tau2[tau2 < 1].mean().nan_to_num(0).item(), abs=1e-3)
        z = (held_out[first].flatten(1).double() - mean) @ encoder
        z = torch.stack([z, z + tau2.sqrt() * torch.arange(m).sin()], 1)
        assert torch.allclose(torch.tensor(found["pictures"], dtype=z.dtype), mean + z @ decoder, rtol=0, atol=5e-3)


def test_the_water_level_says_the_numbers_of_chapter_13(flooded):
    """Those of its table of trained autoencoders."""
    chapter = json.loads((tree.ROOT / "notebooks" / "13_latent_diffusion.ipynb").read_text())
    shown = [html for cell in chapter["cells"] for output in cell.get("outputs", ())
             if "numbers in use, predicted" in (html := "".join(output.get("data", {}).get("text/html", ())))]  # fmt: skip
    rows = [
        [cell.get_text() for cell in row.select("th, td")]
        for row in BeautifulSoup(*shown, "html.parser").select("tbody tr")
    ]
    assert [row[0] for row in rows] == ["0.05", "0.5", "1.3"]
    for level, error, _, used, *_ in rows:
        said = flooded[float(level), 16]["said"]
        assert f"Numbers in use: {used} of 16" in said and f"Error per image: {error} predicted" in said
        assert float(said.split("KL weight β = ")[1].split(". ")[0]) == pytest.approx(2 * 16 * float(level) / 64)


# ---- who is paired with whom --------------------------------------------------------------------------------------------------

PAIRING = """\
globalThis.matchMedia = () => ({});
const { default: pairing, paired, nearest, landing } = await import("./classroom/explorers/pairing.js");
const { readFileSync } = await import("fs");
const [data, states] = JSON.parse(readFileSync(0, "utf8"));
const world = pairing.prepare(data);
const ended = (work) => { for (;;) { const { done, value } = work.next(); if (done) return value; } };
const first = (state) => Object.fromEntries(pairing.controls(world).map(({ id, value }) => [id, state[id] ?? value]));
console.log(JSON.stringify({
  x: [...world.x], y: [...world.y], noise: [...world.noise], ends: [...world.ends],
  mine: Object.fromEntries(["noise", "data", "first"].map((name) => [name, [...world.mine[name]]])), least: world.mine.least,
  reflow: (ended(pairing.work(first({ how: "ends" }), world)), pairing.say(first({ how: "ends" }), world)),
  states: states.map(([size, label]) => {
    const { noise, data } = ended(paired(world, size, label));
    const landed = landing(ended(nearest(world.noise.subarray(0, 200), noise, 40)), data);
    ended(pairing.work(first({ size, label }), world));
    return { noise: [...noise], data: [...data], landed: [...landed], said: pairing.say(first({ size, label }), world) };
  }),
}));
"""


@pytest.fixture(scope="module")
def paired_up() -> dict:
    """What the explorer computes: its points, and pairs and landing points by (size of a batch, label)."""
    _, data = parts(explorer("pairing"))
    states = list(product((1, 4, 64, 256), ("none", "ignored", "class")))
    found = answer(PAIRING, [data, states])
    return found | {"states": dict(zip(states, found["states"], strict=True))}


def plane(flat: list[float]) -> torch.Tensor:
    return torch.tensor(flat, dtype=torch.float64).reshape(-1, 2)


def test_pairs_are_the_optimal_ones_and_a_step_lands_on_the_mean_of_near_partners(paired_up):
    """The same assignment as SciPy's, batch by batch."""
    x, y, eps = plane(paired_up["x"]), torch.tensor(paired_up["y"]), plane(paired_up["noise"])
    for (size, label), found in paired_up["states"].items():
        rows = (y == 0).nonzero().squeeze(1) if label == "class" else torch.arange(len(x))
        pairs = []
        for batch in rows.split(size):
            cost = torch.cdist(eps[batch], x[batch]).square()
            pairs += zip(batch.tolist(), batch[linear_sum_assignment(cost.numpy())[1]].tolist(), strict=True)
        row, partner = torch.tensor([pair for pair in pairs if label == "none" or y[pair[1]] == 0]).T
        noise, data = plane(found["noise"]), plane(found["data"])
        assert torch.equal(noise, eps[row]) and torch.equal(data, x[partner])
        far, near = torch.cdist(eps[:100], noise, compute_mode="donot_use_mm_for_euclid_dist").topk(41, largest=False)
        weights = 1 - far[:, :40].square() / far[:, 40:].square()
        mean = (weights[..., None] * data[near[:, :40]]).sum(1) / weights.sum(1, keepdim=True)
        assert torch.allclose(plane(found["landed"]), mean, rtol=0, atol=1e-6)


def test_pairs_of_the_flow_end_where_the_flow_of_lib_does(paired_up):
    noise, found = plane(paired_up["noise"]), plane(paired_up["ends"])
    model = Oracle(two_moons_mixture(), LinearPath())
    assert (sample(model, noise[:200], 400, rk4) - found[:200]).norm(dim=1).max() < 0.1
    assert torch.allclose(sample(model, noise, 40, rk4), found, rtol=1e-3, atol=1e-3)


def test_a_step_along_the_flows_own_pairs_lands_on_their_ends(paired_up):
    """A noise has one partner there: no mean is taken, and no haze is left."""
    assert (
        float(re.search(r"with (\d+) % of the points off", paired_up["reflow"])[1]) <= 2
    )  # seen: 1; 14 by means of 40


def test_pairing_says_the_numbers_of_chapter_06b(paired_up):
    def said(size, label, words):
        return float(re.search(rf"{words} (\d+\.\d+)", paired_up["states"][size, label]["said"])[1])

    for size, cost in ((1, 4.02), (4, 2.13), (64, 0.51), (256, 0.37)):
        assert said(size, "none", "mean square distance") == pytest.approx(cost, rel=0.1)
    assert said(256, "ignored", "is paired with is") == pytest.approx(0.71, abs=0.03)
    assert said(256, "class", "is paired with is") < 0.05
    assert said(256, "class", "mean square distance") == pytest.approx(1.44, rel=0.1)


def test_the_pairs_by_hand_begin_badly_and_can_be_paired_as_well_as_possible(paired_up):
    mine = paired_up["mine"]
    noise, data = plane(mine["noise"]), plane(mine["data"])
    square = torch.cdist(noise, data).square()
    rows, columns = linear_sum_assignment(square.numpy())
    assert paired_up["least"] == pytest.approx(square[rows, columns].mean().item())
    first = mine["first"]
    assert sorted(first) == list(range(16)) and square[torch.arange(16), first].mean() > 10 * paired_up["least"]


# ---- frames of pictures ------------------------------------------------------------------------------------------------------


def frames(*shape: int) -> torch.Tensor:
    return torch.linspace(-1.2, 1.2, torch.Size(shape).numel()).reshape(shape)


def test_digits_are_sixteen_levels_two_a_byte():
    text = digits.show(frames(1, 2, 1, 1, 3, 3), [5], [0, 1], ["a"], alt="A picture", caption="Caption").data
    _, data = parts(text)
    raw = base64.b64decode(data["pixels"])
    levels = [level for byte in raw for level in (byte >> 4, byte & 15)]
    expected = ((frames(18).clamp(-1, 1) + 1) * 7.5).round().int().tolist()
    assert levels == expected and levels[0] == 0 and levels[-1] == 15


@pytest.mark.parametrize("shape", [(2, 2, 1, 1, 3, 3), (1, 2, 1, 3, 3), (1, 2, 2, 1, 3, 3)])
def test_frames_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match="frames must have the shape"):
        digits.show(frames(*shape), [5], [0, 1], ["a"], alt="A picture", caption="Caption")


def test_no_text_of_ours_ends_the_script_early():
    text = digits.show(frames(1, 1, 1, 1, 2, 2), [5], [1], ["</script><b>"], alt='"<', caption="<i>").data
    soup, data = parts(text)
    assert data["labels"] == ["</script><b>"] and not soup.find("b") and not soup.find("i")
    assert soup.img["alt"] == '"<'
