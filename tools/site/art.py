"""The pictures of the slides: as large as the place that a slide has for them."""

import base64
import html
import io

import numpy as np
from PIL import Image

from tools.site.parts import Figure

GAP = 6  # pixels of a figure: an empty band
TEXT = (14, 70)  # and a title or label of one line or two; less is a stray point
TALL, NARROW = 0.8, 1.12  # height by width: beside the words from the first on; cut in two, where that shows it larger


def img(png: bytes, alt: str, look: str = "") -> str:
    """An image that the page carries with it."""
    data = base64.b64encode(png).decode()
    return f'<img class="{look}" alt="{html.escape(alt)}" src="data:image/png;base64,{data}">'


def halves(png: bytes) -> list[bytes]:
    """A tall picture cut in two where it is empty, near its middle, above a row's titles and below the labels of the row before.

    Both parts have one size, so that they are shown at one scale. Nothing when the picture is empty nowhere.
    """
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    empty = np.asarray(picture.convert("L")).min(axis=1) > 250
    edges = np.flatnonzero(np.diff(np.r_[0, empty, 0])).reshape(-1, 2).tolist()  # where empty bands begin and end
    bands = [(a, b) for a, b in edges if b - a >= GAP]
    third, middle = len(empty) // 3, len(empty) // 2
    near = [i for i, (a, b) in enumerate(bands) if third < (a + b) / 2 < 2 * third]
    if not near:
        return []
    i = min(near, key=lambda i: abs(sum(bands[i]) / 2 - middle))

    def text(above: int, below: int) -> bool:
        """Whether what stands between two bands is as high as a line of text."""
        return 0 <= above and below < len(bands) and TEXT[0] <= bands[below][0] - bands[above][1] < TEXT[1]

    if text(i - 1, i) and not text(i, i + 1):  # a title; between two lines are a label above and a title below
        i -= 1
    cut = sum(bands[i]) // 2
    rows = [np.flatnonzero(~part) for part in (empty[:cut], empty[cut:])]
    boxes = [(start + seen[0], start + seen[-1] + 1) for start, seen in zip((0, cut), rows)]
    height, found = max(b - a for a, b in boxes), []
    for a, b in boxes:
        part, file = Image.new("RGB", (picture.width, height), "white"), io.BytesIO()
        part.paste(picture.crop((0, a, picture.width, b)))
        part.save(file, "PNG")
        found.append(file.getvalue())
    return found


def art(figure: Figure, layout: str = "") -> tuple[str, str]:
    """(the layout, HTML) of a figure: wide ones below the title, tall ones beside the words, very tall ones in two halves."""
    width, height = figure.size
    look = "" if figure.picture else "drawn"
    parts = halves(figure.png) if layout == "halves" or (not layout and height / width > NARROW) else []
    if parts:
        words = (f"{figure.alt} (Upper part.)", "The lower part of the same figure.")
        return "halves", "".join(img(part, alt, look) for part, alt in zip(parts, words))
    layout = layout or ("beside" if height / width > TALL else "wide")
    return layout, img(figure.png, figure.alt, look)
