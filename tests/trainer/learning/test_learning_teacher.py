"""The real teacher on real people, and what it makes of items."""

import threading
import time
from pathlib import Path

import pytest

from talkover.core.audio import read_wav, to_float
from talkover.core.clock import RATE
from talkover.core.errors import TalkoverError, WeightsError
from talkover.core.learning.items import Items, State
from talkover.core.settings import load_settings
from talkover.core.traces.blobs import encode
from talkover.trainer.data.texts import Split, split_of
from talkover.trainer.learning.collecting import label_of
from talkover.trainer.learning.filters import Limits
from talkover.trainer.learning.labelling import Labeller
from talkover.trainer.learning.labels import Source
from talkover.trainer.learning.nearness import Nearness
from talkover.trainer.learning.teacher import Teacher
from talkover.trainer.mining.withheld import Withheld

from .calls import Calls, sentence, turn

GO = threading.Event()


@pytest.fixture(scope="module")
def teacher() -> Teacher:
    try:
        return Teacher.of(load_settings())
    except TalkoverError as error:
        pytest.skip(f"no teacher: {error}")


def labeller(items: Items, teach, *, patience: float = 0.0) -> Labeller:
    return Labeller(
        items,
        teach,
        Nearness(),
        withheld=Withheld(),
        limits=Limits(),
        patience=patience,
        least_trust=0.5,
    )


def never() -> Teacher:
    raise AssertionError("no teacher is needed")


@pytest.mark.bundle
def test_what_is_said_clearly_is_read_alike_each_time(teacher: Teacher, prompts) -> None:
    prompt = next(one for one in prompts if one.name == "vm-tempgreetactive")
    near = Nearness()
    readings = teacher.read(to_float(read_wav(prompt.path)), "en")
    assert len(readings) == 4
    assert all(near(prompt.text, one.text, "en") < 0.1 for one in readings), readings
    assert readings[0].nothing < 0.5
    assert readings[0].mean_log_probability > -0.5
    assert teacher.read(to_float(read_wav(prompt.path)), "en") == readings, "draws are the same"


@pytest.mark.bundle
def test_of_noise_nothing_is_learnt(teacher: Teacher, items: Items, calls: Calls, consumer) -> None:
    calls.write(turn(0))
    consumer.drain(GO)
    found = labeller(items, lambda: teacher).run(GO, time.time())
    assert found.keys() & {"empty", "unsure", "no_propensity"}
    assert items.select(State.WAITING) == []
    assert items.counts()["refused"] == 1


@pytest.mark.bundle
def test_a_turn_that_a_person_spoke_gets_the_teachers_words(
    teacher: Teacher, items: Items, calls: Calls, consumer, prompts
) -> None:
    prompt = next(
        one
        for one in prompts
        if one.seconds > 3 and split_of(one.text) is Split.TRAIN and "digit" not in one.name
    )
    pcm = read_wav(prompt.path)
    key, data = encode(pcm, RATE)
    calls.blobs.put(key, data)
    record = turn(0, blobs={"caller": key}, text=sentence(0))
    calls.add(record.model_dump_json())
    consumer.drain(GO)
    found = labeller(items, lambda: teacher).run(GO, time.time())
    assert found == {"teacher": 1}, found
    (item,) = items.select(State.READY)
    label = label_of(item)
    assert label.source is Source.TEACHER
    assert Nearness()(prompt.text, label.text, "en") < 0.1
    assert "other than the listener" in label.reason


def test_a_correction_that_is_near_needs_no_teacher(items: Items, calls: Calls, consumer) -> None:
    calls.write(turn(0, correction=sentence(0), text=sentence(0)[:-2]), seconds=3)
    consumer.drain(GO)
    assert labeller(items, never).run(GO, time.time()) == {"correction": 1}


def test_a_turn_waits_for_the_next_one_as_long_as_it_may(
    items: Items, calls: Calls, consumer
) -> None:
    calls.write(turn(0, correction=sentence(0)), seconds=3)
    consumer.drain(GO)
    patient = labeller(items, never, patience=3_600)
    assert patient.run(GO, time.time()) == {}
    calls.write(turn(1, correction=sentence(1)), seconds=3)
    consumer.drain(GO)
    assert patient.run(GO, time.time()) == {"correction": 1}
    assert [one.turn for one in items.select(State.READY)] == [0]


def test_labelling_stops_when_it_is_told_to_and_loses_nothing(
    items: Items, calls: Calls, consumer
) -> None:
    for number in range(3):
        calls.write(turn(number, correction=sentence(number)), seconds=3)
    consumer.drain(GO)
    stop = threading.Event()
    found = labeller(items, never).run(stop, time.time(), stop.set)
    assert found == {"correction": 1}
    assert items.counts()["waiting"] == 2


def test_a_recording_that_is_damaged_keeps_nobody_waiting(
    items: Items, calls: Calls, consumer
) -> None:
    calls.write(turn(0, text=""))
    calls.write(turn(1, correction=sentence(1)), seconds=3)
    consumer.drain(GO)
    damaged = items.select(State.WAITING)[0].audio
    (items.folder / "audio" / damaged[:2] / f"{damaged}.flac").write_bytes(b"fLaC")
    assert labeller(items, never).run(GO, time.time()) == {"damaged": 1, "correction": 1}


def test_weights_that_are_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"nothing")
    with pytest.raises(WeightsError, match="no teacher"):
        Teacher(tmp_path, 1)
