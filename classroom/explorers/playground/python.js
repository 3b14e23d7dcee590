// The same in Python: the lines of lib that do what is on the screen, to copy. They run as they stand where lib can be imported.

import { EDGE, STEP, level } from "./plane.js";
import { SHORT, TENTH, callsOf, netCallsOf, problem } from "./recipe.js";
import { clean, cloudOf } from "./state.js";

const FEW = 24; // points are written out, more are packed
const WIDE = 76; // characters of a line of names or of packed points
const LONG = 1000; // steps from which on a training says how it goes

const ALWAYS = [
  "GaussianMixture", "MLPDenoiser", "Oracle", "fit", "make_target", "noise_floor", "sample", "seeded", "share_off", "sliced_wasserstein",
]; // prettier-ignore

/** The lines of a state, as one text. points: how many samples are judged. */
export function python(any, points = 400) {
  const state = clean(any);
  const sentence = problem(state);
  if (sentence) return `# There is nothing to run yet. ${sentence}\n`;
  const uses = new Set(ALWAYS);
  const parts = [dataOf(state, uses), netOf(state, uses), trainingOf(state, uses), floorOf(state, uses), samplingOf(state, uses, points)];
  const own = ["minimise", "stratified_uniform"].filter((name) => uses.delete(name));
  const training = own.length ? `from lib.training import ${own.join(", ")}\n` : "";
  const text = parts.join("\n\n");
  const packed = text.includes("b64decode");
  const names = [...uses].filter((name) => text.includes(name)).sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  const standard = [packed && "import base64\n", text.includes("partial(") && "from functools import partial\n"].filter(Boolean).join("");
  return `${standard}${standard && "\n"}import torch\n\n${imported(names)}\n${training}\n${text}\n`;
}

function imported(names) {
  const line = `from lib import ${names.join(", ")}`;
  if (line.length <= 88) return line;
  const lines = [""];
  for (const name of names) {
    if (lines.at(-1).length + name.length > WIDE) lines.push("");
    lines[lines.length - 1] += `${lines.at(-1) && " "}${name},`;
  }
  return `from lib import (\n${lines.map((line) => `    ${line}\n`).join("")})`;
}

/** Numbers as Python writes them: 2 is 2.0 where a float is wanted. */
const float = (number) => (Number.isInteger(number) ? `${number}.0` : String(number));

// ---- the data -----------------------------------------------------------------------------------------------------------------

function dataOf(state, uses) {
  const head = "# The data: a Gaussian around every point, standardised.";
  const small = `\nmeant = mixture\nmixture = meant.rescaled(0, ${1 / TENTH})  # the mistake: a tenth as large as it should be`;
  const wrong = state.mistake === "no standardisation" ? small : "";
  if (state.kind === "moons" && state.bandwidth === 0.14) {
    uses.add("two_moons_mixture");
    return `# The data: two moons, standardised.\nmixture = two_moons_mixture()${wrong}`;
  }
  const lines = (CENTRES[state.kind] ?? listed)(state);
  return `${head}
${lines}
weights = torch.full((len(centres),), 1 / len(centres), dtype=torch.float64)
mixture = GaussianMixture(
    weights, centres, torch.full_like(centres, ${state.bandwidth}**2), labels
)
mixture = mixture.rescaled(mixture.mean, mixture.variance.sqrt())${wrong}`;
}

// The centres of the shapes of shapes.js, (n, 2) in double precision, and their labels.
const CENTRES = {
  __proto__: null,
  moons: () => `angle = (torch.arange(100, dtype=torch.float64) + 0.5) * torch.pi / 100
upper = torch.stack([2 * angle.cos() - 1, 2 * angle.sin() - 0.5], -1)
centres = torch.cat([upper, -upper])
labels = torch.arange(2).repeat_interleave(100)`,
  checkerboard: () => `side = 1.4 * ((torch.arange(24, dtype=torch.float64) + 0.5) / 6 - 2)
centres = torch.cartesian_prod(side, side)
column, row = ((centres + 2.8) // 1.4).long().unbind(-1)
centres, labels = centres[(column + row) % 2 == 1], row[(column + row) % 2 == 1] % 2`,
  spiral: () => `area = (torch.arange(120, dtype=torch.float64) + 0.5) / 120
radius = (0.5**2 + (2.7**2 - 0.5**2) * area).sqrt()
angle = 2 * torch.pi * 1.5 * (radius - 0.5) / (2.7 - 0.5)
arm = radius[:, None] * torch.stack([angle.cos(), angle.sin()], -1)
centres = torch.cat([arm, -arm])
labels = torch.arange(2).repeat_interleave(120)`,
  gaussians: () => `angle = torch.arange(8, dtype=torch.float64) * torch.pi / 4
centres = 2.4 * torch.stack([angle.cos(), angle.sin()], -1)
labels = torch.arange(8) % 2`,
};

