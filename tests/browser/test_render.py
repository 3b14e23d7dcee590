"""Every explorer in another host: render({model, el}), as of an anywidget module, makes it twice and takes it away."""

import json

import pytest

from classroom.explorers.figure import FOLDER, traits
from tests.browser.checks import frames, watched
from tests.browser.explorers import HOOK
from tools.site import live
from tools.site.gallery import APART, LISTS, explorer, gallery, pictures

# The module is imported as a host does; a model is anything that can be asked.
HOST = """async ([code, traits, shadow]) => {
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const { default: module } = await import(url);
  window.ends = [0, 1].map(() => {
    const at = document.body.appendChild(document.createElement("section"));
    const el = shadow ? at.attachShadow({ mode: "open" }).appendChild(document.createElement("div")) : at;
    return module.render({ model: { get: (key) => traits[key] }, el });
  });
}"""


PICTURE = """(id) => {
  const figure = document.getElementById(id);
  return figure.querySelector("canvas")?.toDataURL() ?? figure.querySelector(".kx-body").textContent;
}"""


class Shown:
    def __init__(self, data):
        self.data = data


def handed_over(name: str) -> dict:
    """What a host gives the model."""
    if name in LISTS:
        return {"explorer": name, "data": json.loads((FOLDER / f"{name}.json").read_text()), "caption": "A tree."}
    return traits(Shown(explorer(name)))


def module(name: str) -> str:
    return (FOLDER / APART.get(name, "") / "bundle.js").read_text()


def host(page, name: str, given: dict | None = None, shadow: bool = False) -> None:
    page.set_content("<!doctype html><body>")
    page.evaluate(HOST, [module(name), given or handed_over(name), shadow])


@pytest.mark.parametrize("name", gallery())
def test_an_explorer_is_made_twice_and_taken_away(name, browser):
    with watched(browser, HOOK) as (page, faults):
        host(page, name)
        page.wait_for_function("document.querySelectorAll('figure.kx-live[data-idle]').length", timeout=60_000)
        ids = page.locator("figure").evaluate_all("all => all.map((it) => it.id)")
        own = f"explorer-{name.replace('_', '-')}"
        assert ids == [own, f"{own}-2"]
        named = page.locator("[id]").evaluate_all("all => all.map((it) => it.id)")
        assert len(set(named)) == len(named)
        for id in ids:
            page.locator(f"#{id}").scroll_into_view_if_needed()
            page.wait_for_selector(f"#{id}.kx-live[data-idle]", timeout=60_000)
        first = [page.evaluate(PICTURE, id) for id in ids]
        control = page.locator(f"#{ids[0]} .kx-body :is(input, .kx-answers button):not(:disabled)").first
        control.press("Enter" if name in LISTS else "Home")
        frames(page, 2)
        if page.evaluate(PICTURE, ids[0]) == first[0]:
            control.press("End")
        page.wait_for_function(f"document.querySelector('#{ids[0]}').hasAttribute('data-idle')", timeout=60_000)
        frames(page, 2)
        assert page.evaluate(PICTURE, ids[0]) != first[0] and page.evaluate(PICTURE, ids[1]) == first[1]
        page.evaluate("ends[0]()")
        assert page.locator("figure").count() == 1 and page.locator("section").first.inner_html() == ""
        page.evaluate(f"location.hash = '{ids[0]}?t=1'")
        page.emulate_media(color_scheme="dark")
        frames(page, 4)
        page.evaluate("ends[1]()")
        assert page.locator("figure, section > *").count() == 0
        assert faults + page.evaluate("window.kxFaults") == []


def test_it_has_its_look_in_a_shadow_tree(browser):
    with watched(browser) as (page, faults):
        host(page, "noising", shadow=True)
        page.wait_for_selector("figure.kx-live[data-idle]", timeout=60_000)
        assert page.locator("canvas").first.evaluate("it => getComputedStyle(it).display") == "block"
        assert page.locator(".kx-board").first.evaluate("it => getComputedStyle(it.firstChild).display") == "grid"
        page.evaluate("ends.forEach((end) => end())")
        assert page.locator("figure").count() == 0 and faults == []


def test_what_cannot_be_made_is_said(browser):
    with watched(browser) as (page, faults):
        for given, sentence in (
            ({"explorer": "constructor"}, "There is no explorer constructor here. Choose one of digits,"),
            ({"explorer": "noising", "alt": "A", "caption": "C"}, "data is missing or damaged"),
        ):
            host(page, "noising", given)
            page.wait_for_selector(".kx-problem")
            assert sentence in page.locator(".kx-problem").first.text_content()
            page.evaluate("ends.forEach((end) => end())")
            assert page.locator("section > *").count() == 0
        assert faults == []


def test_a_net_at_work_is_stopped_with_its_last_figure(browser, tmp_path):
    """Two figures share one worker; the folder of the site is named by the model."""
    for name in ("engine.js", "digits_flow.js"):
        (tmp_path / name).write_text(live.FILES[name]())
    (tmp_path / "page.html").write_text("<!doctype html><meta charset='utf-8'><body>")
    count = """window.alive = 0; const Real = Worker;
      window.Worker = class extends Real {
        constructor(...it) { super(...it); alive += 1; }
        terminate() { super.terminate(); alive -= 1; }
      };"""
    given = traits(Shown(pictures("attention")["attention-digits"]())) | {"live": f"{tmp_path.as_uri()}/"}
    with watched(browser, count) as (page, faults):
        page.goto((tmp_path / "page.html").as_uri())
        page.evaluate(HOST, [module("attention"), given, False])
        for id in ("explorer-attention", "explorer-attention-2"):
            page.locator(f"#{id}").scroll_into_view_if_needed()
            page.wait_for_selector(f"#{id}.kx-live[data-idle]", timeout=60_000)
            page.locator(f"#{id} button[data-id=switch]").click()
            frames(page, 2)
            page.wait_for_selector(f"#{id}[data-idle]", timeout=60_000)
            assert "Off: positions." in page.locator(f"#{id} .kx-values").text_content()
        alive = [page.evaluate("alive")] + [page.evaluate("(i) => { ends[i](); return alive; }", i) for i in (0, 1)]
        assert alive == [1, 1, 0] and faults == []
