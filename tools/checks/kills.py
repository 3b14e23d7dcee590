"""End image runs at random moments, many times, and see that nothing is lost.

    python -m tools.checks.kills 200        two hundred ends; some twenty minutes

Runs in pixels, moved about, their batches in two parts and their gradients clipped, and runs in latents without all that; of one
process and of two. What ends them: SIGKILL; SIGINT, as by Ctrl-C; a disk that is full from
some byte on (the kernel's limit of file sizes); a gradient that is not finite. After each end the checkpoint is loaded, and must
hold all steps that were saved before; then the run is resumed. One that comes to its end is compared with one that nothing
disturbed: the same bits. Processes are forks of this one, which has loaded what a start takes long for.
"""

import os
import random
import signal
import socket
import sys
import tempfile
import threading
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from tqdm import tqdm

from lib import Autoencoder, digits, load_model
from lib.flow_matching import FlowMatching
from lib.trained import loop
from lib.trained.__main__ import main
from lib.trained.files import look, read
from lib.trained.folder import CHECKPOINT, LOG, MODEL, read_log
from lib.trained.weights import save

STEPS, SAVES, SHAPE = 24, 4, ["--width", "16", "--depth", "1", "--heads", "2", "--batch", "64", "--ema", "0.9"]
OFTEN = ["--steps", str(STEPS), "--log-every", "3", "--save-every", str(SAVES)]
PARTS = 2  # of a batch of pixels
PIXELS = ["--patch", "4", "--accumulate", str(PARTS), "--flip", "--shift", "1", "--clip", "1", "--weight-decay", "0.1"]
KINDS = ("SIGKILL", "SIGINT", "full disk", "NaN gradient")


class Lane(NamedTuple):
    """A kind of run."""

    latents: bool
    processes: int

    def __str__(self) -> str:
        return f"{'latents' if self.latents else 'pixels'}, {self.processes} process{'es' * (self.processes > 1)}"


LANES = [Lane(latents, processes) for latents in (False, True) for processes in (1, 2)]


class End(NamedTuple):
    """What ends a run: a kind, the step or the share of the time at which it does, and a size for the full disk."""

    kind: str = ""
    step: int = 0
    share: float = 0.0
    bytes: int = 0


class Lost(AssertionError):
    """Something was."""


# ---- one try -----------------------------------------------------------------------------------------------------------


def attempt(lane: Lane, folder: Path, end: End, seconds: float) -> list[int]:
    """Start or resume the run in `folder`, end it so, and return the exit status of each process, negative for a signal."""
    out, port = folder / "run", _free_port()
    (folder / "begun").unlink(missing_ok=True)
    pids = [_fork(lane, folder, out, rank, port, end) for rank in range(lane.processes)]
    if end.kind in ("SIGKILL", "SIGINT"):
        time.sleep(end.share * seconds)
        for pid in pids:
            os.kill(pid, getattr(signal, end.kind))  # one that has ended waits for us, and does not mind
    return _all_ended(pids)


def _all_ended(pids: list[int]) -> list[int]:
    """The statuses; where a process fails, the others are killed three seconds later, as a launcher does."""
    found: dict[int, int] = {}
    patience = 300.0
    while len(found) < len(pids):
        for pid in set(pids) - found.keys():
            if (ended := os.waitpid(pid, os.WNOHANG))[0]:
                found[pid] = os.waitstatus_to_exitcode(ended[1])
                patience = min(patience, 3.0) if found[pid] else patience
        time.sleep(0.01)
        patience -= 0.01
        if patience < 0:
            for pid in set(pids) - found.keys():
                os.kill(pid, signal.SIGKILL)
            patience = 300.0
    return [found[pid] for pid in pids]


