import math

import numpy as np
import pytest
from tiny_brain import write_gguf

from talkover.core.brain import BrainRuntime
from talkover.core.brain.build import build_brain
from talkover.core.brain.delta import About, SightDelta
from talkover.core.brain.projector import shapes_of
from talkover.core.brain.sight import Sight
from talkover.core.errors import BundleError
from talkover.core.seer.types import Seen, Word
from talkover.core.weights.disk import sha256_of
from talkover.trainer.evaluation.crossmodal.embedded import Embedded

SIGHT = Sight(grid=(4, 4), features=3)
WIDTH = 64
MIDDLE = (0.4, 0.4, 0.6, 0.6)


class Eyes:
    """See the mean colour in each of sixteen places, and read one word that is always there."""

    def __init__(self):
        self.looked = 0

    def see(self, rgb):
        self.looked += 1
        means = rgb.reshape(4, rgb.shape[0] // 4, 4, rgb.shape[1] // 4, 3).mean(axis=(1, 3))
        features = (means.reshape(16, 3) / 255).astype(np.float32)
        return Seen(features, SIGHT.grid, (Word("SALE", MIDDLE, 0.9),), blank=False)


@pytest.fixture(scope="module")
def gguf(tmp_path_factory):
    return write_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


@pytest.fixture(scope="module")
def brain(gguf, tmp_path_factory):
    random = np.random.default_rng(3)
    projector = {
        name: np.abs(random.normal(0.5, 0.5, shape)).astype(np.float16).astype(np.float32)
        for name, shape in shapes_of(SIGHT, 12, WIDTH).items()
    }
    about = About(
        base=sha256_of(gguf), eyes="tiny", sight=SIGHT, run="tiny", accuracy=0.5, card="# tiny\n"
    )
    folder = tmp_path_factory.mktemp("sighted") / "brain"
    build_brain(gguf, folder, precision="fp32", delta=SightDelta(about, {}, projector))
    return BrainRuntime(folder, threads=1)


def pictures(count):
    return [np.full((16, 16, 3), 40 * place, np.uint8) for place in range(count)]


def test_pictures_are_looked_at_once_and_the_latest_are_shown(brain):
    eyes = Eyes()
    who = Embedded(eyes, brain, "tiny")
    six, times = pictures(6), [float(place) for place in range(6)]
    first = who.answer("What is this?", six, times, 6.0)
    assert eyes.looked == 4
    assert who.answer("What is this?", six[2:], times[2:], 6.0) == first
    assert eyes.looked == 4


def test_what_is_answered_depends_on_what_is_shown(brain):
    who = Embedded(Eyes(), brain, "tiny")
    said = {who.answer("What is this?", [one], [0.0], 1.0) for one in pictures(6)}
    said.add(who.answer("What is this?", [], [], 1.0))
    assert len(said) > 1


def test_how_quick_an_answer_is_counts_no_looking(brain):
    eyes = Eyes()
    who = Embedded(eyes, brain, "tiny")
    first, rate = who.pace("What is this?", pictures(2), [0.0, 1.0])
    assert eyes.looked == 2
    assert 0 < first < 30
    assert math.isnan(rate) or rate > 0


def test_a_bundle_without_eyes_is_no_answerer(tmp_path):
    with pytest.raises(BundleError, match="no eyes; run: talkover models build"):
        Embedded.open(tmp_path, "old")


def test_a_brain_that_was_not_taught_to_see_is_no_answerer(gguf, tmp_path):
    build_brain(gguf, tmp_path / "brain", precision="fp32")
    blind = BrainRuntime(tmp_path / "brain", threads=1)
    with pytest.raises(BundleError, match="not taught to see; run: talkover train seer"):
        Embedded(Eyes(), blind, "old")
