"""Readers hear the very same clips, and what they write is kept."""

import json

import numpy as np
import pytest

from talkover.core.errors import DataError
from talkover.trainer.evaluation.accents_reader import Written
from talkover.trainer.evaluation.trained.clips import MIXED, Clip
from talkover.trainer.evaluation.trained.material import Material
from talkover.trainer.evaluation.trained.readers import Reader
from talkover.trainer.evaluation.trained.reading import Opened, open_readings, read_all


class Beeps(Material):
    """Clips whose sound tells their number."""

    def __init__(self, made_of="beeps"):
        super().__init__("real", ("a", "b"), made_of, "beeps")
        self.made = []

    def close(self):
        pass

    def make(self, number):
        self.made.append(number)
        clip = Clip("real", number, "ab"[number % 2], MIXED, (("beep", "en"),), "en")
        return clip, np.full(10 + number, number, np.float32)


class Ears:
    """Writes down the number that it hears, until its patience is at an end."""

    def __init__(self, patience=99):
        self.heard, self.patience = [], patience

    def write(self, sounds, languages):
        if len(self.heard) + len(sounds) > self.patience:
            raise KeyboardInterrupt
        assert set(languages) == {"en"}
        self.heard += [int(sound[0]) for sound in sounds]
        return [Written(f"number {int(sound[0])}", complete=True) for sound in sounds]


def reader(name, ears, same="1"):
    return Reader(name, same, "ears", lambda: ears)


def go(folder, readers, beeps=None, count=10, ticks=None):
    beeps = beeps or Beeps()
    readings = open_readings(folder, beeps, readers)
    tick = (lambda _more: None) if ticks is None else ticks.append
    read_all(beeps, beeps.numbers(count), readings, Opened(readers), tick)
    return beeps, readings


def test_all_readers_hear_every_clip_which_is_made_once(tmp_path):
    one, other = Ears(), Ears()
    beeps, readings = go(tmp_path, [reader("one", one), reader("other", other)])
    assert beeps.made == one.heard == other.heard == list(range(20))
    assert [read.written for read in readings["other"].all] == [f"number {n}" for n in range(20)]
    assert all(read.seconds >= 0 for read in readings["one"].all)


def test_a_reader_that_comes_later_hears_what_the_others_have(tmp_path):
    one, other = Ears(), Ears()
    _, before = go(tmp_path, [reader("one", one)], count=3)
    ticks = []
    beeps, after = go(tmp_path, [reader("one", one), reader("other", other)], ticks=ticks)
    assert one.heard == list(range(20))
    assert sorted(other.heard) == list(range(20))
    assert ticks[0] == 6
    assert sum(ticks) == 40
    assert beeps.made == list(range(20))
    assert {read.clip for read in before["one"].all} <= {read.clip for read in after["one"].all}


def test_what_was_broken_off_goes_on(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        go(tmp_path, [reader("one", Ears()), reader("other", Ears(patience=9))])
    one, other = Ears(), Ears()
    _, readings = go(tmp_path, [reader("one", one), reader("other", other)])
    assert len(one.heard) < len(other.heard) == 12
    for kept in readings.values():
        assert sorted(read.clip.number for read in kept.all) == list(range(20))


def test_nobody_is_loaded_who_has_nothing_to_read(tmp_path):
    go(tmp_path, [reader("one", Ears())])

    def never():
        raise AssertionError("nothing is left to read")

    beeps, _ = go(tmp_path, [Reader("one", "1", "ears", never)])
    assert beeps.made == []


def test_other_weights_or_other_clips_are_not_gone_on_with(tmp_path):
    go(tmp_path, [reader("one", Ears())])
    with pytest.raises(DataError, match="something else"):
        go(tmp_path, [reader("one", Ears(), same="2")])
    with pytest.raises(DataError, match="something else"):
        go(tmp_path, [reader("one", Ears())], beeps=Beeps("other beeps"))


def test_a_clip_that_sounds_otherwise_now_is_noticed(tmp_path):
    go(tmp_path, [reader("one", Ears())], count=2)

    class Louder(Beeps):
        def make(self, number):
            clip, pcm = super().make(number)
            return clip, pcm + np.float32(number == 3)

    with pytest.raises(DataError, match="clip 3 of real is not what another reader has heard"):
        go(tmp_path, [reader("one", Ears()), reader("two", Ears())], beeps=Louder())


def test_a_file_a_reader_and_a_set(tmp_path):
    go(tmp_path, [reader("a run/rl", Ears())], count=1)
    first, *lines = (tmp_path / "a run-rl".replace(" ", "-") / "real.jsonl").read_text().split("\n")
    assert json.loads(first)["reader"] == "1"
    assert json.loads(lines[0])["clip"]["words"] == [["beep", "en"]]
