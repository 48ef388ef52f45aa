import re
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from talkover.core.clock import FRAME, RATE
from talkover.core.errors import BundleError, ModelError
from talkover.core.listener import (
    VARIANTS,
    Hypothesis,
    ListenerConfig,
    ListenerRuntime,
    ListenRequest,
    Transcript,
    Variant,
    WindowRule,
)
from talkover.core.listener.decoder import Abandon, AbandonedError, Decoding, run_bound
from talkover.core.listener.search import loop_length
from talkover.core.vad import VoiceModel, speech_probabilities

Pcm = NDArray[np.float32]
Recording = Callable[..., Pcm]

SPOKEN = {
    "conf-kicked": "you have been kicked from this conference",
    "vm-leavemsg": "press 5 to leave a message",
    "conf-getchannel": "please enter the channel number followed by the pound key",
    "vm-mailboxfull": "sorry but the user's mailbox can't accept more messages",
}


@pytest.fixture
def listener(request: pytest.FixtureRequest, variant: Variant) -> ListenerRuntime:
    runtime: ListenerRuntime = request.getfixturevalue(variant)
    return runtime


def noise(seconds: float, seed: int = 1, level: float = 0.1) -> Pcm:
    return np.random.default_rng(seed).normal(0, level, round(seconds * RATE)).astype(np.float32)


def one(runtime: ListenerRuntime, pcm: Pcm, *languages: str, **wishes: Any) -> Transcript:
    (transcript,) = runtime.transcribe([ListenRequest(pcm, languages, **wishes)])
    return transcript


def plain(text: str) -> str:
    return " ".join(re.findall(r"[\w']+", text.lower()))


def check_words(hypothesis: Hypothesis, samples: int) -> None:
    end = 0
    for word in hypothesis.words:
        assert end <= word.start <= word.end <= samples
        assert 0 < word.probability <= 1
        end = word.end
    joined = "".join(word.text for word in hypothesis.words)
    assert "".join(joined.split()) == "".join(hypothesis.text.split())


def odds_after(
    runtime: ListenerRuntime, request: ListenRequest, transcript: Transcript, tokens: Sequence[int]
) -> NDArray[np.float64]:
    """Log-probabilities before each token and of what follows, all read at once and alone."""
    padded = np.zeros((1, transcript.window_samples), np.float32)
    padded[0, : len(request.pcm)] = request.pcm
    known = runtime.tokens
    decoding = Decoding(runtime._decoder, run_bound(runtime._encoder, {"pcm": padded}, {}), 1)
    prompt = [known.start, *known.prompt(transcript.language)]
    at = range(3, 4 + len(tokens))
    read = decoding.read(np.array([[*prompt, *tokens]], np.int64), at)
    logits: NDArray[np.float64] = read[0].astype(np.float64)
    logits[0] += known.penalty(logits.shape[1], first=True)
    logits[1:] += known.penalty(logits.shape[1], first=False)
    logits /= request.temperature or 1.0
    logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return logits


def check_scores(
    runtime: ListenerRuntime, request: ListenRequest, transcript: Transcript, slack: float
) -> None:
    for hypothesis in transcript.hypotheses:
        odds = odds_after(runtime, request, transcript, hypothesis.tokens)
        said = [*hypothesis.tokens, *[runtime.tokens.end] * hypothesis.complete]
        total = sum(odds[place, token] for place, token in enumerate(said))
        assert hypothesis.log_prob == pytest.approx(total, abs=slack)


def same(found: Transcript, expected: Transcript, slack: float) -> None:
    assert found.language == expected.language
    assert found.window_samples == expected.window_samples
    assert found.language_probability == pytest.approx(expected.language_probability, abs=1e-3)
    assert found.no_speech_probability == pytest.approx(expected.no_speech_probability, abs=1e-3)
    for ours, theirs in zip(found.hypotheses, expected.hypotheses, strict=True):
        assert ours.tokens == theirs.tokens
        assert ours.text == theirs.text
        assert ours.complete == theirs.complete
        assert ours.log_prob == pytest.approx(theirs.log_prob, abs=slack)
        for mine, other in zip(ours.words, theirs.words, strict=True):
            assert mine.text == other.text
            assert abs(mine.start - other.start) <= 2 * FRAME
            assert abs(mine.end - other.end) <= 2 * FRAME


