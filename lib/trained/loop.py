"""Train a Diffusion Transformer on images, as DDPM or by flow matching, on one device or many.

Everything random in step i is drawn from a generator seeded by (seed, i): the batch, its times, its noise, which labels are
dropped. A run that was killed and resumed therefore draws the same numbers as one that was not, and ends in the same weights to
the bit; and n processes, each with every n-th row of the batch, follow the loss curve of one.

A run's folder gets config.json, log.csv, samples_<step>.png, checkpoint.safetensors (to resume) and model.safetensors (averaged
weights).
"""

import csv
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor, nn
from tqdm import tqdm

from lib.diffusion import DDPM
from lib.ema import EMA
from lib.flow_matching import FlowMatching
from lib.guidance import Guided
from lib.labels import drop_labels
from lib.prediction import Model
from lib.samplers import ddim, sample
from lib.seeding import randn, seeded
from lib.trained.config import CLASSES, Config, about, build, images, stored
from lib.trained.images import decoder
from lib.trained.weights import fill, read, save, write
from lib.training import minimise, stratified_uniform

# ---- data ------------------------------------------------------------------------------------------------------------


def fingerprint(x: Tensor) -> str:
    """A short hash of the numbers of a data set."""
    return hashlib.sha256(x.cpu().contiguous().numpy().tobytes()).hexdigest()[:16]


class Batch(NamedTuple):
    """What a step trains on; the same on every machine and for any number of processes."""

    x: Tensor
    y: Tensor
    t: Tensor
    eps: Tensor


ORDER, DRAWS = 1, 2  # what a stream of random numbers is for


