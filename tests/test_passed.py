"""What passed before is skipped only where nothing has changed, and never where everything was asked for."""

import threading

import pytest

from tools.checks import passed as module
from tools.checks.passed import digest, passed, remember


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "KEPT", tmp_path / "passed")
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("ALL", raising=False)


def test_only_this_name_with_this_key_has_passed():
    assert not passed("a/b: c", "1")
    remember("a/b: c", "1")
    assert passed("a/b: c", "1") and not passed("a/b: c", "2") and not passed("a/b", "1")
    remember("a/b: c", "2")
    assert passed("a/b: c", "2") and not passed("a/b: c", "1")


@pytest.mark.parametrize(("name", "value"), [("CI", "true"), ("ALL", "1"), ("ALL", "0")])
def test_nothing_has_passed_where_everything_is_asked_for(name, value, monkeypatch):
    remember("a", "1")
    monkeypatch.setenv(name, value)
    assert not passed("a", "1")


def test_an_empty_wish_for_everything_is_none(monkeypatch):
    remember("a", "1")
    monkeypatch.setenv("ALL", "")
    assert passed("a", "1")


def test_a_key_changes_with_each_file_and_word(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    seen = [digest([one, other])]
    for file, text in ((one, ""), (one, "x"), (other, "x"), (other, "y")):
        file.write_text(text)
        seen.append(digest([one, other]))
    seen += [digest([one]), digest([one, other], "3.11"), digest([one, other], "3", ".11")]
    assert len(set(seen)) == len(seen)


def test_many_writers_leave_whole_keys():
    keys = [str(i) * 2000 for i in range(8)]
    threads = [threading.Thread(target=remember, args=("a", key)) for key in keys for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(passed("a", key) for key in keys) == 1
    assert [file.name for file in module.KEPT.iterdir()] == ["a"]
