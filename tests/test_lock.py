"""The lock of the published book: in step with the pins, and pip takes just the wheels that it names."""

import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from tools.checks import lock

ENTRY = re.compile(r"^([\w.-]+)==(\S+)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)$", re.MULTILINE)


def faults(text: str, pins: dict[str, str]) -> set[str]:
    """The packages whose entry is lost, strange, of another version or without a digest."""
    locked = {(name, version) for name, version, _ in ENTRY.findall(text)}
    return {name for name, _ in locked ^ set(pins.items())} | {
        rest for rest in ENTRY.sub("", text).split("\n")[1:] if rest
    }


def test_the_lock_is_in_step():
    pins = lock.pins()
    assert len(pins) > 150 and "torch" not in pins and "mlxtend" in pins
    assert faults(lock.LOCK.read_text(), pins) == set(), "run `python -m tools.checks.lock`"


@pytest.mark.parametrize(
    ("line", "fault"), [("tiny==1.1", "tiny"), ("other==1.0", "other"), ("tiny==1.0 --hash=sha256:12", "tiny")]
)
def test_a_lock_that_is_not_in_step_is_found(line, fault):
    good = lock.written({"tiny==1.0": {"0" * 64}})
    assert faults(good, {"tiny": "1.0"}) == set()
    assert fault in faults(good.replace("tiny==1.0", line), {"tiny": "1.0"})
    assert faults(lock.HEAD, {"tiny": "1.0"}) == {"tiny"}


@pytest.fixture
def wheel(tmp_path) -> Path:
    """A wheel of a package with nothing in it."""
    path, info = tmp_path / "tiny-1.0-py3-none-any.whl", "tiny-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return path


@pytest.mark.parametrize("right", [True, False])
def test_pip_takes_the_wheel_of_the_lock_and_no_other(wheel, right):
    text = lock.written({"tiny==1.0": {"0" * 64, *([hashlib.sha256(wheel.read_bytes()).hexdigest()] if right else [])}})
    (path := wheel.parent / "locked.txt").write_text(text)
    call = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-index", f"--find-links={wheel.parent}"]
    done = subprocess.run([*call, "--no-deps", "--require-hashes", "-r", path], capture_output=True, text=True)
    assert ("Would install tiny-1.0" in done.stdout) is right
    assert ("DO NOT MATCH THE HASHES" in done.stderr) is not right


def test_what_is_published_is_built_from_the_lock():
    """The job that hands over the pages, and before anything but torch is installed."""
    job = yaml.safe_load((lock.ROOT / ".github/workflows/book.yml").read_text())["jobs"]["test"]
    assert any("upload-pages-artifact" in step.get("uses", "") for step in job["steps"])
    assert [step["run"] for step in job["steps"] if "make" in step.get("run", "")] == [
        "make test PYTHON=python LOCKED=1"
    ]
    call = ["make", "--dry-run", "--always-make", ".venv/.ready"]
    plans = [subprocess.check_output([*call, *more], cwd=lock.ROOT, text=True) for more in ([], ["LOCKED=1"])]
    assert "--require-hashes" not in plans[0]
    order = [
        plans[1].index(part)
        for part in ("set_up.py", "--require-hashes -r requirements-locked.txt", "-r requirements.txt")
    ]
    assert order == sorted(order)