/** Points that no formula makes. */
function listed(state) {
  const { x, y } = cloudOf(state);
  const n = y.length;
  if (!n) throw new Error("There is no point yet. Draw some, or choose a shape.");
  const used = [...new Set(y)].sort(); // classes are numbered without a gap
  const labels = [...y].map((label) => used.indexOf(label));
  if (n <= FEW) {
    const rows = [...y.keys()].map((i) => `    [${float(x[2 * i])}, ${float(x[2 * i + 1])}],\n`).join("");
    return `centres = torch.tensor([\n${rows}], dtype=torch.float64)\nlabels = torch.tensor([${labels.join(", ")}])`;
  }
  // Places on the grid of plane.js, the class in the thousands of x.
  const codes = [...y.keys()].flatMap((i) => [level(x[2 * i]) + 1024 * labels[i], level(x[2 * i + 1])]);
  const text = btoa(String.fromCharCode(...codes.flatMap((code) => [code & 255, code >> 8])));
  return `points = """
${text.match(new RegExp(`.{1,${WIDE}}`, "g")).join("\n")}
"""  # two numbers of 16 bits a point: its place on a grid, and its class
codes = torch.frombuffer(bytearray(base64.b64decode(points)), dtype=torch.int16)
codes = codes.reshape(-1, 2).long()
centres, labels = codes % 1024 * ${STEP} - ${-EDGE.low}, codes[:, 0] // 1024
centres = centres.double()`;
}

// ---- the model, its training, and the loss that no net can beat ---------------------------------------------------------------

const PATHS = { linear: "LinearPath", cosine: "CosinePath", vp: "VPPath" };

function netOf(state, uses) {
  const classes = state.classes ? `, classes=${classesOf(state)}` : "";
  const drop = state.classes && state.labelDrop ? `, label_drop=${state.labelDrop}` : "";
  const target = `"${state.target}"${drop}`;
  const net = `# The net, and what it is asked for.
torch.manual_seed(${state.seed})
net = MLPDenoiser(width=${state.width}, depth=${state.depth}, t_scale=${state.tScale}${classes})`;
  if (state.process === "flow") {
    uses.add("FlowMatching").add(PATHS[state.path]);
    return `${net}\nmodel = FlowMatching(net, ${PATHS[state.path]}(), ${target})`;
  }
  const betas = `${state.betas}_betas`;
  uses.add("DDPM").add(betas);
  if (state.mistake !== "unscaled betas") return `${net}\nmodel = DDPM(net, ${betas}(1000), ${target})`;
  return `${net}
betas = linear_betas(${SHORT}, rescale=False)  # the mistake: made for 1000 steps
model = DDPM(net, betas, ${target})`;
}

const classesOf = (state) => new Set(cloudOf(state).y).size;

const MISTAKES = {
  __proto__: null,
  "sign of v": ["c.alpha * x_data + c.sigma * eps", "c.sigma * x_data - c.alpha * eps  # the mistake: this is -v"],
  "x_data for x_t": ["x_data  # the mistake: no noise", null],
};

