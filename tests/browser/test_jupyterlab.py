"""A committed notebook opened in JupyterLab: a picture while the reader has not trusted it, an explorer from then on."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import TimeoutError as NothingYet

from tests.browser.checks import ROOT, watched

NOTEBOOK = ROOT / "notebooks" / "07_solvers_and_the_k_budget.ipynb"
TOKEN = "reader"
FIGURE = "figure:has(.kx-poster)"
LIVE = "figure.kx-live[data-idle]"
OFFLINE = ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.extension_manager=readonly"]
QUIET = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}  # asks for news from elsewhere


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab of its own, with the notebook as `untrusted.ipynb` and `trusted.ipynb`."""
    home = tmp_path_factory.mktemp("lab")
    books = home / "books"
    books.mkdir()
    shutil.copy(NOTEBOOK, books / "trusted.ipynb")
    # Trust belongs to a notebook's contents, so the copies must differ.
    other = json.loads(NOTEBOOK.read_text())
    other["metadata"]["copy"] = "untrusted"
    (books / "untrusted.ipynb").write_text(json.dumps(other))
    places = {f"JUPYTER_{name}_DIR": home / name.lower() for name in ("DATA", "CONFIG", "RUNTIME")}
    places |= {f"JUPYTERLAB_{name}_DIR": home / name.lower() for name in ("SETTINGS", "WORKSPACES")}
    (home / "config" / "labconfig").mkdir(parents=True)
    (home / "config" / "labconfig" / "page_config.json").write_text(json.dumps(QUIET))
    environment = (
        os.environ | {name: str(place) for name, place in places.items()} | {"IPYTHONDIR": str(home / "ipython")}
    )
    trust = [sys.executable, "-m", "jupyter", "trust", books / "trusted.ipynb"]
    subprocess.run(trust, env=environment, check=True, capture_output=True, timeout=60)
    options = [
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        "--port=0",
        f"--IdentityProvider.token={TOKEN}",
        *OFFLINE,
    ]
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={books}", *options]
    with (home / "log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            yield address(home, server)
        finally:
            server.terminate()
            server.wait(timeout=30)


def address(home: Path, server: subprocess.Popen) -> str:
    """Where the server listens, once it does: it writes that into its runtime folder."""
    for _ in range(600):
        if found := list((home / "runtime").glob("jpserver-*.json")):
            text = found[0].read_text()
            if text.endswith("}"):
                return json.loads(text)["url"]
        assert server.poll() is None, (home / "log").read_text()
        time.sleep(0.1)
    raise TimeoutError((home / "log").read_text())


def open_notebook(page, lab: str, name: str):
    """Scroll through the notebook, which JupyterLab draws piece by piece, to its first explorer."""
    page.goto(f"{lab}lab/tree/{name}?reset&token={TOKEN}")  # reset: no tabs of the last visit
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
    page.locator(".jp-Notebook").hover()
    figure = page.locator(FIGURE).first
    for _ in range(200):
        if figure.count():
            break
        page.mouse.wheel(0, 600)
        page.wait_for_timeout(50)
    figure.scroll_into_view_if_needed()
    return figure


def test_the_notebook_holds_an_explorer():
    assert 'class=\\"kx\\"' in NOTEBOOK.read_text()


def test_an_untrusted_notebook_shows_the_picture(browser, lab):
    with watched(browser) as (page, faults):
        figure = open_notebook(page, lab, "untrusted.ipynb")
        poster = figure.locator("img")
        assert poster.is_visible() and poster.evaluate("image => image.complete && image.naturalWidth > 600")
        assert figure.locator("figcaption").is_visible()
        assert page.locator("figure canvas, figure input").count() == 0
        assert [fault for fault in faults if fault.startswith("request")] == []


def test_a_trusted_notebook_runs_the_explorer(browser, lab):
    with watched(browser) as (page, faults):
        open_notebook(page, lab, "trusted.ipynb")
        # Pictures that arrive late above the explorer push it out of sight, and there it does not start.
        for _ in range(120):
            if page.locator(LIVE).count():
                break
            if page.locator(FIGURE).count():
                page.locator(FIGURE).first.evaluate("figure => figure.scrollIntoView({ block: 'center' })")
            else:
                page.mouse.wheel(0, 300)
            with contextlib.suppress(NothingYet):
                page.wait_for_selector(LIVE, timeout=500)
        figure = page.locator(LIVE).first
        canvas, slider = figure.locator("canvas"), figure.locator("input[type=range]").first
        assert not figure.locator("img").is_visible()
        before = canvas.evaluate("canvas => canvas.toDataURL()")
        slider.focus()
        page.keyboard.press("Home" if slider.evaluate("slider => slider.value !== slider.min") else "End")
        page.wait_for_selector(LIVE, timeout=30_000)
        assert canvas.evaluate("canvas => canvas.toDataURL()") != before
        assert [fault for fault in faults if fault.startswith(("request", "exception"))] == []
