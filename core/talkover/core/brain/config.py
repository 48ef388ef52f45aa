"""``brain.json``: what a brain folder says about itself."""

from pathlib import Path
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from talkover.core.brain.graph import Precision
from talkover.core.brain.sight import Sight
from talkover.core.brain.weights import Architecture
from talkover.core.errors import BundleError

GRAPH: Final = "model.onnx"
PROJECTOR: Final = "projector.onnx"
TOKENIZER: Final = "tokenizer.json"
CONFIG: Final = "brain.json"
CARD_FILE: Final = "card.md"
"""How a brain was taught to see, on what, and where it is weak; none beside base weights."""


class BrainConfig(BaseModel):
    """Everything the runtime needs to know beside the graph.

    Attributes:
        format: Of this file.
        name: Of the model, for people.
        architecture: Of the graph.
        precision: Of the graph's weights.
        chat: The chat format.
        stop: Tokens that end a reply.
        sight: What it can be shown; None: it is blind.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    name: str
    architecture: Architecture
    precision: Precision
    chat: Literal["chatml"] = "chatml"
    stop: tuple[int, ...]
    sight: Sight | None = None

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read it from a brain folder.

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
        """Write it into a brain folder."""
        (folder / CONFIG).write_text(
            self.model_dump_json(indent=2, exclude_none=True) + "\n", encoding="utf-8"
        )
