"""The projector as it learns: the same sums as ``talkover.core.brain.projector``'s graph."""

from math import prod

import torch
from torch import nn
from torch.nn.functional import conv2d, gelu, linear

from talkover.core.brain.projector import EPSILON, NAMING, Weights, shapes_of
from talkover.core.brain.sight import Sight


class Projection(nn.Module):
    """From features to rows.

    Args:
        sight: What it takes and gives.
        hidden: Width of its middle.
        width: Of the brain.
        size: Of a token embedding, as a root mean square: what its rows begin with.
        seed: Of its first weights.
    """

    def __init__(self, sight: Sight, hidden: int, width: int, *, size: float, seed: int) -> None:
        super().__init__()
        random = torch.Generator().manual_seed(seed)
        self._sight = sight
        self._weights = nn.ParameterDict()
        for name, shape in shapes_of(sight, hidden, width).items():
            value = torch.zeros(shape)
            if name.endswith(".weight"):
                value = torch.randn(shape, generator=random) / prod(shape[1:]) ** 0.5
            elif name in {"rows", "columns"}:
                value = torch.randn(shape, generator=random) * size / 2
            elif name == "size":
                value = torch.full(shape, size)
            elif name == "spread":
                value = torch.ones(shape)
            learns = name not in {"mean", "spread"}
            self._weights[_key(name)] = nn.Parameter(value, requires_grad=learns)

    @property
    def cells(self) -> tuple[int, int]:
        """Rows and columns of what it gives."""
        return self._sight.cells

    def standardise(self, features: torch.Tensor) -> None:
        """Take mean and spread from features [n, d] of some pictures."""
        spread, mean = torch.std_mean(features, dim=0)
        with torch.no_grad():
            self._weights["mean"].copy_(mean)
            self._weights["spread"].copy_(spread.clamp_min(1e-3))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """float32 [pictures, places, d] to rows [pictures, positions, width]."""
        w, (rows, columns) = self._weights, self._sight.cells
        x = self._joined(features)
        x = gelu(linear(x, w["join_weight"], w["join_bias"]))
        x = linear(x, w["out_weight"], w["out_bias"])
        x = nn.functional.rms_norm(x, x.shape[-1:], w["size"], EPSILON)
        where = w["rows"][:, None] + w["columns"][None]
        found: torch.Tensor = x + where.reshape(1, rows * columns, -1)
        return found

    def named(self, features: torch.Tensor, *, dropped: float = 0.0) -> torch.Tensor:
        """What the head makes of each place: [pictures, positions, names].

        Args:
            features: float32 [pictures, places, d].
            dropped: Share of the features that are left out, while it learns.
        """
        w, cells = self._weights, self._sight.cells
        x = nn.functional.dropout(self._joined(features), dropped)
        x = gelu(linear(x, w["names_join_weight"], w["names_join_bias"]))
        x = x.transpose(1, 2).reshape(-1, NAMING, *cells)
        x = conv2d(x, w["names_near_weight"], w["names_near_bias"], padding=1)
        x = gelu(x).flatten(2).transpose(1, 2)
        named: torch.Tensor = linear(x, w["names_out_weight"], w["names_out_bias"])
        return named

    def head(self) -> list[nn.Parameter]:
        """What names things; it learns by itself."""
        return [value for name, value in self._weights.items() if name.startswith("names_")]

    def _joined(self, features: torch.Tensor) -> torch.Tensor:
        """Standardised, and those of a position together: [pictures, positions, joined]."""
        w, sight = self._weights, self._sight
        (rows, columns), pool = sight.cells, sight.pool
        x = (features - w["mean"]) / w["spread"]
        x = x.view(-1, rows, pool, columns, pool, sight.features).permute(0, 1, 3, 2, 4, 5)
        joined: torch.Tensor = x.reshape(-1, rows * columns, pool * pool * sight.features)
        return joined

    def weights(self) -> Weights:
        """As the graph takes them."""
        return {
            name: self._weights[_key(name)].detach().cpu().numpy()
            for name in shapes_of(self._sight, 1, 1)
        }


def _key(name: str) -> str:
    """A module's parameters have no dots in their names."""
    return name.replace(".", "_")
