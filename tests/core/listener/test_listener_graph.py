from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from talkover.core.clock import FRAME, RATE
from talkover.core.errors import ModelError, WeightsError
from talkover.core.listener import VARIANTS, Variant
from talkover.core.listener.decoder import Decoding, Value, item_of, run_bound
from talkover.core.listener.graph import build_decoder, build_encoder

Arrays = Mapping[str, NDArray[Any]]
Floats = NDArray[np.float32]

HEADS = [(1, 1), (0, 0), (1, 0)]  # not in the order of the layers
BY_LAYER = [(0, 0), (1, 1), (1, 0)]
TOKENS = [257, 258, 262, 266, 70, 5, 9, 200, 33, 33, 2, 90, 17]
OTHERS = [257, 260, 262, 266, 1, 44, 44, 130, 7, 99, 255, 0, 31]


class Graphs:
    """The two graphs of the tiny Whisper, in one variant."""

    def __init__(self, weights: Arrays, variant: Variant) -> None:
        self.encoder = self._session(build_encoder(weights, variant))
        self.decoder = self._session(build_decoder(weights, HEADS, variant))

    @staticmethod
    def _session(model: Any) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # what it is made to refuse is no news
        return onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    def hear(self, pcm: Floats) -> dict[str, Value]:
        return run_bound(self.encoder, {"pcm": pcm}, {})

    def open(self, cross: dict[str, Value], items: int = 1) -> Decoding:
        return Decoding(self.decoder, cross, items)


Graph = Callable[[Variant], Graphs]


@pytest.fixture(scope="module")
def graphs(tiny_weights: Arrays) -> Graph:
    made = {variant: Graphs(tiny_weights, variant) for variant in VARIANTS}
    return lambda variant: made[variant]


@pytest.fixture(scope="module")
def pcm() -> Floats:
    """Two different sounds of 10 s."""
    random = np.random.default_rng(6)
    time = np.arange(10 * RATE) / RATE
    tone = 0.4 * np.sin(2 * np.pi * 300 * time * (1 + 0.02 * time))
    return np.stack([random.normal(0, 0.1, len(time)), tone]).astype(np.float32)


def reference(whisper: Any, pcm: Floats, tokens: Sequence[int]) -> tuple[Floats, Floats]:
    """Logits [tokens, vocabulary] and the heads' attention [heads, tokens, frames]."""
    import torch
    import transformers

    hf: Any = transformers  # its types are half a promise
    seconds = len(pcm) // RATE
    config = hf.WhisperConfig(**{**whisper.config.to_dict(), "max_source_positions": 50 * seconds})
    config._attn_implementation = "eager"
    state = whisper.state_dict()
    table = "model.encoder.embed_positions.weight"
    state[table] = state[table][: 50 * seconds]
    model = hf.WhisperForConditionalGeneration(config).eval()
    model.load_state_dict(state)
    features = hf.WhisperFeatureExtractor(chunk_length=seconds)(
        pcm, sampling_rate=RATE, return_tensors="pt"
    )
    with torch.no_grad():
        found = model(
            input_features=features["input_features"],
            decoder_input_ids=torch.tensor([tokens]),
            output_attentions=True,
        )
    looked = [found.cross_attentions[layer][0, head].numpy() for layer, head in BY_LAYER]
    logits: Floats = found.logits[0].numpy()
    return logits, np.stack(looked)


def everything(decoding: Decoding, tokens: Sequence[Sequence[int]]) -> Floats:
    array = np.array(tokens, np.int64)
    return decoding.read(array, range(array.shape[1]))


def close(found: Floats, expected: Floats, share: float) -> None:
    assert np.abs(found - expected).max() < share * np.abs(expected).max()


