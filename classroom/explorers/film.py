"""A film of samples: noise becomes data, a step at a time, as points of the plane and as pictures."""

import base64
from collections.abc import Callable
from pathlib import Path

import torch
from IPython.display import HTML
from torch import Tensor

from classroom.explorers.figure import figure, moons
from lib.checks import check_samples
from lib.data import two_moons_mixture
from lib.diffusion import DiscreteSchedule, linear_betas
from lib.flow_matching import LinearPath
from lib.guidance import Guided
from lib.oracle import Oracle
from lib.prediction import Model
from lib.samplers import Rule, ancestral, euler, walk
from lib.seeding import randn, seeded
from lib.trained.images import load_model

SQUARE = 2.8  # the plane that is shown, -SQUARE ... SQUARE each way


def show(films: dict[str, tuple[Tensor | None, Tensor | None]], alt: str, caption: str, *, plays: bool = False,
         mark: str = "") -> HTML:  # fmt: skip
    """A slider over the frames of a film, and a choice among films.

    films    {name: (points, pictures)} with points (frames, N, 2), pictures (frames, P, C, H, W) in [-1, 1], C = 1 or 3, or None
             in the place of either; all films have the same shapes
    plays    whether it plays once, by itself, when it is first seen
    mark     of each but one, where a page has several

    Points are rounded to 1/256 of the square, pictures to bytes. Raises ValueError for films of different shapes.
    """
    shapes = {tuple(None if part is None else tuple(part.shape) for part in film) for film in films.values()}
    if len(shapes) != 1 or shapes == {(None, None)}:
        raise ValueError(f"Films must have something to show, and all the same shapes; got {sorted(map(str, shapes))}.")
    (points, pictures) = shapes.pop()
    wrong = (points and (len(points) != 3 or points[2] != 2)) or (
        pictures and (len(pictures) != 5 or pictures[2] not in (1, 3))
    )
    if wrong:
        raise ValueError(
            f"Points (frames, N, 2) and pictures (frames, P, 1 or 3, H, W) are shown, got {points} and {pictures}."
        )
    if points and pictures and points[0] != pictures[0]:
        raise ValueError(f"Points and pictures must have as many frames, got {points[0]} and {pictures[0]}.")
    data = {
        "films": list(films),
        "frames": (points or pictures)[0],
        "points": points and {"count": points[1], "square": SQUARE, "data": _packed(films, 0, lambda x: x / SQUARE)},
        "pictures": pictures and {"shape": list(pictures[1:]), "data": _packed(films, 1, lambda x: x)},
        "mixture": moons() if points else None,
        "plays": plays,
    }
    return figure("film", data, alt, caption, mark)


def filmed(model: Model, x: Tensor, steps: int, rule: Rule, y: Tensor | None = None) -> Tensor:
    """The states of a walk from the noise x (B, ...): (steps + 1, B, ...)."""
    with torch.no_grad():
        return torch.stack([state.x for state in walk(model, x, model.path.grid(steps), rule, y, generator=seeded(1))])


# What is shown of the shipped models: points, pictures; each with the words that go with it.
OPENINGS = {
    "": (
        True,
        True,
        "Left, two hundred orange points on the two moons. Right, nine small handwritten digits, 1 to 9. All were noise before "
        "the slider was moved.",
        "Left, points become two moons, moved by the exact formula in the place of a network. Right, pixels become digits, by a "
        "small transformer that was asked for 1 to 9.",
    ),
    "moons": (True, False, "Two hundred orange points on the two moons.", "Points, from noise to two moons."),
    "digits": (False, True, "Nine small handwritten digits, 1 to 9.", "Pixels, from noise to digits."),
}


def in_book(results: Path, opening: str = "") -> HTML:
    """Moons by the exact answer, and digits by the shipped Diffusion Transformers, by flow matching and by DDPM."""
    moons_, steps, y = two_moons_mixture(), 20, torch.arange(1, 10)
    with_points, with_pictures, alt, caption = OPENINGS[opening]
    methods = {
        "Flow matching": (LinearPath(), "digits_flow", euler),
        "DDPM": (DiscreteSchedule(linear_betas(1000)), "digits_ddpm", ancestral),
    }
    films = {}
    for name, (path, file, rule) in methods.items():
        points = pictures = None
        if with_points:
            points = filmed(Oracle(moons_, path), randn((200, 2), generator=seeded(2)), steps, rule)
        if with_pictures:
            model = load_model(results / f"{file}.safetensors")
            pictures = filmed(Guided(model, 2.0), randn((9, *model.shape), generator=seeded(5)), steps, rule, y)
        films[name] = (points, pictures)
    return show(films, alt=alt, caption=caption, plays=not opening, mark=opening)


def _packed(films: dict[str, tuple[Tensor, Tensor]], which: int, scaled: Callable[[Tensor], Tensor]) -> str:
    """One part of all films as bytes: -1 ... 1 becomes 0 ... 255."""
    parts = [film[which] for film in films.values()]
    for part in parts:
        check_samples("A film", part, rows=1)
    levels = ((scaled(torch.stack(parts)).clamp(-1, 1) + 1) * 127.5).round().byte()
    return base64.b64encode(bytes(levels.flatten().tolist())).decode()
