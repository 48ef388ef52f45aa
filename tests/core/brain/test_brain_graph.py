import numpy as np
import onnx
import onnxruntime
import pytest

from talkover.core.brain import BrainRuntime
from talkover.core.brain.build import build_brain
from talkover.core.brain.config import CONFIG, GRAPH, TOKENIZER
from talkover.core.brain.graph import buffer_names, build_graph
from talkover.core.brain.weights import GgufWeights
from talkover.core.errors import BundleError, WeightsError

TOKENS = [1, 70, 5, 9, 200, 33, 33, 2, 90, 17]


def reference(weights, tokens):
    """The decoder in plain numpy, float64, straight from the papers: logits ``[T, vocabulary]``."""
    shape = weights.architecture()

    def matrix(name):
        return weights.matrix(f"{name}.weight").astype(np.float64)

    def norm(x, name):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + shape.epsilon) * matrix(name)

    frequencies = shape.rope_theta ** (-np.arange(0, shape.head, 2) / shape.head)
    turn = np.exp(1j * np.arange(len(tokens))[:, None] * frequencies)

    def rotate(x):  # [heads, T, head], neighbours are a pair
        pairs = (x[..., 0::2] + 1j * x[..., 1::2]) * turn
        return np.stack([pairs.real, pairs.imag], -1).reshape(x.shape)

    def heads(x):
        return x.reshape(len(tokens), -1, shape.head).transpose(1, 0, 2)

    x = matrix("token_embd")[tokens]
    future = np.triu(np.full((len(tokens), len(tokens)), -np.inf), 1)
    for layer in range(shape.layers):
        at = f"blk.{layer}"
        h = norm(x, f"{at}.attn_norm")
        q, k, v = (heads(h @ matrix(f"{at}.attn_{n}").T) for n in "qkv")
        groups = shape.heads // shape.kv_heads
        k, v = (np.repeat(a, groups, 0) for a in (rotate(k), v))
        scores = rotate(q) @ k.transpose(0, 2, 1) / np.sqrt(shape.head) + future
        odds = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = odds / odds.sum(-1, keepdims=True) @ v
        x = x + mixed.transpose(1, 0, 2).reshape(len(tokens), -1) @ matrix(f"{at}.attn_output").T
        h = norm(x, f"{at}.ffn_norm")
        gate = h @ matrix(f"{at}.ffn_gate").T
        gated = gate / (1 + np.exp(-gate)) * (h @ matrix(f"{at}.ffn_up").T)
        x = x + gated @ matrix(f"{at}.ffn_down").T
    return norm(x, "output_norm") @ matrix("token_embd").T


def run(model, shape, tokens, chunk):
    """The graph's logits after every chunk."""
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    binding = session.io_binding()
    keep = []
    for past, present in buffer_names(shape):
        array = np.zeros((1, shape.kv_heads, 32, shape.head), np.float32)
        value = onnxruntime.OrtValue.ortvalue_from_numpy(array)
        keep.append((array, value))
        binding.bind_ortvalue_input(past, value)
        binding.bind_ortvalue_output(present, value)
    binding.bind_output("logits")
    found = []
    for start in range(0, len(tokens), chunk):
        binding.bind_cpu_input("tokens", np.array([tokens[start : start + chunk]], np.int64))
        binding.bind_cpu_input("cached", np.array([start], np.int32))
        session.run_with_iobinding(binding)
        found.append(binding.get_outputs()[-1].numpy()[0].copy())
    return found


@pytest.mark.parametrize("chunk", [1, 3, 10])
def test_the_graph_computes_what_the_papers_say(tiny_gguf, chunk):
    weights = GgufWeights(tiny_gguf)
    expected = reference(weights, TOKENS)
    found = run(build_graph(weights, "fp32"), weights.architecture(), TOKENS, chunk)
    ends = [min(start + chunk, len(TOKENS)) - 1 for start in range(0, len(TOKENS), chunk)]
    np.testing.assert_allclose(found, expected[ends], atol=2e-4)


def test_int8_stays_close(tiny_gguf):
    weights = GgufWeights(tiny_gguf)
    expected = reference(weights, TOKENS)[-1]
    (found,) = run(build_graph(weights, "int8"), weights.architecture(), TOKENS, 10)
    assert np.abs(found - expected).max() < 0.05 * np.abs(expected).max()


def test_a_built_folder_is_whole(tiny_gguf, tmp_path):
    said = []
    build_brain(tiny_gguf, tmp_path / "brain", progress=said.append)
    assert {path.name for path in (tmp_path / "brain").iterdir()} == {GRAPH, TOKENIZER, CONFIG}
    model = onnx.load(tmp_path / "brain" / GRAPH, load_external_data=False)
    assert not any(tensor.external_data for tensor in model.graph.initializer)
    runtime = BrainRuntime(tmp_path / "brain", threads=1)
    assert runtime.config.precision == "int8"
    assert runtime.config.stop == (0, 1, 2)
    assert said


def test_building_twice_gives_the_same_bytes(tiny_gguf, tmp_path):
    for name in ("a", "b"):
        build_brain(tiny_gguf, tmp_path / name)
    for file in (GRAPH, TOKENIZER, CONFIG):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


@pytest.mark.parametrize("content", [b"", b"GGUF", b"GGUF" + bytes(200), b"not weights" * 100])
def test_a_file_that_is_no_gguf_is_named(tmp_path, content):
    path = tmp_path / "broken.gguf"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"broken\.gguf"):
        build_brain(path, tmp_path / "out")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"arch": "gemma"}, "not a Llama"),
        ({"pre": "tekken"}, "pre-tokenisation"),
        ({"without": "blk.1.ffn_up"}, r"blk\.1\.ffn_up"),
    ],
)
def test_other_models_are_refused(make_gguf, tmp_path, changes, words):
    path = make_gguf(tmp_path / "other.gguf", **changes)
    with pytest.raises(WeightsError, match=words):
        build_brain(path, tmp_path / "out")


@pytest.mark.parametrize("damaged", [GRAPH, TOKENIZER, CONFIG])
def test_a_damaged_folder_is_refused(tiny_gguf, tmp_path, damaged):
    build_brain(tiny_gguf, tmp_path)
    (tmp_path / damaged).write_bytes(b"{}")
    with pytest.raises(BundleError):
        BrainRuntime(tmp_path, threads=1)
    (tmp_path / damaged).unlink()
    with pytest.raises(BundleError):
        BrainRuntime(tmp_path, threads=1)


def test_a_foreign_graph_is_refused(tiny_gguf, tmp_path):
    build_brain(tiny_gguf, tmp_path)
    info = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    out = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    node = onnx.helper.make_node("Identity", ["x"], ["y"])
    graph = onnx.helper.make_graph([node], "g", [info], [out])
    opsets = [onnx.helper.make_opsetid("", 21)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opsets, ir_version=10), tmp_path / GRAPH)
    with pytest.raises(BundleError, match="not a brain of ours"):
        BrainRuntime(tmp_path, threads=1)