@pytest.mark.parametrize("seconds", [2, 10, 30])
def test_the_graphs_compute_what_transformers_does(
    graphs: Graph, whisper: Any, seconds: int
) -> None:
    sound = np.random.default_rng(seconds).normal(0, 0.1, seconds * RATE).astype(np.float32)
    logits, looked = reference(whisper, sound, TOKENS)
    decoding = graphs("fp32").open(graphs("fp32").hear(sound[None]))
    found = everything(decoding, [TOKENS])
    assert np.abs(logits).max() > 3  # there is something to be compared
    np.testing.assert_allclose(found[0], logits, atol=1e-3)
    np.testing.assert_allclose(decoding.alignment[0], looked, atol=1e-4)


def test_int8_stays_close(graphs: Graph, whisper: Any, pcm: Floats) -> None:
    expected, _ = reference(whisper, pcm[1], TOKENS)
    cross = graphs("int8").hear(pcm[1:])
    found = everything(graphs("int8").open(cross), [TOKENS])[0]
    close(found, expected, 0.08)
    assert np.abs(found - expected).max() > 1e-4  # or it is not int8 at all
    full = graphs("fp32").hear(pcm[1:])
    for name, value in cross.items():
        close(value.numpy(), full[name].numpy(), 0.08)


@pytest.mark.parametrize("variant", VARIANTS)
def test_outputs_have_their_shapes(graphs: Graph, pcm: Floats, variant: Variant) -> None:
    cross = graphs(variant).hear(pcm[:, : 4 * RATE])
    assert {name: value.shape() for name, value in cross.items()} == {
        f"cross_{kind}_{layer}": [2, 2, 200, 64] for kind in ("key", "value") for layer in (0, 1)
    }
    decoding = graphs(variant).open(cross, 2)
    assert decoding.read(np.array([TOKENS, OTHERS], np.int64), (3, -1)).shape == (2, 2, 272)
    assert decoding.alignment.shape == (2, 3, len(TOKENS), 200)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("steps", [[1] * 13, [4, 1, 1, 7], [12, 1]])
def test_token_by_token_is_all_at_once(
    graphs: Graph, pcm: Floats, variant: Variant, steps: list[int]
) -> None:
    cross = graphs(variant).hear(pcm[:1])
    whole = graphs(variant).open(cross)
    expected = everything(whole, [TOKENS])
    stepwise = graphs(variant).open(cross)
    logits, looked, begin = [], [], 0
    for step in steps:
        logits.append(everything(stepwise, [TOKENS[begin : begin + step]]))
        looked.append(stepwise.alignment)
        begin += step
    assert begin == len(TOKENS)
    np.testing.assert_allclose(np.concatenate(looked, 2), whole.alignment, atol=2e-3)
    close(np.concatenate(logits, 1), expected, 1e-4 if variant == "fp32" else 0.02)


def test_only_the_wanted_positions_have_logits(graphs: Graph, pcm: Floats) -> None:
    cross = graphs("fp32").hear(pcm[:1])
    expected = everything(graphs("fp32").open(cross), [TOKENS])[0]
    for at in ((-1,), (0,), (3, -2), (12, 12, 0)):
        (found,) = graphs("fp32").open(cross).read(np.array([TOKENS], np.int64), at)
        np.testing.assert_allclose(found, expected[list(at)], atol=1e-4)
    (found,) = graphs("fp32").open(cross).read(np.array([TOKENS], np.int64))
    np.testing.assert_allclose(found, expected[-1:], atol=1e-4)


@pytest.mark.parametrize("variant", VARIANTS)
def test_attention_is_shared_out(graphs: Graph, pcm: Floats, variant: Variant) -> None:
    decoding = graphs(variant).open(graphs(variant).hear(pcm), 2)
    decoding.read(np.array([TOKENS, OTHERS], np.int64))
    assert (decoding.alignment >= 0).all()
    np.testing.assert_allclose(decoding.alignment.sum(axis=-1), 1, atol=1e-5)


def test_sounds_of_a_batch_do_not_mix(graphs: Graph, pcm: Floats) -> None:
    both = graphs("fp32").open(graphs("fp32").hear(pcm), 2)
    found = everything(both, [TOKENS, OTHERS])
    for row, tokens in enumerate((TOKENS, OTHERS)):
        alone = graphs("fp32").open(graphs("fp32").hear(pcm[row : row + 1]))
        np.testing.assert_allclose(found[row], everything(alone, [tokens])[0], atol=1e-4)
        np.testing.assert_allclose(both.alignment[row], alone.alignment[0], atol=1e-5)


