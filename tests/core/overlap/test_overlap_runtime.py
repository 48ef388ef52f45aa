"""The classifier that comes along, and folders that hold none."""

import json
import shutil
from dataclasses import astuple

import numpy as np
import pytest

from talkover.core.errors import BundleError, ModelError, OutdatedError
from talkover.core.overlap import FEATURE_NAMES, N_FEATURES, OverlapHead, shipped
from talkover.core.overlap.config import CONFIG, GRAPH
from talkover.core.overlap.ear import HEARD_FRAMES, HEARD_WIDTH

QUIET = np.zeros((HEARD_FRAMES, HEARD_WIDTH), np.float16)


@pytest.fixture(scope="module")
def head():
    return OverlapHead(shipped())


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(shipped(), tmp_path / "overlap")
    return tmp_path / "overlap"


def edited(folder, **changes):
    path = folder / CONFIG
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    return folder


def vector(**values):
    """Of a caller who has spoken for half a second, with what else is said."""
    usual = {
        "elapsed": 0.6, "voiced_seconds": 0.55, "voiced_share": 0.9, "voice_mean": 0.9,
        "voice_max": 1.0, "voice_last": 0.9, "voice_lately": 0.9, "level": 1.1, "peak": 0.2,
        "above_before": 0.8, "centroid": 0.7, "periodicity": 0.7, "periodicity_max": 0.95,
        "periodic_share": 0.8, "pitch": 0.6, "pitch_range": 0.5, "modulation": 0.6, "flatness": 0.1,
        "flux": 0.8, "crossings": 0.3, "highs": 0.3, "rise": 0.6, "falling": 0.2, "attack": 0.2,
        "level_known": 1.0, "level_over_usual": 0.0,
    }  # fmt: skip
    found = np.zeros(N_FEATURES, np.float32)
    for name, value in {**usual, **values}.items():
        found[FEATURE_NAMES.index(name)] = value
    return found


def test_it_is_small():
    assert sum(path.stat().st_size for path in shipped().iterdir()) < 250_000


@pytest.mark.parametrize("fill", [0.0, 4.0, -4.0])
def test_probabilities_sum_to_one(head, fill):
    found = head.probabilities(np.full(N_FEATURES, fill, np.float32), QUIET + np.float16(fill))
    assert abs(sum(astuple(found)) - 1) < 1e-6
    assert min(astuple(found)) >= 0


def test_words_that_take_the_floor_make_a_barge_in_likelier_than_those_that_do_not(head):
    known = {"words_known": 1.0, "words_count": 0.8, "words_age": 0.3}
    stop = head.probabilities(vector(**known, floor=0.95), QUIET)
    mhm = head.probabilities(vector(**known, backchannel=0.95), QUIET)
    assert stop.barge_in > mhm.barge_in + 0.2
    assert mhm.backchannel > stop.backchannel + 0.2


def test_an_echo_is_likelier_where_the_agent_explains_the_sound(head):
    echo = head.probabilities(
        vector(echo_mean=0.85, echo_max=1.0, echo_lately=0.85, level_over_usual=-1.5), QUIET
    )
    assert echo.likeliest == "echo"
    assert head.probabilities(vector(), QUIET).echo < 0.1


def test_somebody_else_is_not_the_caller(head):
    other = vector(similarity_known=1.0, similarity=-0.8, level_over_usual=-1.0)
    caller = vector(similarity_known=1.0, similarity=0.8)
    theirs = head.probabilities(caller, QUIET).side_talk
    assert head.probabilities(other, QUIET).side_talk > theirs + 0.3


@pytest.mark.parametrize(
    "wrong",
    [np.zeros(N_FEATURES), np.zeros(3, np.float32), np.zeros((1, N_FEATURES), np.float32)],
    ids=["float64", "short", "two-dimensional"],
)
def test_what_is_no_vector_is_refused(head, wrong):
    with pytest.raises(ModelError, match="the features of an overlap are float32"):
        head.probabilities(wrong, QUIET)


@pytest.mark.parametrize("wrong", [QUIET.astype(np.float32), QUIET[1:]], ids=["float32", "short"])
def test_what_was_not_heard_is_refused(head, wrong):
    with pytest.raises(ModelError, match="the heard of an overlap are float16"):
        head.probabilities(np.zeros(N_FEATURES, np.float32), wrong)


def test_values_that_are_no_numbers_are_refused(head):
    with pytest.raises(ModelError):
        head.probabilities(np.full(N_FEATURES, np.nan, np.float32), QUIET)


def test_an_empty_folder_holds_none(tmp_path):
    with pytest.raises(BundleError, match="no overlap classifier"):
        OverlapHead(tmp_path)


@pytest.mark.parametrize(
    "changes",
    [{"features_version": 99}, {"features": ["elapsed"]}],
)
def test_other_features_name_the_cure(copy, changes):
    with pytest.raises(OutdatedError, match="talkover models build"):
        OverlapHead(edited(copy, **changes))


def test_other_labels_are_refused(copy):
    with pytest.raises(BundleError, match="tells apart"):
        OverlapHead(edited(copy, labels=["yes", "no"]))


def test_a_damaged_graph_is_refused(copy):
    (copy / GRAPH).write_bytes(b"no graph")
    with pytest.raises(BundleError, match="cannot be loaded"):
        OverlapHead(copy)
