"""Draw the emoji that `lib.pictures` reads, from Noto's colour font.

    python -m tools.results.emoji [NotoColorEmoji.ttf]      lib/noto/emoji.png; without a name, where Debian installs the font

The font (Debian's fonts-noto-color-emoji) holds a bitmap of 136 by 128 pixels for each character, at 109 pixels an em; what is
painted fills the middle 128 by 128. Each is laid on white and reduced to 32 by 32, each pixel the mean of 4 by 4: four divides
128, so that a sharper filter gains little and would ring. The same list, font (2.042) and Pillow (13.0.0) make the same bytes.
"""

import hashlib
import io
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from lib.pictures import COLUMNS, NOTO, SHEET_SHA256, SIDE, emoji_list

TARGET = NOTO / "emoji.png"
FONT = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
FONT_SHA256 = "e5899ed38b8ed83e08bd3ac5de09791e9d19d288333a796de1d35ad17396f1ec"  # version 2.042
EM, WIDTH, HEIGHT = 109, 136, 128
NOBODY = 0x10FFFF  # no character, and never one


def load(font: Path) -> ImageFont.FreeTypeFont:
    """The font at the size of its bitmaps. Raises FileNotFoundError where it is not, ValueError where it has none such."""
    if not font.is_file():
        raise FileNotFoundError(f"There is no font {font}. apt install fonts-noto-color-emoji, or name another file.")
    try:
        return ImageFont.truetype(font, EM, layout_engine=ImageFont.Layout.BASIC)
    except OSError as error:
        raise ValueError(f"{font} has no bitmaps of {EM} pixels ({error}). Name the file NotoColorEmoji.ttf.") from None


def bitmap(code: int, font: ImageFont.FreeTypeFont) -> Image.Image:
    """What the font shows for a character, on nothing."""
    picture = Image.new("RGBA", (WIDTH, HEIGHT))
    ImageDraw.Draw(picture).text((0, 0), chr(code), fill="black", font=font, embedded_color=True)
    return picture


def laid_on_white(picture: Image.Image) -> Image.Image:
    """A bitmap as the sheet has it."""
    left = (WIDTH - HEIGHT) // 2
    white = Image.new("RGBA", (HEIGHT, HEIGHT), "white")
    white.alpha_composite(picture.crop((left, 0, left + HEIGHT, HEIGHT)))
    return white.convert("RGB").reduce(HEIGHT // SIDE)


def sheet(font: ImageFont.FreeTypeFont) -> Image.Image:
    """All pictures of the list, row by row. Raises ValueError where the font has none of a character."""
    emoji, missing = emoji_list(), bitmap(NOBODY, font)
    whole = Image.new("RGB", (COLUMNS * SIDE, -(-len(emoji) // COLUMNS) * SIDE), "white")
    for i, one in enumerate(emoji):
        if (picture := bitmap(one.code, font)) == missing:
            name = f"U+{one.code:04X}, {one.name}"
            raise ValueError(f"{font.path} has no picture of {name}. Take Noto's font 2.042 or newer.")
        whole.paste(laid_on_white(picture), (i % COLUMNS * SIDE, i // COLUMNS * SIDE))
    return whole


def main(font: Path) -> None:
    """Draw and write; say what has to be changed where the bytes are others."""
    file = io.BytesIO()
    sheet(load(font)).save(file, format="png", optimize=True)
    TARGET.write_bytes(file.getvalue())
    digest = hashlib.sha256(file.getvalue()).hexdigest()
    if digest != SHEET_SHA256:
        print(f"Another sheet than the one that was shipped. If that is meant, write in lib/pictures.py: {digest}")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else FONT)
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")
