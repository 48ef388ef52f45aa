"""The page of a set: what is judged, charts, and some of each to listen to."""

import io
from base64 import b64encode
from collections import defaultdict
from collections.abc import Sequence
from html import escape
from typing import Final

import soundfile

from talkover.core.report import Listing, Measure, Report, Section, to_html
from talkover.core.report.model import with_unit
from talkover.trainer.data.curating.charts import STYLE, bars, histogram
from talkover.trainer.data.curating.judging import ranked
from talkover.trainer.data.curating.samples import NONE, UNKNOWN, Facet, Sample
from talkover.trainer.data.curating.tally import HIGHEST, LONGEST, LOWEST, STEP, Tally

_BARS: Final = 20
_LISTENED: Final = 8.0
"""Seconds of an example at most: it lies in the page itself."""
_GROUPS: Final = 100
_NAMES: Final = {
    Facet.LOCALE: "Hours by locale",
    Facet.LANGUAGES: "Hours by language, or pair of them",
    Facet.ACCENT: "Hours by accent",
    Facet.SPEAKER: "Hours by speaker",
    Facet.GENDER: "Hours by gender",
    Facet.AGE: "Hours by age",
    Facet.ENGINE: "Hours by engine",
    Facet.THEME: "Hours by theme",
    Facet.NOISE: "Hours by noise",
    Facet.LINE: "Hours by line",
    Facet.PATTERN: "Hours by code-switch pattern",
    Facet.SPLIT: "Hours by split",
}
_STYLE: Final = """<style>
td.flag { color: var(--bad); }
.players td { vertical-align: middle; } .players audio { width: 15rem; height: 2.2rem; }
.players td:last-child { white-space: nowrap; }
</style>"""


def page(report: Report, tally: Tally, listings: Sequence[Listing]) -> str:
    """The page; audio that cannot be read is told of in its place."""
    sections = [
        _verdict(report.measures),
        Section("What there is", f'<div class="charts">{"".join(_charts(tally))}</div>'),
        *_examples(tally),
        *(listing.section() for listing in listings),
    ]
    return to_html(report, sections)


def _verdict(measures: Sequence[Measure]) -> Section:
    """What is flagged, said at once: a line for each locale, each language and all."""
    missed = [one for one in measures if one.met is False]
    if not missed:
        return Section(
            "Flags", f"{STYLE}{_STYLE}<p>None: all that is judged is as it should be.</p>"
        )
    lines: dict[str, list[str]] = defaultdict(list)
    for one in missed:
        whose, _, what = one.name.rpartition(": ")
        note = f", {one.note}" if one.note else ""
        lines[whose or "all"].append(f"{what} {with_unit(one)} ({one.bar}{note})")
    rows = "".join(
        f'<tr><td>{escape(whose)}</td><td class="flag">{escape("; ".join(some))}</td></tr>'
        for whose, some in lines.items()
    )
    return Section(f"Flags ({len(missed)})", f"{STYLE}{_STYLE}<table>{rows}</table>")


def _charts(tally: Tally) -> list[str]:
    charts = []
    for facet, title in _NAMES.items():
        amounts = ranked(tally.by[facet])
        if [value for value, _ in amounts] in ([UNKNOWN], [NONE]):
            continue
        rows = [
            (value, amount.seconds, f"{amount.hours:,.3g} h · {_share(amount.seconds, tally)}")
            for value, amount in amounts[:_BARS]
        ]
        charts.append(bars(title, rows, left_out=max(len(amounts) - _BARS, 0)))
    lengths = [(f"{second}", float(tally.lengths[second])) for second in range(LONGEST + 1)]
    charts.append(histogram("Utterances by length (s)", lengths, "utterances"))
    if tally.snrs:
        snrs = [(f"{low}", tally.snrs[low] / 3_600) for low in range(LOWEST, HIGHEST + 1, STEP)]
        charts.append(histogram("Hours by signal-to-noise ratio, from (dB)", snrs, "h"))
    if tally.phones:
        phones = tally.phones.most_common(_BARS)
        total = tally.phones.total()
        rows = [(symbol, float(count), f"{100 * count / total:.1f} %") for symbol, count in phones]
        charts.append(bars("Sounds", rows, left_out=len(tally.phones) - len(rows)))
    return charts


def _share(seconds: float, tally: Tally) -> str:
    return f"{100 * seconds / max(tally.total.seconds, 1e-9):.0f} %"


def _examples(tally: Tally) -> list[Section]:
    groups = list(tally.chosen().items())
    if not groups:
        return []
    head = "".join(f"<th>{name}</th>" for name in ("group", "", "text", "voice", "noise and line"))
    rows = "".join(
        _player(group if not place else "", sample)
        for group, samples in groups[:_GROUPS]
        for place, sample in enumerate(samples)
    )
    more = len(groups) - _GROUPS
    note = f"<p>{more} more groups are left out.</p>" if more > 0 else ""
    table = f'<table class="players"><tr>{head}</tr>{rows}</table>'
    return [Section("To listen to", f'<div class="wide">{table}</div>{note}')]


def _player(group: str, sample: Sample) -> str:
    facets = sample.facets
    ratio = "" if sample.snr is None else f" {sample.snr:+.0f} dB"
    noise = facets[Facet.NOISE] + ratio
    voice = ", ".join(
        value for facet in (Facet.SPEAKER, Facet.ENGINE) if (value := facets[facet]) != UNKNOWN
    )
    line = "" if facets[Facet.LINE] == UNKNOWN else f"; {facets[Facet.LINE]}"
    return (
        f"<tr><td>{escape(group)}</td><td>{_audio(sample)}</td><td>{escape(sample.text)}</td>"
        f'<td class="note">{escape(voice)}</td><td class="note">{escape(noise + line)}</td></tr>'
    )


def _audio(sample: Sample) -> str:
    """The sound as MP3, which every browser plays, in the page itself."""
    try:
        with soundfile.SoundFile(sample.audio) as file:
            rate = file.samplerate
            sound = file.read(round(_LISTENED * rate), dtype="float32", always_2d=True)
        packed = io.BytesIO()
        soundfile.write(packed, sound, rate, format="MP3")
    except (OSError, soundfile.SoundFileError) as error:
        return f'<span class="missed">{escape(type(error).__name__)}: no sound</span>'
    data = b64encode(packed.getvalue()).decode()
    return f'<audio controls preload="none" src="data:audio/mpeg;base64,{data}"></audio>'
