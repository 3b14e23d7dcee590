"""Every built page in Chromium: quiet, asking no other machine for anything, accessible, and readable on a phone."""

import pytest

from tests.browser.checks import HTML, darken, overflow, settle, violations, watched, weight

# index.html only leads to the first page.
PAGES = sorted(path for path in HTML.rglob("*.html") if "_static" not in path.parts and path != HTML / "index.html")
LIMIT = 1_500_000  # bytes of a page, gzip, with everything it loads
# The links to the neighbours hide what does not fit into them.
CUT = "[...document.querySelectorAll('.prev-next-area a')].filter(a => a.scrollWidth > a.clientWidth).map(a => a.textContent)"


@pytest.fixture(scope="module", params=PAGES, ids=lambda path: path.relative_to(HTML).as_posix())
def opened(request, browser):
    """A page from its file, with what went wrong while it loaded."""
    with watched(browser, reduced_motion="reduce") as (page, faults):
        page.goto(request.param.as_uri())
        settle(page)
        yield page, list(faults)


def test_quiet_from_its_file(opened):
    _, faults = opened
    assert faults == []


def test_accessible_in_light(opened):
    page, _ = opened
    assert violations(page) == []


def test_accessible_in_dark(opened):
    """The theme follows the system, also while the page is open. Of axe's rules, only those of colour look at the scheme."""
    page, _ = opened
    darken(page)
    assert violations(page, ["color-contrast", "link-in-text-block"]) == []


def test_fits_a_phone(opened):
    page, _ = opened
    page.set_viewport_size({"width": 320, "height": 640})
    settle(page)  # the theme's drawers slide away
    assert overflow(page) == []
    assert page.evaluate(CUT) == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(HTML).as_posix())
def test_quiet_and_light_from_a_server(path, browser, server):
    bodies = []
    with watched(browser) as (page, faults):
        page.on("response", lambda response: bodies.append(response))
        page.goto(f"{server}/{path.relative_to(HTML).as_posix()}")
        settle(page)
        assert faults == []
        assert weight(*(response.body() for response in bodies)) <= LIMIT


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
    page.goto(f"{server}/genindex.html")  # an origin, for addresses that are relative to it
    page.set_content(html)
    for _ in range(100):
        if any(line.startswith(fault) for line in faults):
            return
        page.wait_for_timeout(20)  # it passes as soon as the fault is heard
    raise AssertionError(faults)


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


def test_formulas_stand_as_before_when_axe_has_judged(blank):
    page, _ = blank
    formula = '<mjx-container><mjx-math aria-hidden="true" class="a"><mjx-mi>x</mjx-mi></mjx-math></mjx-container>'
    page.set_content(f'<html lang="en"><title>A page</title><main><h1>One</h1><p>A formula {formula}</p></main></html>')
    before = page.locator("mjx-container").inner_html()
    assert violations(page) == []
    assert page.locator("mjx-container").inner_html() == before


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
