"""How different two pictures are, and a part of nbval's comparison: the figures of a notebook are looked at, too.

nbval compares text only. Loaded with `-p tools.checks.pictures`, this also compares each figure with the committed one, so that
a figure that no longer is what its code draws fails a test. Some pixels may differ: fonts do, and the curves of a net that was
trained on another processor.
"""

import base64
import functools
import io

from nbval.plugin import IPyNbCell
from PIL import Image, ImageChops

# The share of painted pixels that must differ before a figure counts as another one. A net trained on another processor draws
# curves that differ by up to 15 %; another figure differs by 50 % and more.
LIMIT = 0.3
VISIBLE = 64  # of 255: a difference that is seen, and paint that is


def differing(one: Image.Image, other: Image.Image) -> float:
    """The share of what is painted that is visibly different, 0 to 1; 1 for pictures of different sizes."""
    if one.size != other.size:
        return 1.0
    one, other = one.convert("RGBA"), other.convert("RGBA")
    paint = ImageChops.lighter(*(_apart(it, Image.new("RGBA", it.size, it.getpixel((0, 0)))) for it in (one, other)))
    different, painted = (sum(image.histogram()[VISIBLE:]) for image in (_apart(one, other), paint))
    return different / painted if painted else 0.0


def _apart(one: Image.Image, other: Image.Image) -> Image.Image:
    """How far two pictures are apart at each pixel, 0 to 255: in the colour or transparency that differs most."""
    return functools.reduce(ImageChops.lighter, ImageChops.difference(one, other).split())


def pictures(outputs: list[dict]) -> list[Image.Image]:
    """The PNG images among a cell's outputs."""
    found = [output["data"]["image/png"] for output in outputs if "image/png" in output.get("data", {})]
    return [Image.open(io.BytesIO(base64.b64decode(png))) for png in found]


def changes(outputs: list[dict], others: list[dict]) -> list[str]:
    """What is to be seen in one list of outputs and not in the other, a line for each picture."""
    ours, theirs = pictures(outputs), pictures(others)
    if len(ours) != len(theirs):
        return [f"{len(ours)} pictures, expected {len(theirs)}"]
    shares = [differing(one, other) for one, other in zip(ours, theirs)]
    return [
        f"picture {i}: {share:.0%} of what is painted differs" for i, share in enumerate(shares, 1) if share > LIMIT
    ]


def _compare(plain):
    """nbval's comparison of text, then that of the pictures."""

    def compare_outputs(self, test: list[dict], ref: list[dict], skip_compare=None) -> bool:
        if not plain(self, test, ref, skip_compare):
            return False
        found = changes(test, ref)
        self.comparison_traceback += found
        return not found

    return compare_outputs


def pytest_configure() -> None:
    """Put it in the place of nbval's own."""
    IPyNbCell.compare_outputs = _compare(IPyNbCell.compare_outputs)
