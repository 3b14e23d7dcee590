"""Train a Diffusion Transformer on images, as DDPM or by flow matching, on one device or many.

Everything random in step i is drawn from streams seeded by the run's seed and i (see batch.py). A run that was killed and resumed
therefore draws the same numbers as one that was not, and ends in the same weights to the bit; and n processes, each with its
rows of the batch, follow the loss curve of one.

A run's folder gets config.json, log.csv, samples_<step>.png, checkpoint.safetensors (to resume) and model.safetensors (averaged
weights). What ends a run, a kill, Ctrl-C, a full disk, a loss that is not finite, leaves the last checkpoint whole.
"""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import tqdm

from lib.checks import check_whole
from lib.clipping import Clipped
from lib.diffusion import DDPM
from lib.ema import EMA
from lib.flow_matching import FlowMatching
from lib.guidance import Guided
from lib.prediction import Model
from lib.samplers import ddim, sample
from lib.seeding import randn, seeded
from lib.trained.batch import STREAMS, Batch, batch_of
from lib.trained.checkpoint import CHANGEABLE, Past, Training, fingerprint, load_checkpoint, save_checkpoint
from lib.trained.config import DATA, Config, about, build, images
from lib.trained.files import look, not_finite
from lib.trained.folder import CHECKPOINT, LOG, MODEL, Log, alone, claim, write_config
from lib.trained.images import decoder
from lib.trained.processes import Place, anywhere, leave_together, mean_over_processes, patient, place
from lib.trained.stack import sheet, to_bytes, write_png
from lib.trained.weights import recipe, save
from lib.training import stratified_uniform, warmup_cosine

# ---- what a run tells ------------------------------------------------------------------------------------------------


def held_out_loss(model: Model, x: Tensor, y: Tensor) -> float:
    """The loss on data the net never saw, always with the same times and noise."""
    g = seeded(0)
    t = model.path.times(stratified_uniform(len(x), generator=g)).to(x.device)
    with torch.no_grad():
        return model.loss(x, y, t=t, eps=randn(x.shape, like=x, generator=g)).item()


def sheet_of_samples(
    model: Model, classes: int, shape: tuple[int, ...], decode: Callable[[Tensor], Tensor], columns: int = 8, *,
    pixels: bool, batch: int = 256,
) -> Tensor:  # fmt: skip
    """A picture (H, W, channels) of bytes: a row a class, 20 network calls, guidance scale 2, always from the same noise.

    pixels  x0 is clipped to [-1, 1]. Latents have no range.
    batch   so many are drawn at a time
    """
    y = torch.arange(classes).repeat_interleave(columns)
    start = randn((len(y), *shape), generator=seeded(0))
    device = next(model.net.parameters()).device
    guided = Clipped(Guided(model, 2.0)) if pixels else Guided(model, 2.0)
    with torch.no_grad():
        parts = [sample(guided, some.to(device), 20, ddim, labels.to(device)).cpu()
                 for some, labels in zip(start.split(batch), y.split(batch))]  # fmt: skip
        x = torch.cat([decode(part) for part in parts])
    return sheet(to_bytes(x), classes)


# ---- the run ---------------------------------------------------------------------------------------------------------


