"""Every built page in Chromium: quiet, asking no other machine for anything, accessible, and readable on a phone."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Page, Response

from tests.browser.checks import FORMULAS, HTML, darken, overflow, settle, violations, watched, weight
from tests.browser.figures import ALL, EACH, lives

# index.html only leads to the first page.
PAGES = sorted(path for path in HTML.rglob("*.html") if "_static" not in path.parts and path != HTML / "index.html")
LIMIT = 1_500_000  # bytes of a page, gzip, with everything it loads
# The links to the neighbours hide what does not fit into them.
CUT = "[...document.querySelectorAll('.prev-next-area a')].filter(a => a.scrollWidth > a.clientWidth).map(a => a.textContent)"


# What MathJax is made of, as far as any page asks for it: from a server, and from a file.
SERVED, FROM_FILES = set(), set()


def of_mathjax(urls: Iterable[str], root: str) -> set[str]:
    """Those of MathJax, without the book's address; what lies outside the book keeps its own."""
    return {url.removeprefix(root) for url in urls if FORMULAS.search(url)}


class Opened(NamedTuple):
    """A page from a server, with what went wrong while it loaded, and all that it loaded."""

    path: Path
    page: Page
    faults: list[str]
    responses: list[Response]
    mathjax: set[str]


@pytest.fixture(scope="module", params=PAGES, ids=lambda path: path.relative_to(HTML).as_posix())
def opened(request, browser, server):
    path, responses = request.param, []
    with watched(browser, reduced_motion="reduce") as (page, faults):
        page.on("response", lambda response: responses.append(response))
        page.goto(f"{server}/{path.relative_to(HTML).as_posix()}")
        settle(page)
        mathjax = of_mathjax((response.url for response in responses), server)
        SERVED.update(mathjax)
        yield Opened(path, page, list(faults), list(responses), mathjax)


def test_quiet_and_light_from_a_server(opened):
    assert opened.faults == []
    assert weight(*(response.body() for response in opened.responses)) <= LIMIT


def test_accessible_in_light(opened):
    assert violations(opened.page) == []


def test_accessible_in_dark(opened):
    """The theme follows the system, also while the page is open. Of axe's rules, only those of colour look at the scheme."""
    darken(opened.page)
    assert violations(opened.page, ["color-contrast", "link-in-text-block"]) == []


def test_fits_a_phone(opened):
    opened.page.set_viewport_size({"width": 320, "height": 640})
    settle(opened.page)  # the theme's drawers slide away
    assert overflow(opened.page) == []
    assert opened.page.evaluate(CUT) == []


def test_quiet_from_its_file_where_its_explorers_live(opened, browser):
    """Formulas are set until every file of MathJax that a page asks for has been loaded from a file, too."""
    new = not opened.mathjax <= FROM_FILES
    with watched(browser, formulas=new) as (page, faults):
        asked, loaded = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("requestfinished", lambda request: loaded.append(request.url))
        page.goto(opened.path.as_uri())
        settle(page)
        # What is examined in test_live_explorers lives from its file there.
        assert lives(page, [it for it in ALL if it.path == opened.path and it not in EACH]) == []
        assert faults == []
        assert of_mathjax(asked, HTML.as_uri()) <= opened.mathjax
        if new:
            FROM_FILES.update(of_mathjax(loaded, HTML.as_uri()))


def test_all_of_mathjax_loads_from_files():
    """After the tests above, of all pages or of some."""
    assert FROM_FILES == SERVED


# --- the checks find mistakes ----------------------------------------------------------------------------------------


@pytest.fixture
def blank(browser):
    with watched(browser, viewport={"width": 320, "height": 640}) as (page, faults):
        yield page, faults


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ('<img src="https://cdn.example/x.png" alt="">', "request: https://cdn.example/x.png"),
        ('<script>fetch("//cdn.example/x").catch(() => 0)</script>', "request: "),
        ('<script>new WebSocket("wss://cdn.example/x")</script>', "request: wss://cdn.example/x"),
        ("<script>console.error('broken')</script>", "console: broken"),
        ("<script>undefined.x</script>", "exception: "),
        ('<img src="gone.png" alt="">', "404: "),
    ],
)
def test_noise_is_heard(html, fault, blank, server):
    page, faults = blank
    page.goto(f"{server}/book/decision_tree.html")  # an origin, and no policy that would forbid the noise
    page.set_content(html)
    for _ in range(100):
        if any(line.startswith(fault) for line in faults):
            return
        page.wait_for_timeout(20)  # it passes as soon as the fault is heard
    raise AssertionError(faults)


def test_a_page_with_a_policy_keeps_strangers_out(blank, server):
    """Neither a script that came to stand there later nor a call of another machine."""
    page, faults = blank
    page.goto(f"{server}/genindex.html")
    page.set_content('<script>document.title = "taken"</script><img src="https://cdn.example/x.png" alt="">')
    page.wait_for_timeout(300)
    assert page.title() != "taken"
    assert any("Content Security Policy" in line for line in faults)
    assert not any(line.startswith("request: ") for line in faults)


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ('<p style="color: #ccc; background: #fff">pale</p>', "color-contrast"),
        ('<input type="range">', "label"),
        ('<canvas role="img"></canvas>', "role-img-alt"),
        ("<h1>one</h1><h3>three</h3>", "heading-order"),
    ],
)
def test_violations_are_found(html, fault, blank):
    page, _ = blank
    page.set_content(f'<html lang="en"><title>A page</title><main>{html}</main></html>')
    assert any(line.startswith(fault) for line in violations(page))


FINE = "<p>Fine <b>text</b></p>" * 20


