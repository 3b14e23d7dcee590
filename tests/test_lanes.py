"""The lanes of `make test`: nothing is forgotten, nothing red is overlooked, nothing goes on running."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import closing
from fnmatch import fnmatch
from pathlib import Path

import psutil
import pytest
from coverage import CoverageData

from tools.checks import check, lanes, passed
from tools.checks.lanes import Job

ROOT = Path(__file__).parents[1]


def shell(name: str, script: str, **settings) -> Job:
    return Job(name, ["bash", "-c", script], **settings)


def python(name: str, code: str, **settings) -> Job:
    return Job(name, [sys.executable, "-c", code], **settings)


def run(folder, *jobs: Job, cores: int = 2, limit: float = 20) -> dict[str, lanes.Result]:
    return {result.name: result for result in lanes.run(list(jobs), folder, cores, limit)}


# --- order -----------------------------------------------------------------------------------------------------------


def test_the_longest_comes_first_and_what_waits_for_a_job_counts_with_it():
    jobs = [Job("a", [], 10), Job("b", [], 30), Job("book", [], 5), Job("c", [], 20), Job("pages", [], 40, ("book",))]
    assert [job.name for job in lanes.order(jobs)] == ["book", "pages", "b", "c", "a"]


def test_a_job_runs_after_those_that_it_needs(tmp_path):
    late = shell("late", "cat made", needs=("early",), seconds=99)
    found = run(tmp_path, late, shell("early", "sleep 0.3; echo here > made"))
    assert list(found) == ["early", "late"]
    assert found["late"].output == "here\n" and not found["late"].problem


def test_there_is_one_job_a_core(tmp_path):
    """Each job writes how many run with it. More than one a core would take longer for all: they share the caches."""
    script = "touch job$$.on; sleep 0.3; ls job*.on | wc -l >> seen; sleep 0.3; rm job$$.on"
    found = run(tmp_path, *[shell(f"job {i}", script, hurried=i % 2 == 0) for i in range(6)])
    assert not any(result.problem for result in found.values())
    assert max(map(int, (tmp_path / "seen").read_text().split())) == 2


def test_an_unknown_need_is_refused(tmp_path):
    with pytest.raises(ValueError, match="gone"):
        run(tmp_path, shell("a", "true", needs=("gone",)))


# --- red -------------------------------------------------------------------------------------------------------------


def test_all_run_though_one_is_red(tmp_path):
    found = run(tmp_path, shell("bad", "echo why; exit 3", seconds=99), shell("good", "true"), cores=1)
    assert (found["bad"].problem, found["bad"].output, found["bad"].failed) == ("exit code 3", "why\n", 1)
    assert (found["good"].problem, found["good"].passed) == ("", 1)


def test_what_needs_a_red_job_is_not_run_and_is_red(tmp_path):
    jobs = [shell("bad", "false"), shell("next", "touch ran", needs=("bad",)), shell("last", "true", needs=("next",))]
    found = run(tmp_path, *jobs)
    assert [result.failed for result in found.values()] == [1, 1, 1]
    assert found["next"].problem == "not run, for it needs bad" and not (tmp_path / "ran").exists()


def test_a_job_that_is_killed_is_red(tmp_path):
    assert run(tmp_path, shell("killed", "kill -9 $$"))["killed"].problem == "exit code -9"


CHILD = """
import subprocess, time
print(subprocess.Popen(["sleep", "60"], start_new_session=True).pid, flush=True)  # as a Jupyter kernel is started
print(subprocess.Popen(["sleep", "60"]).pid, flush=True)
"""


def alive(pids: str) -> list[int]:
    """Which of these processes still run, a moment later."""
    time.sleep(0.2)
    found = [int(pid) for pid in pids.split() if psutil.pid_exists(int(pid))]
    return [pid for pid in found if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE]


def test_a_job_that_hangs_is_ended_with_its_children(tmp_path):
    begin = time.monotonic()
    # A shell starts at once, also where everything else is busy; its first child has a session of its own, as a kernel has.
    family = "setsid sleep 60 & echo $!; sleep 60 & echo $!; wait"
    found = run(tmp_path, shell("slow", family), shell("good", "true"), limit=3)
    assert time.monotonic() - begin < 20
    assert found["slow"].problem == "no end after 3 s" and found["slow"].failed == 1
    assert len(found["slow"].output.split()) == 2 and alive(found["slow"].output) == []
    assert not found["good"].problem


def test_what_a_job_leaves_behind_is_ended(tmp_path):
    found = run(tmp_path, shell("leaves", "sleep 60 & echo $!"))
    assert not found["leaves"].problem and alive(found["leaves"].output) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_the_run_ends_all_jobs(tmp_path, number):
    code = f"""
