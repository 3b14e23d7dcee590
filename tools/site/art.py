"""The pictures of the slides: as large as the place that a slide has for them."""

import base64
import html
import io

import numpy as np
from PIL import Image

from tools.site.parts import Figure

GAP, TITLE = 6, 70  # pixels of a figure: an empty band, and the title of a panel, of two lines at most


def img(png: bytes, alt: str, look: str = "") -> str:
    """An image that the page carries with it."""
    data = base64.b64encode(png).decode()
    return f'<img class="{look}" alt="{html.escape(alt)}" src="data:image/png;base64,{data}">'


def halves(png: bytes) -> list[bytes]:
    """A tall picture cut in two where it is empty, near its middle and above a row's titles; nothing when it is empty nowhere."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    empty = np.asarray(picture.convert("L")).min(axis=1) > 250
    edges = np.flatnonzero(np.diff(np.r_[0, empty, 0]))  # where an empty band begins, and where it ends
    third, middle = len(empty) // 3, len(empty) // 2
    bands = [(a, b) for a, b in edges.reshape(-1, 2).tolist() if b - a >= GAP and third < (a + b) / 2 < 2 * third]
    if not bands:
        return []
    i = min(range(len(bands)), key=lambda i: abs(sum(bands[i]) / 2 - middle))
    if i and bands[i][0] - bands[i - 1][1] < TITLE:
        i -= 1
    cut, found = sum(bands[i]) // 2, []
    for box in ((0, 0, picture.width, cut), (0, cut, picture.width, picture.height)):
        file = io.BytesIO()
        picture.crop(box).save(file, "PNG")
        found.append(file.getvalue())
    return found


def art(figure: Figure, layout: str = "") -> tuple[str, str]:
    """(the layout, HTML) of a figure: wide ones below the title, tall ones in two halves, or beside the words."""
    width, height = figure.size
    look = "" if figure.picture else "drawn"
    tall = height / width > 0.8
    parts = halves(figure.png) if layout == "halves" or (not layout and tall) else []
    if parts:
        words = (f"{figure.alt} (Upper part.)", "The lower part of the same figure.")
        return "halves", "".join(img(part, alt, look) for part, alt in zip(parts, words))
    layout = layout or ("beside" if tall else "wide")
    return layout, img(figure.png, figure.alt, look)