function trainingOf(state, uses) {
  const average = state.ema ? "\nema = EMA(net, {})".replace("{}", state.ema) : "";
  if (average) uses.add("EMA");
  const wrong = MISTAKES[state.mistake];
  const fresh = `mixture.sample(${state.batch}, generator=generator)${state.classes || wrong ? "" : "[0], None"}`;
  const head = `# Training: a fresh batch in every step.
generator = seeded(${state.seed})${average}


def batches():
    while True:
        yield ${fresh}
`;
  const more = `lr=${state.lr}${average ? ", ema=ema" : ""}`;
  const tells = `if progress.step % ${state.steps / 10} == 0:
        print(f"step {progress.step}: loss {progress.loss:.3g}")`;
  const body = state.steps < LONG ? "pass" : tells;
  const after = average ? "\nmodel = model.with_net(ema.net)" : "";
  if (!wrong) {
    const times = `${state.stratified ? ", stratified=True" : ""}, generator=generator`;
    return `${head}

steps = fit(
    model, batches(), ${state.steps}, ${more}${times}
)
for progress in steps:
    ${body}${after}`;
  }
  uses.add("minimise");
  if (state.stratified) uses.add("stratified_uniform");
  const [fed, asked] = wrong;
  const drop = state.classes && state.labelDrop;
  if (drop) uses.add("drop_labels");
  return `${head}

def loss(x_data, y):
    eps = torch.randn_like(x_data)
    t = model.path.times(${state.stratified ? "stratified_uniform" : "torch.rand"}(len(x_data)))
    c = model.path.coeffs(t, like=x_data)
    shown = ${fed}
    target = ${asked ?? "make_target(model.target, x_data, eps, c)"}${drop ? `\n    y = drop_labels(y, ${state.labelDrop})` : ""}
    return (net(shown, t${state.classes ? ", y" : ""}) - target).square().mean()


steps = minimise(loss, net.parameters(), batches(), ${state.steps}, ${more})
for progress in steps:
    ${body}${after}`;
}

/** The irreducible loss, as lossFloor of floor.js has it. */
function floorOf(state, uses) {
  const drop = state.classes && state.labelDrop;
  if (drop) uses.add("drop_labels");
  const path = state.mistake === "unscaled betas" ? "DDPM(None, linear_betas(1000)).path" : "model.path";
  const mixture = state.mistake === "no standardisation" ? "meant" : "mixture";
  return `# The loss that no net can beat: that of the exact answer.
path = ${path}
x_data, y = ${mixture}.sample(20_000, generator=generator)${drop ? `\ny = drop_labels(y, ${state.labelDrop})` : ""}
eps, t = torch.randn_like(x_data), path.times(torch.rand(20_000))
c = path.coeffs(t, like=x_data)
x_t = c.alpha * x_data + c.sigma * eps
exact = Oracle(${mixture}, path).estimate(x_t, t${state.classes ? ", y" : ""})
off = make_target("${state.target}", x_data - exact.x0, eps - exact.eps, c)
losses = off.square().mean(1)
floor, error = losses.mean().item(), losses.std().item() / 20_000**0.5
print(f"loss {progress.loss:.3g}, at best {floor:.3g} (give or take {2 * error:.1g})")`;
}

// ---- samples, and how good they are -------------------------------------------------------------------------------------------

function samplingOf(state, uses, points) {
  const mixture = state.mistake === "no standardisation" ? "meant" : "mixture";
  const only = state.label === null ? "" : `
own = ${mixture}.labels == ${state.label}
weights = ${mixture}.weights[own] / ${mixture}.weights[own].sum()
data = GaussianMixture(weights, ${mixture}.means[own], ${mixture}.variances[own])`;
  const data = only ? "data" : mixture;
  uses.add(state.rule);
  const rule = state.rule === "ddim" && state.eta ? `partial(ddim, eta=${state.eta})` : state.rule;
  const guided = state.label !== null && state.scale !== 1;
  if (guided) uses.add("Guided");
  const y = state.label === null ? "" : `, torch.full((${points},), ${state.label})`;
  const [calls, fewer] = [callsOf(state), netCallsOf(state)];
  const few = fewer < calls ? `\n    calls = ${fewer} if name == "net" else ${calls}  # its schedule has no more` : "";
  const back = mixture === "meant" ? `\n    x = x / ${TENTH} if name == "net" else x  # as large as the data again` : "";
  return `# Samples, of the net and of the exact answer from the same noise.${only}
start = torch.randn(${points}, 2, generator=generator)
perfect = lambda n, generator: ${data}.sample(n, generator=generator)[0]
floor = noise_floor(sliced_wasserstein, perfect, ${points}, m=${4 * points}).mean
for name, one in {"net": model, "exact": Oracle(${mixture}, path)}.items():${few}
    x = sample(${guided ? `Guided(one, ${float(state.scale)})` : "one"}, start, ${few ? "calls" : calls}, ${rule}${y})${back}
    times = sliced_wasserstein(x, perfect(${4 * points}, generator)) / floor
    print(
        f"{name}: {times:.1f} times the distance of a perfect sample, "
        f"{share_off(x, ${data}):.0%} of the points off the data"
    )`;
}
