"""The content security policy of pages without an explorer: whole, first in the head, and not where an explorer computes."""

import base64
import hashlib
import re
from types import SimpleNamespace

import pytest

from tests.test_book import PAGES
from tools.site import policy

PAGE = """<html><head>
<meta charset="utf-8" />
<script>let a = 1;</script><script src="beside.js"></script>
</head><body><button onclick="window.print(&quot;a&quot;)">Print</button><script type="module">a &lt; b</script></body></html>"""


def said(page: str) -> dict[str, str]:
    """The directives of a page's policy; none, without one."""
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    return dict(one.strip().split(" ", 1) for one in found[1].split(";")) if found else {}


def sha(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def test_a_policy_knows_the_scripts_and_the_handlers_of_its_page():
    scripts = said(policy.guarded(PAGE))["script-src"].split()
    wanted = {sha("let a = 1;"), sha("a &lt; b"), sha('window.print("a")')}  # a script is raw text, an attribute is not
    assert set(scripts) == {"'self'", "file:", "'unsafe-hashes'", *wanted}


def test_a_second_build_leaves_one_policy():
    once = policy.guarded(PAGE)
    assert policy.guarded(once) == once and policy.guarded(once, {"b()"}).count("Content-Security-Policy") == 1


def test_two_handlers_of_one_tag_are_known():
    page = policy.guarded('<head></head><input onfocus="a()" onblur="b()">')
    assert {sha("a()"), sha("b()")} <= set(said(page)["script-src"].split())


def test_a_page_knows_the_handlers_of_all_pages(tmp_path):
    """A search reads what it finds, and would be refused the other pages' handlers."""
    (tmp_path / "search.html").write_text("<html><head></head></html>")
    (tmp_path / "other.html").write_text(PAGE)
    policy.guard(SimpleNamespace(outdir=tmp_path), None)
    scripts = said((tmp_path / "search.html").read_text())["script-src"]
    assert sha('window.print("a")') in scripts and sha("let a = 1;") not in scripts


def test_it_stands_before_what_it_rules():
    page = policy.guarded(PAGE)
    assert page.index("charset") < page.index("Content-Security-Policy") < page.index("<script")
    assert policy.guarded("<p>a part of a page</p>") == "<p>a part of a page</p>"


@pytest.mark.parametrize("mark", ['<figure data-explorer="flow">', '<script defer src="../live/engine.js"></script>'])
def test_a_page_with_an_explorer_has_none(mark):
    page = PAGE.replace("<body>", f"<body>{mark}")
    assert policy.guarded(page) == page


def test_nothing_comes_from_another_machine():
    rules = said(policy.guarded(PAGE))
    assert rules["default-src"] == "'self' file:" and rules["object-src"] == rules["base-uri"] == "'none'"
    assert not any(re.search(r"https?:|\*", sources) for sources in rules.values())
    assert "unsafe-inline" not in rules["script-src"] and "unsafe-eval" not in str(rules)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_of_the_book_is_guarded_or_has_an_explorer(path):
    page = path.read_text()
    assert (
        bool(said(page)) != bool(policy.EXPLORER.search(page)) or 'http-equiv="Refresh"' in page
    )  # it only leads elsewhere
