"""What is generated or fetched: the explorers' bundle and palette are fresh, archives are the pinned ones, Chromium is found."""

import gzip
import io
import json
import os
import shutil
import sys
import tarfile
import time

import pytest

from classroom.explorers.figure import APART
from tools.site import browser, explorers, vendor

BUNDLE = explorers.EXPLORERS / "bundle.js"
PALETTE = explorers.EXPLORERS / "palette.js"


def test_the_committed_bundle_is_a_fresh_one():
    assert explorers.bundle() == BUNDLE.read_text(), "run `make explorers`"
    assert len(gzip.compress(BUNDLE.read_bytes())) <= 50_000


@pytest.mark.parametrize("folder", APART.values())
def test_the_committed_bundles_of_single_explorers_are_fresh(folder):
    entry = explorers.EXPLORERS / folder / "main.js"
    text = (entry.parent / "bundle.js").read_text()
    assert explorers.bundle(entry, f"classroom/explorers/{folder}") == text, "run `make explorers`"
    assert len(gzip.compress(text.encode())) <= 50_000


def test_a_page_without_the_transformer_does_not_carry_it():
    own = (explorers.EXPLORERS / "transformer" / "bundle.js").read_text()
    for words in ("With all gates at 0", "live/"):
        assert words in own and words not in BUNDLE.read_text()


ENGINE = explorers.ENGINE / "bundle.js"


def test_the_committed_engine_is_a_fresh_one_and_no_page_carries_it():
    text = ENGINE.read_text()
    assert explorers.engine() == text, "run `make explorers`"
    assert len(gzip.compress(text.encode())) <= 20_000
    of_the_engine = "Take a smaller one, or a smaller batch."
    assert of_the_engine in text and of_the_engine not in BUNDLE.read_text()


def test_a_change_of_a_source_changes_the_engine(tmp_path, monkeypatch):
    shutil.copytree(explorers.EXPLORERS, tmp_path / "explorers")
    monkeypatch.setattr(explorers, "ENGINE", tmp_path / "explorers" / "engine")
    source = tmp_path / "explorers" / "core" / "training.js"
    source.write_text(source.read_text().replace("beta2 = 0.999", "beta2 = 0.99"))
    assert explorers.engine() != ENGINE.read_text()


def test_the_list_of_all_explorers_is_fresh():
    assert explorers.everything() == (explorers.EXPLORERS / "all.js").read_text(), "run `make explorers`"


def test_a_change_of_a_source_changes_the_bundle(tmp_path):
    copy = tmp_path / "explorers"
    shutil.copytree(explorers.EXPLORERS, copy)
    assert explorers.bundle(copy / "main.js") == BUNDLE.read_text()
    source = copy / "stage.js"
    source.write_text(source.read_text().replace("Try this. ", "Do try this. "))
    assert explorers.bundle(copy / "main.js") != BUNDLE.read_text()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("export const = 1;", "Expected identifier"),
        ('import "./gone.js";', "Could not resolve"),
        ('console.log("<!-- x");', "<!--"),
        ("", "could not bundle"),
    ],
)
def test_a_bundle_that_cannot_be_is_refused(source, message, tmp_path):
    (tmp_path / "main.js").write_text(source)
    with pytest.raises(SystemExit, match=message):
        explorers.bundle(tmp_path / "main.js")


def test_the_committed_palette_is_that_of_the_figures(monkeypatch):
    assert explorers.palette() == PALETTE.read_text(), "run `make explorers`"
    monkeypatch.setitem(explorers.ROLES, "data", "#000000")
    assert explorers.palette() != PALETTE.read_text()


def test_the_palette_holds_json():
    lines = dict(line.removeprefix("export const ").split(" = ") for line in explorers.palette().split("\n")[1:-1])
    tables = {name: json.loads(table.rstrip(";")) for name, table in lines.items()}
    assert tables["INK"] == explorers.INK and list(tables["RULES"]) == list(explorers.RULES)
    assert tables["RULES"]["ancestral"] == {"color": "#7F8A12", "marker": "v", "dash": [9.0, 1.8]}


# --- archives from npm -----------------------------------------------------------------------------------------------


