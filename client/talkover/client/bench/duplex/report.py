"""The duplex bench's page: the table, what others publish, groups, and every call to look at."""

import os
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Final
from urllib.parse import quote

from talkover.client.bench.duplex.lanes_duck import Ducked
from talkover.client.bench.duplex.measures_field import PUBLISHED
from talkover.client.bench.duplex.measures_groups import groups, is_wrong
from talkover.client.bench.duplex.report_lanes import STYLE, lanes
from talkover.client.bench.duplex.scoring import CallOutcome, Outcome, read_calls
from talkover.client.bench.duplex.types import CallRecording
from talkover.core.report import Listing, Measure, Report, Section, to_html

_SOUNDS: Final = (".flac", ".wav")
_DATA_ONLY: Final = "media-src data:"
_BESIDE: Final = "media-src data: file: &#x27;self&#x27;"
"""Recordings lie beside the page; from a disk, ``'self'`` alone does not let them in."""


def write_html(
    recordings: Sequence[CallRecording],
    measures: Sequence[Measure],
    path: Path,
    *,
    report: Report | None = None,
    folder: Path | None = None,
    read: Sequence[CallOutcome] | None = None,
) -> None:
    """Write the page.

    Args:
        recordings: All calls; those in which something went wrong come first.
        measures: What ``score`` made of them.
        path: Of the page.
        report: Its circumstances (bundle, seed, quick); its own measures are shown instead of
            ``measures``.
        folder: Where the recordings lie, each under its call's name; the page's own folder if None.
            The page points to them by relative paths and can be moved together with them.
        read: What ``read_calls`` made of the recordings, if that is known: it takes a while.
    """
    report = report or Report(title="Full duplex", measures=measures)
    calls = read_calls(recordings) if read is None else read
    sections = [_orientation(report.measures).section()]
    sections += [listing.section() for listing in groups(calls)]
    sections.append(_calls(calls, folder or path.parent, path.parent))
    page = to_html(report, sections)
    path.write_text(page.replace(_DATA_ONLY, _BESIDE, 1), "utf-8")


def _orientation(measures: Sequence[Measure]) -> Listing:
    ours = {measure.name: measure for measure in measures}
    rows = [
        (line.row, _value(ours[line.row]), line.others) for line in PUBLISHED if line.row in ours
    ]
    title = "Beside what others publish (orientation: their dialogues are others)"
    return Listing(title, ("measure", "here", "published"), rows)


def _value(measure: Measure) -> str:
    if not measure.n:
        return "n/a"
    digits = 0 if measure.unit == "%" else 2
    return f"{measure.value:.{digits}f} {measure.unit}".rstrip()


def _calls(calls: Sequence[CallOutcome], folder: Path, page: Path) -> Section:
    key = (
        '<p class="key">Caller above, agent below. Script: shaded spans, red where the agent was '
        'wrong. Agent: <b class="d">ducked</b>, <b class="y">fell silent</b>, '
        '<b class="r">went on</b>. Dashed: the server&#x27;s own events, which decide nothing.</p>'
    )
    ordered = sorted(calls, key=lambda call: -len(_wrong(call)))
    body = "\n".join(_call(call, folder, page) for call in ordered)
    return Section("Calls", f"{STYLE}{key}{body}")


def _call(call: CallOutcome, folder: Path, page: Path) -> str:
    wrong = _wrong(call)
    count = f' <span class="bad">{len(wrong)} wrong</span>' if wrong else ""
    rows = "".join(_row(o) for o in sorted(call.events, key=lambda o: o.onset))
    head = "".join(f"<th>{name}</th>" for name in ("at", "event", "what", "outcome"))
    notes = f"<p>{escape(call.call.notes)}</p>" if call.call.notes else ""
    return (
        f'<details class="call"{" open" if wrong else ""}><summary>{escape(call.call.name)} '
        f"({call.call.transport}, {len(call.events)} events){count}</summary>"
        f'<div class="wide">{lanes(call)}</div>{_audio(call.call.name, folder, page)}{notes}'
        f'<div class="wide"><table><tr>{head}</tr>{rows}</table></div></details>'
    )


def _audio(name: str, folder: Path, page: Path) -> str:
    found = [path for end in _SOUNDS if (path := folder / f"{name}{end}").is_file()]
    if not found:
        return "<p>Its recording is not beside this page.</p>"
    source = quote(Path(os.path.relpath(found[0], page)).as_posix())
    return f'<audio controls preload="none" src="{escape(source)}"></audio>'


def _row(outcome: Outcome) -> str:
    event = outcome.event
    what = " · ".join(
        part
        for part in (event.text, event.detail, event.voice, event.language, _level(event.snr))
        if part
    )
    kind = event.kind.value.replace("_", " ")
    bad = ' class="bad"' if outcome.judged and is_wrong(outcome) else ""
    return (
        f'<tr><td class="figure">{event.start:.2f}</td><td>{kind}</td><td>{escape(what)}</td>'
        f"<td{bad}>{escape(describe(outcome))}</td></tr>"
    )


def _level(snr: float | None) -> str:
    return "" if snr is None else f"{snr:+.0f} dB"


def describe(outcome: Outcome) -> str:
    """What became of an event, in a phrase."""
    parts = [] if outcome.judged else ["not judged"]
    if outcome.duck is not None and outcome.duck.ducked is not Ducked.NO:
        after = outcome.duck.after
        known = outcome.duck.ducked is Ducked.YES
        parts.append(
            f"ducked after {after:.2f} s"
            if after is not None
            else ("ducked, moment unknown" if known else "duck undecided")
        )
    if outcome.yielded_after is not None:
        parts.append(f"fell silent after {outcome.yielded_after:.2f} s")
    if outcome.resumed_after is not None:
        off = outcome.resumed_words_off
        place = "" if off is None else f", {off:+d} words" if off else ", at the word"
        parts.append(f"went on after {outcome.resumed_after:.2f} s{place}")
    if outcome.started_after is not None:
        parts.append(f"agent began {outcome.started_after:.2f} s into the pause")
    if outcome.answered_after is not None:
        parts.append(f"new reply {outcome.answered_after:+.2f} s from the end")
    return "; ".join(parts) or "nothing happened"


def _wrong(call: CallOutcome) -> list[Outcome]:
    return [outcome for outcome in call.events if outcome.judged and is_wrong(outcome)]
