"""States of the playground: each combination works or is refused in a sentence; addresses keep them, and none does harm."""

import random
import statistics
import string

import pytest

from tests.explorers.playground import ask, spoilt

# Five hundred states: a random choice of every key, some with a word or a drawing.
RANDOM = """
const g = core.generator(given.seed);
const one = (list) => list[Math.floor(list.length * g.uniform())];
const text = () => Array.from({length: Math.floor(14 * g.uniform())}, () => one([..."ABC é漢♥<>&=#%+ \\u0000\\"'/"])).join("");
const states = Array.from({length: given.n}, () => {
  const wild = {};
  for (const [key, {options, min, max}] of Object.entries(CHOICES))
    wild[key] = options ? one(options).value : min + (max - min) * g.uniform();
  if (g.uniform() < 0.4) wild.text = text();
  if (g.uniform() < 0.5) {
    const n = Math.floor(700 * g.uniform());
    const cloud = {x: core.normals(2 * n, g).map((v) => 2 * v), y: Int32Array.from({length: n}, () => one([0, 1]))};
    Object.assign(wild, {kind: "drawn", cloud});
  }
  return clean(wild);
});
"""


def test_five_hundred_states_come_back_as_they_were():
    """Every key equal; of a drawing the same points, which lie on the grid of the address, in another order."""
    found = ask(f"""{RANDOM}
    const order = ({{x, y}}) => [...y.keys()].map((i) => `${{y[i]}} ${{x[2 * i]}} ${{x[2 * i + 1]}}`).sort().join();
    const drawn = ({{kind, cloud}}) => (cloud && kind === "drawn" ? order(cloud) : null);
    const plain = (state) => JSON.stringify({{...state, cloud: drawn(state)}});
    return states.map((state) => {{
      const fragment = encode(state);
      const before = performance.now();
      const {{state: back, note}} = decode(one(["", "#"]) + fragment);
      return [plain(state), plain(back), note, fragment, performance.now() - before, state.cloud?.y.length ?? 0];
    }});""", {"seed": 1, "n": 500})  # fmt: skip
    assert len({fragment for _, _, _, fragment, *_ in found}) > 480
    for state, back, note, fragment, _, _ in found:
        assert back == state and note is None and fragment.startswith("play&")
        assert set(fragment) <= set(string.ascii_letters + string.digits + "&=%_-.!~*'()")
    assert max(points for *_, points in found) == 600
    assert max(len(fragment) for *_, fragment, _, _ in found) < 4000  # seen: 1,900
    assert statistics.median(ms for *_, ms, _ in found) < 50  # seen: 0.7


def test_what_is_usual_takes_no_room():
    assert ask("return [encode(clean({})), decode('#play'), decode('play')]")[0] == "play"
    assert ask("return decode('#play').state.kind") == "moons"


def test_fragments_of_others_are_none_of_ours():
    for fragment in ("", "#", "#inside-a-transformer", "playground", "#play-on", "#id&play"):
        assert ask("return decode(given)", fragment) == {"state": None, "note": None}


def damaged(seed: int, good: list[str]) -> list[str]:
    """Fragments that were cut, changed, or crafted."""
    rng = random.Random(seed)
    evil = [
        "play&kind=<img src=x onerror=alert(1)>", "play&text=%3Cscript%3Ealert(1)%3C/script%3E",
        "play&__proto__=1&constructor=2", "play&points=", "play&kind=drawn&points=AAAA",
        "play&kind=drawn&points=" + "_" * 9000, "play&points=%", "play&kind=%E0%A4%A",
        "play&width=1e99&depth=-1", "play&seed=NaN&bandwidth=Infinity&t=-0", "play&kind=__proto__",
        "play&mistake=toString", "play&&&=&=", "play&kind=drawn&points=__________8", "play&" + "x" * 20_000,
        "play&kind=drawn&points=gICAgICAgICAgIA", "play&cloud=1&cloud=[]", "play&kind=drawn&points=" + "AQ" * 3000,
        "play&text=" + "%F0%9F%98%80" * 400, "play&bandwidth=0x10&seed=1e3", "play&label=null",
        "play&kind=drawn&points=2AQ" + "AA" * 500, "play&hasOwnProperty=1", "play&scale=&eta= &calls=%20",
    ]  # fmt: skip
    made = []
    while len(made) < 500 - len(evil):
        text = list(rng.choice(good))
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(4, len(text) + 1)
            act = rng.choice(["cut", "put", "drop"])
            if act == "cut":
                text = text[: max(at, 5)]
            elif act == "put":
                text.insert(at, rng.choice(string.printable + "é漢\ud7ff\u2028"))
            elif at < len(text):
                del text[at]
        made.append("".join(text))
    return evil + made


