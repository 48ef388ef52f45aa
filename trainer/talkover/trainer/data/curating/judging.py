"""What a set lacks: its counts against what is wanted, as measures with bars. Pure."""

import math
from dataclasses import dataclass
from typing import Final

from talkover.core.report import Listing, Measure
from talkover.trainer.data.curating.samples import NONE, UNKNOWN, Facet, low_of
from talkover.trainer.data.curating.tally import Amount, Tally, evenness

_SHOWN: Final = 40
_TINY: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a set should be.

    Attributes:
        hours: Of each locale, at least.
        evenness: Of the accents of a language (normalised entropy), at least.
        ratio: Of the most to the least frequent accent of a language, at most.
        clean: Share of a locale without noise, at most.
        speaker: Share of a locale that one person says, at most.
    """

    hours: float = 100.0
    evenness: float = 0.9
    ratio: float = 3.0
    clean: float = 0.5
    speaker: float = 0.2


def measures(tally: Tally, wanted: Wanted) -> list[Measure]:
    """Counts first, then what is judged, by locale and by language."""
    return [
        *_counts(tally),
        *_locales(tally, wanted),
        *_accents(tally, wanted),
        *_splits(tally),
    ]


def listings(tally: Tally) -> list[Listing]:
    """A table for each facet of which there is more than one value."""
    found = []
    for facet, amounts in tally.by.items():
        if len(amounts) < 2:
            continue
        title = facet.value if len(amounts) <= _SHOWN else f"{facet.value}, the first {_SHOWN}"
        rows = [
            (value, f"{amount.hours:.2f}", _share(amount, tally.total), str(amount.utterances))
            for value, amount in _ordered(facet, amounts)[:_SHOWN]
        ]
        found.append(Listing(title, (facet.value, "hours", "share", "utterances"), rows))
    return found


def details(tally: Tally) -> dict[str, object]:
    """All counts, for JSON."""
    return {
        "seconds": {
            facet.value: {value: round(amount.seconds, 2) for value, amount in ranked(amounts)}
            for facet, amounts in tally.by.items()
        },
        "utterances_by_second": {str(key): tally.lengths[key] for key in sorted(tally.lengths)},
        "seconds_by_snr": {str(key): round(tally.snrs[key], 2) for key in sorted(tally.snrs)},
        "words": dict(tally.words.most_common()),
        "vocabulary": {name: len(words) for name, words in sorted(tally.vocabulary.items())},
        "phones": dict(tally.phones.most_common()),
        "speakers_in_two_splits": tally.torn_speakers,
    }


def ranked(amounts: dict[str, Amount]) -> list[tuple[str, Amount]]:
    """Most first."""
    return sorted(amounts.items(), key=lambda item: (-item[1].seconds, item[0]))


def _ordered(facet: Facet, amounts: dict[str, Amount]) -> list[tuple[str, Amount]]:
    """Signal-to-noise ratios in their own order, all else by how much there is."""
    if facet is not Facet.SNR:
        return ranked(amounts)
    return sorted(amounts.items(), key=lambda item: low_of(item[0]))


def _share(amount: Amount, total: Amount) -> str:
    return f"{100 * amount.seconds / max(total.seconds, _TINY):.1f} %"


def _counts(tally: Tally) -> list[Measure]:
    count = tally.total.utterances
    speakers = tally.by[Facet.SPEAKER].keys() - {UNKNOWN}
    words = sum(tally.words.values())
    found = [
        Measure("speech", tally.total.hours, "h", count),
        Measure("speakers", len(speakers), "", count),
        Measure("words", words, "", count),
        Measure("sounds", sum(tally.phones.values()), "", count, note=_sounds(tally)),
    ]
    found += [
        Measure(f"vocabulary, {language}", len(known), "words", tally.words[language])
        for language, known in sorted(tally.vocabulary.items())
    ]
    return found


def _sounds(tally: Tally) -> str:
    return f"{len(tally.phones)} different ones" if tally.phones else "none with times"


def _locales(tally: Tally, wanted: Wanted) -> list[Measure]:
    found = []
    for locale, amount in sorted(tally.by[Facet.LOCALE].items()):
        count = amount.utterances
        noises = tally.within[Facet.NOISE, locale]
        speakers = tally.within[Facet.SPEAKER, locale]
        clean = noises.get(NONE, Amount()).seconds / max(amount.seconds, _TINY)
        first, most = ranked(speakers)[0]
        known = first != UNKNOWN
        largest = most.seconds / max(amount.seconds, _TINY) if known else math.nan
        found += [
            _at_least(f"{locale}: speech", amount.hours, "h", count, wanted.hours),
            _at_most(f"{locale}: without noise", 100 * clean, "%", count, 100 * wanted.clean),
            _at_most(
                *(f"{locale}: one speaker's share", 100 * largest, "%", count),
                100 * wanted.speaker,
                note=f"of {len(speakers)}" if known else "speakers are not known",
            ),
        ]
    return found


def _accents(tally: Tally, wanted: Wanted) -> list[Measure]:
    found = []
    for (facet, language), amounts in sorted(tally.within.items()):
        if facet is not Facet.ACCENT:
            continue
        known = {name: amount for name, amount in amounts.items() if name != UNKNOWN}
        if len(known) < 2:
            continue
        (first, most), *_, (last, least) = ranked(known)
        count = sum(amount.utterances for amount in known.values())
        even = evenness({name: amount.seconds for name, amount in known.items()})
        ratio = most.seconds / max(least.seconds, _TINY)
        found += [
            _at_least(
                *(f"{language}: evenness of accents", even, "", count, wanted.evenness),
                note="normalised entropy",
            ),
            _at_most(
                *(f"{language}: most to least of an accent", ratio, "x", count, wanted.ratio),
                note=f"{first} to {last}",
            ),
        ]
    return found


def _splits(tally: Tally) -> list[Measure]:
    if not tally.sentences:
        return []
    some = "" if tally.sentences_whole else "of those that were looked at"
    torn = tally.torn_speakers
    return [
        _at_most(
            "sentences in two splits", tally.torn_sentences, "", tally.sentences, 0, note=some
        ),
        _at_most(
            *("speakers in two splits", len(torn), "", len(tally.by[Facet.SPEAKER]), 0),
            note=", ".join(torn[:3]) + (" ..." if len(torn) > 3 else ""),
        ),
    ]


def _at_least(name: str, value: float, unit: str, n: int, bar: float, *, note: str = "") -> Measure:
    return Measure(name, value, unit, n, bar=f">= {bar:g}", met=value >= bar, note=note)


def _at_most(name: str, value: float, unit: str, n: int, bar: float, *, note: str = "") -> Measure:
    met = None if math.isnan(value) else value <= bar
    return Measure(name, value, unit, n, bar=f"<= {bar:g}", met=met, note=note)
