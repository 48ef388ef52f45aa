"""What an overlap folder's ``config.json`` holds."""

from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from talkover.core.errors import BundleError, OutdatedError
from talkover.core.overlap.features import FEATURE_NAMES, FEATURES_VERSION

GRAPH: Final = "model.onnx"
CONFIG: Final = "config.json"
LABELS: Final = ("barge_in", "backchannel", "side_talk", "noise", "echo")
"""In the order of the graph's output."""


class OverlapConfig(BaseModel):
    """The part of an overlap classifier that is not the graph.

    Attributes:
        features_version: Of the code that computed the features it was trained on.
        features: Their names, in order.
        labels: What it tells apart, in order.
        yield_at: Probability of a barge-in from which the agent should yield, as chosen on
            validation voices.
        training: How it came to be, for people.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    features_version: int = FEATURES_VERSION
    features: tuple[str, ...] = FEATURE_NAMES
    labels: tuple[str, ...] = LABELS
    yield_at: float = Field(gt=0, lt=1)
    training: dict[str, JsonValue] = Field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path) -> "OverlapConfig":
        """Read ``config.json`` of a folder.

        Raises:
            OutdatedError: the classifier wants other features.
            BundleError: it cannot be read.
        """
        path = folder / CONFIG
        try:
            config = cls.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise BundleError(f"{path} is no overlap classifier's: {error}") from None
        if config.features_version != FEATURES_VERSION or config.features != FEATURE_NAMES:
            raise OutdatedError(
                f"{path} was trained on other features (version {config.features_version}; this "
                f"code computes {FEATURES_VERSION}); run: talkover models build"
            )
        if config.labels != LABELS:
            raise BundleError(f"{path} tells apart {config.labels}; this code needs {LABELS}")
        return config
