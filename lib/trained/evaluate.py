"""Measure pictures against a data set, each number beside its floor: what real pictures in their place would score.

    python -m lib.trained.evaluate runs/pictures/pictures.npz                 a stack of lib.trained.sample
    python -m lib.trained.evaluate others.npz --data fashion                  or of another program
    python -m lib.trained.evaluate seed0.npz seed1.npz seed2.npz              several: mean and spread over them
    python -m lib.trained.evaluate model.safetensors --count 1000 --out runs   a model's file, drawn as by lib.trained.sample
    python -m lib.trained.evaluate --data digits                              real against real: the floors alone

The metrics are those of image_metrics.py, taken in a number of random splits: other halves, other held-out pictures, other
generated ones, but always as many on both sides, and of each class. A value is the mean over the splits, beside their standard
deviation; of several stacks, the mean and the spread of their values. Distances compare with others of the same N and the same
features alone: `frechet` is of the classifier's features, `fid_inception` of Inception's.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from tqdm import tqdm

from lib.data import to_range
from lib.labels import NO_LABEL
from lib.metrics import spread
from lib.nets.classifier import Classifier
from lib.seeding import seeded
from lib.trained.config import DATA, config_of
from lib.trained.files import put
from lib.trained.image_metrics import (
    K,
    Reference,
    against_halves,
    agreement,
    classifier_for,
    copies,
    first,
    halves,
    matching,
    nearest,
    of_held_out,
    seen,
)
from lib.trained.processes import one_line, place
from lib.trained.sample import add_options, asked_for, draw, kept
from lib.trained.stack import read_stack, to_bytes

LABELS = {
    "agreement": "agreement, read as asked",
    "frechet": "Frechet of the classifier, halves",
    "frechet_held_out": "Frechet of the classifier, held out",
    "precision": "precision",
    "recall": "recall",
    "copies": "copies of training pictures",
    "fid_inception": "FID of Inception, halves",
}
Stack = tuple[Tensor, Tensor]  # bytes (N, C, H, W), labels (N,)
Look = Callable[[Tensor], Tensor]  # bytes (N, C, H, W) -> features (N, d) in float64


class Side(NamedTuple):
    """Pictures as they are compared."""

    looks: tuple[Tensor, ...]  # features (N, d): the classifier's, then Inception's
    y: Tensor
    near: Tensor  # distance to the nearest training picture

    def at(self, rows: Tensor) -> "Side":
        """Those in these rows."""
        return Side(tuple(look[rows] for look in self.looks), self.y[rows], self.near[rows])


def evaluate(
    stacks: Sequence[Stack], data: str, net: Classifier, inception: Look | None = None, *, pictures: int = 1000,
    splits: int = 10, quiet: bool = False,
) -> dict:  # fmt: skip
    """The metrics of stacks against a data set, and their floors: {"floor": {metric: [mean, sd]}, "stacks": [the same], ...}.

    net         the classifier of that data set (`classifier_for`); inception as of `inception_look`, for a FID
    pictures    so many on a side at most, equally many a class
    Stacks without labels (NO_LABEL) have no agreement, and real pictures of any class on the other side.

    Raises ValueError for pictures of another shape, labels beyond the classes, stacks that differ in their labels, and too few.
    """
    _check(stacks, data)
    looks: list[Look] = [lambda x: seen(net, to_range(x)), *([inception] if inception else [])]
    (x, y), (x_held, y_held) = DATA[data].sides()
    training, labels = to_range(to_bytes(x)), stacks[0][1] if stacks else y_held
    labelled = bool((labels != NO_LABEL).all())

    def known(labels: Tensor) -> Tensor:
        """Labels, or 0 for all: then classes do not matter."""
        return labels if labelled else torch.zeros_like(labels)

    classes, counts = known(labels).unique(return_counts=True)
    most = min([pictures // len(classes), *(counts.tolist() if stacks else [])])
    few = len(first(known(y_held)[torch.isin(known(y_held), classes)], most))
    if few <= K:
        raise ValueError(f"Too few to compare: {most} pictures of a class, {few} held out. Draw more, or more classes.")

    def side(x: Tensor, y: Tensor) -> Side:
        """Up to 2 most pictures of each class, at random: who compares thousands need not look at all."""
        order = torch.randperm(len(y), generator=seeded(0))
        rows = order[torch.isin(known(y)[order], classes)]
        rows = rows[first(known(y)[rows], 2 * most)]
        return Side(tuple(look(x[rows]) for look in looks), known(y)[rows], nearest(to_range(x[rows]), training))

    real, unseen = side(to_bytes(x), y), side(to_bytes(x_held), y_held)
    fakes = [side(*stack) for stack in stacks]
    with tqdm(total=(1 + len(fakes)) * splits, unit="split", disable=quiet) as bar:
        floor, *found = [_measured(real, unseen, fake, net, most, splits, labelled, bar) for fake in (None, *fakes)]
    over = {name: [spread(one[name]).mean for one in found] for name in floor} if len(found) > 1 else {}
    return {
        "data": data,
        "classes": classes.tolist() if labelled else [],
        "halves": len(halves(torch.cat([real.y, unseen.y]), 0, most)[0]),
        "held_out": few,
        "splits": splits,
        "floor": _rounded(floor),
        "stacks": [_rounded(one) for one in found],
        "over_stacks": _rounded(over),
    }


def _check(stacks: Sequence[Stack], data: str) -> None:
    there = DATA[data]
    for x, y in stacks:
        if x.shape[1:] != there.shape:
            raise ValueError(f"These pictures have the shape {tuple(x.shape[1:])}, and those of {data} {there.shape}.")
        if y.max() >= len(there.classes) or y.min() < NO_LABEL:
            raise ValueError(
                f"Labels of {data} run from 0 to {len(there.classes) - 1}, and these from {int(y.min())} to {int(y.max())}."
            )
        if not torch.equal(y.sort().values, stacks[0][1].sort().values):
            raise ValueError("These stacks differ in how many pictures of a class they have. Evaluate them one by one.")


def _measured(
    real: Side, unseen: Side, fake: Side | None, net: Classifier, most: int, splits: int, labelled: bool, bar
) -> dict:
    """Each metric in every split, of fakes or, for the floor, of real pictures in their place."""
    found: dict[str, list[float]] = {name: [] for name in LABELS}
    for split in range(splits):
        held = unseen.at(torch.randperm(len(unseen.y), generator=seeded(2 * split)))
        held = held.at(first(held.y, most))
        given = fake or real
        given = given.at(torch.randperm(len(given.y), generator=seeded(2 * split + 1)))
        given = given.at(matching(held.y, given.y))  # row by row of the class of the held-out one
        for name, value in of_held_out(held.looks[0], given.looks[0]).items():
            found[name].append(value)
        # What the classifier was trained on it knows, and is nearest to itself: for the floor, other held-out pictures.
        like = given if fake else held
        if labelled:
            found["agreement"].append(agreement(net, like.looks[0], like.y))
        found["copies"].append(copies(like.near[1::2], held.near[::2]))
        bar.update()
    both, y = [torch.cat(pair) for pair in zip(real.looks, unseen.looks)], torch.cat([real.y, unseen.y])
    for i, (name, features) in enumerate(zip(("frechet", "fid_inception"), both)):
        generated = (fake.looks[i], fake.y) if fake else (None, None)
        found[name] = against_halves(Reference(net, features, y, len(real.y)), *generated, most, halvings=splits)
    return {name: values for name, values in found.items() if values}


def _rounded(found: dict[str, list[float]]) -> dict[str, list[float]]:
    """Mean and standard deviation, 0 of a single value, as they stand in the file."""
    pairs = {
        name: (spread(values).mean, spread(values).sd if len(values) > 1 else 0.0) for name, values in found.items()
    }
    return {name: [float(f"{round(value, 9):.5g}") for value in pair] for name, pair in pairs.items()}


def inception_look() -> Look:
    """Inception's features, of the weights that FIDs are computed with: bytes (N, 1 or 3, H, W) -> (N, 2048).

    Raises ModuleNotFoundError where torch-fidelity is missing, OSError where the weights, which it fetches, do not come.
    """
    try:
        from torch_fidelity import FeatureExtractorInceptionV3
    except ModuleNotFoundError:
        raise ModuleNotFoundError("--inception needs torch-fidelity: pip install torch-fidelity.") from None
    try:
        net, device = FeatureExtractorInceptionV3("inception-v3-compat", ["2048"]), place().device
    except OSError as error:
        raise OSError(
            f"Inception's weights did not come ({error}). Is there a network? Leave --inception out."
        ) from None

    net.to(device)

    def look(x: Tensor) -> Tensor:
        with torch.no_grad():
            return torch.cat([net(rows.expand(-1, 3, -1, -1))[0].double().cpu() for rows in x.to(device).split(50)])

    return look


# ---- the command line ----------------------------------------------------------------------------------------------------------


def table(report: dict) -> str:
    """A report for people."""
    size, n, few = len(report["stacks"]), report["halves"], report["held_out"]
    kind = f"{size} stacks" if size > 1 else "pictures" if size else ""
    values = report["over_stacks"] or (report["stacks"] or [{}])[0]
    lines = [
        f"{report['data']}: halves of {n}, {few} held out, {report['splits']} splits",
        f"{'':36}{kind:>20}{'floor':>20}",
    ]
    for name, floor in report["floor"].items():
        shown = [f"{pair[0]:.3g}" + f" ± {pair[1]:.2g}" * (pair[1] > 0) for pair in (values.get(name), floor) if pair]
        lines.append(f"{LABELS[name]:36}" + "".join(f"{text:>20}" for text in ["", *shown][-2:]))
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """The command line: a table, and a file of JSON. What goes wrong is one line on stderr."""
    parser = argparse.ArgumentParser(
        prog="python -m lib.trained.evaluate", description="Measure pictures against a data set, beside its floors."
    )
    parser.add_argument("given", nargs="*", metavar="pictures", help="stacks (.npz), or a model's file (.safetensors)")
    parser.add_argument("--data", default="", help=f"{', '.join(DATA)}; default: what the stack says")
    parser.add_argument("--classifier", help="its file; default: the shipped one")
    parser.add_argument("--pictures", type=int, default=1000, help="on a side, at most (default: 1000)")
    parser.add_argument("--splits", type=int, default=10, help="random splits (default: 10)")
    parser.add_argument("--inception", action="store_true", help="also a FID, of Inception's features (torch-fidelity)")
    parser.add_argument("--json", help="where the report goes; default: beside the first stack")
    parser.add_argument("--out", help="folder of the pictures drawn from a model's file")
    add_options(parser.add_argument_group("of a model's file, as by lib.trained.sample"))
    options = parser.parse_args(arguments)
    with one_line(lambda: kept(Path(options.out), options.count) if options.out and Path(options.out).is_dir() else ""):
        _run(options)


def _run(options: argparse.Namespace) -> None:
    files, read = [Path(name) for name in options.given], []
    model = next((path for path in files if path.suffix == ".safetensors"), None)
    if model and (len(files) > 1 or not options.out):
        raise ValueError(f"{model} is a model's file: give it alone, with --out, the folder of its pictures.")
    if not model:
        read = [read_stack(path) for path in files]
    says = {config_of(model).data} if model else {said["data"] for *_, said in read if "data" in said}
    if len(named := {options.data} - {""} or says) != 1:
        raise ValueError(f"Say what to compare with: --data, one of {', '.join(DATA)}.")
    if (data := named.pop()) not in DATA:
        raise ValueError(f"data must be one of {', '.join(DATA)}; got {data!r}.")
    if min(options.splits, options.pictures) < 1:
        raise ValueError(f"splits and pictures must be at least 1, got {options.splits} and {options.pictures}.")
    # Before an hour of drawing: what is missing to measure its pictures?
    net, inception = classifier_for(data, options.classifier), inception_look() if options.inception else None
    if model:
        files = [draw(asked_for(str(model), options), options.out, batch=options.batch)]
        read = [read_stack(files[0])]
    if place().rank > 0:
        return  # to draw is work for many, to measure for one
    stacks = [(x, y) for x, y, _ in read]
    report = evaluate(stacks, data, net, inception, pictures=options.pictures, splits=options.splits)
    print(table(report))
    if where := options.json or (files and files[0].with_suffix(".json")):
        report = {"files": [str(path) for path in files], "said": [said for *_, said in read]} | report
        put(where, (json.dumps(report, indent=1) + "\n").encode())


if __name__ == "__main__":
    main()
