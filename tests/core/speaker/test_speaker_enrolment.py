import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.errors import ModelError
from talkover.core.speaker.enrolment import FULL, SURE, Enrolment
from talkover.core.speaker.likelihood import fit_likelihood, same_speaker


def unit(*values):
    vector = np.array(values, np.float32)
    return vector / np.linalg.norm(vector)


CALLER, OTHER = unit(1, 0, 0), unit(0, 1, 0)


def towards(cosine):
    return unit(cosine, np.sqrt(1 - cosine**2), 0)


def enrolled(seconds=4.0):
    enrolment = Enrolment()
    enrolment.collect(CALLER, seconds)
    return enrolment


def test_nothing_is_said_before_enough_was_heard():
    enrolment = Enrolment()
    assert enrolment.similarity(CALLER) is None
    assert enrolment.chance(CALLER, 1.0) is None
    assert not enrolment.adapt(CALLER, 2.0)
    enrolment.collect(CALLER, 0.9)
    assert not enrolment.ready
    assert enrolment.similarity(CALLER) is None
    enrolment.collect(CALLER, 0.2)
    assert enrolment.ready
    assert enrolment.similarity(CALLER) == pytest.approx(1)
    assert enrolment.similarity(OTHER) == pytest.approx(0)


def test_longer_speech_weighs_more():
    enrolment = Enrolment()
    enrolment.collect(CALLER, 3.0)
    enrolment.collect(OTHER, 1.0)
    assert enrolment.similarity(CALLER) == pytest.approx(3 / np.sqrt(10))


def test_what_comes_after_the_first_seconds_is_not_collected():
    enrolment = Enrolment()
    enrolment.collect(CALLER, FULL - 1)
    enrolment.collect(OTHER, 5.0)  # one second of it fits
    assert enrolment.seconds == FULL
    before = enrolment.similarity(OTHER)
    assert before == pytest.approx(1 / np.hypot(FULL - 1, 1))
    enrolment.collect(OTHER, 5.0)
    assert enrolment.similarity(OTHER) == before


def test_only_what_clearly_is_the_caller_is_followed():
    enrolment = enrolled()
    assert not enrolment.adapt(OTHER, 3.0)
    assert not enrolment.adapt(CALLER, 0.5)  # too short
    assert enrolment.similarity(CALLER) == pytest.approx(1)
    near = towards(0.85)
    assert same_speaker(0.85, 2.0) > SURE
    assert enrolment.adapt(near, 2.0)
    assert enrolment.similarity(near) > 0.86


@given(st.floats(0.1, 30), st.lists(st.floats(1.0, 20.0), max_size=60))
def test_nobody_takes_the_place_over_step_by_step(first, lengths):
    enrolment = Enrolment()
    enrolment.collect(CALLER, max(first, 1.0))
    angle = 0.0
    for seconds in lengths:  # always as far away as is still followed
        vector = unit(np.cos(angle + 0.6), np.sin(angle + 0.6), 0)
        if enrolment.adapt(vector, seconds):
            angle = min(angle + 0.3, 3.0)
    assert enrolment.similarity(CALLER) >= 0.7  # what was collected weighs at least half


@pytest.mark.parametrize(
    ("embedding", "seconds"),
    [
        (np.ones(3, np.float32), 1.0),
        (np.full(3, np.nan, np.float32), 1.0),
        (CALLER, 0.0),
        (CALLER, float("nan")),
        (unit(1, 0), 1.0),
        (CALLER[None], 1.0),
    ],
)
def test_what_is_no_embedding_is_refused(embedding, seconds):
    enrolment = enrolled()
    for use in (enrolment.collect, enrolment.chance, enrolment.adapt):
        with pytest.raises(ModelError):
            use(embedding, seconds)


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(0.05, 60))
def test_likeness_makes_the_same_person_likelier(one, two, seconds):
    low, high = sorted((one, two))
    assert 0 <= same_speaker(low, seconds) <= same_speaker(high, seconds) <= 1


def test_a_short_segment_is_less_sure():
    assert same_speaker(0.1, 0.4) > same_speaker(0.1, 2.0)
    spread = [same_speaker(0.7, s) - same_speaker(0.3, s) for s in (0.3, 1.0, 4.0)]
    assert spread[0] < spread[2]


def test_the_fit_finds_the_law_that_made_the_pairs():
    random = np.random.default_rng(0)
    cosines, seconds = random.uniform(-1, 1, 20_000), random.uniform(0.3, 4, 20_000)
    law = (-2.0, 6.0, -1.0, 2.0)
    length = np.log(seconds)
    logit = law[0] + law[1] * cosines + law[2] * length + law[3] * cosines * length
    same = random.random(20_000) < 1 / (1 + np.exp(-logit))
    assert fit_likelihood(cosines, seconds, same, np.ones(20_000)) == pytest.approx(law, abs=0.4)