def test_five_hundred_damaged_fragments_are_a_clean_state_within_milliseconds():
    good = ask(f"{RANDOM} return states.map(encode)", {"seed": 2, "n": 60})
    found = ask("""
    const valid = (state) => JSON.stringify(clean(state)) === JSON.stringify(state);
    return given.map((fragment) => {
      const before = performance.now();
      const {state, note} = decode(fragment);
      const ms = performance.now() - before;
      return [fragment, state && valid(state), note, ms, state && JSON.stringify(state), state && Object.keys(state).length];
    });""", damaged(3, good))  # fmt: skip
    assert len(found) == 500 and sum(note is not None for _, _, note, *_ in found) > 100
    keys = ask("return Object.keys(DEFAULTS).length")
    for fragment, valid, note, _, state, count in found:
        assert valid is True or (state is None and not fragment.startswith(("play&", "#play"))), fragment
        assert count in (None, keys)
        assert note is None or (note.endswith(".") and "<" not in note and len(note) < 300), (
            note
        )  # nothing of the fragment in it
    assert statistics.median(ms for _, _, _, ms, *_ in found) < 20  # seen: 0.1


def test_a_part_that_cannot_be_read_leaves_the_others_as_they_are():
    found = ask("return decode('#play&kind=spiral&width=7&evil=1&points=!&depth=4')")
    assert (found["state"]["kind"], found["state"]["width"], found["state"]["depth"]) == ("spiral", 64, 4)
    assert found["note"] == (
        "Part of this address could not be read (Width, an unknown name, points); the usual values stand in for it."
    )


ANYTHING = (
    "null", "7", "'x'", "[]", "{kind: {}}", "{t: NaN, seed: '7'}", "{cloud: {x: 3, y: 4}}", "{cloud: {}}",
    "{cloud: {x: [NaN, 1], y: [0]}}", "{text: 7, scale: [1]}", "new Proxy({}, {})", "Object.create(null)",
)  # fmt: skip


@pytest.mark.parametrize(
    "points",
    [
        "AYCAQAA",  # a point beyond the grid
        "AQ",  # a class with a point that does not come
        "AQUAAA",  # more bytes than points
        "AAA",  # no point at all
        "2QSA",  # more points than there may be
        "A?",
    ],
)
def test_points_that_nobody_drew_are_said_to_be_unreadable(points):
    found = ask("return [decode('play&points=AQUA').state.cloud, decode('play&points=' + given)]", points)
    assert found[0]["y"] == [0]  # what is right is read
    assert "(points)" in found[1]["note"] and found[1]["state"]["cloud"] is None


@pytest.mark.parametrize("any", ANYTHING)
def test_anything_is_cleaned(any):
    assert ask(f"return JSON.stringify(clean({any})) === JSON.stringify(clean({{}}))")


def test_numbers_are_rounded_to_a_step_inside_their_range():
    found = ask("return clean({bandwidth: 0.1234, calls: 9999, t: -3, scale: 2.9, seed: 3.6})")
    assert [found[key] for key in ("bandwidth", "calls", "t", "scale", "seed")] == [0.12, 200, 0, 3, 4]


def test_large_drawings_are_thinned_evenly():
    found = ask(
        "const x = Array.from({length: 6000}, (_, i) => i / 1000 - 3);"
        "return clean({kind: 'drawn', cloud: {x, y: Array(3000).fill(1)}}).cloud"
    )
    assert len(found["y"]) == 600 and found["x"][0] == -3 and found["x"][-2] > 2.9


# ---- what goes together --------------------------------------------------------------------------------------------------------

COMBINATIONS = """
const all = (key) => CHOICES[key].options.map(({value}) => value);
const states = [];
for (const process of all("process")) for (const path of process === "flow" ? all("path") : ["linear"])
  for (const betas of process === "ddpm" ? all("betas") : ["linear"]) for (const target of all("target"))
    for (const rule of all("rule")) for (const mistake of all("mistake"))
      states.push(clean({process, path, betas, target, rule, mistake, calls: 8, width: 8, depth: 1, kind: "gaussians"}));
"""


