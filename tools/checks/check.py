"""Check the book: all that `make test` runs, in lanes (lanes.py).

    python -m tools.checks.check                everything; coverage of lib is measured over all jobs together
    python -m tools.checks.check lint laws      these jobs, and what they need; a name may be a beginning: `notebooks` is all

Notebooks that passed before are skipped, unless CI=true or ALL is set. The last line counts tests; ruff, the book's build and
the coverage count as one each.
"""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from contextlib import closing
from importlib import metadata
from pathlib import Path
from signal import SIGHUP, SIGINT, SIGTERM, signal

from tools.checks import passed
from tools.checks.lanes import Job, Result, run
from tools.notebooks import build

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache"
BIN = Path(sys.executable).parent
# Plugins by name: looking for all that are installed takes pytest six seconds, each time.
PYTEST = [sys.executable, "-m", "pytest", "--disable-plugin-autoload", "-p", "no:cacheprovider"]
PYTEST += ["-p", "tools.checks.without_iri", "-p", "pytest_timeout"]
NBVAL = ["-p", "nbval.plugin", "-p", "tools.checks.pictures", "--nbval"]
HYPOTHESIS = ["-p", "_hypothesis_pytestplugin"]
# Of lib, into a file for each job; what all of them reach together is what counts.
MEASURED = ["-p", "pytest_cov.plugin", "--cov=lib", "--cov=classroom", "--cov-report=", "--cov-fail-under=0"]
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

# Which test files run together: a folder stands for the files below it. What stands nowhere here runs in "others", but a file
# of tests/browser is a job of its own.
GROUPS = {
    "laws": ["tests/laws", "tests/test_layers.py"],
    "parity": ["tests/parity"],
    "checkers": ["tests/exercises"],
    "labs": ["tests/test_labs.py"],
    "colab": ["tests/test_colab.py", "tests/test_colab_contract.py", "tests/test_wheel.py"],
    "training": [
        "tests/test_train_images.py",
        "tests/test_toy.py",
        "tests/test_image_runs.py",
        "tests/test_picture_runs.py",
    ],
    "runs": ["tests/test_runs.py", "tests/test_kills.py", "tests/test_sample.py"],
    "scale": ["tests/test_scale.py", "tests/test_gpu_check.py"],
    "making": [
        "tests/test_notebooks.py",
        "tests/test_make_notebooks.py",
        "tests/test_reach.py",
        "tests/test_portable.py",
    ],
    "explorers": [
        "tests/test_explorers.py",
        "tests/test_explorer_parity.py",
        "tests/test_engine_training.py",
        "tests/test_engine_transformer.py",
        "tests/test_set_up.py",
    ],
    "playground": [
        "tests/test_playground_data.py",
        "tests/test_playground_state.py",
        "tests/test_playground_training.py",
        "tests/test_playground_python.py",
        "tests/test_playground_truth.py",
    ],
    "results": [
        "tests/test_classifier.py",
        "tests/test_clipping_results.py",
        "tests/test_image_metrics.py",
        "tests/test_image_strip.py",
        "tests/test_image_k.py",
        "tests/test_few_steps_digits.py",
        "tests/test_evaluate.py",
        "tests/test_time_scale.py",
        "tests/test_k_budget_results.py",
        "tests/test_dit_ablation.py",
        "tests/test_weight_averages.py",
        "tests/test_claims.py",
        "tests/test_results.py",
        "tests/test_emoji_sheet.py",
    ],
    "pages": [
        "tests/test_book.py",
        "tests/test_leaks.py",
        "tests/test_licences.py",
        "tests/test_policy.py",
        "tests/test_self_test.py",
        "tests/test_repository_buttons.py",
    ],
    "others": [],
}
WITHOUT_BOOK = {"browser/checks", "browser/live_engine", "browser/jupyterlab"}  # all other browser jobs open its pages
# Seconds on a quiet machine, until there is a last run to look at. Only their order matters.
SECONDS = {
    "book": 90,
    "browser/pages": 500,
    "browser/live_explorers": 350,
    "browser/questions": 90,
    "browser/practice": 120,
    "browser/playground": 80,
    "browser/jupyterlab": 80,
    "browser/guarded": 60,
    "browser/reading": 60,
    "labs": 170,
    "training": 140,
    "runs": 120,
    "scale": 70,
    "playground": 90,
    "making": 200,
    "others": 200,
    "pages": 80,
    "notebooks": 90,
    "colab": 200,
    "results": 80,
    "laws": 70,
    "parity": 40,
    "lint": 2,
}
# What decides how a processor rounds, next to the processor.
ARITHMETIC = ("ATEN_CPU_CAPABILITY", "MKL_ENABLE_INSTRUCTIONS", "MKL_CBWR", "ONEDNN_MAX_CPU_ISA", "OPENBLAS_CORETYPE")
ARITHMETIC += ("MKL_DYNAMIC", "ONEDNN_DEFAULT_FPMATH_MODE", "MPLBACKEND", "MPLCONFIGDIR", "IPYTHONDIR", "COLUMNS")
ARITHMETIC += ("PYTEST_ADDOPTS", "PYTHONWARNINGS")  # nor what decides how they run
ARITHMETIC += ("NPY_DISABLE_CPU_FEATURES", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "KNOB_LABS")


