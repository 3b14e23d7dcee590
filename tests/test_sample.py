"""Pictures from a model's file: each its own, whatever is asked with it, and whatever ends the program."""

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from lib import Autoencoder, DiT, FlowMatching, digits, seeded
from lib.samplers import facts
from lib.seeding import stream
from lib.trained import sample
from lib.trained.config import Config, about, build
from lib.trained.sample import draw, main
from lib.trained.sampling import RULES, Sampling, pictures, source
from lib.trained.stack import read_stack, write_stack
from lib.trained.weights import save

CPU = torch.device("cpu")
TINY = Config(patch=4, width=16, depth=1, heads=2)
OPTIONS = ["--count", "60", "--rule", "ancestral", "--calls", "4", "--scale", "2", "--batch", "5"]
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[1])}


def awake(model: torch.nn.Module) -> torch.nn.Module:
    """A new DiT answers 0 whatever it sees; this one is random all through."""
    g = seeded(1)
    for weight in model.net.parameters():
        weight.data = 0.2 * torch.randn(weight.shape, generator=g)
    return model


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> SimpleNamespace:
    """Model files of every kind, untrained: in pixels, as flow and as DDPM; in latents; without labels."""
    folder = tmp_path_factory.mktemp("models")
    with torch.random.fork_rng():
        torch.manual_seed(0)  # the initial weights
        autoencoder = Autoencoder(channels=1, latent=2, width=4)
    for layer in autoencoder.decoder.parameters():
        layer.data = 3 * layer.data  # so that latents show
    autoencoder.fit_scale(digits()[0])
    save(folder / "autoencoder", autoencoder, {"data": "digits", "command": "none", "torch": ""})
    save(
        folder / "colour", Autoencoder(channels=3, latent=2, width=4), {"data": "none", "command": "none", "torch": ""}
    )
    latents = replace(TINY, latents=str(folder / "autoencoder"), patch=1)
    nets = {
        "flow": (build(TINY, 1, 8), TINY),
        "ddpm": (build(replace(TINY, process="ddpm"), 1, 8), replace(TINY, process="ddpm")),
        "latents": (build(latents, 2, 2), latents),
        "unlabelled": (FlowMatching(DiT(8, patch=4, width=16, depth=1, heads=2, t_scale=1000)), TINY),
    }
    for name, (model, config) in nets.items():
        save(folder / name, awake(model), about(config, 0))
    return SimpleNamespace(folder=folder, **{path.name: str(path) for path in folder.iterdir()})


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# ---- a picture is its own ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "rule", "scale"),
    [
        ("flow", "heun", 1.0),
        ("flow", "ancestral", 2.0),
        ("ddpm", "ancestral variance=beta", 1.0),
        ("ddpm", "ddim eta=0.4", 3.0),
        ("latents", "dpmpp_2m", 1.0),
        ("latents", "ancestral", 0.0),
        ("unlabelled", "ancestral", 1.0),
    ],
)
def test_a_picture_depends_on_the_seed_and_its_number_alone(kind, rule, scale, files):
    """In batches of 7, of 16 and all at once: sums in another order, seen 1e-6. Another seed draws all anew."""
    asked = Sampling(getattr(files, kind), rule=rule, calls=4, scale=scale)
    found, _ = source(asked, CPU)
    whole = pictures(found, range(40), CPU)
    assert whole.shape == (40, 1, 8, 8) and len(torch.unique(whole.flatten(1), dim=0)) == 40
    for size in (7, 16):
        parts = [pictures(found, range(i, min(i + size, 40)), CPU) for i in range(0, 40, size)]
        torch.testing.assert_close(torch.cat(parts), whole, atol=1e-5, rtol=0)
    other, _ = source(replace(asked, seed=1), CPU)
    assert ((pictures(other, range(5), CPU) - whole[:5]).abs().flatten(1).max(1).values > 0.02).all()


def test_noise_on_the_way_is_each_pictures_own(files):
    """From one start all ways would part; and the noise is neither that of the start nor that of the next picture."""
    found, _ = source(Sampling(files.flow, rule="ancestral", calls=3), CPU)
    whole = pictures(found, range(2), CPU)
    drawn = [torch.randn(1, 8, 8, generator=stream(found.seed, i, purpose)) for i in (0, 1) for purpose in (4, 5)]
    assert all(not torch.equal(a, b) for i, a in enumerate(drawn) for b in drawn[:i])
    assert not torch.equal(whole, pictures(source(Sampling(files.flow, rule="ddim", calls=3), CPU)[0], range(2), CPU))


