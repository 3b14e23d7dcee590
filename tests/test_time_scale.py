"""The ablation of chapter 8: its file belongs to the code that the chapter shows, and is complete."""

import json

from tools.results import time_scale_ablation as ablation


def test_the_file_was_made_by_the_code_of_the_chapter():
    file = json.loads(ablation.TARGET.read_text())
    assert file["code"] == ablation.digest(ablation.shared()), f"run `{file['command']}`"
    assert list(file["runs"]) == [f"{lr:g}" for lr in ablation.RATES]
    for runs in file["runs"].values():
        assert list(runs) == [str(steps) for steps in ablation.STEPS]
        assert all(
            len(row) == len(ablation.SEEDS) for cell in runs.values() for way in cell.values() for row in way.values()
        )


def test_comments_and_layout_leave_the_digest_alone_and_code_does_not():
    assert ablation.digest("x = 1  # one") == ablation.digest("x  =  1")
    assert ablation.digest('def f():\n    """One."""\n    return 1') == ablation.digest("def f():\n    return 1")
    assert ablation.digest("x = 1") != ablation.digest("x = 2")
