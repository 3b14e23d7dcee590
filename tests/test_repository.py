"""What git tracks stands on its own: no path of a machine, no address of a package registry."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOREIGN = re.compile(r"(?<![\w.:/)}~-])/(?:home|root|tmp|work|mnt|Users)/\w|pypi\.org|python[h]osted|npm[j]s")
TEXT = {".md", ".py", ".ipynb", ".yml", ".toml", ".txt", ".css", ".js", ".json", ".bib", ""}


def tracked() -> list[Path]:
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def foreign(text: str) -> list[str]:
    """Lines that name a machine's path or a registry. Images, in base64, are not text."""
    text = re.sub(r'"image/\w+": "[^"]*"', "", text)
    return [line.strip()[:120] for line in text.split("\n") if FOREIGN.search(line)]


def test_tracked_files_name_no_machine():
    files = [path for path in tracked() if path.suffix in TEXT]
    assert len(files) > 20
    assert {path.name: lines for path in files if (lines := foreign(path.read_text(errors="replace")))} == {}


@pytest.mark.parametrize("text", ["see /" + "home/me/x", "cd /" + "work/x", "https://" + "pypi" + ".org/simple"])
def test_foreign_names_are_found(text):
    assert foreign(text) == [text]


def test_constraints_hold_every_requirement():
    """The direct requirements are pins, and the complete list repeats them."""
    pins = re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    lines = [line for line in (ROOT / "requirements.txt").read_text().split("\n") if line and not line.startswith("#")]
    assert len(pins) == len(lines)
    assert set(pins) <= set(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE))


def test_the_example_of_the_readme_runs():
    """With 20 training steps in the place of its 1,000."""
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    code = "\n".join(line.removeprefix("  ") for line in code.split("\n"))
    assert "steps=1000" in code
    names = {}
    exec(code.replace("steps=1000", "steps=20"), names)
    assert names["points"].shape == (1000, 2) and names["points"].isfinite().all()


def test_the_first_page_for_contributors_fits_a_screen():
    """It begins with a first change, and everything else is one link away."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    assert text.split("\n## ")[1].startswith("Your first change")
    assert text.count("\n") <= 50 and max(map(len, text.split("\n"))) <= 150
    links = [ROOT / link for link in re.findall(r"\]\(([^)]+)\)", text)]
    assert len(links) >= 5 and all(link.is_file() for link in links)
    assert {link for link in links if link.parent.name == "contributing"} == set((ROOT / "contributing").glob("*.md"))