def test_what_is_refused_cannot_be_done_and_what_is_not_can():
    """Every combination of process, path, target, rule and mistake: trained for two steps and sampled where nothing is said."""
    found = ask(f"""{COMBINATIONS}
    const mixture = core.gaussianMixture(toMixture(shape("gaussians")).data);
    const good = [];
    for (const state of states) {{
      const sentence = problem(state, mixture);
      const recipe = recipeOf(state, toMixture(shape("gaussians")).data);
      const clock = recipe.clock.betas ? core.discreteSchedule(recipe.clock.betas) : pathOf(state);
      let said = null;
      try {{
        const net = core.learner(recipe.sizes, core.plain(Float64Array), 16);
        net.begin(core.generator(0));
        const data = (x, y) => x.set(mixture.sample(16, core.generator(1)).x);
        for (const _ of core.fit({{net, path: clock, target: state.target}}, data, 2, {{generator: core.generator(2)}}));
        const model = core.learned(net.withWeights(), clock, state.target);
        const x = core.sample(model, core.normals(20, core.generator(3)), gridOf(state, clock), ruleOf(state));
        if (!x.every(Number.isFinite)) said = "NaN";
        const exact = modelOf(state, mixture);
        const right = core.sample(exact, core.normals(20, core.generator(3)), gridOf(state, exact.path), ruleOf(state));
        if (!right.every(Number.isFinite)) said = "exact NaN";
      }} catch (error) {{ said = error.message; }}
      good.push([JSON.stringify(state), sentence, said, rulesFor(state).map(({{name}}) => name).includes(state.rule)]);
    }}
    return good;""")  # fmt: skip
    assert len(found) == 5 * 4 * 6 * 5
    for state, sentence, said, listed in found:
        assert (sentence is None) <= (said is None), (state, said)  # what is not refused works
        assert sentence is None or (sentence.endswith(".") and "Choose" in sentence)
        assert listed or sentence  # a rule that is not offered is refused
    # What is refused fails, but for the mistakes that belong to one target and for "u" on VP, whose loss has no mean.
    only = [sentence for _, sentence, said, _ in found if sentence and said is None]
    assert {s.split(".")[0] for s in only} <= {
        "This mistake is made with the target v",
        "This mistake is made with DDPM and linear betas",
        'On the VP path the velocity grows without bound towards the data, and the loss of "u" has no finite mean',
    }


def test_each_path_has_the_targets_that_it_can_be_sampled_with():
    found = ask("""
    const states = [{path: "linear"}, {path: "cosine"}, {path: "vp"}, {process: "ddpm"}];
    return states.map((state) => targetsFor(clean(state)));""")
    assert found == [["u", "v", "x0"], ["u", "v", "x0"], ["v", "x0", "eps"], ["eps", "v", "x0"]]


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("{path: 'vp', target: 'u'}", "no finite mean"),
        ("{target: 'eps'}", "At pure noise"),
        ("{process: 'ddpm', target: 'u', rule: 'ddim'}", "no velocity"),
        ("{label: 0}", "does not see the class"),
        ("{label: 1, classes: true}", "one class"),
        ("{scale: 2, classes: true}", "towards a class"),
    ],
)
def test_classes_and_calls_that_are_not_there(state, says):
    found = ask(
        f"const one = core.gaussianMixture(toMixture({{x: [0, 0], y: [0]}}, 1).data); return problem(clean({state}), one)"
    )
    assert says in found and found.endswith(".")


def test_one_more_choice_brings_what_has_to_follow():
    """From the usual state, any three choices of process, path, mistake, class and guidance leave nothing to refuse."""
    found = ask("""
    const keys = ["process", "path", "mistake", "label", "scale", "kind"];
    const g = core.generator(4), seen = [];
    for (let i = 0; i < 300; i++) {
      let state = clean({});
      for (let j = 0; j < 3; j++) {
        const key = keys[Math.floor(keys.length * g.uniform())];
        const {options} = CHOICES[key];
        state = withChoice(state, key, options ? options[Math.floor(options.length * g.uniform())].value : 3);
        if (state.kind === "drawn") state = withChoice(state, "kind", "moons");
        seen.push([key, state[key], problem(state)]);
      }
    }
    return seen;""")  # fmt: skip
    refused = [(key, value, sentence) for key, value, sentence in found if sentence]
    assert len(refused) == 0, refused[:5]


def test_the_bandwidth_of_a_shape_comes_with_it():
    found = ask(
        "return SHAPES.slice(0, -1).map(({name}) => [withChoice(clean({}), 'kind', name).bandwidth, shape(name).bandwidth])"
    )
    assert all(mine == its for mine, its in found)


THERE_AND_BACK = "decode(encode(clean({kind: 'drawn', cloud: {x: [0, 1, 2, 3], y: [0, 0]}})))"


@pytest.mark.parametrize(
    ("file", "right", "wrong", "source"),
    [
        ("address", "code - (codes[i - 1] ?? 0)", "code", THERE_AND_BACK),
        ("address", "1024 * level(x[2 * i + 1]) + level(x[2 * i])", "1024 * level(x[2 * i]) + level(x[2 * i])", THERE_AND_BACK),
        ("state", "Math.min(max, Math.max(min, value))", "value", "clean({calls: 1e9}).calls"),
        ("recipe", 'path !== "vp" && target === "eps"', 'path === "vp" && target === "eps"', "problem(clean({target: 'eps'}))"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_code_changes_what_is_compared(tmp_path, file, right, wrong, source):
    assert ask(f"return {source}") != ask(f"return {source}", explorers=spoilt(tmp_path, file, right, wrong))
