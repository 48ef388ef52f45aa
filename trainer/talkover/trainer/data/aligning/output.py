"""Where aligned recordings go: files as they were asked for, and a table."""

import json
import re
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from talkover.core.clock import RATE
from talkover.core.report import Listing, Measure, Report, Section, hand_over, percentile, to_html
from talkover.core.weights.disk import write_atomically
from talkover.trainer.data.aligning.formats import to_ctm, to_textgrid, to_words
from talkover.trainer.data.aligning.jobs import Done, dumped
from talkover.trainer.data.aligning.picture import UNSURE, picture, player

_PICTURES: Final = 20
"""Utterances on a page: those that are least sure."""
_ROWS: Final = 10


class Outputs:
    """Takes what was aligned, one after another.

    Args:
        manifest: Gets a line of JSON for each.
        textgrids: Folder of a TextGrid for each.
        ctm: Gets a line for each word.
        svgs: Folder of a picture for each.
        page: Shows those that are least sure.
    """

    def __init__(
        self,
        manifest: Path | None = None,
        textgrids: Path | None = None,
        ctm: Path | None = None,
        svgs: Path | None = None,
        page: Path | None = None,
    ) -> None:
        self._manifest, self._textgrids, self._ctm = manifest, textgrids, ctm
        self._svgs, self._page = svgs, page
        self._lines: list[str] = []
        self._words: list[str] = []
        self._worst: list[tuple[float, Done]] = []
        self._sure: list[float] = []
        self._count = 0
        self.refused: list[tuple[str, str]] = []

    def take(self, done: Done) -> None:
        """One that was aligned."""
        found, name = done.found, done.job.name
        self._count += 1
        self._sure += found.words_sure
        if self._manifest is not None:
            line = dumped(done, to_words(found))
            self._lines.append(json.dumps(line, ensure_ascii=False))
        if self._ctm is not None:
            self._words.append(to_ctm(found, name))
        if self._textgrids is not None:
            content = to_textgrid(found, len(done.pcm))
            _write(self._textgrids / f"{_file(name)}.TextGrid", content)
        if self._svgs is not None:
            _write(self._svgs / f"{_file(name)}.svg", picture(done.pcm, found, name))
        sure = sum(found.words_sure) / max(len(found.words_sure), 1)
        self._worst = sorted([*self._worst, (sure, done)], key=lambda pair: pair[0])[:_PICTURES]

    def refuse(self, name: str, reason: str) -> None:
        """One that could not be."""
        self.refused.append((name, reason))

    def finish(self, console: Console) -> None:
        """Write what is for all of them, and print a table."""
        if self._manifest is not None:
            _write(self._manifest, "".join(f"{line}\n" for line in self._lines))
        if self._ctm is not None:
            _write(self._ctm, "".join(self._words))
        report = Report(title="Forced alignment", measures=self._measures())
        if self._count == 1 and not self.refused:
            console.print(_table(self._worst[0][1]))
        else:
            hand_over(report, console, listings=self._listings())
        if self._page is not None:
            sections = [listing.section() for listing in self._listings() if listing.rows]
            sections += [
                Section(
                    f"{done.job.name} (confidence {sure:.2f})",
                    f'<div class="wide">{picture(done.pcm, done.found, done.job.name)}</div>'
                    f"{player(done.pcm)}",
                )
                for sure, done in self._worst
            ]
            _write(self._page, to_html(report, sections))

    def _measures(self) -> list[Measure]:
        words = len(self._sure)
        unsure = 100 * sum(sure < UNSURE for sure in self._sure) / max(words, 1)
        return [
            Measure("aligned", self._count, "", self._count + len(self.refused)),
            Measure("confidence of a word, median", percentile(self._sure, 50), "", words),
            Measure(f"words under {UNSURE:g}", unsure, "%", words),
        ]

    def _listings(self) -> list[Listing]:
        rows = [(done.job.name, f"{sure:.2f}") for sure, done in self._worst[:_ROWS]]
        return [
            Listing("Refused", ("utterance", "why"), self.refused),
            Listing("Least sure", ("utterance", "confidence"), rows),
        ]


def _table(done: Done) -> Table:
    table = Table("from", "to", "word", "sounds", "confidence", box=None, pad_edge=False)
    for word, sure in zip(done.found.words, done.found.words_sure, strict=True):
        table.add_row(
            f"{word.start / RATE:.3f}",
            f"{word.end / RATE:.3f}",
            Text(word.text),
            Text(" ".join(phone.symbol for phone in word.phones)),
            f"{sure:.2f}",
        )
    return table


def _file(name: str) -> str:
    """A name that leads nowhere else."""
    return re.sub(r"[^\w.-]", "_", name).lstrip(".") or "_"


def _write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, content.encode())
