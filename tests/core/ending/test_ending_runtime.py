"""With the real network: the features, the graph, and whether it hears the end of a sentence."""

import shutil

import numpy as np
import onnxruntime
import pytest

from talkover.core.audio.files import read_wav
from talkover.core.ending import EndingRuntime, has_ending
from talkover.core.ending.graph import SAMPLES, build_ending
from talkover.core.errors import BundleError, ModelError
from talkover.core.settings import load_settings
from talkover.core.vad import VoiceModel, speech_probabilities
from talkover.core.weights import require
from talkover.core.weights.catalog import ENDING

pytestmark = pytest.mark.bundle


@pytest.fixture(scope="module")
def runtime(bundle):
    if not has_ending(bundle / "ending"):
        pytest.skip("the bundle is older than its end-of-turn model; `talkover models build`")
    return EndingRuntime(bundle / "ending")


@pytest.fixture(scope="module")
def turns(prompts, bundle):
    """Sentences of a person: float32 from the first voice to the last."""
    vad = VoiceModel(bundle / "vad/model.onnx")
    found = []
    for prompt in [p for p in prompts if len(p.text.split()) >= 5 and 2 < p.seconds < 8][::6][:24]:
        pcm = read_wav(prompt.path)
        voiced = np.flatnonzero(speech_probabilities(vad, pcm) >= 0.5) * 512
        found.append(pcm[voiced[0] : voiced[-1] + 512].astype(np.float32) / 32768)
    return found


def paused(pcm):
    """With 0.2 s of a quiet line after it."""
    noise = np.random.default_rng(0).normal(0, 3e-4, 3200)
    return np.concatenate([pcm, noise.astype(np.float32)])


def test_the_graph_does_what_the_published_recipe_does(runtime, turns):
    from transformers import WhisperFeatureExtractor

    source = require(load_settings().data_dir, ENDING) / ENDING.files[0].name
    network = onnxruntime.InferenceSession(str(source), providers=["CPUExecutionProvider"])
    extract = WhisperFeatureExtractor(chunk_length=8)
    off = []
    for pcm in turns[:8]:
        window = np.pad(pcm[-SAMPLES:], (SAMPLES - len(pcm[-SAMPLES:]), 0))
        given = extract(window, sampling_rate=16_000, do_normalize=True, return_tensors="np")
        (expected,) = network.run(None, {"input_features": given["input_features"]})
        off.append(abs(runtime.probability(pcm) - expected.item()))
    assert np.median(off) < 0.01
    assert max(off) < 0.1  # int8: a rounding may tip


def test_the_end_of_a_sentence_is_told_from_its_middle(runtime, turns):
    whole = np.array([runtime.probability(paused(pcm)) for pcm in turns])
    cut = np.array([runtime.probability(paused(pcm[: len(pcm) // 2])) for pcm in turns])
    assert (whole[:, None] > cut[None]).mean() > 0.75  # area under the curve
    assert np.mean(whole > 0.5) > 0.8


def test_the_last_eight_seconds_count(runtime, turns):
    long = np.concatenate(turns[:6])
    assert len(long) > SAMPLES
    assert runtime.probability(long) == runtime.probability(long[-SAMPLES:])


def test_silence_is_an_answer_and_not_an_error(runtime):
    assert 0 <= runtime.probability(np.zeros(8_000, np.float32)) <= 1


@pytest.mark.parametrize(
    "pcm",
    [
        np.zeros(0, np.float32),
        np.full(16_000, np.nan, np.float32),
        np.full(16_000, 99, np.float32),
        np.ones((1, 16_000), np.float32),
        np.ones(16_000, np.int16),
    ],
)
def test_what_is_no_sound_is_refused(runtime, pcm):
    with pytest.raises(ModelError):
        runtime.probability(pcm)


def test_another_network_is_refused(tmp_path, bundle):
    shutil.copy(bundle / "vad/model.onnx", tmp_path / "ending.onnx")
    with pytest.raises(BundleError, match="build the bundle again"):
        EndingRuntime(tmp_path)
    with pytest.raises(BundleError, match="another graph"):
        build_ending(bundle / "vad/model.onnx", tmp_path)
    assert not has_ending(tmp_path / "nowhere")
