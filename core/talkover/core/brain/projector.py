"""From what the seer's tower makes of a picture to rows that stand in a prompt, as an ONNX graph.

Features are standardised, neighbouring places joined, and put through two layers (Liu et al. 2024,
Improved Baselines with Visual Instruction Tuning). The rows have the size of token embeddings, and
each is told where it is by what is learnt for its row and its column. Beside it is a head that
names what is in each place, with a look at the places around it; see ``naming``.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray

from talkover.core.brain.naming import MEASURES
from talkover.core.brain.sight import Sight
from talkover.core.errors import WeightsError
from talkover.core.onnx.builder import GraphBuilder
from talkover.core.onnx.linear import full

FEATURES: Final = "features"
ROWS: Final = "rows"
NAMED: Final = "named"
EPSILON: Final = 1e-5
NAMING: Final = 256
"""Width of the head's middle."""
Weights = Mapping[str, NDArray[np.float32]]


def shapes_of(sight: Sight, hidden: int, width: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a projector's weights.

    Args:
        sight: What it takes and gives.
        hidden: Width of its middle.
        width: Of the brain.
    """
    rows, columns = sight.cells
    joined = sight.features * sight.pool**2
    names = 1 + len(sight.things) + len(sight.colours) + MEASURES
    head: dict[str, tuple[int, ...]] = {
        "names.join.weight": (NAMING, joined),
        "names.join.bias": (NAMING,),
        "names.near.weight": (NAMING, NAMING, 3, 3),
        "names.near.bias": (NAMING,),
        "names.out.weight": (names, NAMING),
        "names.out.bias": (names,),
    }
    return {
        "mean": (sight.features,),
        "spread": (sight.features,),
        "join.weight": (hidden, joined),
        "join.bias": (hidden,),
        "out.weight": (width, hidden),
        "out.bias": (width,),
        "size": (width,),
        "rows": (rows, width),
        "columns": (columns, width),
        **(head if sight.things else {}),
    }


def check_projector(weights: Weights, sight: Sight, width: int) -> None:
    """Whether these can be a projector's weights.

    Raises:
        WeightsError: they cannot.
    """
    hidden = weights["join.bias"].shape[0] if "join.bias" in weights else 0
    found = {name: array.shape for name, array in weights.items()}
    divides = all(side and side % sight.pool == 0 for side in sight.grid)
    if not divides or found != shapes_of(sight, hidden, width):
        raise WeightsError("the projector does not fit to the brain; train the seer for this one")


def build_projector(weights: Weights, sight: Sight) -> onnx.ModelProto:
    """Assemble the graph: ``features`` float32 [places, d] in, ``rows`` [positions, width] out.

    And ``named`` [positions, names], where it names anything; see ``naming.found_in``.

    Args:
        weights: By the names of ``shapes_of``.
        sight: What it takes and gives.

    Raises:
        WeightsError: they are of another shape.
    """
    width = weights["rows"].shape[-1] if "rows" in weights else 0
    check_projector(weights, sight, width)
    graph = GraphBuilder("projector")
    places = sight.grid[0] * sight.grid[1]
    x = graph.input(FEATURES, np.float32, [places, sight.features])
    x = graph.node("Sub", [x, graph.init(weights["mean"])])
    x = graph.node("Div", [x, graph.init(weights["spread"])])
    (rows, columns), pool = sight.cells, sight.pool
    x = graph.node("Reshape", [x, graph.ints(rows, pool, columns, pool, sight.features)])
    x = graph.node("Transpose", [x], perm=[0, 2, 1, 3, 4])
    x = graph.node("Reshape", [x, graph.ints(rows * columns, pool * pool * sight.features)])
    if sight.things:
        _name(graph, x, weights, sight)
    x = graph.node("Gelu", [full(graph, x, weights["join.weight"], weights["join.bias"])])
    x = full(graph, x, weights["out.weight"], weights["out.bias"])
    size = graph.init(weights["size"])
    x = graph.node("SimplifiedLayerNormalization", [x, size], epsilon=EPSILON)
    where = weights["rows"][:, None] + weights["columns"][None]
    where = where.reshape(sight.positions, width)
    graph.node("Add", [x, graph.init(where)], [ROWS])
    graph.output(ROWS, np.float32, [sight.positions, width])
    return graph.model()


def _name(graph: GraphBuilder, x: str, weights: Weights, sight: Sight) -> None:
    """The head, from joined places [positions, joined]."""
    rows, columns = sight.cells
    x = full(graph, x, weights["names.join.weight"], weights["names.join.bias"])
    x = graph.node("Transpose", [graph.node("Gelu", [x])], perm=[1, 0])
    x = graph.node("Reshape", [x, graph.ints(1, NAMING, rows, columns)])
    near = [graph.init(weights[f"names.near.{kind}"]) for kind in ("weight", "bias")]
    x = graph.node("Conv", [x, *near], pads=[1, 1, 1, 1])
    x = graph.node("Reshape", [graph.node("Gelu", [x]), graph.ints(NAMING, sight.positions)])
    x = graph.node("Transpose", [x], perm=[1, 0])
    x = full(graph, x, weights["names.out.weight"], weights["names.out.bias"])
    names = weights["names.out.bias"].shape[0]
    graph.node("Identity", [x], [NAMED])
    graph.output(NAMED, np.float32, [sight.positions, names])
