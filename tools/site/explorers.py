"""Build the generated parts of classroom/explorers, and the script of the self-test: `make explorers`.

    python -m tools.site.explorers             palette.js, all.js, decision_tree.json and the files bundle.js
    python -m tools.site.explorers --posters   and each explorer's first picture, drawn by Chromium, or those of the names given

All of them are committed, so that reading and building the book needs neither node nor a browser.
"""

import argparse
import base64
import io
import json
import re
import subprocess
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from classroom.plots import FAN, INK, ROLES, RULES, SCHEDULES, RuleStyle, style_of
from lib.samplers import rules
from tools.site import browser, tree, vendor
from tools.site.gallery import APART, gallery, pictures

EXPLORERS = Path(__file__).parents[2] / "classroom" / "explorers"
ENGINE = EXPLORERS / "engine"
PLAYGROUND = EXPLORERS / "playground"
SELF_TEST = Path(__file__).parent / "self_test_js"
NODE = Path(sys.executable).with_name("node")
WIDTH = 720  # CSS pixels of a poster's figure, the page's column
# esbuild is a large WebAssembly program: optimising it would take far longer than running it, hence liftoff only.
ESBUILD = [NODE, "--liftoff-only", vendor.VENDOR / "esbuild-wasm" / "bin" / "esbuild"]
OPTIONS = ["--bundle", "--format=esm", "--minify", "--target=es2022", "--legal-comments=none", "--charset=utf8"]
LOADERS = ["--loader:.css=text"]
BUNDLE_HEAD = "// Generated from {}/*.js by `make explorers`.\n"
ALL_HEAD = (
    "// Generated from the files of this folder by `make explorers`: every .js with a .py of its name, but those with a bundle "
    "of their own.\n"
)
PALETTE_HEAD = "// Generated from classroom/plots.py by `make explorers`.\n"

# matplotlib's named dashes in CSS pixels; it gives the others in multiples of the line's width
DASHES = {"-": [], "--": [6, 3], "-.": [7, 3, 2, 3], ":": [2, 3]}
LINE = 1.8

GREY = "#7A7A7A"  # of a poster, which stands on either page as it is: 4.3 : 1
SHADED = ("t-scale",)  # posters of fine shades, which 96 colours would break into steps
BLANK = bytes(24)  # stands in for a poster that is not drawn yet


def dash(style: RuleStyle) -> list[float]:
    """A line style as the canvas takes it: lengths in CSS pixels."""
    if isinstance(style.linestyle, str):
        return DASHES[style.linestyle]
    return [round(LINE * length, 2) for length in style.linestyle[1]]


def palette() -> str:
    """palette.js: the colours, markers and dashes of classroom/plots.py."""
    further = {rule.__name__: style_of(rule.__name__) for rule in rules()}
    styles = {
        name: {rule: {"color": s.color, "marker": s.marker, "dash": dash(s)} for rule, s in table.items()}
        for name, table in (("RULES", RULES | further), ("SCHEDULES", SCHEDULES))
    }
    fan = [{"color": color, "marker": marker} for color, marker in FAN]
    tables = {"INK": INK, "ROLES": ROLES, "FAN": fan, **styles}
    return PALETTE_HEAD + "".join(f"export const {name} = {json.dumps(table)};\n" for name, table in tables.items())


def everything(folder: Path = EXPLORERS) -> str:
    """all.js: every explorer that has no bundle of its own, by the name of its figure."""
    names = [name for name in gallery(folder) if name not in APART]
    lines = [f'import {name} from "./{name}.js";\n' for name in names]
    table = ", ".join(f'"{name.replace("_", "-")}": {name}' for name in names)
    return f"{ALL_HEAD}{''.join(lines)}\nexport const EXPLORERS = {{ {table} }};\n"


def bundle(entry: Path = EXPLORERS / "main.js", source: str = "classroom/explorers") -> str:
    """bundle.js: the entry with everything it imports, as one small module; its first line names the source."""
    return BUNDLE_HEAD.format(source) + _bundled(entry)


