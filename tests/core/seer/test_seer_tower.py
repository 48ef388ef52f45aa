"""The tower's graph, and the reading of its checkpoint, against PyTorch."""

import io
import pickle

import numpy as np
import onnxruntime
import pytest
import torch
from torch.nn import functional

from talkover.core.errors import WeightsError
from talkover.core.seer.pth import parse_pth, read_pth
from talkover.core.seer.tower import PIXELS, SIDE, WIDTH, tower_graph
from talkover.core.settings import load_settings
from talkover.core.weights import require
from talkover.core.weights.catalog import SEER

STAGES = [  # Tan and Le 2019, table 1: repeats, kernel, stride, widening, channels
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
]
BLOCKS = [
    (kernel, stride if repeat == 0 else 1, widening, channels)
    for repeats, kernel, stride, widening, channels in STAGES
    for repeat in range(repeats)
]


def made_up(seed=0):
    """A checkpoint of that network, with any numbers."""
    random = torch.Generator().manual_seed(seed)
    state = {}

    def layer(convolution, norm, out, into, kernel):
        scale = (into * kernel * kernel) ** -0.5
        weight = torch.randn(out, into, kernel, kernel, generator=random)
        state[f"{convolution}.weight"] = 2 * scale * weight
        for name in ("weight", "bias", "running_mean", "running_var"):
            state[f"{norm}.{name}"] = torch.rand(out, generator=random) + 0.2
        state[f"{norm}.num_batches_tracked"] = torch.tensor(7)

    layer("_conv_stem", "_bn0", 32, 3, 3)
    before = 32
    for number, (kernel, _, widening, after) in enumerate(BLOCKS):
        name, wide = f"_blocks.{number}", before * widening
        if widening > 1:
            layer(f"{name}._expand_conv", f"{name}._bn0", wide, before, 1)
        layer(f"{name}._depthwise_conv", f"{name}._bn1", wide, 1, kernel)
        layer(f"{name}._project_conv", f"{name}._bn2", after, wide, 1)
        before = after
    return state


def packed(state):
    file = io.BytesIO()
    torch.save(state, file, _use_new_zipfile_serialization=False)
    return file.getvalue()


@torch.no_grad()
def by_torch(state, rgb):
    """The published recipe, unfolded, for a picture of 224 x 224."""

    def layer(x, convolution, norm, stride=1):
        weight = state[f"{convolution}.weight"]
        extra = max(weight.shape[-1] - stride, 0)  # TensorFlow's "same", for even sides
        before = extra // 2
        x = functional.pad(x, (before, extra - before, before, extra - before))
        groups = x.shape[1] if weight.shape[1] == 1 else 1
        x = functional.conv2d(x, weight, stride=stride, groups=groups)
        mean, variance = state[f"{norm}.running_mean"], state[f"{norm}.running_var"]
        gain, shift = state[f"{norm}.weight"], state[f"{norm}.bias"]
        return functional.batch_norm(x, mean, variance, gain, shift, eps=1e-3)

    x = torch.from_numpy(rgb.astype(np.float32).transpose(2, 0, 1)[None])
    x = functional.relu6(layer((x - 127) / 128, "_conv_stem", "_bn0", 2))
    maps = []
    for number, (_, stride, widening, _) in enumerate(BLOCKS):
        name, y = f"_blocks.{number}", x
        if widening > 1:
            y = functional.relu6(layer(y, f"{name}._expand_conv", f"{name}._bn0"))
        y = functional.relu6(layer(y, f"{name}._depthwise_conv", f"{name}._bn1", stride))
        y = layer(y, f"{name}._project_conv", f"{name}._bn2")
        x = x + y if x.shape == y.shape else y
        maps.append(x)
    return maps[10], maps[15]


def by_graph(weights, rgb):
    graph = tower_graph(weights).SerializeToString()
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    (features,) = session.run(None, {"rgb": rgb})
    assert features.shape == (SIDE * SIDE, WIDTH)
    return features.T.reshape(WIDTH, SIDE, SIDE)


def noise(height=PIXELS, width=PIXELS):
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), np.uint8)


def compare(state, weights, rgb, off):
    fine, coarse = by_torch(state, rgb)
    features = by_graph(weights, rgb)
    scale = float(fine.abs().max())
    np.testing.assert_allclose(features[:112], fine[0].numpy(), atol=off * scale)
    for row in (0, 1):
        for column in (0, 1):
            part = features[112:432, row::2, column::2]
            np.testing.assert_allclose(part, coarse[0].numpy(), atol=off * scale)


def test_the_graph_is_the_network_of_the_paper():
    state = made_up()
    compare(state, parse_pth(packed(state)), noise(), 2e-3)  # any numbers: roundings add up


