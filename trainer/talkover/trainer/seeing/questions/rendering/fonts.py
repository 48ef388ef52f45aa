"""Fonts that come with packages, so that a text looks the same on every machine."""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from PIL import ImageFont

from talkover.core.errors import ConfigError
from talkover.trainer.data.texts import Split

_MATPLOTLIB: Final = "matplotlib/mpl-data/fonts/ttf"
_FILES: Final = {
    "sans": f"{_MATPLOTLIB}/DejaVuSans.ttf",
    "sans bold": f"{_MATPLOTLIB}/DejaVuSans-Bold.ttf",
    "serif": f"{_MATPLOTLIB}/DejaVuSerif.ttf",
    "serif bold": f"{_MATPLOTLIB}/DejaVuSerif-Bold.ttf",
    "mono": f"{_MATPLOTLIB}/DejaVuSansMono.ttf",
    "mono bold": f"{_MATPLOTLIB}/DejaVuSansMono-Bold.ttf",
    "times": f"{_MATPLOTLIB}/STIXGeneral.ttf",
    "times bold": f"{_MATPLOTLIB}/STIXGeneralBol.ttf",
    "grotesk": "font_hanken_grotesk/files/HankenGrotesk-Medium.otf",
    "grotesk bold": "font_hanken_grotesk/files/HankenGrotesk-Bold.otf",
    "rounded": "font_fredoka_one/files/FredokaOne-Regular.ttf",
    "manrope": "font_manrope/files/Manrope-Medium.ttf",
    "manrope bold": "font_manrope/files/Manrope-ExtraBold.ttf",
    "caladea": "font_caladea/files/Caladea-Regular.ttf",
    "caladea bold": "font_caladea/files/Caladea-Bold.ttf",
}
FONTS: Final[dict[Split, tuple[str, ...]]] = {
    Split.TRAIN: (
        *("sans", "sans bold", "serif", "serif bold", "mono", "mono bold", "times", "times bold"),
        *("grotesk", "grotesk bold"),
    ),
    Split.VALIDATION: ("rounded", "sans", "times bold"),
    Split.TEST: ("manrope", "manrope bold", "caladea", "caladea bold"),
}
"""Nothing of the test split is written as anything of the training split is."""

Font = ImageFont.FreeTypeFont
_TRIAL: Final = 100


@lru_cache(maxsize=400)
def font(name: str, size: int) -> Font:
    """A font at a size (pixels).

    Raises:
        ConfigError: the package that brings it is not installed.
    """
    package, _, rest = _FILES[name].partition("/")
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ConfigError(f"{package} is missing: pip install 'talkover[trainer]'")
    path = Path(found.submodule_search_locations[0], rest)
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)


def fitted(text: str, name: str, width: float, height: float) -> Font:
    """A font at the size at which a text just fits into a box (pixels)."""
    left, top, right, bottom = font(name, _TRIAL).getbbox(text)
    scale = min(width / max(right - left, 1), height / max(bottom - top, 1))
    return font(name, max(6, int(_TRIAL * scale)))
