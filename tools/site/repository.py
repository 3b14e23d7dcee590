"""A Sphinx extension: every button that needs the repository's address follows from $BOOK_ADDRESS, which publishing sets.

Without it there are no buttons, and no page says a word of Colab. An invented address would be a danger: who registers it decides
what Colab runs.
"""

import os
import re

from sphinx.application import Sphinx
from sphinx.config import Config

from tools.site.publish import BRANCH, checked

COLAB = "https://colab.research.google.com"
BUTTONS = ("use_repository_button", "use_issues_button", "use_edit_page_button")


def address() -> str:
    """The repository's address, or nothing."""
    return checked(given) if (given := os.environ.get("BOOK_ADDRESS", "")) else ""


def switch_on(app: Sphinx, config: Config) -> None:
    """Switch on the buttons that need the address."""
    if url := address():
        config.html_theme_options |= dict.fromkeys(BUTTONS, True)
        config.html_theme_options |= {"repository_url": url, "repository_branch": "main"}
        config.html_theme_options |= {"launch_buttons": {"colab_url": COLAB}}


def adjust(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """A chapter is edited where it is written, not in the notebook made from it; Colab opens the copy that knows the address."""
    for button in (button for group in context.get("header_buttons", []) for button in group.get("buttons", [])):
        if button.get("label") == "source-edit-button":
            button["url"] = re.sub(r"/notebooks/(\w+)\.ipynb$", r"/book/chapters/\1.md", button["url"])
        elif button["text"] == "Colab":
            button["url"] = button["url"].replace("/blob/main/", f"/blob/{BRANCH}/")
            button["icon"] = "fas fa-play"  # beside its name Colab needs no logo


def setup(app: Sphinx) -> dict:
    """Before the theme reads its options, and after it has made its buttons (priority 501)."""
    app.connect("config-inited", switch_on)
    app.connect("html-page-context", adjust, priority=600)
    return {"parallel_read_safe": True}
