"""What a training step and a network call cost, in pixels and in latents, for one and the same transformer.

    python -m tools.results.latent_cost        results/latent_cost.json

Seconds depend on the machine; their ratios hardly do, so only ratios are written, to the step and the call in latents. One
thread, CPU time, the smallest of several rounds in which all take turns.
"""

import json
import time

import torch

from lib import DiT, FlowMatching, load_autoencoder, randn, seeded
from lib.trained.shipped import RESULTS

WIDTH, DEPTH, HEADS, BATCH, ROUNDS = 96, 6, 4, 32, 6
NETS = {  # name: size, channels, patch
    "pixels, patch 2": (28, 1, 2),
    "pixels, patch 4": (28, 1, 4),
    "latents, patch 1": (7, 4, 1),
}


def seconds(action) -> float:
    """CPU seconds of one run."""
    start = time.process_time()
    action()
    return time.process_time() - start


def main() -> None:
    """Measure, print, write."""
    torch.set_num_threads(1)
    autoencoder = load_autoencoder(RESULTS / "mnist_autoencoder.safetensors")
    images, latents = randn((BATCH, 1, 28, 28), generator=seeded(0)), randn((BATCH, 4, 7, 7), generator=seeded(0))
    steps, calls = {}, {"encode": lambda: autoencoder.encode(images), "decode": lambda: autoencoder.decode(latents)}
    for name, (size, channels, patch) in NETS.items():
        net = DiT(size, channels, patch=patch, width=WIDTH, depth=DEPTH, heads=HEADS, t_scale=1000, classes=10,
                  generator=seeded(0))  # fmt: skip
        model, x = FlowMatching(net), images if size == 28 else latents
        t, y = torch.rand(BATCH, generator=seeded(1)), torch.arange(BATCH) % 10

        def step(model=model, x=x, t=t, y=y):
            model.zero_grad()
            model.loss(x, y, t=t, generator=seeded(2)).backward()

        def call(net=net, x=x, t=t, y=y):
            with torch.no_grad():
                net(x, t, y)

        steps[name], calls[name] = step, call
    rounds = [{(kind, name): seconds(action) for kind, actions in (("step", steps), ("call", calls))
               for name, action in actions.items()} for _ in range(ROUNDS)]  # fmt: skip
    best = {key: min(r[key] for r in rounds) for key in rounds[0]}
    unit = {kind: best[kind, "latents, patch 1"] for kind in ("step", "call")}
    ratios = {kind: {n: round(v / unit[kind], 3) for (k, n), v in best.items() if k == kind} for kind in unit}
    print({f"{kind} {name}": round(1000 * v, 1) for (kind, name), v in best.items()}, "ms")
    report = {"command": "python -m tools.results.latent_cost", "torch": torch.__version__.split("+")[0], "width": WIDTH,
              "depth": DEPTH, "batch": BATCH, "rounds": ROUNDS, "unit": "the same in latents", **ratios}  # fmt: skip
    print(report)
    (RESULTS / "latent_cost.json").write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