# Files that decide how a notebook runs and is compared; some are not there today.
AROUND = [
    "pyproject.toml",
    "tools/checks/pictures.py",
    "tools/checks/without_iri.py",
    "conftest.py",
    "notebooks/conftest.py",
]
AROUND += ["notebooks/matplotlibrc", "pytest.ini", "tox.ini"]


def group(path: Path, root: Path = ROOT) -> str:
    """The job to which a test file belongs."""
    places = {path.relative_to(root).as_posix(), *(place.as_posix() for place in path.relative_to(root).parents)}
    if "tests/browser" in places:
        return f"browser/{path.stem.removeprefix('test_')}"
    return next((name for name, files in GROUPS.items() if places & set(files)), "others")


def files_of_tests(root: Path = ROOT) -> dict[str, list[Path]]:
    """The test files of each job; what pytest collects by itself, each file once."""
    found: dict[str, list[Path]] = {}
    for path in sorted({*root.glob("tests/**/test_*.py"), *root.glob("tests/**/*_test.py")}):
        found.setdefault(group(path, root), []).append(path)
    return found


def pytest(name: str, paths: list[Path], *options: str, **settings) -> Job:
    """A job that runs files with pytest."""
    report = CACHE / "reports" / f"{name.replace('/', '-')}.xml"
    command = [*PYTEST, f"--junitxml={report}", *options, *map(str, paths)]
    return Job(name, command, expected(name), report=report, **settings)


def expected(name: str) -> float:
    """Seconds that a job may take: as the last time, or as the table says."""
    kind = name.split("/")[0]
    return last_seconds().get(name, SECONDS.get(name, SECONDS.get(kind, 30)))


def last_seconds() -> dict[str, float]:
    """Seconds of each job in the last run that it had."""
    path = CACHE / "seconds.json"
    return json.loads(path.read_text()) if path.exists() else {}


def all_jobs(coverage: bool = True) -> list[Job]:
    """Everything that `make test` runs; coverage of lib is measured where all jobs run."""
    ruff = f"{BIN / 'ruff'} check . && {BIN / 'ruff'} format --check ."
    jobs = [
        Job("lint", ["bash", "-c", ruff], expected("lint")),
        Job("book", ["make", "--no-print-directory", "book"], expected("book")),
    ]
    for name, paths in files_of_tests().items():
        browser = name.startswith("browser/")
        needs = ("book",) if name == "pages" or (browser and name not in WITHOUT_BOOK) else ()
        options = HYPOTHESIS if browser or not coverage else HYPOTHESIS + MEASURED
        data = {"COVERAGE_FILE": str(CACHE / "coverage" / name.replace("/", "-"))}
        jobs.append(pytest(name, paths, *options, needs=needs, hurried=browser, environment=data))
    for path in sorted(ROOT.glob("notebooks/*.ipynb")):
        jobs.append(pytest(f"notebooks/{path.stem.split('_')[0]}", [path], *NBVAL))
    return jobs


def chosen(jobs: list[Job], names: list[str]) -> list[Job]:
    """The jobs whose names begin so, and those that they need."""
    if lost := [name for name in names if not any(job.name.startswith(name) for job in jobs)]:
        raise SystemExit(f"no job is called {', '.join(lost)}; there are {', '.join(job.name for job in jobs)}")
    direct = [job for job in jobs if not names or any(job.name.startswith(name) for name in names)]
    needed = {name for job in direct for name in job.needs}
    return [job for job in jobs if job in direct or job.name in needed]


# --- what passed before ----------------------------------------------------------------------------------------------