def test_a_picture_of_any_size_is_made_to_fit():
    weights = {name: tensor.numpy() for name, tensor in made_up().items()}
    colour, other = (200, 40, 90), (40, 200, 90)
    sizes = [(PIXELS, PIXELS), (80, 300), (640, 8)]
    first, *rest = (by_graph(weights, np.full((*size, 3), colour, np.uint8)) for size in sizes)
    away = np.abs(by_graph(weights, np.full((64, 64, 3), other, np.uint8)) - first).max()
    for features in rest:
        assert np.abs(features - first).max() < 0.01 * away


def test_a_place_shows_its_colours():
    weights = {name: tensor.numpy() for name, tensor in made_up().items()}
    rgb = noise()
    found = by_graph(weights, rgb)[432:].reshape(4, 4, 3, SIDE, SIDE)
    few = rgb.reshape(SIDE, 4, 4, SIDE, 4, 4, 3).astype(np.float32).mean(axis=(2, 5))
    expected = (few.transpose(1, 3, 4, 0, 2) - 127) / 128  # row, column and colour within a place
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_checkpoint_of_another_network_is_named():
    weights = {name: tensor.numpy() for name, tensor in made_up().items()}
    del weights["_blocks.3._project_conv.weight"]
    with pytest.raises(WeightsError, match=r"_blocks\.3\._project_conv\.weight"):
        tower_graph(weights)


def test_tensors_come_out_as_torch_put_them_in():
    whole = torch.arange(24, dtype=torch.float32)
    state = {
        "plain": whole.reshape(2, 3, 4),
        "turned": whole.reshape(4, 6).t(),
        "part": whole[3:9],
        "count": torch.tensor(5),
    }
    found = parse_pth(packed(state))
    assert found.keys() == state.keys()
    for name, tensor in state.items():
        assert found[name].shape == tuple(tensor.shape)
        np.testing.assert_array_equal(found[name], tensor.numpy())


class Evil:
    def __reduce__(self):
        return (open, ("talkover-was-here", "w"))


@pytest.mark.parametrize("protocol", [2, 4])
def test_what_would_run_is_refused_and_does_not_run(protocol, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    magic, version, machine = (pickle.dumps(value, 2) for value in (_MAGIC, 1001, {}))
    data = magic + version + machine + pickle.dumps({"x": Evil()}, protocol)
    with pytest.raises(WeightsError, match="not a checkpoint"):
        parse_pth(data)
    assert not list(tmp_path.iterdir())


_MAGIC = 0x1950A86A20F9469CFC6C


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what the flips spell
def test_every_cut_and_every_flip_is_an_error_of_ours_or_harmless():
    data = packed({"a": torch.ones(3, 2), "b": torch.tensor(1)})
    for end in range(len(data)):
        with pytest.raises(WeightsError):
            parse_pth(data[:end])
    with pytest.raises(WeightsError, match="follow its end"):
        parse_pth(data + b"\0")
    random = np.random.default_rng(0)
    for _ in range(300):
        flipped = bytearray(data)
        flipped[random.integers(len(data))] = random.integers(256)
        try:
            found = parse_pth(bytes(flipped))
        except WeightsError:
            continue
        assert sum(array.size for array in found.values()) <= 7


@pytest.mark.parametrize("content", [b"", b"PK\3\4", bytes(100)])
def test_other_files_are_refused(content, tmp_path):
    (tmp_path / "x.pth").write_bytes(content)
    with pytest.raises(WeightsError, match="fetch"):
        read_pth(tmp_path / "x.pth")
    with pytest.raises(WeightsError, match="cannot be read"):
        read_pth(tmp_path / "nowhere.pth")


@pytest.mark.bundle
def test_the_published_network_knows_an_officer():
    """Its head, which the tower leaves away, says what a portrait is of (ImageNet's class 652)."""
    import matplotlib as mpl
    from PIL import Image

    try:
        folder = require(load_settings().data_dir, SEER)
    except WeightsError as error:
        pytest.skip(f"no weights: {error}")
    path = folder / SEER.files[0].name
    weights, state = read_pth(path), torch.load(path, weights_only=True)
    assert weights.keys() == state.keys()
    portrait = Image.open(f"{mpl.get_data_path()}/sample_data/grace_hopper.jpg")
    rgb = np.asarray(portrait.convert("RGB").resize((PIXELS, PIXELS)))
    compare(state, weights, rgb, 1e-5)
    features = torch.from_numpy(by_graph(weights, rgb)[None, 112:432, ::2, ::2].copy())
    head = functional.conv2d(features, state["_conv_head.weight"])
    norm = [state[f"_bn1.{name}"] for name in ("running_mean", "running_var", "weight", "bias")]
    pooled = functional.relu6(functional.batch_norm(head, *norm, eps=1e-3)).mean((2, 3))
    scores = functional.linear(pooled, state["_fc.weight"], state["_fc.bias"])
    assert int(scores.argmax()) == 652
