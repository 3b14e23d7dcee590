"""The workflows on GitHub: pinned actions, least permissions, an end to every job, and no secret near a pull request."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"^\s*(?:- )?uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
WRITES = {  # all others may read
    "book.yml: deploy": {"pages": "write", "id-token": "write"},
    "book.yml: colab": {"contents": "write"},
}
FROM_MAIN = "github.event_name != 'pull_request' && github.ref == 'refs/heads/main'"


def flaws(name: str, text: str) -> list[str]:
    """What is wrong with a workflow."""
    flow = yaml.safe_load(text)
    events = flow[True]  # YAML 1.1 reads `on` so
    found = [f"not pinned: {line.strip()}" for line in text.split("\n") if "uses:" in line and not PINNED.match(line)]
    found += [] if flow.get("permissions") == {} else ["permissions: {} is not at the top"]
    found += [] if "concurrency" in flow else ["no concurrency"]
    found += ["pull_request_target runs a stranger's code with our token"] if "pull_request_target" in events else []
    found += ["a secret in a workflow for pull requests"] if "pull_request" in events and "secrets." in text else []
    for key, job in flow["jobs"].items():
        allowed = WRITES.get(f"{name}: {key}", {"contents": "read"})
        found += [] if job.get("permissions") == allowed else [f"{key}: permissions are not {allowed}"]
        if allowed != {"contents": "read"}:
            found += [] if job.get("if") == FROM_MAIN else [f"{key}: writes, and not only from main"]
            commands = [step["run"] for step in job["steps"] if "run" in step]
            tame = all(re.match(r"python3 -m tools\.site\.publish ", command) for command in commands)
            found += [] if tame else [f"{key}: may write, and runs more than one program of ours"]
        found += [] if "timeout-minutes" in job else [f"{key}: no timeout"]
        for step in job["steps"]:
            if "actions/checkout" in step.get("uses", ""):
                kept = step.get("with", {}).get("persist-credentials", True)
                found += [f"{key}: the token stays in the checkout"] if kept else []
            if re.search(r"\$\{\{\s*github\.(?:event|head_ref)", step.get("run", "")):
                found.append(f"{key}: a stranger's text becomes part of a command")
    return found


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow(path):
    assert flaws(path.name, path.read_text()) == []


@pytest.mark.parametrize(
    ("old", "new", "flaw"),
    [
        ("@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0", "@v5", "not pinned"),
        (" # v5.0.0", "", "not pinned"),
        ("permissions: {}", "permissions: write-all", "at the top"),
        ("contents: read", "contents: write", "test: permissions"),
        ("pages: write", "contents: write", "deploy: permissions"),
        ("timeout-minutes: 120", "continue-on-error: true", "test: no timeout"),
        ("if: github.event_name != 'pull_request' && github.ref", "if: github.ref", "writes, and not only from main"),
        ("run: python3 -m tools.site.publish", "run: make publish && python3 -m", "runs more than one program"),
        ("concurrency:", "env:", "no concurrency"),
        ("  pull_request:", "  pull_request_target:", "stranger's code"),
        ("PYTHON=python", "TOKEN=${{ secrets.TOKEN }}", "a secret"),
        ("persist-credentials: false", "fetch-depth: 0", "token stays"),
        ("make test", "echo ${{ github.event.pull_request.title }}", "part of a command"),
    ],
)
def test_flaws_are_found(old, new, flaw):
    text = (ROOT / ".github" / "workflows" / "book.yml").read_text()
    assert old in text
    assert any(flaw in line for line in flaws("book.yml", text.replace(old, new)))


def test_what_dependabot_watches():
    watched = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())["updates"]
    assert {update["package-ecosystem"] for update in watched} == {"pip", "github-actions"}


def test_pull_requests_run_everything():
    flow = yaml.safe_load((ROOT / ".github" / "workflows" / "book.yml").read_text())
    assert "pull_request" in flow[True] and flow["jobs"]["deploy"]["needs"] == ["test", "portable", "colab"]
    assert any(step.get("run", "").startswith("make test") for step in flow["jobs"]["test"]["steps"])
    runs = {name: [step.get("run", "") for step in job["steps"]] for name, job in flow["jobs"].items()}
    assert any("make portable" in run and "--kinds sse" in run and "--since $BASE" in run for run in runs["portable"])
    floor = re.search(r'requires-python = ">=(.*)"', (ROOT / "pyproject.toml").read_text())[1]
    assert flow["jobs"]["test"]["strategy"]["matrix"]["python"][0] == floor


def test_every_week_everything_runs_as_on_every_processor():
    flow = yaml.safe_load((ROOT / ".github" / "workflows" / "weekly.yml").read_text())
    assert "make portable" in [step.get("run") for step in flow["jobs"]["portable"]["steps"]]