def test_who_asks_for_more_gets_the_same_first_ones(files, tmp_path):
    few, more = (
        read_stack(draw(Sampling(files.flow, count=n, calls=2), tmp_path / str(n), batch=10, quiet=True))
        for n in (20, 30)
    )
    assert torch.equal(few[0], more[0][:20]) and torch.equal(few[1], more[1][:20])


@pytest.mark.parametrize(("clip", "least"), [(None, 1.0), (False, 1.5)])
def test_pixels_are_clipped_on_the_way_unless_asked_not_to_be_and_latents_never(clip, least, files):
    found, settings = source(Sampling(files.flow, clip=clip), CPU)
    x_t = 3 * torch.randn(4, 1, 8, 8, generator=seeded(0))
    largest = found.model.estimate(x_t, 0.5, found.labels(range(4))).x0.abs().max().item()
    assert settings["clip"] is (clip is None) and (largest <= 1 if clip is None else largest > least)
    assert source(Sampling(files.latents), CPU)[1]["clip"] is False


# ---- what is left --------------------------------------------------------------------------------------------------------------


def test_a_folder_holds_a_stack_that_others_read_a_sheet_and_the_settings(files, tmp_path):
    options = ["--count", "25", "--calls", "2", "--batch", "10", "--classes", "3", "5", "--seed", "4"]
    main([files.flow, *options, "--out", str(tmp_path)])
    assert {path.name for path in tmp_path.iterdir()} == {"pictures.npz", "pictures.png", "settings.json"}
    plain = np.load(tmp_path / "pictures.npz")  # as an evaluator of the field does
    assert plain["arr_0"].shape == (25, 8, 8, 1) and plain["arr_0"].dtype == np.uint8
    x, y, said = read_stack(tmp_path / "pictures.npz")
    assert torch.equal(torch.from_numpy(plain["arr_0"])[:, :, :, 0], x[:, 0]) and said["data"] == "digits"
    assert y.tolist() == [3, 5] * 12 + [3] and json.loads(said["settings"])["seed"] == 4
    with Image.open(tmp_path / "pictures.png") as picture:
        assert picture.size == (8 * 10, 2 * 10)  # a row a class, eight pictures in frames of a pixel
        shown = torch.from_numpy(np.array(picture))
    assert torch.equal(shown[1:9, 11:19], x[2, 0]) and torch.equal(shown[11:19, 1:9], x[1, 0])


def test_a_net_without_labels_draws_pictures_without(files, tmp_path):
    x, y, _ = read_stack(draw(Sampling(files.unlabelled, count=11, calls=2), tmp_path, quiet=True))
    assert y.tolist() == [-1] * 11 and len(x) == 11
    with Image.open(tmp_path / "pictures.png") as picture:
        assert picture.size == (80, 20)


def test_latents_are_decoded_by_the_autoencoder_beside_the_model_or_the_named_one(files, tmp_path):
    plain = draw(Sampling(files.latents, count=4, calls=2), tmp_path / "a", quiet=True)
    named = draw(Sampling(files.latents, count=4, calls=2, autoencoder=files.autoencoder), tmp_path / "b", quiet=True)
    assert plain.read_bytes() == named.read_bytes()


# ---- killed, and asked again -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def asked(files) -> Sampling:
    """Twelve batches of an ancestral walk."""
    return Sampling(files.flow, count=60, rule="ancestral", calls=4, scale=2.0)


@pytest.fixture(scope="module")
def whole(asked, tmp_path_factory) -> dict[str, bytes]:
    """What nothing disturbed left."""
    out = tmp_path_factory.mktemp("whole")
    draw(asked, out, batch=5, quiet=True)
    return contents(out)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forked, so that many fit into a second")