def batch_of(config: Config, model: Model, x: Tensor, y: Tensor, step: int, rows=slice(None), device=None) -> Batch:
    """The given rows of the batch of `step`, on `device` (default: that of x). Epochs are permutations of the data."""
    epoch, part = divmod(step, len(x) // config.batch)
    order = torch.randperm(len(x), generator=_generator(config.seed, epoch, ORDER))
    chosen = order[part * config.batch : (part + 1) * config.batch].to(x.device)
    g = _generator(config.seed, step, DRAWS)
    # Labels are dropped here and not in the model's loss, which would not see the whole batch.
    labels = drop_labels(y[chosen], config.label_drop, generator=g)
    t = model.path.times(stratified_uniform(config.batch, generator=g))
    eps = randn((config.batch, *x.shape[1:]), generator=g)
    return Batch(*(whole[rows].to(device or x.device) for whole in (x[chosen], labels, t, eps)))


def _generator(seed: int, i: int, purpose: int) -> torch.Generator:
    """An independent stream for each (seed, i, purpose)."""
    digest = hashlib.sha256(f"{seed} {i} {purpose}".encode()).digest()
    return seeded(int.from_bytes(digest[:7], "big"))


# ---- where it runs ---------------------------------------------------------------------------------------------------


class Place(NamedTuple):
    """This process among the others: its device, its number, how many there are."""

    device: torch.device
    rank: int = 0
    world: int = 1


def place() -> Place:
    """Ask accelerate, which joins the processes it launched; without it there is one process on the first GPU or the CPU."""
    gpu = torch.cuda.is_available()
    try:
        from accelerate import PartialState
    except ModuleNotFoundError:
        return Place(torch.device("cuda" if gpu else "cpu"))
    state = PartialState(cpu=not gpu)
    return Place(state.device, state.process_index, state.num_processes)


def _fits(x: Tensor, device: torch.device) -> bool:
    """Whether a data set may live on the device: in less than half of what is free there."""
    return device.type != "cuda" or x.nbytes < torch.cuda.mem_get_info(device)[0] / 2


def mean_over_processes(value: Tensor, world: int) -> float:
    """The mean of a scalar over all processes."""
    if world > 1:
        value = value.clone()
        dist.all_reduce(value)
    return value.item() / world


# ---- checkpoints -----------------------------------------------------------------------------------------------------


def save_checkpoint(path: Path, config: Config, step: int, net: nn.Module, ema: EMA, optimizer, data: str) -> None:
    """Everything a resumed run needs, in one file that is whole at every moment."""
    tensors = {f"net.{k}": v for k, v in net.state_dict().items()} | {
        f"ema.{k}": v for k, v in ema.net.state_dict().items()
    }
    for i, state in optimizer.state_dict()["state"].items():
        tensors |= {f"adam.{i}.{k}": v for k, v in state.items()}
    write(path, tensors, about(config, step) | {"data_hash": data})


def load_checkpoint(path: Path, config: Config, net: nn.Module, ema: EMA, optimizer, data: str) -> int:
    """Put a checkpoint of the same configuration into net, ema and optimizer; return the number of steps done.

    Raises ValueError with the reason where the file is damaged, or of another configuration or data set.
    """
    tensors, said = read(path, ("config", "step", "data_hash"), "Start again in another folder with --out.")
    theirs, ours = stored(said), asdict(config)
    if differs := [f"{k} was {theirs.get(k)!r}, now {v!r}" for k, v in ours.items() if theirs.get(k) != v]:
        raise ValueError(
            f"{path} belongs to another run: {'; '.join(differs)}. Resume with its options, or use another --out."
        )
    if said["data_hash"] != data:
        raise ValueError(f"{path} was trained on other data of the same name. Use another --out.")
    parts = {"net": {}, "ema": {}, "adam": {}}
    for name, tensor in tensors.items():
        kind, _, rest = name.partition(".")
        if kind not in parts:
            raise ValueError(f"{path} is damaged: it holds {name!r}, which no checkpoint has. Use another --out.")
        parts[kind][rest] = tensor
    fill(net, parts["net"], path)
    fill(ema.net, parts["ema"], path)
    state = {}
    for name, tensor in parts["adam"].items():
        i, key = name.split(".")
        state.setdefault(int(i), {})[key] = tensor
    optimizer.load_state_dict(optimizer.state_dict() | {"state": state})
    return int(said["step"])


# ---- what a run tells ------------------------------------------------------------------------------------------------


class Log:
    """log.csv: a row every so many steps, on the disk as soon as it is written. Rows after step `done` are of a lost try."""

    COLUMNS = ("step", "loss", "learning_rate", "images_per_second", "held_out_loss")

    def __init__(self, path: Path, done: int):
        kept = [row for row in read_log(path) if row["step"] <= done] if path.exists() and done else []
        self.path, draft = path, path.with_name(f".{path.name}.draft")
        with draft.open("w", newline="") as file:
            writer = csv.DictWriter(file, self.COLUMNS)
            writer.writeheader()
            writer.writerows(kept)
        draft.replace(path)  # a kill here loses no row

    def add(self, **row: float) -> None:
        with self.path.open("a", newline="") as file:
            csv.DictWriter(file, self.COLUMNS).writerow(row)


def read_log(path: str | Path) -> list[dict[str, float]]:
    """The rows of a log.csv as numbers; what a row does not tell is left out."""
    with Path(path).open(newline="") as file:
        rows = [{k: float(v) for k, v in row.items() if v} for row in csv.DictReader(file)]
    return [row | {"step": int(row["step"])} for row in rows if "step" in row]


# ---- the run ---------------------------------------------------------------------------------------------------------


def held_out_loss(model: Model, x: Tensor, y: Tensor) -> float:
    """The loss on data the net never saw, always with the same times and noise."""
    g = seeded(0)
    t = model.path.times(stratified_uniform(len(x), generator=g)).to(x.device)
    with torch.no_grad():
        return model.loss(x, y, t=t, eps=randn(x.shape, like=x, generator=g)).item()


def sheet_of_samples(
    model: Model, shape: tuple[int, ...], decode: Callable[[Tensor], Tensor], columns: int = 8
) -> Tensor:
    """A picture (H, W, channels) of bytes: a row a class, 20 network calls, guidance scale 2, always from the same noise."""
    y = torch.arange(CLASSES).repeat_interleave(columns)
    start = randn((len(y), *shape), generator=seeded(0))
    device = next(model.net.parameters()).device
    with torch.no_grad():
        x = decode(sample(Guided(model, 2.0), start.to(device), 20, ddim, y.to(device)).cpu())
    x = ((x.clamp(-1, 1) + 1) * 127.5).round().byte()
    x = nn.functional.pad(x, (1, 1, 1, 1), value=128)
    return x.unflatten(0, (CLASSES, columns)).permute(0, 3, 1, 4, 2).flatten(0, 1).flatten(1, 2)


def write_png(path: Path, picture: Tensor) -> None:
    """Bytes (H, W, 1 or 3) as a PNG."""
    from PIL import Image

    Image.fromarray(picture.squeeze(-1).numpy()).save(path)


def train(config: Config, out: str | Path, *, resume: bool = False, compile: bool = False, log_every: int = 50,
          save_every: int = 500, stop_at: int | None = None, quiet: bool = False) -> DDPM | FlowMatching:  # fmt: skip
    """Train as configured into the folder `out` and return the model around the averaged weights.

    Raises ValueError where `out` holds a run and resume is False, where its checkpoint does not match, where the batch does not
    divide among the processes or exceeds the data; FloatingPointError, without touching the checkpoint, for a loss that is not
    finite. `stop_at` ends the run early, as if it had been interrupted.
    """
    here, out = place(), Path(out)
    (x, y), held_out = images(config)
    if config.batch % here.world or config.batch > len(x):
        raise ValueError(
            f"A batch of {config.batch} must be a multiple of {here.world} processes and at most {len(x)} images."
        )
    checkpoint, mine = out / "checkpoint.safetensors", slice(here.rank, None, here.world)
    if checkpoint.exists() and not resume:
        raise ValueError(f"{out} holds a run already. Continue it with --resume, or choose another --out.")
    data, decode = fingerprint(x), decoder(config.latents)
    if _fits(x, here.device):
        x, y = x.to(here.device), y.to(here.device)
    held_out = [part[:1000].to(here.device) for part in held_out]

    model = build(config, x.shape[1], x.shape[-1]).to(here.device)
    ema = EMA(model.net, config.ema)
    averaged = model.with_net(ema.net)
    optimizer = torch.optim.AdamW(model.net.parameters(), lr=config.lr, weight_decay=0.0, fused=True)
    done = load_checkpoint(checkpoint, config, model.net, ema, optimizer, data) if checkpoint.exists() else 0
    net = nn.parallel.DistributedDataParallel(model.net) if here.world > 1 else model.net
    trained = model.with_net(torch.compile(net) if compile else net)

    first = here.rank == 0
    if first:
        out.mkdir(parents=True, exist_ok=True)
        (out / "config.json").write_text(json.dumps(asdict(config), indent=2) + "\n")
        log = Log(out / "log.csv", done)
    last = min(config.steps, stop_at or config.steps)
    bar = tqdm(total=config.steps, initial=done, unit="step", disable=quiet or not first)
    start, began = time.perf_counter(), done

    def loss(*batch: Tensor) -> Tensor:
        with torch.autocast(here.device.type, torch.bfloat16, enabled=config.bf16):
            x, y, t, eps = batch
            return trained.loss(x, y, t=t, eps=eps)

    stream = (batch_of(config, model, x, y, step, mine, here.device) for step in range(done, config.steps))
    parameters = model.net.parameters()
    run = minimise(loss, parameters, stream, config.steps, lr=config.lr, ema=ema, optimizer=optimizer, done=done)
    for state in islice(run, max(last - done, 0)):
        done = state.step
        bar.update()
        saves = done % save_every == 0 or done == last
        if not saves and done % log_every:
            continue
        value = mean_over_processes(state.loss, here.world)
        if not value < float("inf"):
            raise FloatingPointError(f"The loss is {value} at step {done}. Lower --lr; the last checkpoint is kept.")
        if not first:
            continue
        speed = (done - began) * config.batch / (time.perf_counter() - start)
        rate = optimizer.param_groups[0]["lr"]
        row = {"step": done, "loss": value, "learning_rate": rate, "images_per_second": round(speed, 1)}
        bar.set_postfix_str(f"loss {value:.4f}, {speed:,.0f} images/s")
        if saves:
            row["held_out_loss"] = held_out_loss(averaged, *held_out)
        log.add(**row)
        if saves:
            write_png(out / f"samples_{done:06d}.png", sheet_of_samples(averaged, x.shape[1:], decode))
            save_checkpoint(checkpoint, config, done, model.net, ema, optimizer, data)
            start, began = time.perf_counter(), done  # the pictures are not part of the speed
    bar.close()
    if first and done == config.steps:
        save(out / "model.safetensors", averaged, about(config, done))
    if here.world > 1:
        dist.barrier()  # nobody leaves while the first still writes
    return averaged
