"""The data of the playground: shapes, words, pictures and drawings as mixtures, exact as in lib, whatever is drawn."""

import pytest
import torch

from lib.data import two_moons_mixture
from lib.metrics import share_off
from lib.mixture import GaussianMixture
from lib.prediction import Coeffs
from lib.seeding import randn, seeded
from tests.explorers.playground import ask, spoilt

LONG = 100  # milliseconds of work in one piece that a reader may notice


def lib_mixture(data: dict) -> GaussianMixture:
    table = {key: torch.tensor(value, dtype=torch.float64) for key, value in data.items()}
    pair = (table["means"].reshape(-1, 2), table["variances"].reshape(-1, 2))
    return GaussianMixture(table["weights"], *pair, table["labels"].long())


# ---- shapes, and any cloud as a mixture ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shapes():
    source = (
        "return SHAPES.slice(0, -1).map(({name}) => { const c = shape(name); return {name, ...c, ...toMixture(c)} })"
    )
    return {made["name"]: made for made in ask(source)}


def test_the_moons_are_those_of_the_book(shapes):
    mixture, book = lib_mixture(shapes["moons"]["data"]), two_moons_mixture()
    assert torch.allclose(mixture.means, book.means, atol=1e-12)  # twice the size and moved; seen: 7e-16
    assert torch.allclose(mixture.variances, book.variances, atol=1e-12)  # seen: 3e-18
    assert torch.equal(mixture.labels, book.labels)


def test_shapes_fill_the_plane_with_two_classes(shapes):
    assert list(shapes) == ["moons", "checkerboard", "spiral", "gaussians", "letters"]
    for name, made in shapes.items():
        x = torch.tensor(made["x"]).reshape(-1, 2)
        assert 2 < x.abs().max() <= 3.2 and sorted(set(made["y"])) == [0, 1], name
        assert len(made["data"]["weights"]) <= 600 and made["note"] is None and made["thinned"] is None, name


CLOUD = """
const g = core.generator(given.seed);
const x = Float64Array.from({length: 2 * given.n}, () => 3 * g.normal());
const y = Int32Array.from({length: given.n}, () => (g.uniform() < 0.4 ? 1 : 0));
"""


def test_a_cloud_is_the_standardised_mixture_of_its_points():
    """Densities and estimates equal those of lib's mixture on the same points, which lib itself standardises."""
    source = f"""{CLOUD}
    const made = toMixture({{x, y}}, 0.3);
    const mixture = core.gaussianMixture(made.data);
    const at = Float64Array.from(given.at);
    const label = Int32Array.from({{length: at.length / 2}}, (_, i) => i % 3 - 1);
    return {{x, y, ...made, logProb: mixture.logProb(at), ...mixture.estimate(at, given.c, label), label}};"""
    at, c = 2 * randn((40, 2), generator=seeded(0)).double(), {"alpha": 0.6, "sigma": 0.7}
    found = ask(source, {"seed": 3, "n": 120, "at": at.flatten().tolist(), "c": c})
    means = torch.tensor(found["x"], dtype=torch.float64).reshape(-1, 2)
    full = torch.full((120,), 1 / 120, dtype=torch.float64)
    book = GaussianMixture(full, means, torch.full_like(means, 0.09), torch.tensor(found["y"]))
    book = book.rescaled(book.mean, book.variance.sqrt())
    assert torch.allclose(book.mean, torch.zeros(2).double(), atol=1e-9)  # of lib alone
    assert torch.allclose(torch.tensor(found["logProb"]).double(), book.log_prob(at), atol=1e-9)  # seen: 6e-15
    exact = book.estimate(at, Coeffs(0.6, 0.7), torch.tensor(found["label"]))
    for name in ("x0", "eps"):
        assert torch.allclose(
            torch.tensor(found[name]).double().reshape(-1, 2), getattr(exact, name), atol=1e-9
        )  # 4e-15


def test_equal_points_are_one_with_their_weight():
    made = ask("return toMixture({x: [0, 0, 1, 2, 0, 0, 0, 0], y: [0, 0, 0, 1]}, 0.1)")
    assert made["data"]["weights"] == [0.5, 0.25, 0.25] and made["thinned"] is None
    assert made["data"]["labels"] == [0, 0, 1]  # a point of the other class stays one of its own


def test_a_class_alone_is_the_first_of_the_mixture_and_keeps_its_colour():
    made = ask("return toMixture({x: [0, 0, 1, 2], y: [1, 1]}, 0.1)")
    assert made["data"]["labels"] == [0, 0] and made["colours"] == [1]


