"""What is counted in a set, and what it lacks."""

import math

import pytest

from talkover.core.errors import DataError
from talkover.trainer.data.curating.judging import Wanted, details, listings, measures
from talkover.trainer.data.curating.samples import Facet, read_manifest, snr_band
from talkover.trainer.data.curating.tally import Tally, evenness

from .made_manifest import line, written

WANTED = Wanted(hours=1 / 3_600 * 20)


def tally_of(tmp_path, lines, **options):
    tally = Tally(**options)
    for _, sample in read_manifest(written(tmp_path / "manifest.jsonl", lines)):
        tally.add(sample)
    return tally


def judged(tally, wanted=WANTED):
    return {one.name: one for one in measures(tally, wanted)}


def missed(tally, wanted=WANTED):
    return {name for name, one in judged(tally, wanted).items() if one.met is False}


def test_nothing_is_missed_where_nothing_is_wrong(tmp_path):
    tally = tally_of(tmp_path, [line(n, accent=("scottish", "welsh")[n % 2]) for n in range(70)])
    assert missed(tally) == set()
    assert judged(tally)["en-GB: speech"].value == pytest.approx(140 / 3_600)


def test_each_lack_is_flagged(tmp_path):
    lines = [line(n, accent="scottish" if n else "welsh", speaker="ann") for n in range(20)]
    lines += [
        line(n, locale="es-MX", languages=["es"], snr=None, noise="", speaker="eva")
        for n in range(30, 35)
    ]
    lines += [
        line(40, text="Said twice!"),
        line(41, text="said twice", split="test", speaker="zoe"),
    ]
    assert missed(tally_of(tmp_path, lines)) == {
        "en-GB: one speaker's share",
        "es-MX: speech",
        "es-MX: without noise",
        "es-MX: one speaker's share",
        "en: evenness of accents",
        "en: most to least of an accent",
        "sentences in two splits",
    }


def test_speakers_in_two_splits_are_named(tmp_path):
    lines = [
        line(n, speaker=f"s{n % 12}", split=("train", "test")[n % 12 == 3 and n > 12])
        for n in range(60)
    ]
    found = judged(tally_of(tmp_path, lines))["speakers in two splits"]
    assert (found.value, found.met, found.note) == (1, False, "s3")


def test_what_a_manifest_does_not_tell_is_not_judged(tmp_path):
    plain = [{"audio_filepath": "a.wav", "duration": 3.0, "text": "hello there"}] * 3
    tally = tally_of(tmp_path, plain)
    found = judged(tally)
    assert found["speakers"].value == 0
    assert found["not known: one speaker's share"].met is None
    assert not any(name.startswith("sentences") for name in found)
    assert tally.by[Facet.ACCENT].keys() == {"not known"}


def test_facets_of_a_switch(tmp_path):
    words = [
        {"text": "Quiero", "start": 0, "end": 0.5, "language": "es", "phones": [["k", 0, 0.1]]},
        {"text": "a", "start": 0.5, "end": 0.6, "language": "en", "phones": [["ə", 0.5, 0.6]]},
    ]
    switch = line(
        *(1,),
        languages=["es", "en"],
        pattern="insertion",
        words=words,
        snr=-3.2,
        noise="music: something",
        line={"codec": "opus", "decay": 0.4},
        traits={"gender": "female"},
    )
    tally = tally_of(tmp_path, [switch], examples=1)
    told = {facet: next(iter(values)) for facet, values in tally.by.items()}
    assert told[Facet.LANGUAGES] == "es–en"
    assert told[Facet.PATTERN] == "insertion"
    assert told[Facet.SNR] == "-5 to 0 dB"
    assert told[Facet.LINE] == "opus, in a room"
    assert told[Facet.GENDER] == "female"
    assert tally.words == {"es": 1, "en": 1}
    assert tally.phones == {"k": 1, "ə": 1}
    assert list(tally.chosen()) == ["es–en, insertion"]


def test_noise_that_was_recorded_with_the_voice_counts_as_noise(tmp_path):
    told = {"snr": None, "noise": ""}
    lines = [
        line(0, **told, recorded_snr=17.0),
        line(1, **told, recorded_snr=None),
        line(2, **told),
    ]
    tally = tally_of(tmp_path, lines)
    assert {k: a.utterances for k, a in tally.by[Facet.NOISE].items()} == {"recorded": 1, "none": 2}
    assert tally.snrs == {15: 2.0}


def test_examples_do_not_depend_on_the_order(tmp_path):
    lines = [line(n) for n in range(60)]
    chosen = [
        [sample.name for sample in tally_of(tmp_path, some, examples=3).chosen()["scottish"]]
        for some in (lines, lines[::-1])
    ]
    assert chosen[0] == chosen[1]
    assert len(set(chosen[0])) == 3


def test_evenness():
    assert evenness({"a": 1, "b": 1, "c": 1}) == pytest.approx(1)
    assert evenness({"a": 98, "b": 1, "c": 1}) < 0.2
    assert math.isnan(evenness({"a": 1}))


def test_bands():
    assert [snr_band(snr) for snr in (None, 0.0, -0.1, 14.99)] == [
        "none",
        "0 to 5 dB",
        "-5 to 0 dB",
        "10 to 15 dB",
    ]


def test_tables_and_details_hold_the_same_counts(tmp_path):
    lines = [line(n, snr=(None, 3.0, 22.0)[n % 3]) for n in range(30)]
    tally = tally_of(tmp_path, lines)
    (snr,) = [one for one in listings(tally) if one.title == "snr"]
    assert [row[0] for row in snr.rows] == ["0 to 5 dB", "20 to 25 dB", "none"]
    assert [row[3] for row in snr.rows] == ["10", "10", "10"]
    assert details(tally)["seconds"]["snr"]["none"] == 20.0
    assert details(tally)["seconds_by_snr"] == {"0": 20.0, "20": 20.0}


def test_a_line_that_is_no_utterance_is_named(tmp_path):
    path = written(tmp_path / "m.jsonl", [line(0), {"text": "no audio"}])
    with pytest.raises(DataError, match=r"m\.jsonl:2 is no utterance"):
        list(read_manifest(path))
    with pytest.raises(DataError, match="cannot be read"):
        list(read_manifest(tmp_path / "none.jsonl"))