@pytest.mark.parametrize(
    ("before", "bad"),
    [
        (FINE, '<p style="color: #ccc">pale</p>'),
        (FINE, '<div style="background: #222"><p>black on black</p></div>'),
        (FINE, '<p style="opacity: 0.3">faint</p>'),
        (
            FINE,
            '<div style="background: #fff; color: #000"><p>well <span style="color: #ddd">badly</span> well</p></div>',
        ),
        ('<p style="color: #ccc; display: none">hidden</p>' * 5, '<p style="color: #ccc">pale</p>'),
        ('<p style="color: #ccc; visibility: hidden">hidden</p>' * 5, '<p style="color: #ccc">pale</p>'),
        ('<p style="color: #ccc">x</p>' * 5, '<p style="color: #ccc">pale</p>'),
        (
            '<button disabled style="all: unset; color: #ccc">off</button>' * 5,
            '<button style="all: unset; color: #ccc">on</button>',
        ),
    ],
)
def test_pale_text_is_found_among_other_text(before, bad, blank):
    """Contrast is asked of some text of every look only."""
    page, _ = blank
    page.set_content(f'<html lang="en"><title>A page</title><main style="background: #fff">{before}{bad}</main></html>')
    assert any(line.startswith("color-contrast") for line in violations(page, ["color-contrast"]))
    page.set_content(f'<html lang="en"><title>A page</title><main style="background: #fff">{FINE}</main></html>')
    assert violations(page, ["color-contrast"]) == []


def page_of(main: str, style: str = "") -> str:
    return f'<html lang="en"><title>A page</title><style>{style}</style><main><h1>One</h1>{main}</main></html>'


INK = '<div style="background: {}; color: #123456">' + "<p>some text</p>" * 4 + "</div>"


def test_a_look_is_remembered_over_pages_with_its_background(blank, monkeypatch):
    """What was good before is not asked again; the same ink on another paper is."""
    monkeypatch.setattr("tests.browser.checks.never_skip", lambda: False)
    page, _ = blank
    for marked in (True, False):
        page.set_content(page_of(INK.format("#fafafa")))
        assert violations(page) == []
        assert bool(page.locator("p[data-look]").count()) is marked
    for _ in range(2):  # what is not good is asked every time
        page.set_content(page_of(INK.format("#223344") + INK.format("#fafafa")))
        assert any(line.startswith("color-contrast") for line in violations(page))


def test_a_look_that_was_not_measured_is_not_remembered(blank, monkeypatch):
    """axe cannot tell what stands on a picture."""
    monkeypatch.setattr("tests.browser.checks.never_skip", lambda: False)
    page, _ = blank
    picture = '<p style="color: #654321; background: linear-gradient(#fff, #eee)">on a picture</p>'
    for _ in range(2):
        page.set_content(page_of(picture * 4))
        assert violations(page) == []
        assert page.locator("p[data-look]").count() == 3


def test_a_closed_box_does_not_stand_for_an_open_one(blank):
    page, _ = blank
    pale = '<p style="color: #ccc">pale</p>'
    page.set_content(page_of(f"<details><summary>More</summary>{pale * 4}</details>{pale}"))
    assert any(line.startswith("color-contrast") for line in violations(page))


WORD, STYLE = '<span class="w">word</span>', ".w { color: #123 } .pale { color: #ccc }"


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        ('<span class="pale">word</span>', "color-contrast"),
        ('<span class="w">a <span class="pale">word</span></span>', "color-contrast"),
        ('<span class="w" role="img">word</span>', "role-img-alt"),
        ('<span class="w"><img src="data:,"></span>', "image-alt"),
        ('<span class="w" aria-label="x" role="nonsense">word</span>', "aria-roles"),
    ],
)
def test_a_fault_among_the_words_of_a_listing_is_found(bad, fault, blank):
    page, _ = blank
    page.set_content(page_of(f"<pre>{WORD * 9}\n{bad} {WORD * 9}</pre>", STYLE))
    assert any(line.startswith(fault) for line in violations(page))
    page.set_content(page_of(f"<pre>{WORD * 9}</pre>", STYLE))
    assert violations(page) == []


def test_formulas_and_listings_stand_as_before_when_axe_has_judged(blank):
    page, _ = blank
    mathml = "<mjx-assistive-mml><math><mi>x</mi></math></mjx-assistive-mml>"
    formula = (
        f'<mjx-container><mjx-math aria-hidden="true" class="a"><mjx-mi>x</mjx-mi></mjx-math>{mathml}</mjx-container>'
    )
    listing = f"<pre>  {WORD * 9}<!-- a remark -->\n<a href='#x'>a link</a> {WORD} <b>{WORD}</b></pre>"
    page.set_content(page_of(f"<p>A formula {formula}</p><table><tr><th>{formula}<td>1</table>{listing}"))
    script = """[...document.querySelectorAll('mjx-container, mjx-container *, pre, pre *')].map(
      (it, i) => [(it.kept ??= i), it.outerHTML])"""
    before = page.evaluate(script)
    for _ in range(2):
        assert violations(page) == []
        page.evaluate("document.querySelectorAll('[data-look]').forEach((it) => it.removeAttribute('data-look'))")
        assert page.evaluate(script) == before


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<div style="width: 400px">wide</div>', True),
        ('<p style="margin-left: -20px">cut off</p>', True),
        ('<div style="overflow: auto"><div style="width: 400px">scrolls</div></div>', False),
        ("<p>narrow</p>", False),
    ],
)
def test_overflow_is_found(html, found, blank):
    page, _ = blank
    page.set_content(f"<main>{html}</main>")
    assert bool(overflow(page)) is found


def test_weight_is_compressed():
    assert weight(bytes(10_000)) < 100 and weight(b"a", b"b") > weight(b"ab")