def engine() -> str:
    """engine/bundle.js: a plain script that a page loads when it needs the engine. It sets `knobEngine`, and keeps its text in
    `knobEngine.source`: a worker is made of it, for from `file://` a page may load no other."""
    code = _bundled(ENGINE / "main.js", "--format=iife", "--global-name=engine")
    head = BUNDLE_HEAD.format("classroom/explorers/engine")
    return (
        f"{head}globalThis.knobEngine=(make=>({{...make(),source:`(${{make}})().serve()`}}))"
        f"(()=>{{{code.strip()}return engine}});\n"
    )


def playground() -> str:
    """playground/bundle.js: a plain script for the one page that has it. It takes its mathematics from `knobEngine`, and so comes
    after the engine."""
    return BUNDLE_HEAD.format("classroom/explorers/playground") + _bundled(PLAYGROUND / "main.js", "--format=iife")


def _bundled(entry: Path, *more: str) -> str:
    """An entry with everything it imports."""
    command = [*ESBUILD, entry, *OPTIONS, *LOADERS, *more, "--log-level=warning"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, encoding="utf8")
    # esbuild exits with 0 also when node could not load it.
    if done.returncode or done.stderr or not done.stdout:
        sys.exit(f"explorers: esbuild could not bundle {entry.name}\n{done.stderr}")
    # The module is written into the page, where these end a script or change how it is read.
    if found := re.search(r"</script|<!--", done.stdout, re.IGNORECASE):
        sys.exit(f"explorers: the bundle holds {found[0]!r}, which a page cannot carry inside a script")
    return done.stdout


def poster(chromium: Browser, html: str, shaded: bool = False) -> bytes:
    """The first picture of an explorer: transparent, in a grey that both pages bear, at twice the pixels."""
    page = chromium.new_page(viewport={"width": WIDTH, "height": 900}, device_scale_factor=2, color_scheme="light",
                             reduced_motion="reduce")  # fmt: skip
    html = html.replace("<figure ", f'<figure data-ink="{GREY}" ', 1)
    page.set_content(
        f'<!doctype html><body style="margin: 0; font-family: sans-serif"><style>figure {{ margin: 0 !important }}</style>{html}'
    )
    page.wait_for_selector("figure.kx-live[data-idle]", timeout=60_000)
    url = page.evaluate("document.querySelector('figure canvas').toDataURL('image/png')")
    page.close()
    drawn = Image.open(io.BytesIO(base64.b64decode(url.removeprefix("data:image/png;base64,"))))
    small = io.BytesIO()
    # 96 colours, transparent ones among them, in a third of the bytes that WebP takes for so many small dots.
    kept = drawn if shaded else drawn.quantize(96, method=Image.Quantize.FASTOCTREE)
    kept.save(small, "PNG", optimize=True)
    return small.getvalue()


def posters(names: list[str]) -> None:
    """Draw the posters of these explorers anew, or of all."""
    with sync_playwright() as playwright:
        chromium = browser.launch(playwright)
        if chromium is None:
            sys.exit(f"explorers: {browser.MISSING}")
        for name in names or gallery():
            for stem, show in pictures(name).items():
                path = EXPLORERS / "posters" / f"{stem}.png"
                if not path.exists():
                    path.write_bytes(BLANK)
                html = show()
                if 'class="kx-data"' not in html:  # a list, which needs no picture
                    path.unlink()
                    continue
                path.write_bytes(poster(chromium, html, stem in SHADED))
                print(f"explorers: {path.name}, {path.stat().st_size / 1000:.0f} kB")


def main() -> None:
    """Palette first: the bundle holds it, and the posters are drawn by the bundle."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument(
        "--posters", nargs="*", metavar="explorer", help="draw their posters as well, by default all"
    )
    arguments = arguments.parse_args()
    (EXPLORERS / "palette.js").write_text(palette())
    (EXPLORERS / "all.js").write_text(everything())
    (tree.ROOT / tree.TARGET).write_text(tree.tree())
    (EXPLORERS / "bundle.js").write_text(bundle())
    for folder in APART.values():
        (EXPLORERS / folder / "bundle.js").write_text(
            bundle(EXPLORERS / folder / "main.js", f"classroom/explorers/{folder}")
        )
    (ENGINE / "bundle.js").write_text(engine())
    (PLAYGROUND / "bundle.js").write_text(playground())
    (SELF_TEST / "bundle.js").write_text(bundle(SELF_TEST / "main.js", "tools/site/self_test_js"))
    if arguments.posters is not None:
        posters(arguments.posters)


if __name__ == "__main__":
    main()
