from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

from talkover.core.clock import RATE
from talkover.core.listener.graph import build_encoder
from talkover.core.listener.mel import STEP, WINDOW, fourier_basis, mel_filters

Spectrogram = Any


@pytest.fixture(scope="module")
def spectrogram(tiny_weights: Mapping[str, NDArray[Any]]) -> Spectrogram:
    """The part of an encoder's graph that ends with the log-mel spectrogram."""
    model = build_encoder(tiny_weights, "fp32")
    del model.graph.output[:]
    model.graph.output.append(
        onnx.helper.make_tensor_value_info("mel", onnx.TensorProto.FLOAT, None)
    )
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return lambda pcm: session.run(["mel"], {"pcm": pcm})[0]


def extractor(seconds: int, bands: int = 80) -> Any:
    from transformers import WhisperFeatureExtractor

    made: Any = WhisperFeatureExtractor
    return made(feature_size=bands, chunk_length=seconds)


def sounds(seconds: int) -> dict[str, NDArray[np.float32]]:
    random = np.random.default_rng(3)
    time = np.arange(seconds * RATE) / RATE
    half = seconds * RATE // 2
    short = np.zeros(seconds * RATE)
    short[: RATE // 3] = random.normal(0, 0.2, RATE // 3)
    made = {
        "noise": random.normal(0, 0.1, len(time)),
        "quiet noise": random.normal(0, 1e-4, len(time)),
        "tone": 0.5 * np.sin(2 * np.pi * 440 * time),
        "tones far apart": np.sin(2 * np.pi * 300 * time) + 1e-3 * np.sin(2 * np.pi * 5e3 * time),
        "loud, then quiet": random.normal(0, 0.3, len(time)) * np.where(time < 2, 1, 1e-3),
        "noise, then silence": short,
        "a click": np.eye(1, len(time), half)[0],
        "its last samples": np.eye(1, len(time), len(time) - 30)[0],
        "silence": np.zeros(len(time)),
    }
    return {name: pcm.astype(np.float32) for name, pcm in made.items()}


@pytest.mark.parametrize("seconds", [10, 30])
def test_the_spectrogram_is_that_of_transformers(spectrogram: Spectrogram, seconds: int) -> None:
    reference = extractor(seconds)
    for name, pcm in sounds(seconds).items():
        expected = reference(pcm, sampling_rate=RATE, return_tensors="np")["input_features"]
        found = spectrogram(pcm[None])
        assert found.shape == expected.shape == (1, 80, 100 * seconds)
        assert np.abs(found - expected).max() < 1e-4, name


def test_each_sound_of_a_batch_has_its_own_loudness(spectrogram: Spectrogram) -> None:
    made = sounds(10)
    batch = np.stack([made["noise"], made["quiet noise"], made["silence"], made["tone"]])
    together = spectrogram(batch)
    for row, pcm in zip(together, batch, strict=True):
        np.testing.assert_allclose(row, spectrogram(pcm[None])[0], atol=1e-6)
    assert together[0].max() > together[1].max() + 1


@pytest.mark.parametrize("bands", [80, 128])
def test_the_filters_are_those_of_transformers(bands: int) -> None:
    np.testing.assert_allclose(mel_filters(bands), extractor(30, bands).mel_filters.T, atol=1e-7)


def test_the_basis_is_a_windowed_fourier_transform() -> None:
    random = np.random.default_rng(4)
    frame = random.normal(size=WINDOW)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    expected = np.fft.rfft(frame * window)
    real, imaginary = np.split(fourier_basis() @ frame, 2)
    np.testing.assert_allclose(real - 1j * imaginary, expected, atol=1e-4)
    assert RATE // STEP == 100