def _fork(lane: Lane, folder: Path, out: Path, rank: int, port: int, end: End) -> int:
    """A process of a run; it says what it has to say to folder/said.<rank>."""
    if pid := os.fork():
        return pid
    code = 70
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets what it runs behind itself ignore it
        said = os.open(folder / f"said.{rank}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(said, 2)
        sys.stderr = os.fdopen(2, "w")
        if lane.processes > 1:  # what torchrun tells
            os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(lane.processes)}
            os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "TORCHELASTIC_RUN_ID": "kills"}
        _watch(folder / "saved")
        _plan(end, rank, folder / "begun", 1 if lane.latents else PARTS)
        which = ["--latents", str(folder.parent / "autoencoder"), "--patch", "1"] if lane.latents else PIXELS
        main([*which, *SHAPE, *OFTEN, "--keep", "1", "--out", str(out), "--resume"])
        code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else 71
    except BaseException as error:  # of another process's death
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
    finally:
        sys.stderr.flush()
        os._exit(code)


def _watch(ledger: Path) -> None:
    """Note each step that was saved."""
    plain = loop.save_checkpoint

    def save_checkpoint(path, training, told, keep) -> None:
        plain(path, training, told, keep)
        with ledger.open("a") as file:
            file.write(f"{told['step']}\n")

    loop.save_checkpoint = save_checkpoint


def _plan(end: End, rank: int, begun: Path, parts: int) -> None:
    """Let it come, in the last part of its step; the second step leaves a file."""
    plain = FlowMatching.loss
    calls = 0

    def loss(self, *args, **named):
        nonlocal calls
        value = plain(self, *args, **named)
        if not value.requires_grad:
            return value
        calls += 1
        step, more = divmod(calls, parts)
        if more:
            return value
        if step == 2:  # so that all processes are on their way
            begun.touch()
        if step == end.step and end.kind == "full disk":
            import resource

            resource.setrlimit(resource.RLIMIT_FSIZE, (end.bytes, resource.RLIM_INFINITY))
        if step == end.step and end.kind == "NaN gradient" and rank == 0:
            value = value + 0 * (0 * next(self.net.parameters()).sum()).sqrt()
        return value

    FlowMatching.loss = loss


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# ---- what must be so ---------------------------------------------------------------------------------------------------


def examine(folder: Path, end: End, codes: list[int]) -> None:
    """Raise Lost unless what stands in the folder is whole, and what the run said was true."""
    out, said = folder / "run", (folder / "said.0").read_text().replace("\r", "\n").rstrip().split("\n")[-1]
    ledger = folder / "saved"
    saved = int(ledger.read_text().split()[-1]) if ledger.exists() else 0
    if not (out / CHECKPOINT).exists():
        _must(saved == 0, f"the checkpoint of step {saved} is gone")
        return
    step = _whole(out / CHECKPOINT)
    _must(step >= saved, f"step {saved} was saved, and the checkpoint has {step}")
    for older in out.glob("checkpoint_*"):
        _must(_whole(older) <= step, f"{older.name} beside step {step}")
    begun = (folder / "begun").exists()
    if end.kind == "SIGKILL" or (
        end.kind == "SIGINT" and codes[0] < 0 and not begun
    ):  # the second waited for the other
        return
    drafts = [path.name for path in out.glob(".*.draft")]
    _must(not drafts, f"{drafts} left by {end.kind}")
    if codes[0] == 130 and said.startswith("Stopped"):
        _must(said == f"Stopped at step {step} of {STEPS}. It is saved: continue with --resume.", said)
    elif codes[0]:
        expected = {
            "SIGINT": "Interrupted.",
            "full disk": "error: [Errno 27] File too large",
            "NaN gradient": "error: ",
        }
        _must(codes[0] in (1, 130) and said.startswith(expected[end.kind]), f"{codes} {said}")
    if said == "Interrupted.":
        _must(step == STEPS or not begun, "Ctrl-C lost the steps since the last save")
    if codes[0] and end.kind == "NaN gradient":
        _must(f"The checkpoint of step {step} is whole" in said, said)


def _whole(path: Path) -> int:
    """The step of a checkpoint that can be read and sampled from."""
    try:
        with warnings.catch_warnings(action="ignore"):
            load_model(path)
        tensors, about = read(path, ("step",), "")
    except ValueError as error:
        raise Lost(str(error)) from error
    _must(all(tensor.isfinite().all() for tensor in tensors.values()), f"{path.name} is poisoned")
    return int(about["step"])


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Lost(otherwise)