def test_killed_at_random_and_asked_again_gives_the_same_pictures(asked, whole, tmp_path):
    rng, seen, late = random.Random(0), set(), 0.1
    for _ in range(60):
        if not (pid := os.fork()):
            try:
                draw(asked, tmp_path, batch=5, quiet=True)
            finally:
                os._exit(0)
        time.sleep(late * rng.random())
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        parts = list(tmp_path.glob("part_*"))
        assert all(len(read_stack(path)[0]) == 5 for path in parts)  # whole, or not there
        late *= 1.3 if len(parts) in seen else 1  # a busy machine needs longer for one more part
        seen.add(len(parts))
        if (tmp_path / "pictures.png").exists() and not parts:
            break
    draw(asked, tmp_path, batch=5, quiet=True)
    assert contents(tmp_path) == whole and len(seen) > 2  # it was not one lucky try


def test_parts_of_any_size_are_put_together(asked, whole, tmp_path, monkeypatch):
    """A first try in batches of 7, ended after three; a second in batches of 16. A byte may differ by one, where 1e-6 rounds."""
    plain, drawn = sample.pictures, []

    def three(*arguments):
        if len(drawn) == 3:
            raise KeyboardInterrupt
        drawn.append(arguments[1])
        return plain(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(sample, "pictures", three)
        with pytest.raises(
            KeyboardInterrupt, match="21 of 60 pictures are drawn and kept: start the same command again"
        ):
            draw(asked, tmp_path, batch=7, quiet=True)
    monkeypatch.setattr(sample, "pictures", lambda *arguments: drawn.append(arguments[1]) or plain(*arguments))
    x, y, _ = read_stack(draw(asked, tmp_path, batch=16, quiet=True))
    assert [rows.start for rows in drawn] == [0, 7, 14, 21, 37, 53] and drawn[-1].stop == 60
    (tmp_path / "one").write_bytes(whole["pictures.npz"])
    x_whole, y_whole, _ = read_stack(tmp_path / "one")
    assert (
        torch.equal(y, y_whole) and (x.int() - x_whole.int()).abs().max() <= 1 and (x != x_whole).double().mean() < 0.01
    )


def test_what_is_missing_is_drawn_once():
    rng = random.Random(0)
    for _ in range(200):
        n, size = rng.randint(1, 50), rng.randint(1, 9)
        cuts = sorted(rng.sample(range(n + 1), min(n + 1, 2 * rng.randint(0, 4))))
        held = [range(*pair) for pair in zip(cuts[::2], cuts[1::2])]
        todo = sample._missing(held, n, size)
        assert all(0 < len(rows) <= size for rows in todo)
        assert sorted(i for rows in [*held, *todo] for i in rows) == list(range(n))


def test_a_full_disk_keeps_whole_parts_and_says_so(asked, whole, tmp_path, monkeypatch, capsys):
    plain, count = os.fsync, []

    def full(handle):
        count.append(handle)
        if len(count) > 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        plain(handle)

    options = [*OPTIONS, "--out", str(tmp_path)]
    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(SystemExit) as left:
            main([asked.model, *options])
    said = capsys.readouterr().err.split("\r")[-1].split("\n")[-2]
    assert left.value.code == 1 and "No space left on device" in said
    assert said.endswith("15 of 60 pictures are drawn and kept: start the same command again for the others.")
    assert len(contents(tmp_path)) == 4 and not list(tmp_path.glob(".*"))  # the settings, three parts, no draft
    main([asked.model, *options])
    assert contents(tmp_path) == whole


def test_pictures_that_are_there_are_not_drawn_again(asked, whole, tmp_path, monkeypatch):
    for name, content in whole.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "pictures.png").unlink()
    (tmp_path / ".part_000000_000005.npz.draft").write_text("of a try that was killed")
    write_stack(
        tmp_path / "part_000000_000005.npz", *read_stack(tmp_path / "pictures.npz")[:2], {}
    )  # killed as it tidied up
    monkeypatch.setattr(sample, "pictures", lambda *_: pytest.fail("a picture was drawn"))
    draw(asked, tmp_path, quiet=True)
    assert contents(tmp_path) == whole


