"""The one JSON file in which a part of a bundle says what it is."""

from pathlib import Path
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from talkover.core.errors import BundleError


class PartConfig(BaseModel):
    """What a part's folder says about itself.

    Attributes:
        FILE: Name of the file in the folder.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    FILE: ClassVar[str]

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read it from a part's folder.

        Raises:
            BundleError: it is missing or not valid.
        """
        path = folder / cls.FILE
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise BundleError(f"{path} cannot be read ({error.strerror}); build a bundle") from None
        except ValidationError as error:
            raise BundleError(
                f"{path} is not valid ({error.error_count()} faults); run: talkover models build"
            ) from None

    def save(self, folder: Path) -> None:
        """Write it into a part's folder."""
        text = self.model_dump_json(indent=2, exclude_none=True)
        (folder / self.FILE).write_text(text + "\n", encoding="utf-8")
