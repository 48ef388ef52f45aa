"""A published graph put behind one of ours, so that sound goes in where features did."""

from pathlib import Path
from typing import Final

import onnx
from google.protobuf.message import DecodeError
from onnx import compose, helper

from talkover.core.errors import BundleError
from talkover.core.onnx.builder import IR_VERSION, MICROSOFT, OPSET

_PREFIX: Final = "published/"
_OLDEST: Final = 17
"""Operator set from which on the operators that the published graphs use kept their meaning."""


def read_published(path: Path, *, takes: str, gives: str) -> onnx.ModelProto:
    """Read a graph with one input and one output, and bring it to our operator set.

    Args:
        path: Of the graph.
        takes: What its input must be called.
        gives: What its output must be called.

    Returns:
        The graph; all its names but operators' begin with a prefix of its own.

    Raises:
        BundleError: it cannot be read, or is another graph.
    """
    try:
        model = onnx.load(str(path), load_external_data=False)
    except (OSError, DecodeError) as error:
        raise BundleError(f"cannot read {path.name}: {error}") from None
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [value.name for value in model.graph.input if value.name not in constants]
    outputs = [value.name for value in model.graph.output]
    if inputs != [takes] or outputs != [gives]:
        raise BundleError(f"{path.name} takes {inputs} and gives {outputs}: it is another graph")
    opsets = {entry.domain: entry.version for entry in model.opset_import}
    used = {node.domain for node in model.graph.node}
    if not _OLDEST <= opsets.get("", 0) <= OPSET or not used <= {"", "ai.onnx", MICROSOFT}:
        raise BundleError(f"{path.name} uses operators of another time: {sorted(opsets.items())}")
    del model.opset_import[:]
    model.opset_import.extend([helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)])
    model.ir_version = IR_VERSION
    return compose.add_prefix(model, _PREFIX)


def graft(front: onnx.ModelProto, published: onnx.ModelProto) -> onnx.ModelProto:
    """Join the only output of ``front`` to the input of a graph from ``read_published``.

    Raises:
        BundleError: the two do not fit.
    """
    joint = (front.graph.output[0].name, published.graph.input[0].name)
    try:
        return compose.merge_models(front, published, io_map=[joint])
    except (ValueError, onnx.checker.ValidationError) as error:
        raise BundleError(f"the published graph does not fit behind ours: {error}") from None
