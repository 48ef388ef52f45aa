"""``talkover eval bias``."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console

from talkover.core.report import Report, hand_over, progress_bar, to_html
from talkover.core.settings import load_settings
from talkover.trainer.evaluation.cli import bundle_of, not_installed

if TYPE_CHECKING:
    from talkover.core.listener import ListenerRuntime
    from talkover.core.seer.runtime import SeerRuntime
    from talkover.trainer.evaluation.crossmodal.biasing import Leant
    from talkover.trainer.evaluation.crossmodal.spoken import Speaker
    from talkover.trainer.seeing.questions.question import Question

_KINDS: Final = ("labels", "charts", "screens", "words")
"""Of what is written; in the first two, what is asked for is in view."""
_SPLITS: Final = ("validation", "test")
_FEW: Final = 6
_THREADS: Final = 2


def evaluate(
    bundle: Annotated[
        str, typer.Option(help="Whose eyes and ears: first characters of its id, or current.")
    ] = "current",
    weight: Annotated[
        float,
        typer.Option(min=0.1, max=32.0, help="By which words in view are favoured: models.bias."),
    ] = 12.0,
    beam: Annotated[
        int, typer.Option(min=1, max=16, help="Beginnings of texts that are followed: models.beam.")
    ] = 5,
    count: Annotated[int, typer.Option(min=1, max=1_000, help="Questions of each kind.")] = 100,
    split: Annotated[
        str, typer.Option(help="validation, to choose a weight by; or test, to report it.")
    ] = "test",
    quick: Annotated[bool, typer.Option("--quick", help="Six questions of each kind.")] = False,
    json: Annotated[Path | None, typer.Option("--json", help="Write the report as JSON.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write the report as a page.")] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            help="Where weights and bundles are kept. Default: TALKOVER_DATA_DIR, else "
            "~/.local/share/talkover.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of questions and voices.")] = 0,
) -> None:
    """Whether words in view are heard better when the listener leans on them.

    Questions about lists, charts, screens and signs, out loud in 17 accents at mixed noise, heard
    without and with the words that the eyes read in the picture. Bars: 30 % fewer errors on the
    words of a question that are in view, at most 0.1 points more on the others. Ends with code 1
    when one is missed; Ctrl-C shows what was heard so far.
    """
    try:
        from talkover.core.listener import ListenerRuntime
        from talkover.core.seer.runtime import SeerRuntime
        from talkover.trainer.data.recipe import Recipe
        from talkover.trainer.evaluation.crossmodal.biasing import changed, measures
        from talkover.trainer.evaluation.crossmodal.spoken import RECIPE, Speaker
    except ImportError as error:
        raise not_installed(error) from None
    if split not in _SPLITS:
        raise typer.BadParameter(f"{split!r}: use {' or '.join(_SPLITS)}", param_hint="--split")
    console = Console(highlight=False)
    bundle_id, part = bundle_of(
        load_settings(data_dir=data_dir).data_dir, None if bundle == "current" else bundle
    )
    eyes = SeerRuntime(part.parent / "seer", threads=_THREADS)
    ears = ListenerRuntime(part, variant="int8", threads=_THREADS)
    each, heard = _FEW if quick else count, list["Leant"]()
    stopped = False
    with Speaker(Recipe.load(RECIPE, seed=seed)) as speaker, progress_bar(console) as progress:
        bar = progress.add_task("questions", total=each * len(_KINDS))
        try:
            for one in _asked(each, split, seed):
                heard.append(_heard(one, eyes, ears, speaker, weight, beam))
                progress.update(bar, advance=1, refresh=True)
        except KeyboardInterrupt:
            stopped = True
    report = Report(
        title=f"Words in view, favoured by {weight:g}, {split} split" + ", stopped early" * stopped,
        measures=measures(heard, weight) if heard else [],
        bundle_id=bundle_id,
        seed=seed,
        quick=quick,
    )
    table = [changed(heard)]
    details = {"heard": [one.plain() for one in heard]}
    hand_over(report, console, json=json, listings=table, details=details)
    if html is not None:
        html.write_text(to_html(report, []), "utf-8")
    if stopped or not report.met:
        raise typer.Exit(130 if stopped else 1)


def _asked(count: int, split: str, seed: int) -> "Iterator[Question]":
    from talkover.trainer.seeing.questions.asking import question
    from talkover.trainer.seeing.questions.question import Kind, Split

    for number in range(count):
        for kind in _KINDS:
            yield question(number, Split(split), Kind(kind), seed)


def _heard(
    one: "Question",
    eyes: "SeerRuntime",
    ears: "ListenerRuntime",
    speaker: "Speaker",
    weight: float,
    beam: int,
) -> "Leant":
    from talkover.core.listener import ListenRequest
    from talkover.core.seer.decoding import fit
    from talkover.trainer.evaluation.crossmodal.biasing import Leant

    view = tuple(word.text for word in eyes.words(fit(one.pictures[-1])))
    pcm = speaker.say(one).pcm
    request = ListenRequest(pcm, ("en",), beam=beam, words=False, in_view=view)
    plain, leant = (ears.transcribe([replace(request, bias=bias)])[0] for bias in (0.0, weight))
    texts = (ears.tokens.text(plain.best.tokens), ears.tokens.text(leant.best.tokens))
    return Leant.of(one.kind.value, one.number, one.question, view, texts)
