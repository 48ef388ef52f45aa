"""The card of a run's model: what it was made from, how, and where it is worse. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from talkover.trainer.stages.curves import last_figures
from talkover.trainer.stages.guards import figures_of
from talkover.trainer.stages.recipe import TrainingRecipe
from talkover.trainer.stages.watch import from_json

_WORSE: Final = 0.05
"""Points from which on a difference is told."""


def write_card(
    name: str,
    recipe: TrainingRecipe,
    told: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]],
) -> str:
    """A model card (Mitchell et al. 2019, Model Cards for Model Reporting) as Markdown.

    Args:
        name: Of the run.
        recipe: Its recipe.
        told: Its ``run.json``.
        lines: Its ``metrics.jsonl``.
    """
    parts = [
        f"# {name}",
        "",
        _made(recipe, told),
        "",
        "## What it heard",
        "",
        *_heard(recipe),
        "",
        "## Stages",
        "",
        *_stages(told),
        "",
        "## Guard sets",
        "",
        *_guards(told, lines),
        "",
        "## How to make it again",
        "",
        "```",
        f"talkover train all --recipe recipe.toml --seed {told['seed']} --run runs/{name}",
        "```",
        "",
        _origin(told),
    ]
    return "\n".join(parts) + "\n"


def _made(recipe: TrainingRecipe, told: Mapping[str, Any]) -> str:
    what = f"additions of rank {recipe.policy.rank}" if recipe.policy.rank else "all weights"
    return (
        f"A listener: Whisper (MIT) of which {what} learnt, by the recipe `{recipe.name}`, begun "
        f"{told['begun']}. It writes down speech of telephone calls; it is not for anything on "
        "which somebody's rights depend, and it was not judged on children or on impaired speech."
    )


def _origin(told: Mapping[str, Any]) -> str:
    code = ", ".join(one[:20] or "unknown" for one in told["revisions"])
    machine = f"{told['machine']['system']}, {told['machine']['cores']} cores"
    return f"Code: {code}. Data: sha256 {told['data'][:16]}. Machine: {machine}."


def _heard(recipe: TrainingRecipe) -> list[str]:
    lines = []
    whole = sum(one.share for one in recipe.data.sources.values())
    for name, one in recipe.data.sources.items():
        how = "by what the stock model hears" if one.distil else "by their words"
        if one.prompts:
            what = f"recordings of people, {', '.join(one.prompts)} (one speaker a language)"
        elif one.wordless:
            what = "silence, noise and music in which nobody says anything"
            how = "as what has no text"
        elif one.manifest:
            what = "recordings of a manifest"
        else:
            what = f"synthetic speech of the recipe `{one.recipe}`"
        lines.append(f"- {name}: {what}, {100 * one.share / whole:.0f} % of examples, {how}")
    return lines


def _stages(told: Mapping[str, Any]) -> list[str]:
    rows = ["| stage | after | steps | CPU seconds | ended |", "|---|---|---|---|---|"]
    for name, known in told["stages"].items():
        ended = known.get("reason") or ("as planned" if known.get("done") else "not yet")
        rows.append(
            f"| {name} | {known.get('after') or 'base'} | {known.get('steps', 0)} "
            f"| {known.get('seconds', 0):.0f} | {ended} |"
        )
    backs = [
        f"- {name}, {back}"
        for name, known in told["stages"].items()
        for back in known.get("backs", ())
    ]
    return [*rows, "", "Went back to earlier weights at:", "", *backs] if backs else rows


def _guards(told: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> list[str]:
    if "stock" not in told:
        return ["Nobody looked."]
    stock = figures_of(from_json(told["stock"]))
    stages = list(told["stages"])
    found = {stage: last_figures(lines, stage) for stage in stages}
    head = " | ".join(["figure", "stock", *stages])
    rows = [f"| {head} |", "|" + "---|" * (2 + len(stages))]
    for name, value in stock.items():
        cells = [f"{value:.2f}"]
        for stage in stages:
            mine = found[stage].get(name)
            worse = mine is not None and mine > value + _WORSE
            cells.append(
                "" if mine is None else f"**{mine:.2f}** (worse)" if worse else f"{mine:.2f}"
            )
        rows.append(f"| {name} | {' | '.join(cells)} |")
    rule = [
        f"{name}: windows of {known['window']:g} s, {known['margin']:g} s after the speech"
        for name, known in told["stages"].items()
        if "window" in known
    ]
    return [*rows, "", "At the last look of each stage. Proven on: " + "; ".join(rule) + "."]
