"""Base weights: which there are, how they are fetched, and whether they are still whole."""

from talkover.core.weights.catalog import CATALOG, Part, Piece, WeightFile, find_part
from talkover.core.weights.fetch import pull
from talkover.core.weights.packages import Package
from talkover.core.weights.state import Condition, FileState, inspect, pull_command, require

__all__ = [
    "CATALOG",
    "Condition",
    "FileState",
    "Package",
    "Part",
    "Piece",
    "WeightFile",
    "find_part",
    "inspect",
    "pull",
    "pull_command",
    "require",
]
