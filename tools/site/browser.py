"""Find a Chromium for the tests in a browser, or install one.

    python -m tools.site.browser               what `make test` calls; prints one line
    python -m tools.site.browser --packages    what `make browser` calls; Debian's packages too

Debian's packages are installed where CI=true or someone has asked, and never otherwise: a test has no business there.
Looked for, in this order: $CHROMIUM, the one that `playwright install chromium` has put aside, and the path.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Playwright, sync_playwright

# The first is the same browser without its windows, which take a tenth of the tests' time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# A window of Chromium draws two suggestion lists for its address line before anyone types there, and that costs as much as
# a page. The last list of features counts, so that most of this one is what Playwright turns off for the sake of tests.
OFF = (
    "AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,"
    "LensOverlay,MediaRouter,PaintHolding,ThirdPartyStoragePartitioning,AvoidCorsURLLoaderRestartOnRedirect,OptimizationHints,"
    "NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch,WebUIOmniboxPopup,WebUIOmniboxAimPopup"
)
# What keeps Chromium from talking to its maker.
ARGS = [
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={OFF}",
]
MISSING = (
    "no Chromium found: run `make browser` (on Debian as root it may install the package), `sudo apt-get install chromium`, "
    "or set CHROMIUM to the path of one."
)
APT = ["apt-get", "-qq", "-o", "Acquire::http::Timeout=20", "-o", "Acquire::Retries=1", "-o", "DPkg::Lock::Timeout=60"]


def run(command: list[str | Path], seconds: float, **environment: str) -> tuple[bool, str]:
    """(whether it succeeded, a line that says why not). Never waits longer, not for the command's children either."""
    with tempfile.TemporaryFile("w+") as log:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | environment,
                start_new_session=True,
            )
        except OSError as error:
            return False, str(error)
        try:
            good = process.wait(timeout=seconds) == 0
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return False, f"no end after {seconds:.0f} s"
        log.seek(0)
        lines = log.read().strip().split("\n")
    return good, next((line for line in lines if line.startswith(("Error", "E: "))), lines[-1])


def arguments() -> list[str]:
    """What Chromium is started with. Without its sandbox only where it would not start: root's, and that of CI's machines."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*ARGS, "--no-sandbox"] if root or os.environ.get("CI") == "true" else ARGS


def candidates(own: str) -> Iterator[str]:
    """Paths where a Chromium may be; `own` is where Playwright keeps its own."""
    if os.environ.get("CHROMIUM"):
        yield os.environ["CHROMIUM"]
        return  # who names one means that one
    yield own
    yield from filter(None, map(shutil.which, NAMES))


def find(own: str) -> str | None:
    """The first Chromium that starts: a download may lack system libraries, and a name on the path may be a stub."""
    return next((path for path in candidates(own) if Path(path).exists() and run([path, "--version"], 30)[0]), None)


def may_install(argv: list[str]) -> bool:
    """Whether packages of the system may be installed: root asks for it by `make browser`; CI's machine is thrown away anyway."""
    return os.geteuid() == 0 and ("--packages" in argv or os.environ.get("CI") == "true")


def ways(packages: bool) -> Iterator[tuple[str, list[tuple[list[str | Path], float]]]]:
    """How to install one: (what it is called, [(command, seconds it may take)])."""
    download = [Path(sys.executable).with_name("playwright"), "install", "--no-shell", "chromium"]
    yield "playwright install chromium", [(download, 180)]
    if packages and shutil.which("apt-get"):
        yield "apt-get install chromium", [([*APT, "update"], 120), ([*APT, "install", "-y", "chromium"], 600)]


def install(own: str, packages: bool) -> tuple[str | None, list[str]]:
    """(the path of the new Chromium or None, what went wrong on the way)."""
    failures = []
    settings = {"DEBIAN_FRONTEND": "noninteractive", "PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": "10000"}
    for name, commands in ways(packages):
        print(f"browser: none found, trying {name} ...", flush=True)
        results = [run(command, seconds, **settings) for command, seconds in commands]
        if path := find(own):
            return path, failures
        reasons = [line for good, line in results if not good] or ["it does not start"]
        failures.append(f"{name}: {'; '.join(reasons)}")
    return None, failures


def launch(playwright: Playwright) -> Browser | None:
    """A running headless Chromium, or None where there is none."""
    path = find(playwright.chromium.executable_path)
    return path and playwright.chromium.launch(executable_path=path, args=arguments())


def main(argv: list[str]) -> None:
    """Find or install, and say so. Without one the tests in a browser say what is missing: skipped, or failed in CI."""
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    path, failures = find(own), []
    if path is None and "CHROMIUM" not in os.environ:
        path, failures = install(own, may_install(argv))
    print(f"browser: {path or MISSING}", *failures, sep="\n  ", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
