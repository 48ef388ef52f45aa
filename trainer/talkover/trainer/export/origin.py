"""Where exported weights come from."""

from dataclasses import dataclass
from pathlib import Path

from talkover.core.clock import RATE
from talkover.core.listener import LONGEST, WindowRule
from talkover.trainer.stages.run import CARD, read_told, stage_of
from talkover.trainer.stages.tables import WindowSettings


@dataclass(frozen=True, slots=True)
class Origin:
    """Where weights come from, for a manifest and a card.

    Attributes:
        run: The name of the training run.
        stage: Of the run.
        data: What it learnt from: the sha256 of its data.
        window: How much sound the listener has earned to be shown.
        card: How it was trained, on what, and where it is worse: Markdown.
    """

    run: str
    stage: str
    data: str
    window: WindowRule
    card: str

    @property
    def name(self) -> str:
        """Of the run and its stage."""
        return f"{self.run}/{self.stage}"


def origin_of(run: Path, stage: str = "") -> Origin:
    """Read what a run tells of a stage.

    Args:
        run: Its folder.
        stage: Its name; empty: the last one that is done.

    Raises:
        DataError: there is no run, or the stage is not done.
    """
    name, told = stage_of(run, stage), read_told(run)
    known = told["stages"][name]
    windows = WindowSettings(
        shortest=(float(known["window"]),),
        margins=(float(known["margin"]),),
        longest=LONGEST / RATE,
    )
    card = run / CARD
    text = card.read_text("utf-8") if card.is_file() else ""
    return Origin(run.resolve().name, name, str(told["data"]), windows.rule(0), text)