import sys
from pathlib import Path
from tools.checks import check
check.CACHE = Path({str(tmp_path)!r})
job = check.Job("slow", [sys.executable, "-c", {CHILD!r} + "open({str(tmp_path / "ready")!r}, 'w'); time.sleep(60)"])
check.all_jobs = lambda coverage: [check.Job("pids", ["true"]), job]
check.stop_on_signals()
check.main([])
"""
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for _ in range(200):
        if (tmp_path / "ready").exists():
            break
        time.sleep(0.1)
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) == 3
    process.send_signal(number)
    process.communicate(timeout=20)
    assert process.returncode != 0
    assert alive(" ".join(str(child.pid) for child in family)) == []


def test_whoever_stops_listening_ends_what_runs(tmp_path):
    jobs = [shell("a", "until [ -s pid ]; do sleep 0.05; done"), shell("b", "echo $$ > pid; sleep 60")]
    with closing(lanes.run(jobs, tmp_path, 2)) as running:
        assert next(running).name == "a"
    assert alive((tmp_path / "pid").read_text()) == []


# --- reports of pytest -----------------------------------------------------------------------------------------------

KINDS = """
import pytest

def test_a(): pass

def test_b(): assert 1 == 2, "the reason"

def test_c(): pytest.skip("not here")

@pytest.fixture
def broken(): raise ValueError

def test_d(broken): pass
"""


@pytest.fixture
def job(tmp_path, monkeypatch):
    """Makes a job of pytest from the text of a test file."""
    monkeypatch.setattr(check, "CACHE", tmp_path)
    (tmp_path / "reports").mkdir()

    def make(text: str) -> Job:
        (tmp_path / "test_it.py").write_text(text)
        return check.pytest("it", [tmp_path / "test_it.py"])

    return make


def test_the_counts_are_those_of_pytest(job):
    found = run(ROOT, job(KINDS))["it"]
    assert (found.passed, found.failed, found.skipped, found.problem) == (1, 2, 1, "exit code 1")
    assert "the reason" in found.output and len(found.tests) == 4


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "found no test"),
        ("import os\n\ndef test(): os._exit(0)", "no report, exit code 0"),
        ("import gone", "exit code 2"),
        ("import pytest\n\n@pytest.mark.skip\ndef test(): pass", "every test was skipped"),
    ],
)
def test_a_job_that_tests_nothing_is_red(job, text, problem, monkeypatch):
    monkeypatch.setenv("CI", "true")
    (report := check.CACHE / "reports" / "it.xml").write_text('<testcase name="of an earlier run"/>')
    found = run(ROOT, job(text))["it"]
    assert (found.problem, found.passed, found.failed) == (problem, 0, 1)
    assert "earlier" not in (report.read_text() if report.exists() else "")


SLEEPS = """
import pytest

def test_a(): pass