def test_ten_thousand_points_are_put_together_evenly():
    found = ask(f"""{CLOUD}
    toMixture({{x, y}}, 0.2); // until the code is hot
    const before = performance.now();
    const made = toMixture({{x, y}}, 0.2);
    const ms = performance.now() - before;
    return {{...made, ms, x, y}};""", {"seed": 1, "n": 10_000})  # fmt: skip
    assert found["ms"] < LONG  # seen: 9
    assert found["thinned"] == 10_000 and "10000 points" in found["note"]
    assert 300 < len(found["data"]["weights"]) <= 600
    mixture = lib_mixture(found["data"])
    points = (torch.tensor(found["x"]).reshape(-1, 2) - torch.tensor(found["shift"])) / torch.tensor(found["scale"])
    assert torch.allclose(
        mixture.mean, points.mean(0).double(), atol=1e-5
    )  # it is kept, for each cell has its points' mean
    assert mixture.shares[1].item() == pytest.approx(sum(found["y"]) / 10_000)
    assert share_off(points, mixture) < 0.06  # a cell is wider than the bandwidth here; a perfect sample has 0.01


# What a hand, a file or a link may give: a mixture that can be computed with, or a sentence.
ODD = {
    "one point": ([1, 2], [0], "All points are one"),
    "two equal points": ([1, 2, 1, 2], [0, 0], "All points are one"),
    "an upright line": ([1, -1, 1, 0, 1, 2], [0, 1, 0], "All points have one x"),
    "a level line": ([-1, 1, 0, 1], [0, 1], "All points have one y"),
    "NaN among them": ([None, 1, 0, 0, 1, 1], [0, 1, 1], "1 of the points had no place in the plane and is left out"),
    "far away": ([1e300, 1, 0, 0, 1, 1], [0, 1, 1], "left out"),
    "all NaN": ([None, 1], [0], "None of these points has a place"),
    "none": ([], [], "There is no point yet"),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_drawings_are_a_picture_or_a_sentence(name):
    x, y, says = ODD[name]
    found = ask("""
    try {
      const made = toMixture({x: given[0].map((v) => v ?? NaN), y: given[1]}, 0.15);
      const mixture = core.gaussianMixture(made.data);
      const state = clean({});
      const model = modelOf(state, mixture);
      const end = core.sample(model, core.normals(200, core.generator(1)), gridOf(state, model.path), ruleOf(state));
      const { judge, floor } = finish(marks(mixture, 100));
      return {note: made.note, end, judged: judge(end), floor, loss: finish(lossFloor(state, mixture, 1000)).mean};
    } catch (error) { return {note: error.message}; }""", [x, y])  # fmt: skip
    assert says in found["note"] and found["note"].endswith((".", "there."))
    if "end" in found:
        assert all(isinstance(value, float) for value in found["end"])  # NaN would come as text
        assert 0.2 < found["judged"]["times"] < 3 and found["floor"]["mean"] > 0 and found["loss"] > 0.5
    else:
        assert name in ("all NaN", "none")


# ---- words ---------------------------------------------------------------------------------------------------------------------


def test_every_letter_has_strokes_inside_its_box():
    found = ask("return [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!?+-=♥'].map((c) => [c, word(c)])")
    shapes = {}
    for letter, made in found:
        x = torch.tensor(made["x"]).reshape(-1, 2)
        assert x.abs().amax(0).tolist() <= [1.2, 1.71] and len(x) >= 4 and made["note"] is None, letter
        shapes[letter] = tuple(sorted(set(map(tuple, x.tolist()))))
    assert len(set(shapes.values())) == len(shapes)  # no two are drawn alike


@pytest.mark.parametrize(
    ("text", "points", "note"),
    [
        ("é", "E", None),
        ("f l o w", "FLOW", None),
        ("A漢", "A", "There are no strokes here for 漢, which is left out."),
        ("ABCDEFGHIJK", "ABCDEFGH", "The first 8 letters are drawn."),
        ("<b>", "B", "There are no strokes here for < >, which are left out."),
        ("", None, "The word is empty. Type a letter or more."),
        ("漢字", None, "There are strokes here for A to Z"),
        ("constructor", "CONSTRUC", "The first 8"),
    ],
)
def test_words_that_cannot_be_drawn_say_so(text, points, note):
    found = ask("try { return word(given) } catch (error) { return {refused: error.message} }", text)
    if points is None:
        assert found["refused"].startswith(note)
        return
    assert found["note"] == note if note is None else found["note"].startswith(note)
    assert found["x"] == ask("return word(given).x", points)
    assert 20 < len(found["y"]) <= 450


# ---- pictures ------------------------------------------------------------------------------------------------------------------

# A disc of radius 20 in the middle of 80 x 60 pixels, in grey levels (or transparency), and what is drawn of it.
DISC = """
const rgba = new Uint8ClampedArray(4 * 80 * 60);
for (let i = 0; i < 4800; i++) {
  const inside = Math.hypot(i % 80 - 40, Math.floor(i / 80) - 30) < 20;
  const [grey, alpha] = inside ? given.ink : given.ground;
  rgba.set([grey, grey, grey, alpha], 4 * i);
}
"""


@pytest.mark.parametrize(
    "kind",
    [
        {"ink": [10, 255], "ground": [250, 255]},
        {"ink": [250, 255], "ground": [10, 255]},
        {"ink": [120, 255], "ground": [160, 255]},
        {"ink": [255, 255], "ground": [255, 0]},
        {"ink": [0, 255], "ground": [0, 0]},
    ],
)
def test_the_ink_of_a_picture_becomes_even_points(kind):
    found = ask(f"""{DISC}
    const mask = threshold(rgba, 80, 60);
    return {{ink: mask.alpha.reduce((a, b) => a + b, 0), ...fromMask(mask)}}""", kind)  # fmt: skip
    assert found["ink"] == pytest.approx(3.1416 * 20**2, rel=0.02)
    x = torch.tensor(found["x"]).reshape(-1, 2)
    assert 300 < len(x) <= 600 and x.norm(dim=1).max() < 2.9 and x.abs().max() > 2.5
    nearest = (torch.cdist(x, x) + 9 * torch.eye(len(x))).amin(1)
    assert nearest.min() > 0.5 * nearest.median()  # evenly: no two are on top of each other
    assert found["bandwidth"] == pytest.approx(0.7 * nearest.median().item(), rel=0.5)
    y = torch.tensor(found["y"])
    assert x[y == 0, 0].max() <= x[y == 1, 0].min() and abs(y.double().mean() - 0.5) < 0.05


def test_a_picture_is_the_right_way_up():
    found = ask("""
    const alpha = new Uint8Array(100 * 100);
    for (let i = 0; i < 10000; i++) alpha[i] = Math.floor(i / 100) < 20 || i % 100 < 10 ? 1 : 0; // a bar above, one at the left
    return fromMask({width: 100, height: 100, alpha, most: 200});""")  # fmt: skip
    x = torch.tensor(found["x"]).reshape(-1, 2)
    assert len(x) <= 200 and (x[:, 1] > 0).double().mean() > 0.6 and (x[:, 0] < 0).double().mean() > 0.6
    assert ((x[:, 1] < 0) & (x[:, 0] > 0)).sum() == 0


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("threshold(new Uint8Array(0), 0, 0)", "has no pixel"),
        ("threshold(new Uint8Array(16), 2, 2)", "transparent everywhere"),
        ("threshold(new Uint8Array(64).fill(255), 4, 4)", "one colour only"),
        ("threshold(new Uint8Array(64).fill(255), 4, 5)", "says it is 4 x 5"),
        ("threshold({length: 5e8}, 12500, 10000)", "million pixels"),
        ("fromMask({width: 3, height: 3, alpha: new Uint8Array(9)})", "no ink"),
        ("fromMask({width: 0, height: 3, alpha: new Uint8Array(0)})", "no pixel"),
        ("fromMask({width: NaN, height: 3, alpha: new Uint8Array(3)})", "no pixel"),
    ],
)
def test_what_is_no_picture_is_refused_in_a_sentence(source, says):
    message = ask(f"try {{ {source}; return '' }} catch (error) {{ return error.message }}")
    assert says in message and message.endswith(".") and ("Choose" in message or "Make it smaller" in message)