def train(config: Config, out: str | Path, *, resume: bool = False, change: Mapping[str, float] | None = None,
          compile: bool = False, log_every: int = 50, save_every: int = 500, keep: int = 0, stop_at: int | None = None,
          quiet: bool = False) -> DDPM | FlowMatching:  # fmt: skip
    """Train as configured into the folder `out` and return the model around the averaged weights.

    change   with resume: what of CHANGEABLE shall be another from here on. The run goes on as one of the new settings would at
             this step: the learning rate is that of a schedule over the new number of steps, and batches of another size come
             from another permutation of the data. log.csv and the checkpoint say so.
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
    if config.batch % (parts := here.world * config.accumulate):
        raise ValueError(
            f"A batch of {config.batch} must be a multiple of {here.world} processes times accumulate={config.accumulate}. "
            f"Try --batch {max(config.batch // parts, 1) * parts}."
        )
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
    if config.batch > len(x):
        raise ValueError(
            f"A batch of {config.batch} does not fit: there are at most {len(x)} images of {config.data} to train on. "
            "Lower --batch."
        )
    data, decode = fingerprint(x), decoder(config.latents)
    if _fits(x, here.device):
        x, y = x.to(here.device), y.to(here.device)
    held_out = [part[:1000].to(here.device) for part in held_out]

    model = build(config, x.shape[1], x.shape[-1]).to(here.device)
    ema = EMA(model.net, config.ema)
    averaged = model.with_net(ema.net)
    weights = list(model.net.parameters())
    optimizer = torch.optim.AdamW(weights, lr=config.lr, weight_decay=config.weight_decay, fused=True)
    training, checkpoint = Training(model.net, ema, optimizer), out / CHECKPOINT
    settings, past = asdict(config) | {"save_every": save_every}, Past()
    if checkpoint.exists():
        past = load_checkpoint(checkpoint, training, settings, data, changed)
    done = began = past.done
    changes = {"changes": json.dumps(past.changes)} if past.changes else {}

    def told(step: int) -> dict[str, str]:
        """What a checkpoint says."""
        left = {"unfinished": f"step {step} of {config.steps}"} if step < config.steps else {}
        more = {"data_hash": data, "streams": STREAMS, "save_every": str(save_every)}
        return about(config, step) | more | {"recipe": json.dumps(recipe(averaged))} | changes | left

    net = nn.parallel.DistributedDataParallel(model.net) if here.world > 1 else model.net
    trained = model.with_net(torch.compile(net) if compile else net)

    def backward(batch: Batch) -> Tensor:
        """The loss of a batch, whose gradient is left in the weights: that of its parts, one after the other."""
        total = torch.zeros((), device=here.device)
        optimizer.zero_grad()
        for i, (x, y, t, eps) in enumerate(zip(*(rows.chunk(config.accumulate) for rows in batch)), 1):
            if here.world > 1:  # the gradient is averaged over the processes once, after the last part
                net.require_backward_grad_sync = i == config.accumulate
            with torch.autocast(here.device.type, torch.bfloat16, enabled=config.bf16):
                loss = trained.loss(x, y, t=t, eps=eps) / config.accumulate
            loss.backward()
            total += loss.detach()
        if config.clip:
            nn.utils.clip_grad_norm_(weights, config.clip)
        return total

    first, share = here.rank == 0, config.batch // here.world
    mine = range(here.rank * share, (here.rank + 1) * share)
    if first:
        log = Log(out / LOG, done, here.world, past.just_changed)
        write_config(out, config)
    stop, start = False, time.perf_counter()
    bar = tqdm(total=config.steps, initial=done, unit="step", disable=quiet or not first)
    with bar, _way_out(checkpoint, config.lr), patient() as interrupted:
        for step in range(done, last):
            batch = batch_of(config, model, x, y, step, mine, here.device)
            rate = config.lr * warmup_cosine(step, config.steps)
            for group in optimizer.param_groups:
                group["lr"] = rate
            loss = backward(batch)
            optimizer.step()
            ema.update()
            done = step + 1
            bar.update()
            stop = anywhere(interrupted(), here.world)
            shows, logs = done % save_every == 0 or done == last, done % log_every == 0
            if not (shows or logs or stop):
                continue
            value = mean_over_processes(loss, here.world)
            if not value < float("inf"):
                raise FloatingPointError(f"The loss is {value} at step {done}.")
            # The loss is from before the step; what the step has made is looked at before it may replace a checkpoint.
            if (shows or stop) and (bad := not_finite(training.tensors())):
                raise FloatingPointError(f"Step {done} made NaN or infinite numbers, in {', '.join(bad[:3])}.")
            if first:
                speed = (done - began) * config.batch / (time.perf_counter() - start)
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
                        picture = sheet_of_samples(averaged, classes, x.shape[1:], decode,
                                                   pixels=not config.latents, batch=config.sample_batch)  # fmt: skip
                        write_png(out / f"samples_{done:06d}.png", picture)
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


def _fits(x: Tensor, device: torch.device) -> bool:
    """Whether a data set may live on the device: in less than half of what is free there."""
    return device.type != "cuda" or x.nbytes < torch.cuda.mem_get_info(device)[0] / 2
