"""``seer.json``: what a seer folder says about itself."""

from typing import ClassVar, Final, Literal

from talkover.core.partconfig import PartConfig
from talkover.core.seer.tower import SIDE, WIDTH

CONFIG: Final = "seer.json"
FEATURES: Final = "efficientnet-lite0.stages5+7+colours.1"
"""Names what a tower's numbers are: whatever was trained on some understands no others."""


class SeerConfig(PartConfig):
    """What the runtime, and whoever uses what it sees, must know beside the graphs.

    Attributes:
        format: Of this file.
        tower: The network behind the features, for people.
        reader: The networks behind the words, for people.
        features: Names what the features are.
        grid: Rows and columns.
        width: Numbers in each place.
    """

    FILE: ClassVar[str] = CONFIG

    format: Literal[1] = 1
    tower: str
    reader: str
    features: str = FEATURES
    grid: tuple[int, int] = (SIDE, SIDE)
    width: int = WIDTH