def test_pictures_of_one_pixel_and_full_ones_have_points():
    one, full = ask("""return [[1, 1], [1500, 1500]].map(([width, height]) => {
      const alpha = new Uint8Array(width * height).fill(1);
      const before = performance.now();
      return {...fromMask({width, height, alpha}), ms: performance.now() - before};
    })""")  # fmt: skip
    assert one["y"] == [1] and 300 < len(full["y"]) <= 600
    assert full["ms"] < 5 * LONG  # a page scales to 256 pixels first, which is a thirtieth of this


# ---- each of these laws can fail -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "right", "wrong", "source"),
    [
        ("mixture", "variance + bandwidth ** 2", "variance", "toMixture(shape('moons')).scale[0]"),
        ("mixture", "weight: count[i] / y.length", "weight: count[i]", "toMixture({x: [0, 0, 0, 0, 1, 1], y: [0, 0, 0]}, 1)"),
        ("mixture", "colours.indexOf(p.label)", "p.label", "toMixture({x: [0, 0], y: [1]}, 1).data.labels"),
        ("raster", "size * (middle[1] - b)", "size * (b - middle[1])", "fromMask({width: 2, height: 2, alpha: [1, 1, 1, 0]}).x"),
        ("shapes", "2 * Math.cos(a) - 1", "2 * Math.cos(a)", "toMixture(shape('moons')).data.means[0]"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_code_changes_what_is_compared(tmp_path, file, right, wrong, source):
    assert ask(f"return {source}") != ask(f"return {source}", explorers=spoilt(tmp_path, file, right, wrong))
