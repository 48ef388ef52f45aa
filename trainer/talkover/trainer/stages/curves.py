"""Figures of a run as pictures, and in words."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from types import MappingProxyType
from typing import Any, Final

from matplotlib.figure import Figure

PANELS: Final[Mapping[str, tuple[str, ...]]] = {
    "loss (nats)": ("loss", "cross_entropy", "distil", "kl"),
    "reward": ("reward",),
    "answered right (share)": ("right",),
    "guard sets: words misheard (%)": ("guard wer",),
    "guard sets: deletions (%), loops (share)": ("guard deletions", "guard loops"),
    "window (s)": ("window",),
    "gradient norm": ("gradient",),
}
"""Titles, and beginnings of the names of the figures that belong there."""
_INCHES: Final = (7.0, 2.6)


def draw_curves(
    lines: Sequence[Mapping[str, Any]], stock: Mapping[str, float] = MappingProxyType({})
) -> bytes:
    """A PNG: a panel for each kind of figure that there is, stages one after another.

    Args:
        lines: Of ``metrics.jsonl``.
        stock: What some figures are of the stock model: dotted lines.
    """
    begins = _begins(lines)
    panels = {title: _series(lines, begins, names) for title, names in PANELS.items()}
    shown = {title: series for title, series in panels.items() if series}
    figure = Figure(figsize=(_INCHES[0], _INCHES[1] * max(len(shown), 1)), layout="constrained")
    axes = figure.subplots(max(len(shown), 1), 1, sharex=True, squeeze=False)[:, 0]
    for axis, (title, series) in zip(axes, shown.items(), strict=False):
        for name, (steps, values) in series.items():
            (drawn,) = axis.plot(steps, values, label=name, linewidth=1.2, marker=".")
            if name in stock:
                axis.axhline(stock[name], color=drawn.get_color(), linestyle=":")
        for stage, begin in begins.items():
            axis.axvline(begin, color="0.7", linewidth=0.8)
            axis.text(begin, 1.0, f" {stage}", transform=axis.get_xaxis_transform(), va="bottom")
        if axis.dataLim.y0 >= 0:
            axis.set_ylim(bottom=0)
        axis.set_ylabel(title, fontsize="small")
        axis.legend(fontsize="x-small", ncols=2)
        axis.grid(alpha=0.3)
    axes[-1].set_xlabel("step")
    file = BytesIO()
    figure.savefig(file, format="png", dpi=110)
    return file.getvalue()


def last_figures(lines: Sequence[Mapping[str, Any]], stage: str) -> dict[str, float]:
    """The last value of each figure of a stage."""
    found: dict[str, float] = {}
    for line in lines:
        if line["stage"] == stage:
            found.update({name: value for name, value in line.items() if _is_figure(name)})
    return found


def _series(
    lines: Sequence[Mapping[str, Any]], begins: Mapping[str, int], names: Sequence[str]
) -> dict[str, tuple[list[int], list[float]]]:
    found: dict[str, tuple[list[int], list[float]]] = {}
    for line in lines:
        for name, value in line.items():
            if _is_figure(name) and any(name == one or name.startswith(f"{one} ") for one in names):
                steps, values = found.setdefault(name, ([], []))
                steps.append(begins[line["stage"]] + line["step"])
                values.append(value)
    return found


def _begins(lines: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Where each stage begins when they are laid one after another."""
    begins: dict[str, int] = {}
    longest: dict[str, int] = {}
    for line in lines:
        stage = line["stage"]
        begins.setdefault(stage, sum(longest.values()))
        longest[stage] = max(longest.get(stage, 0), int(line["step"]))
    return begins


def _is_figure(name: str) -> bool:
    return name not in {"stage", "step", "time"}