# The tiny Whisper says nothing sensible, and says it exactly.


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pcm": np.zeros(481_600, np.float32)}, "30.1 s of speech at once"),
        ({"pcm": np.array([0.0, np.nan], np.float32)}, "no numbers"),
        ({"pcm": np.array([-np.inf], np.float32)}, "no numbers"),
        ({"pcm": np.zeros(16_000)}, "float32"),
        ({"pcm": np.zeros(16_000, np.int16)}, "float32"),
        ({"pcm": np.zeros((1, 16_000), np.float32)}, "one-dimensional"),
        ({"languages": ("en", "xx")}, "unknown language"),
        ({"n_best": 0}, "n_best is 0"),
        ({"n_best": 17}, "n_best is 17"),
        ({"beam": 0}, "beam is 0"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"temperature": -0.1}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"temperature": float("inf")}, "temperature"),
    ],
)
def test_a_request_that_cannot_be_served_is_refused(
    tiny: ListenerRuntime, change: dict[str, Any], words: str
) -> None:
    good = ListenRequest(noise(1))
    with pytest.raises(ModelError, match=words):
        tiny.transcribe([good, replace(good, **change)])


def test_a_sound_that_overflows_is_refused(tiny: ListenerRuntime) -> None:
    with pytest.raises(ModelError):
        one(tiny, noise(1, level=1e30), n_best=3)


def test_nothing_was_asked(tiny: ListenerRuntime) -> None:
    assert tiny.transcribe([]) == []


@pytest.mark.parametrize("samples", [0, 1, 319, 320, 321, 480_000])
def test_any_length_is_heard(tiny: ListenerRuntime, samples: int) -> None:
    transcript = one(tiny, noise(30)[:samples], n_best=2)
    assert transcript.window_samples == (480_000 if samples == 480_000 else 160_000)
    assert 1 <= len(transcript.hypotheses) <= 2
    for hypothesis in transcript.hypotheses:
        check_words(hypothesis, samples)


MIXED = [
    ListenRequest(noise(3, 1), max_tokens=20),
    ListenRequest(noise(20, 2), ("zh",), max_tokens=20),
    ListenRequest(noise(5, 3), n_best=5, max_tokens=20),
    ListenRequest(noise(0.5, 4), ("en", "fr"), n_best=3),
    ListenRequest(noise(2, 5, level=0.5), words=False),
    ListenRequest(noise(6, 6), max_tokens=3),
    ListenRequest(noise(3.5, 7), n_best=2),
]


def test_a_batch_answers_as_each_alone(tiny: ListenerRuntime) -> None:
    together = tiny.transcribe(MIXED)
    windows = [transcript.window_samples // RATE for transcript in together]
    assert windows == [10, 30, 11, 10, 10, 12, 10]
    for request, transcript in zip(MIXED, together, strict=True):
        same(transcript, tiny.transcribe([request])[0], 1e-3)
        check_scores(tiny, request, transcript, 1e-3)
    assert len({transcript.best.tokens for transcript in together}) > 3  # not all alike
    assert together[1].language == "zh"
    assert together[4].best.words == ()
    assert len(together[5].best.tokens) <= 3


def test_a_batch_of_int8_mixes_nothing_up(tiny8: ListenerRuntime) -> None:
    for request, transcript in zip(MIXED, tiny8.transcribe(MIXED), strict=True):
        # Rounding depends on how many rows there are, and the tiny one is seldom sure.
        check_scores(tiny8, request, transcript, 0.5)


def test_greedy_takes_the_likeliest_token(tiny: ListenerRuntime) -> None:
    request = ListenRequest(noise(2, 8), ("en",), max_tokens=6)
    (transcript,) = tiny.transcribe([request])
    said: list[int] = []
    while len(said) < 6:
        token = int(odds_after(tiny, request, transcript, said)[-1].argmax())
        if token == tiny.tokens.end:
            break
        said.append(token)
    assert list(transcript.best.tokens) == said
    assert transcript.best.complete == (len(said) < 6)


@pytest.mark.parametrize("temperature", [0.6, 1.0, 1.7])
def test_samples_are_scored_at_their_temperature(tiny: ListenerRuntime, temperature: float) -> None:
    requests = [
        ListenRequest(noise(2, seed), n_best=count, temperature=temperature, max_tokens=12)
        for seed, count in ((1, 5), (2, 1), (3, 3))
    ]
    for request, transcript in zip(requests, tiny.transcribe(requests), strict=True):
        assert len(transcript.hypotheses) == request.n_best
        check_scores(tiny, request, transcript, 1e-3)
        means = [hypothesis.mean_log_prob for hypothesis in transcript.hypotheses]
        assert means == sorted(means, reverse=True)


def test_samples_repeat_with_their_seed(tiny_folder: Path) -> None:
    def draw(seed: int) -> list[tuple[int, ...]]:
        runtime = ListenerRuntime(tiny_folder, variant="fp32", random=np.random.default_rng(seed))
        found = one(runtime, noise(1), n_best=4, temperature=1.0)
        return [hypothesis.tokens for hypothesis in found.hypotheses]

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)


