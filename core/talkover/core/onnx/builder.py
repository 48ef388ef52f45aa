"""A thin bookkeeper over ``onnx.helper``: names, initializers, opsets, one file."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from talkover.core.errors import WeightsError

MICROSOFT: Final = "com.microsoft"
"""The domain of ONNX Runtime's own operators."""

OPSET: Final = 21
IR_VERSION: Final = 10
_LARGEST = 2_000_000_000  # a protobuf cannot hold more, and external data is refused on loading


class GraphBuilder:
    """Collects nodes and tensors, in the order in which they are computed.

    Args:
        name: Of the graph.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[onnx.NodeProto] = []
        self._tensors: dict[str, onnx.TensorProto] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._count = 0

    def input(self, name: str, dtype: Any, shape: Sequence[int | str]) -> str:
        """Declare an input; a string in ``shape`` names a dynamic axis."""
        self._inputs.append(_value(name, dtype, shape))
        return name

    def output(self, name: str, dtype: Any, shape: Sequence[int | str]) -> None:
        """Declare that the value ``name`` leaves the graph."""
        self._outputs.append(_value(name, dtype, shape))

    def init(self, array: NDArray[Any], name: str | None = None) -> str:
        """Store a constant and return its name. A name that exists already is used again."""
        name = name or self._fresh("const")
        if name not in self._tensors:
            self._tensors[name] = numpy_helper.from_array(np.ascontiguousarray(array), name)
        return name

    def ints(self, *values: int) -> str:
        """A one-dimensional int64 constant, as shapes, axes and bounds are given."""
        text = "_".join(str(value) for value in values)
        return self.init(np.array(values, np.int64), f"int64.{text}")

    def node(
        self,
        op: str,
        inputs: Sequence[str],
        outputs: Sequence[str] = (),
        *,
        domain: str = "",
        **attributes: Any,
    ) -> str:
        """Append a node and return the name of its first output.

        Args:
            op: The operator.
            inputs: Names of values; an empty name leaves an optional input out.
            outputs: Names for the outputs; without any there is one, with a fresh name.
            domain: ``MICROSOFT`` for ONNX Runtime's own operators.
            **attributes: Of the operator.
        """
        names = list(outputs) or [self._fresh(op.lower())]
        label = next(name for name in names if name)
        self._nodes.append(
            helper.make_node(op, list(inputs), names, name=label, domain=domain, **attributes)
        )
        return names[0]

    def model(self) -> onnx.ModelProto:
        """The graph as a model, checked for form (ONNX Runtime checks its own operators)."""
        graph = helper.make_graph(
            self._nodes, self._name, self._inputs, self._outputs, list(self._tensors.values())
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(
            graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="talkover"
        )

    def _fresh(self, stem: str) -> str:
        self._count += 1
        return f"{stem}_{self._count}"


def save(model: onnx.ModelProto, path: Path) -> None:
    """Write ``model`` into one file, which appears under its name only when it is complete.

    Raises:
        WeightsError: the model does not fit into one file.
    """
    if model.ByteSize() > _LARGEST:
        raise WeightsError(f"{path.name} would exceed 2 GB; quantise it or use a smaller model")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        file.write(model.SerializeToString())
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _value(name: str, dtype: Any, shape: Sequence[int | str]) -> onnx.ValueInfoProto:
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    return helper.make_tensor_value_info(name, kind, list(shape))
