"""Questions as files, for people to look at and for others to learn from.

::

    OUT/pictures/words-train-0-0000012-0.png    the pictures of a question, in order
    OUT/questions.jsonl                         all else, a line each
    OUT/index.html                              the first of them, to look at
"""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from PIL import Image

from talkover.core.weights.disk import write_atomically
from talkover.trainer.seeing.questions.asking import question
from talkover.trainer.seeing.questions.question import Kind, Question, Split
from talkover.trainer.seeing.questions.showing import STYLE, figure

QUESTIONS: Final = "questions.jsonl"
PAGE: Final = "index.html"
_SHOWN: Final = 200


def write_questions(
    out: Path,
    count: int,
    split: Split,
    kind: Kind | None,
    seed: int,
    tick: Callable[[Question], None] = lambda _question: None,
) -> Path:
    """Draw questions and write them.

    Args:
        out: The folder, made if missing.
        count: From number 0 on.
        split: Whose.
        kind: What is asked for; None: all kinds in turn.
        seed: Of the set.
        tick: Told of each question.

    Returns:
        The page to look at.

    Raises:
        ConfigError: a font is missing.
    """
    (out / "pictures").mkdir(parents=True, exist_ok=True)
    lines, figures = [], []
    for number in range(count):
        one = question(number, split, kind, seed)
        lines.append(json.dumps(_line(out, one, seed), ensure_ascii=False) + "\n")
        if number < _SHOWN:
            figures.append(figure(one))
        tick(one)
    write_atomically(out / QUESTIONS, "".join(lines).encode())
    page = f'<!doctype html><meta charset="utf-8"><title>Questions</title>{STYLE}'
    body = f'{page}<div class="asked">{"".join(figures)}</div>\n'
    write_atomically(out / PAGE, body.encode())
    return out / PAGE


def _line(out: Path, one: Question, seed: int) -> dict[str, Any]:
    names = []
    for place, picture in enumerate(one.pictures):
        name = f"pictures/{one.kind}-{one.split}-{seed}-{one.number:07d}-{place}.png"
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "PNG")
        write_atomically(out / name, file.getvalue())
        names.append(name)
    return {
        "number": one.number,
        "kind": one.kind.value,
        "form": one.form,
        "question": one.question,
        "answer": one.answer,
        "accepted": one.accepted,
        "pictures": names,
        "times": one.times,
        "moment": one.moment,
        "split": one.split.value,
        "reason": one.reason,
    }
