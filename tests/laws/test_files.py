"""Files of weights: whole or not there, and refused with the reason."""

import pytest
import torch

from lib import files


def test_what_is_written_is_read(tmp_path):
    files.write(tmp_path / "f", {"a": torch.arange(6.0).reshape(2, 3).T}, {"kind": "test"})
    tensors, about = files.read(tmp_path / "f", ("kind",), "Hint.")
    assert torch.equal(tensors["a"], torch.arange(6.0).reshape(2, 3).T) and about == {"kind": "test"}
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    files.write(tmp_path / "f", {"a": torch.zeros(2)}, {"kind": "old"})

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(files.os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        files.write(tmp_path / "f", {"a": torch.ones(2)}, {"kind": "new"})
    assert files.read(tmp_path / "f", (), "")[1] == {"kind": "old"}


def flip(path):
    """One bit of the numbers."""
    content = bytearray(path.read_bytes())
    content[-7] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (flip, "is damaged .its content has changed"),
        (lambda path: path.unlink(), "There is no file"),
        (lambda path: path.write_bytes(path.read_bytes()[:-3]), "is damaged"),
        (lambda path: path.write_bytes(b""), "is damaged"),
        (lambda path: files.write(path, {"a": torch.zeros(1)}, {}), "does not say its kind"),
        (
            lambda path: files.write(path, {"a": torch.tensor([torch.nan])}, {"kind": "x"}),
            "NaN or infinite numbers in a",
        ),
    ],
)
def test_a_spoilt_file_is_refused_with_a_hint(spoil, reason, tmp_path):
    files.write(tmp_path / "f", {"a": torch.zeros(100)}, {"kind": "test"})
    spoil(tmp_path / "f")
    with pytest.raises(ValueError, match=f"{reason}.*Make it anew"):
        files.read(tmp_path / "f", ("kind",), "Make it anew.")