def test_the_speech_bounds_its_tokens(tiny: ListenerRuntime) -> None:
    for seconds, most in ((0, 32), (2, 82), (30, 444)):
        request = ListenRequest(noise(seconds), max_tokens=10_000)
        assert tiny._limit(request) == most
    assert tiny._limit(ListenRequest(noise(2), max_tokens=5)) == 5


def changed(source: Path, out: Path, **change: Any) -> Path:
    """A copy of a listener's folder with another ``listener.json``."""
    shutil.copytree(source, out)
    ListenerConfig.read(out).model_copy(update=change).write(out)
    return out


def test_as_many_tokens_as_there_are_positions(
    tiny: ListenerRuntime, tiny_folder: Path, tmp_path: Path
) -> None:
    endless = changed(tiny_folder, tmp_path / "endless", suppress=(1, 2, 7, tiny.tokens.end))
    runtime = ListenerRuntime(endless, variant="fp32", random=np.random.default_rng(1))
    found = one(runtime, noise(30), n_best=2, max_tokens=10_000, temperature=2.0)
    for hypothesis in found.hypotheses:
        assert len(hypothesis.tokens) == 444
        assert not hypothesis.complete
        check_words(hypothesis, 30 * RATE)


@pytest.mark.parametrize(
    ("thresholds", "empty"), [((0.0, 0.0), True), ((1.0, 0.0), False), ((0.0, -99.0), False)]
)
def test_silence_takes_no_speech_and_no_confidence(
    tiny_folder: Path, tmp_path: Path, thresholds: tuple[float, float], empty: bool
) -> None:
    no_speech, log_prob = thresholds
    folder = changed(
        tiny_folder,
        tmp_path / "listener",
        no_speech_threshold=no_speech,
        log_prob_threshold=log_prob,
    )
    best = one(ListenerRuntime(folder, variant="fp32"), noise(1), n_best=2).best
    assert (best.text == "") == empty
    if empty:
        assert (best.tokens, best.words, best.complete) == ((), (), True)


