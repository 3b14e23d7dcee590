"""The labs, live, with the widgets that Colab has: ipywidgets 7, where this environment has 8."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
VERSION = json.loads((ROOT / "tests" / "colab.json").read_text())["packages"]["ipywidgets"]


@pytest.fixture(scope="module")
def elder(tmp_path_factory):
    """An environment in which Colab's ipywidgets come before ours."""
    folder = tmp_path_factory.mktemp("widgets")
    wanted = [
        f"ipywidgets=={VERSION}",
        "ipython_genutils==0.2.0",
    ]  # the second is what the first needs and ours does not
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, *wanted]
    done = subprocess.run(install, capture_output=True, text=True)
    if done.returncode and not os.environ.get("CI"):
        pytest.skip("pip reaches no index to fetch them from")
    assert done.returncode == 0, done.stderr
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {name: value for name, value in os.environ.items() if not name.startswith("COV")} | {"PYTHONPATH": path}


def test_it_is_the_elder_one(elder):
    ask = [sys.executable, "-c", "import ipywidgets; print(ipywidgets.__version__)"]
    assert subprocess.check_output(ask, env=elder, text=True).strip() == VERSION


def test_the_labs_live_with_them(elder):
    """Every lab is opened, moved and read; the older package's own warnings are not ours to mend."""
    tests = [ROOT / "tests" / "test_labs.py", "-k", "live or sliders or refusal"]
    options = ["-q", "-p", "no:cacheprovider", "-o", "filterwarnings=default", "--no-cov"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *tests], env=elder, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout
