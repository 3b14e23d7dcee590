"""A Sphinx extension that keeps the built pages self-contained.

Jupyter Book always loads sphinx_thebe, whose script asks a CDN for a live kernel; this book's pages need none. It also
declares its constants twice, an error on every page.
"""

from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict:
    """Undo what sphinx_thebe has set up."""
    for event, listeners in app.events.listeners.items():
        app.events.listeners[event] = [it for it in listeners if not it.handler.__module__.startswith("sphinx_thebe")]
    app.registry.css_files[:] = [(name, options) for name, options in app.registry.css_files if "thebe" not in name]
    return {"parallel_read_safe": True}