def test_two_processes_draw_what_one_does(asked, whole, tmp_path):
    """Started by torchrun, on gloo; the same batches, so the same bytes."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m"]
    options = [*OPTIONS, "--out", str(tmp_path / "out")]
    spy = tmp_path / "sitecustomize.py"  # notes which process wrote which part
    spy.write_text(
        "import os\nplain = os.replace\ndef replace(a, b, **named):\n    plain(a, b, **named)\n"
        f"    open({str(tmp_path / 'ledger')!r}, 'a').write(f\"{{os.environ.get('RANK')}} {{b}}\\n\")\nos.replace = replace\n"
    )
    environment = ENVIRONMENT | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ENVIRONMENT['PYTHONPATH']}"}
    call = [*torchrun, "lib.trained.sample", asked.model, *options]
    run = subprocess.run(call, env=environment, capture_output=True, text=True, timeout=200)
    assert run.returncode == 0, run.stderr[-2000:]
    assert contents(tmp_path / "out") == whole
    wrote = [line.split()[0] for line in (tmp_path / "ledger").read_text().split("\n") if "part_" in line]
    assert sorted(wrote) == ["0"] * 6 + ["1"] * 6


# ---- refused, before anything is computed --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        ("nothing", "", "There is no file"),
        ("autoencoder", "", "It is a Autoencoder, and here one can have DDPM"),
        ("flow", "--rule leap", "rule must be one of euler, heun"),
        ("ddpm", "--rule heun --calls 4", "a discrete schedule has no time derivative. Use ddim"),
        ("flow", "--rule heun --calls 5", "heun makes 2 calls a step, and 5 is no multiple of that. Try 4 or 6"),
        ("ddpm", "--calls 1001", "can be walked in 1 to 1000 steps"),
        ("flow", "--calls 0", "at least one network call"),
        ("flow", "--count 0", "count must be at least 1"),
        ("flow", "--batch 0", "batch must be at least 1"),
        ("flow", "--classes 3 10", "There is no class 10 of digits: choose of 0 0, 1 1"),
        ("flow", "--classes -1", "There is no class -1"),
        ("unlabelled", "--scale 2", "trained without labels: guidance steers towards a class. Leave --scale"),
        ("unlabelled", "--classes 1", "trained without labels: there are no classes"),
        ("flow", "--interval 0.5 1", "An interval says where guidance acts, and --scale 1 is none"),
        ("flow", "--scale 2 --interval 1 0.5", "interval must be"),
        ("flow", "--autoencoder some", "was trained on pixels, and needs no autoencoder"),
        ("latents", "--autoencoder nowhere", "There is no file nowhere"),
        ("latents", "--autoencoder {colour}", "decodes 2 channels to 3, and"),
        ("latents", "--clip", "makes latents, which have no range"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(kind, options, words, files, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sample, "pictures", lambda *_: pytest.fail("a picture was drawn"))
    options = options.format(**vars(files)).split()
    with pytest.raises(SystemExit) as left:
        main([str(files.folder / kind), *options, "--out", str(tmp_path / "out")])
    said = capsys.readouterr().err
    assert left.value.code == 1 and said.startswith("error: ") and words in said and said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def refused(out: Path, files, capsys, *options: str) -> str:
    with pytest.raises(SystemExit) as left:
        main([files.flow, "--count", "4", "--calls", "1", *options, "--out", str(out)])
    said = capsys.readouterr().err
    assert left.value.code == 1 and said.startswith("error: ") and said.count("\n") == 1
    return said


def test_a_folder_of_anything_else_is_refused_and_left_alone(files, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.tex").write_text("dear")
    assert "holds thesis.tex, which is of no pictures drawn so" in refused(out, files, capsys)
    (out / "thesis.tex").rename(out / "pictures.npz")  # without settings it is not ours
    assert "holds pictures.npz" in refused(out, files, capsys)
    assert contents(out) == {"pictures.npz": b"dear"}
    assert "is a file, and a folder is wanted" in refused(out / "pictures.npz", files, capsys)


def test_other_pictures_are_not_mixed_in(files, tmp_path, capsys):
    out, model = tmp_path / "out", tmp_path / "model"
    model.write_bytes(Path(files.flow).read_bytes())
    draw(Sampling(str(model), count=4, calls=1), out, quiet=True)
    before = contents(out)
    draw(Sampling(files.flow, count=4, calls=1), out, quiet=True)  # the same file by another name
    assert "holds other pictures: seed was 0, now 1" in refused(out, files, capsys, "--seed", "1")
    model.write_bytes(Path(files.ddpm).read_bytes())
    with pytest.raises(ValueError, match="holds other pictures: files was"):
        draw(Sampling(str(model), count=4, calls=1), out, quiet=True)
    assert {name: content for name, content in contents(out).items() if name != "settings.json"} == {
        name: content for name, content in before.items() if name != "settings.json"
    }
    (out / "settings.json").write_text("half a")
    assert "settings.json is damaged" in refused(out, files, capsys)


def test_a_disk_that_is_too_small_is_refused_at_the_start(files, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1_000_000))
    said = refused(tmp_path, files, capsys, "--count", "500000")
    assert "has room for 1 MB, and 500,000 pictures take up to 65" in said and "a smaller --count" in said
    assert not list(tmp_path.iterdir())


def test_two_programs_do_not_draw_into_one_folder(files, tmp_path, capsys):
    draw(Sampling(files.flow, count=4, calls=1), tmp_path, quiet=True)
    with sample.alone(tmp_path):
        assert "Another process works in" in refused(tmp_path, files, capsys)


# ---- stacks --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [0.3, 0.5, 0.97])
def test_a_damaged_stack_is_refused(place, whole, tmp_path):
    content = bytearray(whole["pictures.npz"])
    (tmp_path / "cut").write_bytes(content[: int(place * len(content))])
    content[int(place * len(content))] ^= 0x15
    (tmp_path / "flipped").write_bytes(content)
    for name in ("cut", "flipped"):
        with pytest.raises(ValueError, match=rf"{name} is damaged, or no stack of pictures.*lib.trained.sample` makes"):
            read_stack(tmp_path / name)


class Evil:
    """What a pickle could do."""

    def __reduce__(self):
        return (pytest.fail, ("it was unpickled",))


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"arr_0": np.zeros((2, 8, 8, 1), np.float32)}, r"must be bytes \(N, H, W, 1 or 3\), got float32"),
        ({"arr_0": np.zeros((2, 1, 8, 8), np.uint8)}, r"must be bytes .* shape \(2, 1, 8, 8\)"),
        ({"arr_0": np.zeros((0, 8, 8, 1), np.uint8)}, "must be bytes"),
        ({"arr_0": np.zeros((2, 8, 8, 1), np.uint8), "arr_1": np.zeros(3, int)}, "arr_1 must be whole numbers"),
        ({"arr_0": np.zeros((2, 8, 8, 1), np.uint8), "arr_1": np.zeros(2)}, "arr_1 must be whole numbers"),
        ({"x": np.zeros(3)}, "it has no arr_0"),
        ({"arr_0": np.array([Evil()], dtype=object)}, "allow_pickle=False"),
    ],
)
def test_a_stack_of_something_else_is_refused(arrays, reason, tmp_path):
    np.savez(tmp_path / "stack.npz", **arrays)
    with pytest.raises(ValueError, match=reason):
        read_stack(tmp_path / "stack.npz")


def test_every_rule_has_a_name_on_the_command_line():
    assert {
        "euler",
        "heun",
        "rk4",
        "ddim",
        "ancestral",
        "dpmpp_2m",
        "ddim eta=1.0",
        "ancestral variance=beta",
    } <= RULES.keys()


# ---- planted -------------------------------------------------------------------------------------------------------------------


def test_a_stream_that_a_batch_shares_is_found(files, monkeypatch):
    def shared(rule, streams):
        def one_step(step):
            return rule(step._replace(generator=streams[0]))

        one_step.facts = facts(rule)
        return one_step

    monkeypatch.setattr("lib.trained.sampling._with_streams", shared)
    with pytest.raises(AssertionError, match="Tensor-likes are not close"):
        test_a_picture_depends_on_the_seed_and_its_number_alone("flow", "ancestral", 1.0, files)


def test_parts_that_are_written_in_place_are_found(asked, tmp_path, monkeypatch):
    def in_place(path, content):
        if "part" in path.name:
            path.write_bytes(content[:-9])
            raise KeyboardInterrupt
        path.write_bytes(content)

    monkeypatch.setattr("lib.trained.stack.put", in_place)
    with pytest.raises(KeyboardInterrupt, match="60 of 60 pictures are drawn"):  # a lie
        draw(asked, tmp_path, batch=60, quiet=True)
    with pytest.raises(ValueError, match="is damaged"):
        draw(asked, tmp_path, batch=60, quiet=True)
