"""Where the shipped files are: weights that were trained, and numbers that were measured.

    model = load(results("toy_flow.safetensors"))
    table = json.loads(results("k_budget.json").read_text())

They stand in `results/`, beside `lib`: in a copy of the book, and where pip has installed its package. So whoever asks by name
may run in any folder.
"""

from difflib import get_close_matches
from pathlib import Path

RESULTS = Path(__file__).resolve().parents[2] / "results"


def results(name: str) -> Path:
    """The path of a shipped file, by its name in `results/`. Raises FileNotFoundError for a name that is not there."""
    path = RESULTS / name
    if path.is_file():
        return path
    if not RESULTS.is_dir():
        raise FileNotFoundError(
            f"There is no {RESULTS}: install the book's package, or run from a whole copy of the book."
        )
    near = get_close_matches(name, [one.name for one in RESULTS.iterdir()])
    raise FileNotFoundError(f"{name!r} is not shipped" + (f"; did you mean {' or '.join(near)}?" if near else "."))
