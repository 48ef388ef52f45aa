"""``talkover data pictures``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from talkover.core.report import progress_bar
from talkover.trainer.data.texts import Split

if TYPE_CHECKING:
    from talkover.trainer.seeing.questions.question import Question


def make_pictures(
    out: Annotated[
        Path, typer.Option(help="Folder for pictures (PNG), questions.jsonl and index.html.")
    ],
    count: Annotated[int, typer.Option(min=1, max=100_000, help="Questions of all kinds.")] = 130,
    kind: Annotated[str, typer.Option(help="Only of this kind.")] = "",
    split: Annotated[Split, typer.Option(help="Whose texts and layouts.")] = Split.TRAIN,
    seed: Annotated[int, typer.Option(min=0, help="Of all that is drawn.")] = 0,
) -> None:
    """Pictures and clips with questions and answers, to be looked at or to learn from elsewhere.

    The same split, kind and seed give the same ones, on every machine.
    """
    from talkover.core.errors import ConfigError

    try:
        from talkover.trainer.seeing.questions.files import write_questions
        from talkover.trainer.seeing.questions.question import Kind
    except ImportError as error:
        raise ConfigError(
            f"{error.name} is not installed; run: pip install 'talkover[trainer]'"
        ) from None
    if kind and kind not in {one.value for one in Kind}:
        told = f"no kind {kind!r}; there are {', '.join(Kind)}"
        raise typer.BadParameter(told, param_hint="--kind")
    console = Console(highlight=False)
    with progress_bar(console) as progress:
        bar = progress.add_task("questions", total=count)

        def tick(_question: "Question") -> None:
            progress.advance(bar)
            progress.refresh()

        page = write_questions(out, count, split, Kind(kind) if kind else None, seed, tick)
    console.print(f"{count} questions in {out}; look at {page}")
