"""``brain.json``: what a brain folder says about itself."""

from typing import ClassVar, Final, Literal

from talkover.core.brain.graph import Precision
from talkover.core.brain.sight import Sight
from talkover.core.brain.weights import Architecture
from talkover.core.partconfig import PartConfig

GRAPH: Final = "model.onnx"
SEEING: Final = "seeing.onnx"
"""The graph with what training to see changed: chat without pictures stays with the other one."""
PROJECTOR: Final = "projector.onnx"
TOKENIZER: Final = "tokenizer.json"
CONFIG: Final = "brain.json"
CARD_FILE: Final = "card.md"
"""How a brain was taught to see, on what, and where it is weak; none beside base weights."""


class BrainConfig(PartConfig):
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

    FILE: ClassVar[str] = CONFIG

    format: Literal[1] = 1
    name: str
    architecture: Architecture
    precision: Precision
    chat: Literal["chatml"] = "chatml"
    stop: tuple[int, ...]
    sight: Sight | None = None
