"""What the Makefile's set-up finds: a Python that is new enough, and a torch without the gigabytes that nobody uses."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.test_set_up import BASH, program
from tools import set_up

# --- finding a Python ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("there", "found"),
    [
        (["python3", "python3.13"], "python3"),
        (["python3.14", "python3.12", "python"], "python3.12"),
        (["python3.14"], "python3.14"),
        (["python3 is old", "python3.11"], "python3.11"),
    ],
)
def test_a_python_is_found_in_order(there, found, tmp_path):
    for name in there:
        program(tmp_path, name.split()[0], f"exit {int('old' in name)}")
    assert python_of_make(tmp_path) == (0, found)


def test_without_a_python_there_is_a_sentence(tmp_path):
    program(tmp_path, "python3", '[[ $1 == --version ]] && echo "Python 3.9.1"; exit 1')
    code, said = python_of_make(tmp_path)
    assert code != 0 and "needs Python 3.11 or newer; found Python 3.9.1" in said


def python_of_make(path: Path) -> tuple[int, str]:
    """The interpreter that the Makefile finds where nothing but this folder is on the path: (exit code, what it says)."""
    (path / "bash").symlink_to(BASH)
    text = f"include {Path(__file__).parents[1] / 'Makefile'}\nshow:\n\t@$(FIND_PYTHON)\n"
    call = [shutil.which("make"), "-s", "-f", "-", "show"]
    done = subprocess.run(call, input=text, env={"PATH": str(path)}, cwd=path, capture_output=True, text=True)
    return done.returncode, (done.stdout + done.stderr).strip()


# --- torch without CUDA ----------------------------------------------------------------------------------------------

CUDA = 'Requires-Dist: nvidia-cudnn-cu13==9.20.0.48; platform_system == "Linux"\n'
SETTINGS = ("PIP_CONFIG_FILE", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CONSTRAINT", "TORCH_INDEX")


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """Makes a torch of which nothing but its requirements are there; from then on it is the only one that pip finds."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_TARGET", str(tmp_path / "empty"))  # the torch of this environment does not count
    monkeypatch.setattr(set_up, "needs_no_cuda", lambda: True)

    def make(requires: str, build: str = "") -> None:
        version = set_up.pin().split("==")[1] + build
        about = f"torch-{version}.dist-info"
        with zipfile.ZipFile(tmp_path / f"torch-{version}-py3-none-any.whl", "w") as file:
            file.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n{requires}")
            file.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            file.writestr(f"{about}/RECORD", "")

    return make


def test_gigabytes_are_announced(wheel, capsys, monkeypatch):
    """Where pip would fetch them and no GPU would use them; the set-up goes on."""
    wheel(CUDA)
    assert set_up.main() == 0 and "TORCH_INDEX=<address>" in capsys.readouterr().out
    monkeypatch.setattr(set_up, "needs_no_cuda", lambda: False)
    assert set_up.main() == 0 and capsys.readouterr().out == ""


def test_a_cpu_wheel_is_preferred_and_needs_no_word(wheel, capsys):
    """Its version has a local part, which the pin allows; here it lies where the user's PIP_FIND_LINKS points."""
    wheel(CUDA)
    wheel("", build="+cpu")
    assert set_up.main() == 0 and capsys.readouterr().out == ""


def test_without_an_answer_of_pip_there_is_no_word(wheel, capsys):
    assert set_up.main() == 0 and capsys.readouterr().out == ""


def test_an_installed_torch_brings_nothing(wheel, monkeypatch):
    wheel(CUDA)
    monkeypatch.delenv("PIP_TARGET")
    assert not set_up.would_bring_cuda()


def test_torch_alone_comes_from_the_users_index(tmp_path, monkeypatch):
    monkeypatch.setattr(set_up, "PIP", [program(tmp_path, "pip", f"echo $* > {tmp_path}/log; exit 3")])
    monkeypatch.setenv("TORCH_INDEX", "https://example.org/cpu")
    assert set_up.main() == 3
    assert (tmp_path / "log").read_text() == f"install --no-deps --index-url https://example.org/cpu {set_up.pin()}\n"


@pytest.mark.skipif("sys.platform != 'linux'", reason="elsewhere pip's torch brings no CUDA")
def test_a_gpu_is_seen_by_its_tool(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(set_up, "DRIVER", tmp_path / "driver")
    assert set_up.needs_no_cuda()
    (tmp_path / "driver").mkdir()
    assert not set_up.needs_no_cuda()
    (tmp_path / "driver").rmdir()
    program(tmp_path, "nvidia-smi", "exit 0")
    assert not set_up.needs_no_cuda()


def test_the_set_up_runs_before_anything_is_installed():
    """Without the site's packages, and before pip reads the requirements."""
    path = Path(set_up.__file__)
    assert (
        subprocess.run([sys.executable, "-S", "-I", "-c", f"import runpy; runpy.run_path({str(path)!r})"]).returncode
        == 0
    )
    recipe = (set_up.ROOT / "Makefile").read_text()
    assert 0 < recipe.index("tools/set_up.py |") < recipe.index("install -r requirements.txt")