@pytest.mark.parametrize("variant", VARIANTS)
def test_several_rows_share_a_sound(graphs: Graph, pcm: Floats, variant: Variant) -> None:
    parts = [graphs(variant).hear(pcm[row : row + 1]) for row in (0, 1)]
    texts = [[TOKENS[:4], t[4:8], t[8:]] for t in (TOKENS, OTHERS, OTHERS[::-1], TOKENS[::-1])]
    decoding = graphs(variant).open(graphs(variant).hear(pcm[:2]), 2)
    everything(decoding, [TOKENS[:4]] * 2)
    decoding.keep(None, [0, 0, 1, 1])
    everything(decoding, [text[1] for text in texts])
    found = everything(decoding, [text[2] for text in texts])
    looked = decoding.alignment
    for row, text in enumerate(texts):
        alone = graphs(variant).open(parts[row // 2])
        for part in text:
            expected = everything(alone, [part])[0]
        close(found[row], expected, 1e-4)
        np.testing.assert_allclose(looked[row], alone.alignment[0], atol=1e-4)


@pytest.mark.parametrize("variant", VARIANTS)
def test_rows_and_sounds_can_be_left_and_doubled(
    graphs: Graph, pcm: Floats, variant: Variant
) -> None:
    parts = [graphs(variant).hear(pcm[row : row + 1]) for row in (0, 1)]
    decoding = graphs(variant).open(graphs(variant).hear(pcm[:2]), 2)
    everything(decoding, [TOKENS[:6], OTHERS[:6]])
    decoding.keep([1], [1, 1])
    everything(decoding, [[7], [8]])
    decoding.keep(None, [1, 0])
    found = everything(decoding, [[9], [9]])
    for row, token in enumerate((8, 7)):
        alone = graphs(variant).open(parts[1])
        expected = everything(alone, [[*OTHERS[:6], token, 9]])[0, -1:]
        close(found[row], expected, 1e-4 if variant == "fp32" else 0.02)


def test_an_item_of_a_batch(graphs: Graph, pcm: Floats) -> None:
    cross = graphs("fp32").hear(pcm)
    for row in (0, 1):
        for name, value in item_of(cross, row).items():
            np.testing.assert_array_equal(value.numpy(), cross[name].numpy()[row : row + 1])


def test_more_sound_or_tokens_than_positions_are_refused(graphs: Graph) -> None:
    with pytest.raises(ModelError, match="refused its input"):
        graphs("fp32").hear(np.zeros((1, 30 * RATE + FRAME), np.float32))
    cross = graphs("fp32").hear(np.zeros((1, 2 * RATE), np.float32))
    assert graphs("fp32").open(cross).read(np.zeros((1, 448), np.int64)).shape == (1, 1, 272)
    with pytest.raises(ModelError, match="refused its input"):
        graphs("fp32").open(cross).read(np.zeros((1, 449), np.int64))


@pytest.mark.parametrize("heads", [[], [(2, 0)], [(0, 2)], [(0, 0), (-1, 0)], [(0, -1)]])
def test_alignment_heads_must_exist(tiny_weights: Arrays, heads: list[tuple[int, int]]) -> None:
    with pytest.raises(WeightsError, match="alignment heads"):
        build_decoder(tiny_weights, heads, "fp32")


@pytest.mark.parametrize("build", [build_encoder, lambda w, v: build_decoder(w, HEADS, v)])
def test_incomplete_weights_are_refused(tiny_weights: Arrays, build: Callable[..., Any]) -> None:
    name = "decoder/layer_1/attention/linear_1/bias"
    rest = {key: array for key, array in tiny_weights.items() if key != name}
    with pytest.raises(WeightsError, match=name):
        build(rest, "fp32")