def archive(folder, **files: str):
    path = folder / "thing.tgz"
    with tarfile.open(path, "w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return path


def test_an_archive_is_checked_and_only_what_is_used_is_kept(tmp_path):
    """But its licence comes along, from wherever the kept files come."""
    path = archive(tmp_path, **{"es5/wanted": "1", "es5/other": "2", "LICENSE": "3"})
    package = vendor.Package("thing@1", vendor.digest(path), "package/es5/", ("wanted",), "thing")
    vendor.unpack(package, path, tmp_path / "out")
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["LICENSE", "wanted"]
    with pytest.raises(SystemExit, match="is not the pinned thing@1"):
        vendor.unpack(package._replace(sha512="0"), path, tmp_path / "out")


def test_a_package_is_fetched_when_it_is_missing_or_of_another_version(tmp_path, monkeypatch):
    path = archive(tmp_path, wanted="1", LICENSE="2")
    package = vendor.Package("thing@1", vendor.digest(path), "package/", ("wanted",), "thing")
    fetched = []
    monkeypatch.setattr(vendor, "VENDOR", tmp_path / "vendor")
    monkeypatch.setattr(vendor, "PACKAGES", (package,))
    monkeypatch.setattr(vendor, "pack", lambda package, _: fetched.append(package.name) or path)
    vendor.main()
    vendor.main()
    assert fetched == ["thing@1"]
    monkeypatch.setattr(vendor, "PACKAGES", (package._replace(name="thing@2"),))
    vendor.main()
    assert fetched == ["thing@1", "thing@2"]
    monkeypatch.setattr(vendor, "PACKAGES", (package._replace(name="thing@2", keep=("wanted", "more")),))
    vendor.main()
    assert fetched == ["thing@1", "thing@2", "thing@2"]  # the same archive, but more is kept of it


def test_what_has_no_licence_is_not_handed_on(tmp_path):
    path = archive(tmp_path, wanted="1")
    package = vendor.Package("thing@1", vendor.digest(path), "package/", ("wanted",), "thing")
    with pytest.raises(SystemExit, match="holds no licence"):
        vendor.unpack(package, path, tmp_path / "out")


def test_without_npm_there_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(vendor, "NPM", tmp_path / "npm")
    with pytest.raises(SystemExit, match="the first build needs the network"):
        vendor.pack(vendor.PACKAGES[0], tmp_path)


# --- finding a browser -----------------------------------------------------------------------------------------------


BASH = shutil.which("bash")


def program(folder, name: str, script: str):
    path = folder / name
    path.write_text(f"#!{BASH}\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with nothing on its path; returns the folder that is."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    return tmp_path


def test_a_browser_is_found_in_order(machine, monkeypatch):
    assert browser.find("gone") is None
    program(machine, "google-chrome", "exit 0")
    assert browser.find("gone") == str(machine / "google-chrome")
    program(machine, "chromium", "exit 1")  # does not start: passed over
    assert browser.find("gone") == str(machine / "google-chrome")
    program(machine, "chromium", "exit 0")
    assert browser.find("gone") == str(machine / "chromium")
    program(machine, "chromium-headless-shell", "exit 0")
    assert browser.find("gone") == str(machine / "chromium-headless-shell")
    own = str(program(machine, "own", "exit 0"))
    assert browser.find(own) == own
    monkeypatch.setenv("CHROMIUM", str(machine / "mine"))
    assert browser.find(own) is None  # who names one means that one
    program(machine, "mine", "exit 0")
    assert browser.find(own) == str(machine / "mine")


def test_a_browser_is_downloaded(machine, capsys):
    program(machine, "playwright", f"/bin/cp {machine}/playwright {machine}/own")
    assert browser.install(str(machine / "own"), packages=False) == (str(machine / "own"), [])
    assert "trying playwright install chromium" in capsys.readouterr().out


def test_packages_are_installed_in_ci_or_when_asked(monkeypatch):
    """Of root, and nobody else; `make test` alone never touches the system."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert [browser.may_install(argv) for argv in ([], ["--packages"])] == [False, True]
    monkeypatch.setenv("CI", "true")
    assert browser.may_install([])
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert not browser.may_install([]) and not browser.may_install(["--packages"])


def test_the_sandbox_is_left_out_only_where_it_cannot_be(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "--no-sandbox" not in browser.arguments()
    monkeypatch.setenv("CI", "true")
    assert "--no-sandbox" in browser.arguments()
    monkeypatch.delenv("CI")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert "--no-sandbox" in browser.arguments()


def test_what_make_says_about_browsers():
    recipe = (explorers.EXPLORERS.parents[1] / "Makefile").read_text()
    of_test, of_browser = (recipe.split(f"\n{name}: ")[1].split("\n\n")[0] for name in ("test", "browser"))
    assert "--packages" not in of_test and "tools.site.browser --packages" in of_browser


def test_else_debians_is_installed(machine):
    program(machine, "playwright", "echo 'Error: no such host'; echo '  at x.js'; exit 1")
    copy = f"[[ $* == *install* ]] && /bin/cp {machine}/apt-get {machine}/chromium"
    program(machine, "apt-get", f"echo $* >> {machine}/log; {copy}; true")
    path, failures = browser.install("gone", packages=True)
    assert path == str(machine / "chromium")
    assert failures == ["playwright install chromium: Error: no such host"]
    update, install = (machine / "log").read_text().strip().split("\n")[:2]
    assert update.endswith("update") and install.endswith("install -y chromium")
    assert browser.install("gone", packages=False)[0] == path  # found without a second installation


def test_nobody_else_installs_packages(machine):
    program(machine, "apt-get", "exit 0")
    assert [name for name, _ in browser.ways(packages=False)] == ["playwright install chromium"]
    path, failures = browser.install("gone", packages=False)
    assert path is None and len(failures) == 1


def test_an_installation_never_hangs(tmp_path):
    slow = program(tmp_path, "slow", "sleep 60 & sleep 60")
    begin = time.monotonic()
    assert browser.run([slow], seconds=0.5) == (False, "no end after 0 s")
    assert time.monotonic() - begin < 5


def test_the_outcome_is_one_line(machine, monkeypatch, capsys):
    monkeypatch.setenv("CHROMIUM", "gone")
    browser.main([])
    assert capsys.readouterr().out == f"browser: {browser.MISSING}\n"
