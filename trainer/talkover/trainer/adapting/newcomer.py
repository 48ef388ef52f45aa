"""The accent: what is heard of it, and what it is judged on afterwards."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Final

from talkover.core.clock import RATE
from talkover.core.errors import DataError
from talkover.core.weights.disk import write_atomically
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.studio import Studio
from talkover.trainer.data.texts import Split
from talkover.trainer.evaluation.trained.choosing import learnt_by
from talkover.trainer.evaluation.trained.spoken import Spoken
from talkover.trainer.stages.recipe import TrainingRecipe

RECIPE: Final = "newcomers"
"""The data recipe whose accents no training recipe but ``adapt`` has to hear."""


def newcomers() -> tuple[str, ...]:
    """Codes of its accents."""
    return Recipe.load(RECIPE).accents


def refuse_known(parent: TrainingRecipe, accent: str) -> None:
    """See that a listener never heard an accent.

    Args:
        parent: What the listener was made from.
        accent: Code.

    Raises:
        DataError: it did, or the accent is no newcomer.
    """
    if accent not in newcomers():
        raise DataError(f"{accent!r} is no newcomer; there are {', '.join(newcomers())}")
    for name in learnt_by(parent):
        if accent in Recipe.load(name).accents:
            raise DataError(
                f"the run has learnt {accent} by the recipe {name}; begin with one that has not, "
                "such as: talkover train sft --recipe left_out --run DIR"
            )


def hear(accent: str, minutes: float, path: Path, *, seed: int) -> float:
    """Choose so much speech of an accent, and write down which utterances it is.

    Args:
        accent: Code, one of ``newcomers``.
        minutes: Of speech, the silence around it counted.
        path: Becomes JSONL, a line an utterance, as a source's ``chosen`` is.
        seed: Of the recipe.

    Returns:
        Minutes; the last utterance may be too much.

    Raises:
        ConfigError: an engine is not installed.
    """
    recipe = Recipe.load(RECIPE, seed=seed)
    number, step = recipe.accents.index(accent), len(recipe.conditions)
    heard, lines = 0.0, list[str]()
    with Studio(recipe, Split.TRAIN) as studio:
        while heard < 60 * minutes:
            seconds = len(studio.clean(number).pcm) / RATE
            lines.append(json.dumps({"number": number, "seconds": round(seconds, 2)}) + "\n")
            heard += seconds
            number += step
    write_atomically(path, "".join(lines).encode())
    return heard / 60


def judged(accent: str, *, seed: int) -> Spoken:
    """Sentences of the test split in an accent, by voices of the test split, at mixed noise.

    Raises:
        ConfigError: eSpeak NG is not installed.
    """
    recipe = replace(Recipe.load(RECIPE, seed=seed), accents=(accent,))
    return Spoken(accent, recipe, f"{accent}, held-out voices and texts, mixed noise")
