"""Train a Diffusion Transformer on images, as DDPM or by flow matching, on one device or many.

Everything random in step i is drawn from a generator seeded by (seed, i): the batch, how its pictures are moved, its times, its
noise, which labels are dropped. A run that was killed and resumed therefore draws the same numbers as one that was not, and ends
in the same weights to the bit; and n processes, each with every n-th row of the batch, follow the loss curve of one.

A run's folder gets config.json, log.csv, samples_<step>.png, checkpoint.safetensors (to resume) and model.safetensors (averaged
weights). What ends a run, a kill, Ctrl-C, a full disk, a loss that is not finite, leaves the last checkpoint whole.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from tqdm import tqdm

from lib.checks import check_whole
from lib.clipping import Clipped
from lib.diffusion import DDPM
from lib.ema import EMA
from lib.flow_matching import FlowMatching
from lib.guidance import Guided
from lib.labels import drop_labels
from lib.pictures import augment
from lib.prediction import Model
from lib.samplers import ddim, sample
from lib.seeding import randn, seeded
from lib.trained.checkpoint import CHANGEABLE, Past, Training, fingerprint, load_checkpoint, save_checkpoint
from lib.trained.config import DATA, Config, about, build, images
from lib.trained.files import look, not_finite
from lib.trained.folder import CHECKPOINT, LOG, MODEL, Log, alone, claim, write_config, write_png
from lib.trained.images import decoder
from lib.trained.processes import Place, anywhere, leave_together, mean_over_processes, patient, place
from lib.trained.weights import recipe, save
from lib.training import minimise, stratified_uniform

# ---- data ------------------------------------------------------------------------------------------------------------


class Batch(NamedTuple):
    """What a step trains on; the same on every machine and for any number of processes."""

    x: Tensor
    y: Tensor
    t: Tensor
    eps: Tensor


ORDER, DRAWS, MOVES = 1, 2, 3  # what a stream of random numbers is for


def batch_of(config: Config, model: Model, x: Tensor, y: Tensor, step: int, rows=slice(None), device=None) -> Batch:
    """The given rows of the batch of `step`, on `device` (default: that of x). Epochs are permutations of the data."""
    epoch, part = divmod(step, len(x) // config.batch)
    order = torch.randperm(len(x), generator=_generator(config.seed, epoch, ORDER))
    chosen = order[part * config.batch : (part + 1) * config.batch].to(x.device)
    pictures = x[chosen]
    if config.augmented:
        moves = _generator(config.seed, step, MOVES)
        pictures = augment(pictures, flip=config.flip, shift=config.shift, generator=moves)
    g = _generator(config.seed, step, DRAWS)
    # Labels are dropped here and not in the model's loss, which would not see the whole batch.
    labels = drop_labels(y[chosen], config.label_drop, generator=g)
    t = model.path.times(stratified_uniform(config.batch, generator=g))
    eps = randn((config.batch, *x.shape[1:]), generator=g)
    return Batch(*(whole[rows].to(device or x.device) for whole in (pictures, labels, t, eps)))


def _generator(seed: int, i: int, purpose: int) -> torch.Generator:
    """An independent stream for each (seed, i, purpose)."""
    digest = hashlib.sha256(f"{seed} {i} {purpose}".encode()).digest()
    return seeded(int.from_bytes(digest[:7], "big"))


def _fits(x: Tensor, device: torch.device) -> bool:
    """Whether a data set may live on the device: in less than half of what is free there."""
    return device.type != "cuda" or x.nbytes < torch.cuda.mem_get_info(device)[0] / 2


# ---- what a run tells ------------------------------------------------------------------------------------------------


def held_out_loss(model: Model, x: Tensor, y: Tensor) -> float:
    """The loss on data the net never saw, always with the same times and noise."""
    g = seeded(0)
    t = model.path.times(stratified_uniform(len(x), generator=g)).to(x.device)
    with torch.no_grad():
        return model.loss(x, y, t=t, eps=randn(x.shape, like=x, generator=g)).item()


def sheet_of_samples(
    model: Model, classes: int, shape: tuple[int, ...], decode: Callable[[Tensor], Tensor], columns: int = 8, *,
    pixels: bool,
) -> Tensor:  # fmt: skip
    """A picture (H, W, channels) of bytes: a row a class, 20 network calls, guidance scale 2, always from the same noise.

    pixels: x0 is clipped to [-1, 1]. Latents have no range.
    """
    y = torch.arange(classes).repeat_interleave(columns)
    start = randn((len(y), *shape), generator=seeded(0))
    device = next(model.net.parameters()).device
    guided = Guided(model, 2.0)
    with torch.no_grad():
        x = decode(sample(Clipped(guided) if pixels else guided, start.to(device), 20, ddim, y.to(device)).cpu())
    x = ((x.clamp(-1, 1) + 1) * 127.5).round().byte()
    x = nn.functional.pad(x, (1, 1, 1, 1), value=128)
    return x.unflatten(0, (classes, columns)).permute(0, 3, 1, 4, 2).flatten(0, 1).flatten(1, 2)


# ---- the run ---------------------------------------------------------------------------------------------------------


def train(config: Config, out: str | Path, *, resume: bool = False, change: Mapping[str, float] | None = None,
          compile: bool = False, log_every: int = 50, save_every: int = 500, keep: int = 0, stop_at: int | None = None,
          quiet: bool = False) -> DDPM | FlowMatching:  # fmt: skip
    """Train as configured into the folder `out` and return the model around the averaged weights.

    change   with resume: what of lr, steps, batch and save_every shall be another from here on. The run goes on as one of the
             new settings would at this step: the learning rate is that of a schedule over the new number of steps, and the
             batches come from another permutation of the data. log.csv and the checkpoint say so.
    keep     so many checkpoints before the last one stay, as checkpoint_<step>.safetensors.
    stop_at  ends the run early, as if it had been interrupted.

    Raises ValueError where `out` is no folder for a run (see folder.claim), where another process trains in it, where its
    checkpoint does not match, where there is no run to change, where the batch does not divide among the processes or exceeds
    the data, and for an interval below 1; OSError where a file cannot be written or data not be fetched; FloatingPointError for
    a loss or a weight that is not finite; KeyboardInterrupt, at the end of a step and saved, after Ctrl-C. All leave the last
    checkpoint whole.
    """
    change = dict(change or {})
    if wrong := [name for name in change if name not in CHANGEABLE]:
        raise ValueError(f"{wrong[0]} would make another run. What can be changed is {', '.join(CHANGEABLE)}.")
    if change and not resume:
        raise ValueError("A change is one of a run that is resumed: --resume --change ...")
    save_every = change.get("save_every", save_every)
    config = replace(config, **{name: value for name, value in change.items() if name != "save_every"})
    for name, value in {"log_every": log_every, "save_every": save_every, "stop_at": stop_at}.items():
        if name != "stop_at" or value is not None:
            check_whole(name, value, 1)
    check_whole("keep", keep, 0)
    if not str(out).strip():
        raise ValueError("The folder of the run has no name. Give it one with --out.")
    here, out = place(), Path(out)
    new = not os.path.isfile(out / CHECKPOINT)
    if new and change:
        raise ValueError(f"There is no run in {out} to change. Correct --out, or start one there without --change.")
    claim(out, resume)
    if new and resume and here.rank == 0 and not quiet:
        print(f"No run in {out} yet: starting one.")
    with alone(out) if here.rank == 0 else nullcontext():
        return _run(config, out, here, tuple(change), compile=compile, log_every=log_every, save_every=int(save_every),
                    keep=keep, last=min(config.steps, stop_at or config.steps), quiet=quiet)  # fmt: skip


def _run(config: Config, out: Path, here: Place, changed: tuple[str, ...], *, compile: bool, log_every: int,
         save_every: int, keep: int, last: int, quiet: bool) -> DDPM | FlowMatching:  # fmt: skip
    """`train`, once its arguments are checked and the folder is its own."""
    (x, y), held_out = images(config)
    if config.batch % here.world or config.batch > len(x):
        raise ValueError(
            f"A batch of {config.batch} must be a multiple of {here.world} processes and at most {len(x)} images."
        )
    data, decode = fingerprint(x), decoder(config.latents)
    if _fits(x, here.device):
        x, y = x.to(here.device), y.to(here.device)
    held_out = [part[:1000].to(here.device) for part in held_out]

    model = build(config, x.shape[1], x.shape[-1]).to(here.device)
    ema = EMA(model.net, config.ema)
    averaged = model.with_net(ema.net)
    optimizer = torch.optim.AdamW(model.net.parameters(), lr=config.lr, weight_decay=0.0, fused=True)
    training, checkpoint = Training(model.net, ema, optimizer), out / CHECKPOINT
    settings, past = asdict(config) | {"save_every": save_every}, Past()
    if checkpoint.exists():
        past = load_checkpoint(checkpoint, training, settings, data, changed)
    done = began = past.done
    changes = {"changes": json.dumps(past.changes)} if past.changes else {}

    def told(step: int) -> dict[str, str]:
        """What a checkpoint says."""
        left = {"unfinished": f"step {step} of {config.steps}"} if step < config.steps else {}
        more = {"data_hash": data, "save_every": str(save_every), "recipe": json.dumps(recipe(averaged))}
        return about(config, step) | more | changes | left

    net = nn.parallel.DistributedDataParallel(model.net) if here.world > 1 else model.net
    trained = model.with_net(torch.compile(net) if compile else net)

    def loss(*batch: Tensor) -> Tensor:
        with torch.autocast(here.device.type, torch.bfloat16, enabled=config.bf16):
            x, y, t, eps = batch
            return trained.loss(x, y, t=t, eps=eps)

    first, mine = here.rank == 0, slice(here.rank, None, here.world)
    if first:
        log = Log(out / LOG, done, here.world, past.just_changed)
        write_config(out, config)
    stream = (batch_of(config, model, x, y, step, mine, here.device) for step in range(done, config.steps))
    parameters, stop, start = model.net.parameters(), False, time.perf_counter()
    run = minimise(loss, parameters, stream, config.steps, lr=config.lr, ema=ema, optimizer=optimizer, done=done)
    bar = tqdm(total=config.steps, initial=done, unit="step", disable=quiet or not first)
    with bar, _way_out(checkpoint, config.lr), patient() as interrupted:
        for state in islice(run, max(last - done, 0)):
            done = state.step
            bar.update()
            stop = anywhere(interrupted(), here.world)
            shows, logs = done % save_every == 0 or done == last, done % log_every == 0
            if not (shows or logs or stop):
                continue
            value = mean_over_processes(state.loss, here.world)
            if not value < float("inf"):
                raise FloatingPointError(f"The loss is {value} at step {done}.")
            # The loss is from before the step; what the step has made is looked at before it may replace a checkpoint.
            if (shows or stop) and (bad := not_finite(training.tensors())):
                raise FloatingPointError(f"Step {done} made NaN or infinite numbers, in {', '.join(bad[:3])}.")
            if first:
                speed = (done - began) * config.batch / (time.perf_counter() - start)
                rate = optimizer.param_groups[0]["lr"]
                row = {"step": done, "loss": value, "learning_rate": rate, "images_per_second": round(speed, 1)}
                bar.set_postfix_str(f"loss {value:.4f}, {speed:,.0f} images/s")
                if shows:
                    row["held_out_loss"] = held = held_out_loss(averaged, *held_out)
                    if not held < float("inf"):
                        raise FloatingPointError(f"The held-out loss is {held} at step {done}.")
                if shows or logs:
                    log.add(**row)
                try:
                    if shows:
                        classes = len(DATA[config.data].classes)
                        sheet = sheet_of_samples(averaged, classes, x.shape[1:], decode, pixels=not config.latents)
                        write_png(out / f"samples_{done:06d}.png", sheet)
                finally:  # also where no picture can be made
                    if shows or stop:
                        save_checkpoint(checkpoint, training, told(done), keep)
                if shows:
                    start, began = time.perf_counter(), done  # the pictures are not part of the speed
            if stop:
                break
    if first and done == config.steps:
        save(out / MODEL, averaged, about(config, done) | changes)
    leave_together(here.world)
    if stop and done < config.steps:
        raise KeyboardInterrupt(f"Stopped at step {done} of {config.steps}. It is saved: continue with --resume.")
    return averaged


@contextmanager
def _way_out(checkpoint: Path, lr: float) -> Iterator[None]:
    """Say what can be done after a FloatingPointError: the same settings would draw the same numbers, and meet it again."""
    try:
        yield
    except FloatingPointError as error:
        if checkpoint.exists():
            step = look(checkpoint, ("step",), "")[1]["step"]
            way = f"The checkpoint of step {step} is whole: continue it more slowly, --resume --change lr={lr / 3:.1g}."
        else:
            way = "Nothing was saved yet: start again with a lower --lr."
        raise FloatingPointError(f"{error} {way}") from None
