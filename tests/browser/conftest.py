"""A browser, the book on a local server, and pages that write down what goes wrong in them."""

import functools
import http.server
import os
import threading

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.checks import HTML
from tools.site.browser import MISSING, launch


# Not of the session: while Playwright runs in a process, the tests of notebooks there could not start their kernels.
@pytest.fixture(scope="module")
def browser():
    """Headless Chromium. Without one the tests are skipped, and fail in CI, where nobody reads what is skipped."""
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        if chromium is None:
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(MISSING)
        yield chromium
        chromium.close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and logs nothing."""

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def server():
    """The address of the built book on a local server."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=HTML)) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
