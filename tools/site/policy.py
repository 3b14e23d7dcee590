"""A Sphinx extension: a content security policy for pages without an explorer, in their head.

The policy lets a page load what lies beside it and run the scripts that stood in it when it was built, each known by its digest.
Anything else that came to stand there does nothing: a script out of a link, a call of another machine. Of a page on a disk, whose
`'self'` is nobody, `file:` is the word for what lies beside it. Styles are free, since MathJax and the theme write some.

Pages with an explorer have none: their engine runs in a worker that is made of its own text, with WebAssembly, and both would
have to be allowed. What stands in their links is data, which tests/browser tries.
"""

import base64
import hashlib
import html
import re
from collections.abc import Set
from pathlib import Path

from sphinx.application import Sphinx

SCRIPT = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
HANDLER = re.compile(r'\son[a-z]+="([^"]*)"')  # in prose it would be a digest that nobody asks for
# What says that a page computes: an explorer of any bundle, or a script that the site loads for one.
EXPLORER = re.compile(r"data-explorer=|<script[^>]*\ssrc=\"[^\"]*\blive/")
HEAD = re.compile(r"<head>\s*(?:<meta charset=\"[^\"]*\"\s*/?>)?")
# Of a build before, on a page that is as it was.
OLD = re.compile(r'\n<meta http-equiv="Content-Security-Policy" [^>]*>')
BESIDE = "'self' file:"


def digests(scripts: set[str]) -> str:
    """The sources of a policy that let just these scripts run."""
    found = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    return "".join(f" 'sha256-{one}'" for one in sorted(found))


def handlers(page: str) -> set[str]:
    """The scripts in the attributes of a page's text."""
    return set(map(html.unescape, HANDLER.findall(SCRIPT.sub("", page))))


def policy(page: str, allowed: Set[str]) -> str:
    """The policy of a page's text; `allowed` are handlers, its own aside."""
    allowed = allowed | handlers(page)
    hashed = digests({*SCRIPT.findall(page), *allowed}) + (" 'unsafe-hashes'" if allowed else "")
    return "; ".join(
        [
            f"default-src {BESIDE}",
            f"script-src {BESIDE}{hashed}",
            f"style-src {BESIDE} 'unsafe-inline'",
            f"img-src {BESIDE} data:",
            f"font-src {BESIDE} data:",
            "object-src 'none'",
            "base-uri 'none'",
            f"form-action {BESIDE}",
        ]
    )


def guarded(page: str, allowed: Set[str] = frozenset()) -> str:
    """A page's text with its policy, before anything that it rules; as it is, where an explorer stands on it."""
    page = OLD.sub("", page)
    if EXPLORER.search(page) or not (head := HEAD.search(page)):
        return page
    meta = f'\n<meta http-equiv="Content-Security-Policy" content="{policy(page, allowed)}">'
    return page[: head.end()] + meta + page[head.end() :]


def guard(app: Sphinx, exception: Exception | None) -> None:
    """Write the policies, once nothing changes the pages any more. A search reads other pages: it meets their handlers, too."""
    if exception is not None:
        return
    pages = {path: path.read_text() for path in Path(app.outdir).rglob("*.html")}
    allowed = set().union(*map(handlers, pages.values()))
    for path, text in pages.items():
        if (done := guarded(text, allowed)) != text:
            path.write_text(done)


def setup(app: Sphinx) -> dict:
    """After everything else (priority 500) that is done at the end."""
    app.connect("build-finished", guard, priority=900)
    return {"parallel_read_safe": True}