def test_a_window_can_be_imposed(tiny_folder: Path) -> None:
    rule = WindowRule(minimum=2 * RATE, margin=0, sizes=(2 * RATE, 3 * RATE, 30 * RATE))
    runtime = ListenerRuntime(tiny_folder, variant="fp32", window=rule)
    found = runtime.transcribe([ListenRequest(noise(seconds)) for seconds in (3, 1, 4, 2.5)])
    assert [transcript.window_samples // RATE for transcript in found] == [3, 2, 30, 3]


@pytest.mark.parametrize("lost", ["encoder.onnx", "decoder.onnx"])
@pytest.mark.parametrize("content", [None, b"", b"not a graph" * 100])
def test_a_graph_that_is_missing_or_damaged_is_named(
    tiny_folder: Path, tmp_path: Path, lost: str, content: bytes | None
) -> None:
    folder = tmp_path / "listener"
    shutil.copytree(tiny_folder, folder)
    (folder / "int8" / lost).unlink()
    if content is not None:
        (folder / "int8" / lost).write_bytes(content)
    with pytest.raises(BundleError, match=f"{lost} cannot be loaded"):
        ListenerRuntime(folder)
    ListenerRuntime(folder, variant="fp32")


@pytest.mark.parametrize("lost", ["tokenizer.json", "listener.json"])
def test_a_file_that_is_missing_is_named(tiny_folder: Path, tmp_path: Path, lost: str) -> None:
    folder = tmp_path / "listener"
    shutil.copytree(tiny_folder, folder)
    (folder / lost).unlink()
    with pytest.raises(BundleError, match=lost):
        ListenerRuntime(folder)


def test_other_variants_are_refused(tiny_folder: Path) -> None:
    variant: Any = "int4"
    with pytest.raises(BundleError, match="fp32 or int8, not 'int4'"):
        ListenerRuntime(tiny_folder, variant=variant)


# The real one, on recordings of real people.


@pytest.mark.bundle
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_batch_of_recordings(
    listener: ListenerRuntime, recording: Recording, variant: Variant
) -> None:
    slack = 1e-2 if variant == "fp32" else 0.15  # int8 rounds otherwise with other rows
    requests = [ListenRequest(recording(name), ("en",)) for name in SPOKEN]
    together = listener.transcribe(requests)
    windows = [listener.config.window.window(len(request.pcm)) for request in requests]
    assert [transcript.window_samples for transcript in together] == windows
    for request, transcript, text in zip(requests, together, SPOKEN.values(), strict=True):
        assert plain(transcript.text) == text
        assert transcript.best.complete
        assert transcript.no_speech_probability < 0.3
        assert transcript.best.mean_log_prob > -0.5
        assert [plain(word.text) for word in transcript.best.words] == text.split()
        check_words(transcript.best, len(request.pcm))
        same(transcript, listener.transcribe([request])[0], slack)
    check_scores(listener, requests[0], together[0], slack)


@pytest.mark.bundle
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_best_of_five_is_at_least_the_greedy_one(
    listener: ListenerRuntime, recording: Recording, variant: Variant
) -> None:
    pcms = [recording("vm-leavemsg"), recording("tt-weasels")]
    slack = 1e-3 if variant == "fp32" else 0.02
    for found, greedy in zip(
        listener.transcribe([ListenRequest(pcm, ("en",), n_best=5) for pcm in pcms]),
        listener.transcribe([ListenRequest(pcm, ("en",)) for pcm in pcms]),
        strict=True,
    ):
        assert len({hypothesis.tokens for hypothesis in found.hypotheses}) == 5
        means = [hypothesis.mean_log_prob for hypothesis in found.hypotheses]
        assert means == sorted(means, reverse=True)
        assert found.best.mean_log_prob >= greedy.best.mean_log_prob - slack
        assert plain(found.text).split()[-3:] == plain(greedy.text).split()[-3:]


@pytest.mark.bundle
def test_samples_of_the_real_one(bundle: Path, recording: Recording) -> None:
    runtime = ListenerRuntime(bundle / "listener", random=np.random.default_rng(1))
    pcm = recording("conf-kicked")
    said = SPOKEN["conf-kicked"]
    cold, warm, hot = (
        one(runtime, pcm, "en", n_best=4, temperature=heat, words=False, max_tokens=12).hypotheses
        for heat in (1e-3, 0.7, 4.0)
    )
    assert [plain(hypothesis.text) for hypothesis in cold] == [said] * 4
    assert plain(warm[0].text) == said
    assert not any(plain(hypothesis.text) == said for hypothesis in hot)
    assert len({hypothesis.tokens for hypothesis in hot}) == 4


@pytest.mark.bundle
@pytest.mark.parametrize("among", [("en", "es", "fr"), ()])
def test_the_language_is_heard(
    int8: ListenerRuntime, recording: Recording, among: tuple[str, ...]
) -> None:
    spoken = {"en": "user's mailbox", "es": "lo siento pero", "fr": "désolé mais cette"}
    pcms = [recording("vm-mailboxfull", language) for language in spoken]
    found = int8.transcribe([ListenRequest(pcm, among, words=False) for pcm in pcms])
    for transcript, (language, words) in zip(found, spoken.items(), strict=True):
        assert transcript.language == language
        assert transcript.language_probability > 0.9
        assert words in plain(transcript.text)


@pytest.mark.bundle
def test_the_language_that_was_asked_for_is_taken(
    int8: ListenerRuntime, recording: Recording
) -> None:
    transcript = one(int8, recording("vm-mailboxfull"), "fr", words=False)
    assert transcript.language == "fr"
    assert transcript.language_probability < 0.1


@pytest.mark.bundle
@pytest.mark.parametrize("variant", VARIANTS)
def test_silence_and_noise_are_no_speech(listener: ListenerRuntime, variant: Variant) -> None:
    sounds = [
        np.zeros(0, np.float32),
        np.zeros(2 * RATE, np.float32),
        noise(1, level=0.03),
        noise(3, level=0.3),
        noise(9, level=0.1),
    ]
    found = listener.transcribe([ListenRequest(pcm, ("en",)) for pcm in sounds])
    for pcm, transcript in zip(sounds, found, strict=True):
        assert transcript.no_speech_probability > 0.6
        assert len(transcript.best.tokens) <= 2
        assert len(transcript.text) <= 4
        check_words(transcript.best, len(pcm))


@pytest.mark.bundle
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_loop_is_no_part_of_a_transcript(
    listener: ListenerRuntime, recording: Recording, variant: Variant
) -> None:
    requests = [
        ListenRequest(recording("vm-review-nonurgent"), ("en",)),
        ListenRequest(noise(1, level=0.3)),
    ]
    spoken, silent = listener.transcribe(requests)
    assert loop_length(spoken.best.tokens) == 0
    assert plain(spoken.text) == "press 4 to remove the urgent status of this message"
    assert loop_length(silent.best.tokens) == 0


@pytest.mark.bundle
def test_words_are_where_the_voice_is(
    int8: ListenerRuntime, bundle: Path, recording: Recording
) -> None:
    model = VoiceModel(next((bundle / "vad").glob("*.onnx")))
    requests = [ListenRequest(recording(name), ("en",)) for name in SPOKEN]
    for request, transcript in zip(requests, int8.transcribe(requests), strict=True):
        hops = speech_probabilities(model, (request.pcm * 32767).astype(np.int16))
        voiced = np.flatnonzero(hops > 0.5) * 512
        words = transcript.best.words
        assert abs(words[0].start - voiced[0]) < 0.4 * RATE
        assert abs(words[-1].end - (voiced[-1] + 512)) < 0.4 * RATE
        for before, after in pairwise(words):
            assert voiced[0] < before.end
            assert after.start < voiced[-1]
            assert after.start - before.start >= 0.06 * RATE


@pytest.mark.bundle
def test_words_move_with_their_sound(int8: ListenerRuntime, recording: Recording) -> None:
    pcm, late = recording("conf-getchannel"), 2 * RATE
    moved = np.concatenate([np.zeros(late, np.float32), pcm, np.zeros(RATE, np.float32)])
    before, after = int8.transcribe([ListenRequest(sound, ("en",)) for sound in (pcm, moved)])
    assert plain(after.text) == plain(before.text)
    for old, new in zip(before.best.words[1:], after.best.words[1:], strict=True):
        assert abs(new.start - late - old.start) <= 0.1 * RATE


@pytest.mark.bundle
def test_a_pause_parts_the_words_around_it(int8: ListenerRuntime, recording: Recording) -> None:
    first, second = recording("conf-kicked"), recording("vm-dialout")
    pause = (len(first), len(first) + 3 * RATE // 2)
    pcm = np.concatenate([first, np.zeros(3 * RATE // 2, np.float32), second])
    words = one(int8, pcm, "en").best.words
    texts = [plain(word.text) for word in words]
    assert texts == [
        *SPOKEN["conf-kicked"].split(),
        *("please", "wait", "while", "i", "connect", "your", "call"),
    ]
    assert words[6].start < pause[0]
    assert words[7].start < pause[1] + RATE // 10  # or it is when the word after it begins
    assert words[7].end > pause[1]
    assert all(word.start > pause[1] for word in words[8:])


def test_what_nobody_waits_for_stops_at_once(int8: ListenerRuntime) -> None:
    request, abandon = ListenRequest(noise(3), ("en",)), Abandon()
    whole = time.perf_counter()
    int8.transcribe([request])
    whole = time.perf_counter() - whole
    threading.Timer(whole / 5, abandon.set).start()
    begin = time.perf_counter()
    with pytest.raises(AbandonedError):
        int8.transcribe([request], abandon)
    assert time.perf_counter() - begin < 0.8 * whole
    assert one(int8, request.pcm, "en").window_samples, "the next one is not touched"
