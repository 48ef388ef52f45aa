from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from talkover.core.errors import WeightsError
from talkover.core.listener.weights import from_state_dict, shape_of, to_state_dict

Arrays = Mapping[str, NDArray[Any]]


def without(arrays: Arrays, name: str) -> dict[str, NDArray[Any]]:
    return {key: array for key, array in arrays.items() if key != name}


def test_a_state_dict_comes_back(tiny_state: Arrays) -> None:
    back = to_state_dict(from_state_dict(tiny_state))
    assert set(back) == set(tiny_state)
    for name, array in tiny_state.items():
        np.testing.assert_array_equal(back[name], array, err_msg=name)


def test_weights_come_back(tiny_weights: Arrays) -> None:
    back = from_state_dict(to_state_dict(tiny_weights))
    assert set(back) == set(tiny_weights)
    for name, array in tiny_weights.items():
        assert back[name].dtype == np.float32
        np.testing.assert_array_equal(back[name], array, err_msg=name)


def test_a_state_dict_without_its_prefix_is_the_same(
    tiny_state: Arrays, tiny_weights: Arrays
) -> None:
    bare = {name.removeprefix("model."): array for name, array in tiny_state.items()}
    found = from_state_dict(bare)
    for name, array in tiny_weights.items():
        np.testing.assert_array_equal(found[name], array, err_msg=name)


def test_what_is_fused(tiny_state: Arrays, tiny_weights: Arrays) -> None:
    own = "model.decoder.layers.1.self_attn"
    fused = tiny_weights["decoder/layer_1/self_attention/linear_0/weight"]
    for row, part in enumerate(("q_proj", "k_proj", "v_proj")):
        rows = fused[128 * row : 128 * (row + 1)]
        np.testing.assert_array_equal(rows, tiny_state[f"{own}.{part}.weight"])
    bias = tiny_weights["decoder/layer_1/self_attention/linear_0/bias"]
    np.testing.assert_array_equal(bias[128:256], 0)
    np.testing.assert_array_equal(bias[256:], tiny_state[f"{own}.v_proj.bias"])


def test_the_size_is_read_off(tiny_weights: Arrays) -> None:
    shape = shape_of(tiny_weights)
    assert (shape.encoder_layers, shape.decoder_layers) == (2, 2)
    assert (shape.width, shape.heads, shape.mels) == (128, 2, 80)
    assert (shape.frames, shape.positions) == (1500, 448)
    assert shape.vocabulary == len(tiny_weights["decoder/embeddings/weight"])


def test_a_missing_array_names_itself(tiny_weights: Arrays) -> None:
    for name in tiny_weights:
        with pytest.raises(WeightsError, match=f"lack {name};"):
            shape_of(without(tiny_weights, name))


def test_a_model_has_layers(tiny_weights: Arrays) -> None:
    for side in ("encoder", "decoder"):
        bare = {n: array for n, array in tiny_weights.items() if f"{side}/layer_0" not in n}
        with pytest.raises(WeightsError, match=f"no {side} layers"):
            shape_of(bare)


def test_a_misshapen_array_names_itself(tiny_weights: Arrays) -> None:
    free = {"decoder/embeddings/weight"}  # any number of rows will do
    free |= {f"{side}/position_encodings/encodings" for side in ("encoder", "decoder")}
    for name, array in tiny_weights.items():
        wrong = [array[..., None], array[..., :0], array[..., :-1]]
        if name not in free:
            wrong.append(np.concatenate([array, array[:1]]))
        for other in wrong:
            if name == "encoder/conv1/weight" and other.shape[1:] == array.shape[1:]:
                continue  # gives the width itself: the others do not fit it then
            with pytest.raises(WeightsError, match=f"^{name} has shape"):
                shape_of({**tiny_weights, name: other})


def test_a_width_that_its_neighbours_do_not_share(tiny_weights: Arrays) -> None:
    wide = np.zeros((192, 80, 3), np.float32)
    with pytest.raises(WeightsError, match=r"^decoder/embeddings/weight has shape"):
        shape_of({**tiny_weights, "encoder/conv1/weight": wide})


def test_heads_are_64_wide(tiny_weights: Arrays) -> None:
    narrow = {
        name: array[tuple(slice(0, size * 3 // 4 if size > 3 else size) for size in array.shape)]
        for name, array in tiny_weights.items()
    }
    with pytest.raises(WeightsError, match="multiple of 64"):
        shape_of(narrow)


def test_a_missing_array_of_a_state_dict_names_itself(tiny_state: Arrays) -> None:
    for name in tiny_state:
        bare = name.removeprefix("model.")
        if name == "proj_out.weight":  # the embeddings once more
            continue
        with pytest.raises(WeightsError, match=f"lacks {bare};"):
            from_state_dict(without(tiny_state, name))


def test_a_misshapen_array_of_a_state_dict_is_refused(tiny_state: Arrays) -> None:
    name = "model.encoder.layers.0.fc1.weight"
    with pytest.raises(WeightsError, match=r"^encoder/layer_0/ffn/linear_0/weight has shape"):
        from_state_dict({**tiny_state, name: tiny_state[name][:-1]})
    flat = "model.encoder.layers.0.self_attn.q_proj.weight"
    with pytest.raises(WeightsError, match="encoder/layer_0/self_attention/linear_0/weight"):
        from_state_dict({**tiny_state, flat: np.array(1.0)})


def test_parts_that_do_not_fit_together_are_refused(tiny_state: Arrays) -> None:
    name = "model.encoder.layers.0.self_attn.q_proj.weight"
    with pytest.raises(WeightsError, match="encoder/layer_0/self_attention/linear_0/weight"):
        from_state_dict({**tiny_state, name: tiny_state[name][:, :-1]})
