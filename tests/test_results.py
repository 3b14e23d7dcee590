"""The table of results: every shipped file stands in it once, with a command that is there."""

import re
import shutil

import pytest

from tools.results import table

ELSEWHERE = ("lib/noto/emoji.png",)  # the library reads it


def lost(root) -> list[str]:
    """What is wrong between results/, the table, and the commands."""
    shipped = sorted(path.name for path in (root / "results").iterdir())
    shipped += [name for name in ELSEWHERE if (root / name).exists()]
    named = sorted(file for row in table.rows(root) for file in row.files)
    found = [f"{name} stands in no row" for name in shipped if name not in named]
    found += [f"{name} is not there" for name in named if name not in shipped]
    found += [f"{name} stands in two rows" for name in set(named) if named.count(name) > 1]
    for row in table.rows(root):
        module = re.match(r"python -m ([\w.]+)|make bench$", row.command)
        if not module:
            found.append(f"{row.command}: neither `python -m ...` nor `make bench`")
        elif module[1]:
            path = module[1].replace(".", "/")
            places = [base / file for base in (root, table.ROOT) for file in (f"{path}.py", f"{path}/__main__.py")]
            found += [] if any(place.exists() for place in places) else [f"{module[1]}: no such module"]
        if not 0 < row.minutes <= 60:
            found.append(f"{row.command}: {row.minutes} minutes")
    if (root / table.PAGE).read_text() != table.page(root):
        found.append("contributing/results.md: run `python -m tools.results.table`")
    return found


def test_every_result_has_its_row_and_every_row_its_files():
    assert lost(table.ROOT) == []


@pytest.fixture
def copy(tmp_path):
    for name in ("results", "tools/results", "contributing", "lib/noto"):
        shutil.copytree(table.ROOT / name, tmp_path / name)
    return tmp_path


def test_a_new_result_is_its_script_and_its_row(copy):
    """Forgotten, either is named."""
    (copy / "results" / "halves.json").write_text("{}")
    assert lost(copy) == ["halves.json stands in no row"]
    with (copy / "tools" / "results" / "table.yml").open("a") as file:
        file.write("- {files: [halves.json], command: python -m tools.results.halves, minutes: 3}\n")
    missing, page = lost(copy)
    assert missing == "tools.results.halves: no such module" and "tools.results.table" in page
    (copy / "tools" / "results" / "halves.py").write_text("")
    (copy / table.PAGE).write_text(table.page(copy))
    assert lost(copy) == []
    assert "| `halves.json` | `python -m tools.results.halves` | 3 |" in (copy / table.PAGE).read_text()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("latent_cost.json", "no_cost.json", "no_cost.json is not there"),
        ("lib/noto/emoji.png", "lib/noto/smileys.png", "lib/noto/emoji.png stands in no row"),
        ("[latent_cost.json]", "[latent_cost.json, bench.json]", "bench.json stands in two rows"),
        ("-m tools.results.latent_cost", "tools/results/latent_cost.py", "neither"),
        ("minutes: 2\n", "minutes: 200\n", "200 minutes"),
    ],
)
def test_a_wrong_row_is_named(copy, old, new, said):
    path = copy / "tools" / "results" / "table.yml"
    path.write_text(path.read_text().replace(old, new, 1))
    assert any(said in one for one in lost(copy))