def _same(one: Path, other: Path) -> None:
    for name in (CHECKPOINT, MODEL):
        a, b = (read(folder / "run" / name, (), "")[0] for folder in (one, other))
        _must(a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a), f"other bits in {name}")
    rows = [[(r["step"], r["loss"], r.get("held_out_loss"), r["processes"]) for r in read_log(folder / "run" / LOG)]
            for folder in (one, other)]  # fmt: skip
    _must(rows[0] == rows[1], "another log")


# ---- many --------------------------------------------------------------------------------------------------------------


def trial(lane: Lane, kinds: list[str], place: Path, rng: random.Random) -> Iterator[tuple[str, int]]:
    """End runs of a lane in these ways, one after the other, and let the last come to its own end.

    Yield the kind of each end, and the step of the checkpoint then; ("", STEPS) for a run that came to its own.
    """
    reference = place / "reference"
    reference.mkdir()
    _must(attempt(lane, reference, End(), 0.0) == [0] * lane.processes, (reference / "said.0").read_text()[-500:])
    size, seconds = (reference / "run" / CHECKPOINT).stat().st_size, 1.0
    number, kinds = 0, [*kinds, ""]
    while True:
        folder = place / str(number)
        folder.mkdir(exist_ok=True)
        step = rng.choice([rng.randint(1, STEPS // 2), SAVES * rng.randint(1, 2)])  # often one that saves
        end = End(kinds[0], step, rng.random(), rng.randint(0, size))
        start = time.monotonic()
        codes = attempt(lane, folder, end, seconds)
        if any(codes):
            examine(folder, end, codes)
            yield (
                kinds.pop(0),
                int(look(folder / "run" / CHECKPOINT, (), "")[1]["step"])
                if (folder / "run" / CHECKPOINT).exists()
                else 0,
            )
            seconds *= 1.1  # or a slow machine would never come to an end
            continue
        seconds = time.monotonic() - start
        _same(reference, folder)
        yield "", STEPS
        number += 1
        if kinds == [""]:
            return


def run(
    ends: int, seed: int = 0, lanes: Sequence[Lane] = LANES, kinds: Sequence[str] = KINDS
) -> Iterator[tuple[Lane, str, int]]:
    """`ends` ends of these kinds in turn, over the lanes; raises Lost, with lane and kind, where something was."""
    torch.set_num_threads(1)
    tqdm.monitor_interval = 0  # no thread of it, which a fork would lose
    tqdm.set_lock(
        threading.RLock()
    )  # its own is shared with children; one that is killed while it holds it keeps it for ever
    with tempfile.TemporaryDirectory() as home:
        autoencoder = Autoencoder(channels=1, latent=2, width=4)
        autoencoder.fit_scale(digits()[0])
        for i, lane in enumerate(lanes):
            place = Path(home) / str(i)
            place.mkdir()
            save(place / "autoencoder", autoencoder, {"data": "digits", "command": "none", "torch": ""})
            mine = [kinds[j % len(kinds)] for j in range(ends * i // len(lanes), ends * (i + 1) // len(lanes))]
            try:
                for kind, step in trial(lane, mine, place, random.Random(f"{seed} {i}")):
                    yield lane, kind, step
            except Lost as error:
                raise Lost(f"{lane}: {error}") from error


if __name__ == "__main__":
    found, steps = Counter(), Counter()
    for lane, kind, step in run(int(sys.argv[1]) if len(sys.argv) > 1 else 200, int((sys.argv + ["0"] * 3)[2])):
        found[lane, kind] += 1
        steps[step] += 1
        if not kind:
            print(
                f"{sum(n for (_, k), n in found.items() if k)} ends; {lane}: a run is done, the same bits", flush=True
            )
    for lane in LANES:
        print(f"{lane!s:24}", ", ".join(f"{kind or 'done'} {found[lane, kind]}" for kind in (*KINDS, "")))
    print("checkpoints at step:", ", ".join(f"{step}: {n}" for step, n in sorted(steps.items())))
    print("nothing was lost")
