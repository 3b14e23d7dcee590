"""Every `run:` of the workflows, executed as GitHub does it in a clean folder; what installs or takes long is only noted."""

import os
import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from tests.test_set_up import BASH, program

ROOT = Path(__file__).parents[1]
# Programs that stand for the real ones: they write down what they are asked for.
NOTED = ("make", "python", "python3", "pipx", "docker", "sudo")
CONTEXT = {"github.server_url": "https://github.com", "github.repository": "someone/a-book", "github.token": "a-token"}


def steps() -> list:
    found = []
    for path in sorted((ROOT / ".github" / "workflows").glob("*.yml")):
        for name, job in yaml.safe_load(path.read_text())["jobs"].items():
            for number, step in enumerate(job["steps"]):
                if "run" in step:
                    settings = job.get("env", {}) | step.get("env", {})
                    found.append(pytest.param(step["run"], settings, id=f"{path.stem}-{name}-{number}"))
    return found


def filled(value: str) -> str:
    """A setting with GitHub's own words put in; what nobody has set is empty there, too."""
    return re.sub(r"\$\{\{\s*(.*?)\s*\}\}", lambda found: CONTEXT.get(found[1], ""), str(value))


@pytest.fixture
def clone(tmp_path):
    """A folder with what git tracks, and a path on which only stand-ins and a few plain tools are."""
    names = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).rstrip("\0").split("\0")
    folder, tools = tmp_path / "clone", tmp_path / "bin"
    for name in names:
        if "/" not in name or name.startswith("notebooks/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_file():
                shutil.copy(ROOT / name, folder / name)
    tools.mkdir()
    for name in NOTED:
        program(
            tools,
            name,
            f'printf "%s" {name} >> {tmp_path}/log; printf "\\t%s" "$@" >> {tmp_path}/log; echo >> {tmp_path}/log',
        )
    program(tools, "python", f'echo "python\t$*" | tr " " "\\t" >> {tmp_path}/log\n'
            f'[[ $2 == venv ]] && mkdir -p $3/bin && cp "$0" $3/bin/python; true')  # fmt: skip
    (folder / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(tools / "python", folder / ".venv" / "bin" / "python")
    # what an earlier step of the same job has left: the stamped notebooks
    shutil.copytree(folder / "notebooks", folder / "stamped" / "notebooks")
    for name in ("sed", "rm", "cp", "mkdir", "touch", "tr", "cat"):
        (tools / name).symlink_to(shutil.which(name))
    return folder, tools, tmp_path / "log"


def gone(call: list[str]) -> list[str]:
    """What a call asks for that is not there: a target of the Makefile, a module of tools, a file that it reads."""
    found = []
    if call[0] == "make":
        targets = re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
        found += [word for word in call[1:] if "=" not in word and word not in targets]
    for flag, word in pairwise(call):
        if flag == "-m" and word.startswith("tools."):
            found += [] if (ROOT / f"{word.replace('.', '/')}.py").exists() else [word]
        if flag in ("-r", "--requirement") and word not in ("newest.txt", "alone.txt"):
            found += [] if (ROOT / word).exists() else [word]
    return found


@pytest.mark.parametrize(("run", "settings"), steps())
def test_step(run, settings, clone):
    folder, tools, log = clone
    script = folder.parent / "step.sh"
    script.write_text(filled(run))
    environment = {name: filled(value) for name, value in settings.items()} | {"PATH": str(tools), "CI": "true"}
    done = subprocess.run(
        [BASH, "--noprofile", "--norc", "-eo", "pipefail", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and done.stderr == "", done.stderr
    calls = [line.split("\t") for line in log.read_text().strip().split("\n")]
    assert calls and [one for call in calls for one in gone(call)] == []
    assert not any("a-token" in word for call in calls for word in call)  # a token is no argument: others could read it
    assert os.path.getsize(log) > 0


@pytest.mark.parametrize(
    ("call", "lost"),
    [
        ("make tests", ["tests"]),
        ("make test ALL=1", []),
        ("python3 -m tools.site.publisher --onto x", ["tools.site.publisher"]),
        ("python -m pip install -r requirement.txt", ["requirement.txt"]),
    ],
)
def test_what_is_gone_is_found(call, lost):
    assert gone(call.split()) == lost
