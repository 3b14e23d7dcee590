"""The sheet of emoji: drawn from the font as the tool says, shipped with its licence."""

import fnmatch
import hashlib
import subprocess
import tomllib
from pathlib import Path

import matplotlib
import pytest
from PIL import Image, ImageChops

from lib.pictures import COLUMNS, SHEET_SHA256, SIDE, Emoji, emoji_list
from tools.results import emoji

ROOT = Path(__file__).parents[1]
DEJAVU = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"  # letters, and no colour


def installed() -> bool:
    return emoji.FONT.is_file() and hashlib.sha256(emoji.FONT.read_bytes()).hexdigest() == emoji.FONT_SHA256


@pytest.mark.skipif(not installed(), reason="Noto's colour font 2.042 is not installed")
def test_the_sheet_is_what_the_font_shows():
    """Every ninth emoji, to the bit; all take six seconds."""
    font = emoji.load(emoji.FONT)
    with Image.open(emoji.TARGET) as sheet:
        assert sheet.mode == "RGB" and sheet.size == (COLUMNS * SIDE, 35 * SIDE)
        for i, one in list(enumerate(emoji_list()))[::9]:
            left, top = i % COLUMNS * SIDE, i // COLUMNS * SIDE
            shipped = sheet.crop((left, top, left + SIDE, top + SIDE))
            drawn = emoji.laid_on_white(emoji.bitmap(one.code, font))
            assert ImageChops.difference(shipped, drawn).getbbox() is None, one.name


@pytest.fixture
def letters(monkeypatch, tmp_path):
    """A list of two letters, which any font has, and a place for their sheet."""
    rows = [Emoji(ord(letter), "symbols", "", f"letter {letter}") for letter in "AB"]
    monkeypatch.setattr(emoji, "emoji_list", lambda: rows)
    monkeypatch.setattr(emoji, "TARGET", tmp_path / "emoji.png")
    return rows


def test_another_list_makes_another_sheet_and_says_its_hash(letters, capsys):
    emoji.main(DEJAVU)
    digest = hashlib.sha256(emoji.TARGET.read_bytes()).hexdigest()
    assert f"write in lib/pictures.py: {digest}" in capsys.readouterr().out
    with Image.open(emoji.TARGET) as sheet:
        assert sheet.size == (COLUMNS * SIDE, SIDE)
        assert sheet.getpixel((0, 0)) == (255, 255, 255) and sheet.crop((0, 0, SIDE, SIDE)).getextrema()[0][0] < 100
        assert sheet.crop((2 * SIDE, 0, 3 * SIDE, SIDE)).getextrema() == ((255, 255),) * 3  # nothing after the last


def test_a_font_without_a_character_is_named_and_nothing_written(letters):
    letters.append(Emoji(0x1F9FF, "objects", "", "nazar amulet"))
    with pytest.raises(ValueError, match=r"DejaVuSans.ttf has no picture of U\+1F9FF, nazar amulet\. Take Noto's"):
        emoji.main(DEJAVU)
    assert not emoji.TARGET.exists()


def test_no_font_is_one_sentence(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no font .*apt install fonts-noto-color-emoji"):
        emoji.load(tmp_path / "none.ttf")
    (tmp_path / "text.ttf").write_text("no font")
    with pytest.raises(ValueError, match="has no bitmaps of 109 pixels"):
        emoji.load(tmp_path / "text.ttf")


def test_what_the_library_reads_is_packed_with_it():
    """Every file of lib that is no module: the wheel takes none that pyproject.toml does not name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    patterns = [f"lib/{pattern}" for pattern in project["tool"]["setuptools"]["package-data"]["lib"]]
    names = subprocess.run(["git", "ls-files", "lib"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    data = {name for name in names.split() if not name.endswith(".py")}
    assert {name for name in data if not any(fnmatch.fnmatch(name, pattern) for pattern in patterns)} == set()
    assert {"lib/noto/emoji.png", "lib/noto/emoji.csv", "lib/noto/OFL.txt"} <= data
    assert "lib/noto/OFL.txt" in project["project"]["license-files"]


def test_the_shipped_sheet_is_the_one_that_is_read():
    contents = emoji.TARGET.read_bytes()
    assert hashlib.sha256(contents).hexdigest() == SHEET_SHA256 and len(contents) < 2_000_000
