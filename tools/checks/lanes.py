"""Run jobs side by side: one on each core, the longest first.

A job is a command with a name. It may need others, which must have passed before it starts; otherwise every job runs,
whatever becomes of the rest. A job that does not end is ended, with all its children.
"""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

LIMIT = 2400  # seconds until a job is taken to hang; the longest, browser/pages, took 1,000 on a busy machine
PAUSE = 0.05  # seconds between two looks at what runs
# Why a test may be skipped in CI: it asks something of another system, or of another state of the book.
REASONS = {
    "Debian's package of Fashion-MNIST is not installed",
    "Noto's colour font 2.042 is not installed",
    "elsewhere pip's torch brings no CUDA",
    "runs are forked, so that many fit into a minute",
    "sends a signal",
    "the book is being published",
}


@dataclass(frozen=True)
class Job:
    """A command, and what is known of it before it runs."""

    name: str
    command: list[str]
    seconds: float = 30  # expected; only the order hangs on it
    needs: tuple[str, ...] = ()  # names of jobs that must have passed before
    hurried: bool = False  # its tests have an eye on the clock, so that all others give way to it
    report: Path | None = None  # where its pytest writes JUnit XML; a job without one counts as one test
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """What became of a job; it is red when it has a problem."""

    name: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    problem: str = ""
    output: str = ""
    tests: tuple[tuple[float, str], ...] = ()  # (seconds, name) of each


def order(jobs: list[Job]) -> list[Job]:
    """Longest first, where a job's length is its own and that of all that wait for it."""

    def length(job: Job) -> float:
        return job.seconds + sum(length(other) for other in jobs if job.name in other.needs)

    return sorted(jobs, key=length, reverse=True)


class Running:
    """A job's processes, from start to end."""

    def __init__(self, job: Job, folder: Path, limit: float):
        self.job, self.limit, self.begin, self.late = job, limit, time.monotonic(), False
        if job.report:
            job.report.unlink(missing_ok=True)  # that of an earlier run says nothing
        self.log = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115
        self.process = subprocess.Popen(
            job.command,
            cwd=folder,
            env=os.environ | job.environment,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=None if job.hurried else lambda: os.nice(5),
        )

    def stop(self) -> None:
        """End the process, its children and theirs; a Jupyter kernel is a child in a session of its own."""
        with contextlib.suppress(psutil.NoSuchProcess):
            first = psutil.Process(self.process.pid)
            family = [first, *first.children(recursive=True)]
            for process in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
        self.sweep()
        self.process.wait()

    def sweep(self) -> None:
        """End what it left behind."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def ended(self) -> bool:
        """Whether it has ended, by itself or because its time is over."""
        self.late = time.monotonic() - self.begin > self.limit
        if self.late:
            self.stop()
        elif self.process.poll() is None:
            return False
        self.sweep()
        return True

    def result(self) -> Result:
        """What came out of it."""
        with self.log:
            self.log.seek(0)
            output = self.log.read()
        code = self.process.returncode
        tests = read_report(self.job.report) if self.job.report else [("failed" if code else "passed", 0.0, "")]
        counts = Counter(kind for kind, *_ in tests or [])
        problem = f"exit code {code}" if code else "failed, but exit code 0" if counts["failed"] else ""
        if self.late:
            problem = f"no end after {self.limit:.0f} s"
        elif tests is None:
            problem = f"no report, exit code {code}"
        elif not tests:
            problem = "found no test"
        elif not problem and counts["skipped"] and os.environ.get("CI") == "true":
            if counts.keys() == {"skipped"}:
                problem = "every test was skipped"
            elif asleep := unexplained(self.job.report):
                problem = f"skipped: {', '.join(asleep)}"
        return Result(
            self.job.name,
            counts["passed"],
            counts["failed"] or bool(problem),
            counts["skipped"],
            time.monotonic() - self.begin,
            problem,
            output,
            tuple((seconds, name) for _, seconds, name in tests or [] if name),
        )


def read_report(path: Path) -> list[tuple[str, float, str]] | None:
    """(passed, failed or skipped; seconds; name) of each test in a report of pytest. None: there is no report."""
    try:
        cases = list(ET.parse(path).iter("testcase"))
    except (OSError, ET.ParseError):
        return None
    kinds = {"failure": "failed", "error": "failed", "skipped": "skipped"}
    found = []
    for case in cases:
        kind = next((kinds[part.tag] for part in case if part.tag in kinds), "passed")
        found.append((kind, float(case.get("time", 0)), f"{case.get('classname')}: {case.get('name')}"))
    return found


def unexplained(report: Path) -> list[str]:
    """The tests in a report of pytest that were skipped for another reason than those that a machine may have."""
    cases = ET.parse(report).iter("testcase")
    skipped = [(case.get("name"), part.get("message")) for case in cases for part in case.iter("skipped")]
    return [f"{name} ({reason})" for name, reason in skipped if reason not in REASONS]


def run(jobs: list[Job], folder: Path, cores: int, limit: float = LIMIT) -> Iterator[Result]:
    """Run all jobs in a folder; yields each result as soon as it is there. Whoever stops listening ends what runs."""
    if missing := {name for job in jobs for name in job.needs} - {job.name for job in jobs}:
        raise ValueError(f"needed, but no job: {', '.join(sorted(missing))}")
    waiting, running, done = order(jobs), [], {}
    try:
        while waiting or running:
            ready = [job for job in waiting if all(name in done for name in job.needs)]
            for job in ready:
                lost = [name for name in job.needs if done[name].problem]
                if lost:
                    waiting.remove(job)
                    done[job.name] = Result(job.name, failed=1, problem=f"not run, for it needs {', '.join(lost)}")
                    yield done[job.name]
                elif len(running) < cores:
                    waiting.remove(job)
                    running.append(Running(job, folder, limit))
            ended = [one for one in running if one.ended()]
            for one in ended:
                running.remove(one)
                done[one.job.name] = one.result()
                yield done[one.job.name]
            if not ended:
                time.sleep(PAUSE)
    finally:
        for one in running:
            one.stop()
            one.log.close()
