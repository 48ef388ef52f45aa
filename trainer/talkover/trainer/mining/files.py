"""What rounds of mining leave in the folder of a run.

::

    runs/NAME/mined/01.heard.jsonl        what the listener made of the pool, batch by batch
    runs/NAME/mined/01.jsonl              what is learnt from, the highest score first
    runs/NAME/mined/01.confusions.jsonl   what was written for what, so far
    runs/NAME/mined/01.report.html, .json the report
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from talkover.core.errors import DataError
from talkover.trainer.data.streaming.order import Place
from talkover.trainer.mining.confusions import Confusions

FOLDER: Final = "mined"


@dataclass(frozen=True, slots=True)
class Files:
    """Those of one round.

    Attributes:
        folder: Of all rounds.
        number: Of this one, from 1 on.
    """

    folder: Path
    number: int

    @classmethod
    def of(cls, run: Path, number: int) -> "Files":
        """In the folder of a run."""
        return cls(run / FOLDER, number)

    @property
    def before(self) -> "Files":
        """Those of the round before; of the first one there are none."""
        return Files(self.folder, self.number - 1)

    @property
    def chosen(self) -> Path:
        """What is learnt from, as the source of a recipe takes it."""
        return self._named("jsonl")

    @property
    def heard(self) -> Path:
        """What the listener made of the pool."""
        return self._named("heard.jsonl")

    @property
    def confusions(self) -> Path:
        """What was written for what."""
        return self._named("confusions.jsonl")

    def report(self, kind: str) -> Path:
        """The report, as ``html`` or ``json``."""
        return self._named(f"report.{kind}")

    def places(self) -> list[Place]:
        """What was chosen; none where there was no such round.

        Raises:
            DataError: the file is damaged.
        """
        if not self.chosen.exists():
            return []
        try:
            told = [json.loads(line) for line in self.chosen.read_text("utf-8").splitlines()]
            return [Place(int(one["epoch"]), int(one["number"])) for one in told]
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"{self.chosen} is damaged ({error!r}); mine that round again"
            ) from None

    def table(self) -> Confusions:
        """What was written for what; empty where there was no such round.

        Raises:
            DataError: the file is damaged.
        """
        path = self.confusions
        return Confusions.read(path.read_text("utf-8")) if path.exists() else Confusions()

    def _named(self, kind: str) -> Path:
        return self.folder / f"{self.number:02d}.{kind}"
