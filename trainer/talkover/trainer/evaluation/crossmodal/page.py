"""The report's page: what was shown, what was said, what was heard, and what was answered."""

from collections.abc import Sequence
from html import escape
from typing import Final

from talkover.core.report import Listing, Section
from talkover.trainer.evaluation.accents_page import opus
from talkover.trainer.evaluation.crossmodal.conditions import Condition
from talkover.trainer.evaluation.crossmodal.rows import PERFECT, Row, of
from talkover.trainer.evaluation.crossmodal.spoken import Speaker
from talkover.trainer.evaluation.pictures import STYLE as CHARTS
from talkover.trainer.evaluation.pictures import Bar, bars
from talkover.trainer.seeing.questions.asking import question
from talkover.trainer.seeing.questions.question import Kind, Split
from talkover.trainer.seeing.questions.showing import STYLE, figure

SAMPLES: Final = 6
"""Of each kind; those that were answered wrong come first."""


def sections(
    rows: Sequence[Row], seed: int, speaker: Speaker | None, listings: Sequence[Listing]
) -> list[Section]:
    """All below the measures.

    Args:
        rows: All that was answered.
        seed: Of the questions, which are drawn again.
        speaker: Says them again; None: nothing was said.
        listings: Tables.
    """
    chart = bars({kind.value: some for kind in Kind if (some := _bars(rows, kind))})
    found = [Section("Right answers by kind (%)", CHARTS + STYLE + chart)]
    found += [one.section() for one in listings if one.rows]
    for kind in Kind:
        places = _worth_seeing([row for row in rows if row.kind == kind])
        if places:
            figures = [_sample(rows, kind, place, seed, speaker) for place in places]
            body = f'<div class="asked">{"".join(figures)}</div>'
            found.append(Section(kind.value.capitalize(), body))
    return found


def _bars(rows: Sequence[Row], kind: Kind) -> dict[str, Bar]:
    found = {}
    for condition in Condition:
        some = [row for row in of(rows, condition) if row.kind == kind]
        if some:
            share = 100 * sum(row.right for row in some) / len(some)
            found[condition.value] = Bar(share, None, f"{share:.0f} % of {len(some)}")
    return found


def _worth_seeing(rows: Sequence[Row]) -> list[int]:
    """Numbers of questions: in turn one that went wrong, and one that did not."""
    straight = of(rows, Condition.ALL)
    heard = {row.number for row in rows if row.ears != PERFECT}
    order = sorted(straight, key=lambda row: (row.number not in heard, row.number))
    wrong = [row.number for row in order if not row.right][: SAMPLES // 2]
    right = [row.number for row in order if row.right][: SAMPLES - len(wrong)]
    return [*wrong, *right]


def _sample(rows: Sequence[Row], kind: Kind, place: int, seed: int, speaker: Speaker | None) -> str:
    mine = [row for row in rows if row.place == (kind.value, place)]
    one = question(place, Split.TEST, kind, seed)
    straight = [row for row in mine if row.ears == PERFECT]
    below = [f"{escape(row.condition)}: {_said(row)}" for row in straight]
    out_loud = [row for row in mine if row.ears != PERFECT]
    if out_loud and speaker is not None:
        first = out_loud[0]
        noise = f", {first.snr:.0f} dB {first.noise}" if first.snr is not None else ""
        below.append(escape(f"{first.accent}, {first.voice}{noise}"))
        sound = opus(speaker.say(one).pcm)
        below.append(f'<audio controls preload="none" src="{sound}"></audio>')
        below += [
            f"{escape(row.ears)} heard: {escape(row.heard)} → {_said(row)}" for row in out_loud
        ]
    return figure(one, below)


def _said(row: Row) -> str:
    mark = "met" if row.right else "missed"
    return f'<span class="{mark}">{escape(row.said[:120] or "nothing")}</span>'