@pytest.mark.skipif(True, reason="{reason}")
def test_b(): pass
"""


@pytest.mark.parametrize(
    ("reason", "ci", "problem"),
    [
        ("no such package", "true", "skipped: test_b (no such package)"),
        ("no such package", "", ""),
        ("sends a signal", "true", ""),
    ],
)
def test_in_ci_a_test_that_sleeps_is_red(job, reason, ci, problem, monkeypatch):
    """Beside one that passes, which is how an import that fails would stay unseen."""
    monkeypatch.setenv("CI", ci)
    found = run(ROOT, job(SLEEPS.format(reason=reason)))["it"]
    assert (found.problem, found.passed, found.skipped) == (problem, 1, 1)


def test_every_reason_to_sleep_is_that_of_a_test():
    tests = "".join(path.read_text() for path in (ROOT / "tests").rglob("*.py") if path.name != "test_lanes.py")
    assert [reason for reason in lanes.REASONS if f'reason="{reason}"' not in tests] == []


# --- which jobs there are --------------------------------------------------------------------------------------------


def test_every_test_file_belongs_to_exactly_one_job():
    there = {
        str(Path(folder, name).relative_to(ROOT))
        for folder, _, names in os.walk(ROOT / "tests")
        for name in names
        if fnmatch(name, "test_*.py") or fnmatch(name, "*_test.py")
    }
    run = [word for job in check.all_jobs() for word in job.command if word.startswith(f"{ROOT}/tests/")]
    assert sorted(run) == sorted(str(ROOT / name) for name in there) and len(there) > 40


def test_every_notebook_has_a_job():
    jobs = [job.command for job in check.all_jobs() if job.name.startswith("notebooks/")]
    assert [command[-1] for command in jobs] == sorted(map(str, (ROOT / "notebooks").glob("*.ipynb")))
    assert all("--nbval" in command for command in jobs)


def test_no_test_stands_where_nobody_looks():
    run = {word for job in check.all_jobs() for word in job.command}
    files = [
        path for folder in ("tests", "lib", "classroom", "tools", "notebooks") for path in (ROOT / folder).rglob("*.py")
    ]
    tests = [path for path in files if re.search(r"^(?:async )?def test_", path.read_text(), re.MULTILINE)]
    assert [path for path in tests if str(path) not in run] == [] and len(tests) > 40
    assert list((ROOT / "notebooks").glob("*/*.ipynb")) == []


def test_no_two_jobs_have_one_name():
    names = [job.name for job in check.all_jobs()]
    assert len(set(names)) == len(names)


def test_a_new_test_file_is_run(tmp_path):
    for name in (
        "tests/test_new.py",
        "tests/new/test_x.py",
        "tests/browser/test_new.py",
        "tests/laws/deep/old_test.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    found = {name: [path.name for path in paths] for name, paths in check.files_of_tests(tmp_path).items()}
    assert found == {"browser/new": ["test_new.py"], "laws": ["old_test.py"], "others": ["test_x.py", "test_new.py"]}


def test_every_group_has_tests():
    files = [ROOT / file for paths in check.GROUPS.values() for file in paths]
    assert [file for file in files if not file.exists()] == []


BOOK = re.compile(
    r"_build\b|from tests.browser.checks import .*\bHTML\b|def test_\w+\([^)]*\bserver\b"
)  # that serves it


def test_whoever_opens_the_book_waits_for_it():
    waiting = {word for job in check.all_jobs() if "book" in job.needs for word in job.command}
    readers = [path for path in (ROOT / "tests").rglob("test_*.py") if BOOK.search(path.read_text())]
    own = {Path(__file__), *(ROOT / "tests" / f"test_{name}.py" for name in ("gates", "repository_buttons"))}
    assert {str(path) for path in readers if path not in own} <= waiting


def test_a_name_chooses_jobs_and_what_they_need():
    jobs = [Job("book", []), Job("browser/a", [], needs=("book",)), Job("browser/b", []), Job("laws", [])]
    assert check.chosen(jobs, []) == jobs
    assert [job.name for job in check.chosen(jobs, ["browser"])] == ["book", "browser/a", "browser/b"]
    assert [job.name for job in check.chosen(jobs, ["laws", "browser/b"])] == ["browser/b", "laws"]
    with pytest.raises(SystemExit, match="no job is called law_s; there are book"):
        check.chosen(jobs, ["law_s"])


# --- a whole run -----------------------------------------------------------------------------------------------------


@pytest.fixture
def make_test(tmp_path, monkeypatch, capsys):
    """Plays `make test` with other jobs; returns the exit code and what was printed."""
    monkeypatch.setattr(check, "CACHE", tmp_path)
    monkeypatch.setattr(passed, "KEPT", tmp_path / "passed")
    monkeypatch.setattr(check.build, "key", lambda chapter: f"what {chapter.stem} reaches")
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("ALL", raising=False)

    def play(*jobs: Job, names=("",)) -> tuple[int, str]:
        monkeypatch.setattr(check, "all_jobs", lambda coverage: list(jobs))
        return check.main(list(names)), capsys.readouterr().out

    return play


def test_green_is_one_line_a_job(make_test):
    code, said = make_test(shell("a", "echo something"), shell("b", "true"))
    assert code == 0 and "something" not in said
    assert said.split("\n")[-2] == "2 passed, 0 failed, 0 skipped"


def test_a_red_job_makes_the_run_red_and_shows_its_output(make_test):
    code, said = make_test(shell("a", "echo what it said; false"), shell("b", "true"))
    assert code == 1 and re.search(r"^RED +a .*exit code 1\nwhat it said\n", said, re.MULTILINE)
    assert said.split("\n")[-2] == "1 passed, 1 failed, 0 skipped"


def test_the_slowest_tests_are_named_and_the_counts_add_up():
    first = lanes.Result("a", passed=3, skipped=1, tests=((2.0, "two"), (9.0, "nine"), (4.0, "four")))
    other = lanes.Result("b", passed=2, failed=1, tests=((7.0, "seven"), (3.0, "three"), (5.0, "five")))
    said = check.summary([first, other]).split("\n")
    assert [line.split()[-1] for line in said[:-1]] == ["nine", "seven", "five", "four", "three"]
    assert said[-1] == "5 passed, 1 failed, 1 skipped"


def test_how_long_a_job_took_is_known_the_next_time(make_test, tmp_path):
    make_test(shell("a", "sleep 0.3"), shell("b", "false"))
    assert list(json.loads((tmp_path / "seconds.json").read_text())) == ["a"]
    assert 0.3 <= check.expected("a") < 3 and check.expected("book") == check.SECONDS["book"]


@pytest.fixture
def notebook(tmp_path):
    """A job that stands in the place of a notebook, and writes down that it ran."""
    (tmp_path / "01.ipynb").write_text("{}")
    return Job("notebooks/01", ["bash", "-c", f"echo ran >> {tmp_path / 'log'}", str(tmp_path / "01.ipynb")])


def runs(folder) -> int:
    return (folder / "log").read_text().count("ran")


def test_a_notebook_that_passed_is_skipped_until_something_changes(make_test, notebook, tmp_path, monkeypatch):
    assert "1 passed, 0 failed, 0 skipped" in make_test(notebook)[1]
    code, said = make_test(notebook)
    assert code == 0 and "passed before" in said and "0 passed, 0 failed, 1 skipped" in said
    assert runs(tmp_path) == 1
    (tmp_path / "01.ipynb").write_text("{ }")
    make_test(notebook)
    assert runs(tmp_path) == 2
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "another")
    make_test(notebook)
    assert runs(tmp_path) == 3
    monkeypatch.setattr(check.build, "key", lambda chapter: "something else")
    make_test(notebook)
    assert runs(tmp_path) == 4


@pytest.mark.parametrize(("name", "value"), [("CI", "true"), ("ALL", "1")])
def test_nothing_is_skipped_in_ci_or_when_all_is_asked_for(make_test, notebook, tmp_path, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    make_test(notebook)
    make_test(notebook)
    assert runs(tmp_path) == 2


def test_a_notebook_that_failed_is_run_again(make_test, notebook, tmp_path):
    notebook.command[2] += "; false"
    assert [make_test(notebook)[0], make_test(notebook)[0]] == [1, 1]
    assert runs(tmp_path) == 2


def test_a_notebook_that_was_edited_while_it_ran_is_run_again(make_test, notebook, tmp_path):
    notebook.command[2] += f"; echo >> {tmp_path / '01.ipynb'}"
    assert [make_test(notebook)[0], make_test(notebook)[0]] == [0, 0]
    assert runs(tmp_path) == 2


def test_another_package_is_another_machine(monkeypatch):
    before = check.machine()
    assert check.machine() == before
    monkeypatch.setattr(check.metadata, "distributions", list)
    assert check.machine() != before


@pytest.mark.parametrize(("share", "red"), [(1.0, False), (0.5, True)])
def test_too_little_coverage_over_all_jobs_is_red(tmp_path, share, red):
    """Two jobs, each of which has run every second line of the same part of every file."""
    for part in (0, 1):
        data = CoverageData(str(tmp_path / f"job{part}"))
        sizes = {str(path): len(path.read_text().split("\n")) for path in (ROOT / "lib").glob("*.py")}
        data.add_lines({path: range(1 + part, int(size * share) + 1, 2) for path, size in sizes.items()})
        data.write()
    found = check.coverage(tmp_path)
    assert (found.failed, found.problem) == ((1, "coverage of lib") if red else (0, ""))
    assert "TOTAL" in found.output


def test_without_any_measurement_the_coverage_is_red(tmp_path):
    assert check.coverage(tmp_path).failed == 1
