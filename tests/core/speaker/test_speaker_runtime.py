"""With the real network: the features, the graph, and whether it tells people apart."""

import shutil

import numpy as np
import onnxruntime
import pytest

from talkover.core.audio.files import read_wav
from talkover.core.audio.prompts import find_prompts
from talkover.core.errors import BundleError, ModelError
from talkover.core.settings import load_settings
from talkover.core.speaker import Enrolment, SpeakerRuntime, has_speaker
from talkover.core.speaker.graph import (
    LENGTH,
    SHORTEST,
    STRIDE,
    TURN,
    WINDOW,
    build_speaker,
    mel_filters,
)
from talkover.core.speaker.runtime import LEVEL
from talkover.core.speaker.spread import fit_spread, read_spread
from talkover.core.voice import VoiceRuntime
from talkover.core.weights import require
from talkover.core.weights.catalog import SPEAKER

pytestmark = pytest.mark.bundle


@pytest.fixture(scope="module")
def folder(bundle):
    if not has_speaker(bundle / "speaker"):
        pytest.skip("the bundle is older than its speaker model; `talkover models build`")
    return bundle / "speaker"


@pytest.fixture(scope="module")
def runtime(folder):
    return SpeakerRuntime(folder)


def said(language, count, skip=0):
    found = [p for p in find_prompts(language) if 2 < p.seconds < 6][skip : skip + count]
    if not found:
        pytest.skip("no recordings; `sh scripts/test_setup.sh` says why")
    return [read_wav(p.path).astype(np.float32) / 32768 for p in found]


def test_the_filters_are_those_of_transformers():
    from transformers.audio_utils import mel_filter_bank

    expected = mel_filter_bank(257, 40, 0.0, 8000.0, 16_000, norm="slaney", mel_scale="slaney")
    np.testing.assert_allclose(mel_filters(), expected.T, atol=1e-7)


def by_hand(network, pcm):
    """The published recipe in numpy: frames, windows, unit lengths, mean."""
    pcm = pcm.astype(np.float64) * LEVEL / np.sqrt(np.mean(pcm.astype(np.float64) ** 2))
    window = np.pad(
        0.54 - 0.46 * np.cos(2 * np.pi * np.arange(LENGTH) / LENGTH), (TURN - LENGTH) // 2
    )
    frames = np.lib.stride_tricks.sliding_window_view(pcm, TURN)[::160] * window
    mel = mel_filters().astype(np.float64) @ (np.abs(np.fft.rfft(frames)) ** 2).T
    log = np.log10(mel + 1e-10).T
    windows = [log[at : at + WINDOW] for at in range(0, len(log) - WINDOW + 1, STRIDE)]
    (each,) = network.run(None, {"mel_window": np.array(windows, np.float32)})
    mean = (each / np.linalg.norm(each, axis=1, keepdims=True)).mean(axis=0)
    return (mean / np.linalg.norm(mean)).astype(np.float32)


def test_the_graph_does_what_the_published_recipe_does(tmp_path, runtime):
    data_dir = load_settings().data_dir
    source = require(data_dir, SPEAKER) / SPEAKER.files[0].name
    network = onnxruntime.InferenceSession(str(source), providers=["CPUExecutionProvider"])
    build_speaker(source, tmp_path, None)
    plain = SpeakerRuntime(tmp_path)
    for pcm in said("en", 5):
        expected = by_hand(network, pcm)
        assert float(expected @ plain.embed(pcm)) > 0.999  # int8: a rounding may tip
        cleaned = read_spread().apply(expected[None])[0]
        assert float(cleaned @ runtime.embed(pcm)) > 0.998


def test_loudness_does_not_matter_and_length_is_one(runtime):
    (pcm,) = said("en", 1)
    loud, quiet = runtime.embed(pcm), runtime.embed(pcm * np.float32(0.05))
    assert loud.shape == (256,)
    assert loud.dtype == np.float32
    assert np.linalg.norm(loud) == pytest.approx(1, abs=1e-5)
    assert float(loud @ quiet) > 0.999


def test_short_speech_has_an_embedding_too(runtime):
    (pcm,) = said("en", 1)
    short = runtime.embed(pcm[8000:14_000])
    assert len(pcm[8000:14_000]) < SHORTEST
    assert float(short @ runtime.embed(pcm)) > 0.3


def test_a_caller_is_told_from_another(runtime, bundle):
    """Speakers on the same band: the recordings are at 8 kHz, so the voice is cut to that."""
    import soxr

    voice = VoiceRuntime(bundle / "voice")
    text = "I would like to know when the office opens tomorrow."
    other = [voice.synthesise(text, seed=seed).pcm.astype(np.float32) / 32768 for seed in range(6)]
    other = [soxr.resample(soxr.resample(x, voice.rate, 8000), 8000, 16_000) for x in other]
    enrolment = Enrolment()
    for pcm in said("en", 4):
        enrolment.collect(runtime.embed(pcm), len(pcm) / 16_000)
    same = [enrolment.chance(runtime.embed(x), len(x) / 16_000) for x in said("en", 20, skip=10)]
    others = [enrolment.chance(runtime.embed(x), len(x) / 16_000) for x in other]
    assert np.mean([chance > 0.5 for chance in same]) >= 0.8
    assert max(others) < 0.2


@pytest.mark.parametrize(
    "pcm",
    [
        np.zeros(16_000, np.float32),
        np.full(16_000, np.nan, np.float32),
        np.full(16_000, 99, np.float32),
        np.ones(2_000, np.float32),
        np.ones(31 * 16_000, np.float32),
        np.ones((1, 16_000), np.float32),
        np.ones(16_000, np.float64),
    ],
)
def test_what_is_no_voice_is_refused(runtime, pcm):
    with pytest.raises(ModelError):
        runtime.embed(pcm)


def test_another_network_is_refused(tmp_path, bundle):
    shutil.copy(bundle / "vad/model.onnx", tmp_path / "speaker.onnx")
    with pytest.raises(BundleError, match="build the bundle again"):
        SpeakerRuntime(tmp_path)
    with pytest.raises(BundleError, match="another graph"):
        build_speaker(bundle / "vad/model.onnx", tmp_path, None)
    (tmp_path / "broken.onnx").write_bytes(b"no graph")
    with pytest.raises(BundleError):
        build_speaker(tmp_path / "broken.onnx", tmp_path, None)
    assert not has_speaker(tmp_path / "nowhere")


def test_a_voice_scatters_less_once_its_scatter_is_known():
    random = np.random.default_rng(0)
    voices, embeddings = [], []
    for name in range(12):
        centre = random.normal(size=40)
        for _ in range(30):
            found = centre + random.normal(size=40) * ([8.0] * 5 + [0.3] * 35)
            voices.append(str(name))
            embeddings.append(found / np.linalg.norm(found))
    raw = np.array(embeddings, np.float32)
    clean = fit_spread(raw, voices).apply(raw)
    same = np.array(voices)[:, None] == np.array(voices)[None]

    def gap(x):
        return (x @ x.T)[same].mean() - (x @ x.T)[~same].mean()

    assert gap(clean) > gap(raw) + 0.2
