"""``seer.json``: what a seer folder says about itself."""

from pathlib import Path
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from talkover.core.errors import BundleError
from talkover.core.seer.tower import SIDE, WIDTH

CONFIG: Final = "seer.json"
FEATURES: Final = "efficientnet-lite0.stages5+7.1"
"""Names what a tower's numbers are: whatever was trained on some understands no others."""


class SeerConfig(BaseModel):
    """What the runtime, and whoever uses what it sees, must know beside the graphs.

    Attributes:
        format: Of this file.
        tower: The network behind the features, for people.
        reader: The networks behind the words, for people.
        features: Names what the features are.
        grid: Rows and columns.
        width: Numbers in each place.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    tower: str
    reader: str
    features: str = FEATURES
    grid: tuple[int, int] = (SIDE, SIDE)
    width: int = WIDTH

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read it from a seer folder.

        Raises:
            BundleError: it is missing or not valid.
        """
        path = folder / CONFIG
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise BundleError(f"{path} cannot be read ({error.strerror}); build a bundle") from None
        except ValidationError as error:
            raise BundleError(
                f"{path} is not valid ({error.error_count()} faults); run: talkover models build"
            ) from None

    def save(self, folder: Path) -> None:
        """Write it into a seer folder."""
        (folder / CONFIG).write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")
