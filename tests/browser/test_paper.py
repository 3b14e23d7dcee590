"""A chapter on paper: as a PDF, and what the print styles leave out."""

import re

from tests.browser.checks import HTML
from tools.site import copies

CHAPTER = HTML / "notebooks" / "08_time_scale.html"


def test_a_chapter_is_printed(tmp_path):
    (target,) = copies.printed([CHAPTER], tmp_path)
    data = target.read_bytes()
    pages = [int(count) for count in re.findall(rb"/Type /Pages\s*/Count (\d+)", data)]
    assert data.startswith(b"%PDF") and max(pages) >= 8


def test_what_cannot_be_used_on_paper_is_left_out(browser):
    page = browser.new_page(color_scheme="light")
    page.goto(CHAPTER.as_uri())
    for name in (".bd-header-article", "#pst-primary-sidebar"):
        assert page.locator(name).count() >= 1
    page.emulate_media(media="print")
    seen = "els => els.filter(el => el.getClientRects().length).length"
    for name in (".bd-header-article", "#pst-primary-sidebar", ".kx-row", ".kx-buttons", ".copybtn"):
        assert page.locator(name).evaluate_all(seen) == 0, name
    assert page.locator("figure.kx").evaluate_all(seen) >= 1  # its picture stays
    page.close()