def machine() -> str:
    """All of this machine that an output may hang on: Python, packages, processor, threads."""
    cpu, kind = Path("/proc/cpuinfo"), ("model name", "flags", "Features", "CPU part")
    lines = cpu.read_text().split("\n") if cpu.exists() else [platform.processor()]
    processor = sorted({line for line in lines if line.startswith(kind) or not cpu.exists()})
    packages = sorted(f"{package.name} {package.version}" for package in metadata.distributions())
    settings = [os.environ.get(name) for name in ARITHMETIC]
    return repr([sys.version, platform.platform(), processor, os.cpu_count(), settings, packages])


def key(notebook: Path, here: str) -> str:
    """Of a notebook: itself, the definitions and data that its cells reach, the settings and tools that compare, the machine."""
    reached = build.key(ROOT / "book" / "chapters" / f"{notebook.stem}.md")
    return passed.digest(
        [notebook, *(ROOT / name for name in AROUND)], here, reached
    )  # a file that is missing counts as that


# --- what is said ----------------------------------------------------------------------------------------------------


def line(result: Result) -> str:
    """One line about a job."""
    counts = ((result.failed, "failed"), (result.passed, "passed"), (result.skipped, "skipped"))
    said = [f"{count} {what}" for count, what in counts if count] + ([result.problem] if result.problem else [])
    return f"{'RED  ' if result.problem else 'green'}  {result.name:24} {result.seconds:4.0f} s   {', '.join(said)}"


def coverage(folder: Path) -> Result:
    """Of lib, over all jobs that measured it; red below the limit in pyproject.toml."""
    tool, data = [sys.executable, "-m", "coverage"], f"--data-file={folder / 'all'}"
    parts = [path for path in folder.glob("*") if path.name != "all"]
    calls = [
        [*tool, "combine", "-q", "--keep", data, *parts],
        [*tool, "report", data, "--show-missing", "--skip-covered"],
    ]
    done = [subprocess.run(call, cwd=ROOT, capture_output=True, text=True) for call in calls]
    problem = "" if all(one.returncode == 0 for one in done) else "coverage of lib"
    return Result(
        "coverage", not problem, bool(problem), problem=problem, output="".join(one.stdout + one.stderr for one in done)
    )


def summary(results: Iterable[Result]) -> str:
    """The slowest tests, and the last line."""
    results = list(results)
    slowest = sorted((test for result in results for test in result.tests), reverse=True)[:5]
    counts = (f"{sum(getattr(result, what) for result in results)} {what}" for what in ("passed", "failed", "skipped"))
    return "\n".join([*(f"{seconds:5.0f} s  {name}" for seconds, name in slowest), ", ".join(counts)])


def stop_on_signals() -> None:
    """Let whoever ends this run end its jobs with it; SIGINT too, which a run in the background is told to ignore."""
    for number in (SIGHUP, SIGINT, SIGTERM):
        signal(number, lambda number, _: sys.exit(128 + number))


def main(names: list[str]) -> int:
    """Run, and say what came out; the exit code."""
    for folder in ("reports", "coverage"):
        (CACHE / folder).mkdir(parents=True, exist_ok=True)
    for path in (CACHE / "coverage").iterdir():
        path.unlink()
    jobs, here, results = chosen(all_jobs(coverage=not names), names), machine(), []
    files = {job.name: Path(job.command[-1]) for job in jobs if job.name.startswith("notebooks/")}
    keys = {name: key(path, here) for name, path in files.items()}
    for job in [job for job in jobs if job.name in keys and passed.passed(job.name, keys[job.name])]:
        jobs.remove(job)
        results.append(Result(job.name, skipped=1))
        print(f"       {job.name:24}     -   passed before, and nothing it hangs on has changed")
    with closing(run(jobs, ROOT, CORES)) as running:
        for result in running:
            results.append(result)
            print(line(result), *([result.output] if result.problem else []), sep="\n", flush=True)
            # Somebody may have gone on writing meanwhile: what passed then has no key.
            if not result.problem and result.name in keys and key(files[result.name], here) == keys[result.name]:
                passed.remember(result.name, keys[result.name])
            if not result.problem:
                (CACHE / "seconds.json").write_text(
                    json.dumps(last_seconds() | {result.name: round(result.seconds, 1)}, indent=1)
                )
    if not names:
        results.append(coverage(CACHE / "coverage"))
        print(results[-1].output)
    print(summary(results))
    return int(any(result.problem for result in results))


if __name__ == "__main__":
    stop_on_signals()
    sys.exit(main(sys.argv[1:]))
