"""The card of a brain that was taught to see: what it was made from, and where it is weak. Pure."""

from collections.abc import Mapping
from typing import Any

from talkover.trainer.seeing.recipe import SeerRecipe
from talkover.trainer.seeing.school import Exam


def write_card(name: str, recipe: SeerRecipe, told: Mapping[str, Any], exam: Exam) -> str:
    """A model card (Mitchell et al. 2019, Model Cards for Model Reporting) as Markdown.

    Args:
        name: Of the run.
        recipe: Its recipe.
        told: Its ``run.json``.
        exam: How held-out questions are answered.
    """
    rows = [f"| {kind} | {right} | {of} |" for kind, (right, of) in sorted(exam.kinds.items())]
    machine = f"{told['machine']['system']}, {told['machine']['cores']} cores"
    code = ", ".join(one[:20] or "unknown" for one in told["revisions"])
    made = (
        f"SmolLM2-135M-Instruct (Apache-2.0) with additions of rank {recipe.model.rank}, behind a "
        f"projector for the features `{told['eyes']}`, taught by the recipe `{recipe.name}` on "
        f"{recipe.lessons.questions} rendered questions ({recipe.lessons.kind or 'all kinds'}): "
        f"{told['steps']} steps, {told['seconds']:.0f} CPU seconds, begun {told['begun']}. "
        "It answers in a word or two about what a caller shows. It never saw a photograph of a "
        "person, and is not for anything on which somebody's safety or rights depend."
    )
    lines = [
        f"# {name}",
        "",
        made,
        "",
        "## Held-out questions, answered to the letter",
        "",
        "| | share |",
        "|---|---|",
        f"| with the picture | {exam.right:.3f} |",
        f"| without it | {exam.blind:.3f} |",
        f"| always the most frequent answer of its kind | {exam.majority:.3f} |",
        "",
        "| kind | right | of |",
        "|---|---|---|",
        *rows,
        "",
        "## How to make it again",
        "",
        "```",
        f"talkover train seer --recipe recipe.toml --seed {told['seed']} --run runs/{name}",
        "```",
        "",
        f"Code: {code}. Machine: {machine}.",
    ]
    return "\n".join(lines) + "\n"
