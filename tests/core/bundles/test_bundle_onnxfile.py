import numpy as np
import onnx
import pytest
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from onnx.external_data_helper import _get_all_tensors, uses_external_data

from talkover.core.bundles.onnxfile import refuse_external_data
from talkover.core.errors import BundleError

WEIGHTS = np.arange(3_000, dtype=np.float32)


def external(tensor):
    """Say that a tensor's data are in another file."""
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")
    return tensor


def a_tensor(name="w"):
    return numpy_helper.from_array(WEIGHTS, name)


def a_graph(nodes=(), tensors=()):
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None])
    return helper.make_graph([*nodes], "g", [value], [value], [*tensors])


def in_initializer(tensor):
    return helper.make_model(a_graph(tensors=[tensor]))


def in_constant(tensor):
    return helper.make_model(a_graph([helper.make_node("Constant", [], ["c"], value=tensor)]))


def in_branch(tensor):
    inner = a_graph([helper.make_node("Constant", [], ["c"], value=tensor)])
    node = helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=a_graph())
    return helper.make_model(a_graph([node]))


def in_function(tensor):
    model = helper.make_model(a_graph())
    node = helper.make_node("Constant", [], ["c"], value=tensor)
    model.functions.append(
        helper.make_function("d", "f", [], ["c"], [node], [helper.make_opsetid("", 21)])
    )
    return model


def in_sparse(tensor):
    model = helper.make_model(a_graph())
    indices = helper.make_tensor("i", TensorProto.INT64, [1], [0])
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(tensor, indices, [9]))
    return model


def in_training(tensor):
    model = helper.make_model(a_graph())
    model.training_info.add().algorithm.initializer.append(tensor)
    return model


PLACES = [in_initializer, in_constant, in_branch, in_function, in_sparse, in_training]


@pytest.mark.parametrize("place", PLACES)
def test_a_tensor_elsewhere_is_found_wherever_it_hides(tmp_path, place):
    path = tmp_path / "m.onnx"
    path.write_bytes(place(a_tensor()).SerializeToString())
    refuse_external_data(path)
    path.write_bytes(place(external(a_tensor())).SerializeToString())
    with pytest.raises(BundleError, match=r"m\.onnx keeps weights in another file"):
        refuse_external_data(path)


def test_a_model_saved_with_external_data_is_refused(tmp_path):
    path = tmp_path / "m.onnx"
    model = in_initializer(a_tensor())
    onnx.save(model, str(path), save_as_external_data=True, location="w.bin", size_threshold=0)
    with pytest.raises(BundleError, match="another file"):
        refuse_external_data(path)


@pytest.mark.parametrize("content", [b"", b"no model", b"\x08\x0a", b"\x00\x00", b"\x3a\xff\x7f"])
def test_what_is_no_model_is_refused(tmp_path, content):
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    with pytest.raises(BundleError, match="not an ONNX model"):
        refuse_external_data(path)


def nested(depth):
    """A graph in a node's attribute in a graph, and so on, in wire format: no library makes it."""
    content = b""
    for _ in range(depth):
        for field in (6, 5, 1):  # a graph in an attribute in a node
            content = bytes([field << 3 | 2]) + length(content) + content
    return b"\x3a" + length(content) + content


def length(content):
    """The varint before a field's content."""
    size, out = len(content), b""
    while size > 0x7F:
        out, size = out + bytes([size & 0x7F | 0x80]), size >> 7
    return out + bytes([size])


def test_a_graph_nested_without_end_is_refused(tmp_path):
    path = tmp_path / "m.onnx"
    path.write_bytes(nested(5))
    refuse_external_data(path)
    path.write_bytes(nested(400))
    with pytest.raises(BundleError, match="not an ONNX model"):
        refuse_external_data(path)


@given(st.binary(max_size=300), st.integers(0, 400), st.booleans())
@settings(max_examples=200)
def test_what_is_let_through_has_nothing_elsewhere(tmp_path_factory, garbage, at, elsewhere):
    tensor = external(a_tensor()) if elsewhere else a_tensor()
    content = in_branch(tensor).SerializeToString()
    path = tmp_path_factory.getbasetemp() / "m.onnx"
    path.write_bytes(content[:at] + garbage + content[at:])
    try:
        refuse_external_data(path)
        model = onnx.load(path, load_external_data=False)
    except (BundleError, DecodeError):
        return
    assert not [t for t in _get_all_tensors(model) if uses_external_data(t)]
