"""``talkover train aligner``, ``talkover eval aligner`` and ``talkover data align``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.progress import Progress, TaskID

from talkover.core.errors import AudioError, ConfigError, DataError
from talkover.core.report import Report, hand_over, progress_bar
from talkover.core.settings import load_settings

if TYPE_CHECKING:
    from talkover.trainer.data.aligning.aligner import Aligner
    from talkover.trainer.data.aligning.jobs import Done, Job

_FEW: Final = 120
_MANY: Final = 600

Model = Annotated[
    Path | None,
    typer.Option(help="The aligner's file. Default: where talkover train aligner puts it."),
]
Quick = Annotated[bool, typer.Option("--quick", help="A rough answer within minutes.")]
Seed = Annotated[int, typer.Option(min=0, help="Of all that is drawn.")]
Json = Annotated[Path | None, typer.Option("--json", help="Write the report as JSON.")]
Html = Annotated[Path | None, typer.Option("--html", help="Write the report as a page.")]
DataDir = Annotated[
    Path | None,
    typer.Option(
        help="Where weights are kept. Default: TALKOVER_DATA_DIR, else ~/.local/share/talkover.",
        show_default=False,
    ),
]


def train(
    out: Annotated[Path | None, typer.Option(help="Its file. Default: in the data folder.")] = None,
    quick: Quick = False,
    seed: Seed = 0,
    data_dir: DataDir = None,
) -> None:
    """Train the aligner on generated speech, whose times are known. Takes about ten minutes.

    Nobody is recorded for it, and nothing is fetched: eSpeak and flite speak in seventeen accents
    and six languages, under noises and over lines.
    """
    import torch

    from talkover.trainer.data.aligning.fit import QUICK, WHOLE
    from talkover.trainer.data.aligning.jobs import ear_of
    from talkover.trainer.data.aligning.practice import RECIPE
    from talkover.trainer.data.aligning.training import train as train_ear
    from talkover.trainer.data.recipe import Recipe

    torch.set_num_threads(1)  # its layers are too small for more
    path = out or ear_of(load_settings(data_dir=data_dir).data_dir)
    plan = QUICK if quick else WHOLE
    console = Console(highlight=False)
    with progress_bar(console) as progress:
        saying = progress.add_task("utterances made", total=plan.utterances)
        hearing = progress.add_task("learnt from", total=plan.utterances * plan.epochs)
        recipe = Recipe.load(RECIPE, seed=seed)
        said, heard = (lambda: _step(progress, saying)), (lambda: _step(progress, hearing))
        ear = train_ear(recipe, plan, said=said, heard=heard)
    ear.write(path)
    console.print(f"written to {path}")


def evaluate(
    model: Model = None,
    count: Annotated[
        int | None,
        typer.Option(min=22, help=f"Utterances. Default: {_MANY}, or {_FEW} with --quick."),
    ] = None,
    quick: Quick = False,
    seed: Seed = 0,
    json: Json = None,
    html: Html = None,
    data_dir: DataDir = None,
) -> None:
    """The aligner against the truth, on voices and sentences that it never heard.

    Bars, for eSpeak in seventeen accents: starts and ends of words are off by at most 20 ms in the
    median and 50 ms at the 90th percentile when it is quiet, 40 and 100 ms under noise of 10 dB.
    Without bars: code-switched sentences, and voices and an engine that it was not trained on.
    Ends with code 1 when a bar is missed.
    """
    from talkover.trainer.data.aligning import judge
    from talkover.trainer.data.aligning.practice import RECIPE
    from talkover.trainer.data.aligning.trial import run
    from talkover.trainer.data.recipe import Recipe

    aligner = _aligner(model, data_dir)
    console = Console(highlight=False)
    total = count or (_FEW if quick else _MANY)
    with progress_bar(console) as progress:
        task = progress.add_task("utterances", total=2 * total)
        judged, lags = run(
            aligner, Recipe.load(RECIPE, seed=seed), total, tick=lambda: _step(progress, task)
        )
    report = Report(
        title="Forced alignment, held-out voices and sentences",
        measures=[*judge.measures(judged, engine="espeak"), *judge.lag_measures(lags)],
        seed=seed,
        quick=quick,
    )
    hand_over(report, console, json=json, html=html, listings=judge.listings(judged))
    if not report.met:
        raise typer.Exit(1)


def align(
    audio: Annotated[Path | None, typer.Argument(help="A recording; or give --manifest.")] = None,
    text: Annotated[str, typer.Option(help="What is said in it.")] = "",
    manifest: Annotated[
        Path | None, typer.Option(help="JSONL with audio_filepath and text in each line.")
    ] = None,
    accent: Annotated[
        str, typer.Option(help="Of the English: see talkover data accents. Default: a neutral one.")
    ] = "",
    language: Annotated[str, typer.Option(help="ISO 639-1, where a line does not tell.")] = "en",
    model: Model = None,
    json: Annotated[
        Path | None, typer.Option("--json", help="Write a manifest with times: JSONL.")
    ] = None,
    textgrid: Annotated[
        Path | None, typer.Option("--textgrid", help="Folder for Praat's TextGrids.")
    ] = None,
    ctm: Annotated[Path | None, typer.Option("--ctm", help="Write words as NIST's CTM.")] = None,
    svg: Annotated[Path | None, typer.Option("--svg", help="Folder for pictures.")] = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write a page: pictures, and sounds to hear.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Find when each word and sound of a known text is heard in a recording.

    Prints words with begin, end (seconds) and confidence (0 to 1). What cannot be aligned is listed
    with its reason, and ends the command with code 1.
    """
    from talkover.trainer.data.aligning.jobs import job_of, jobs_of
    from talkover.trainer.data.aligning.output import Outputs

    if (audio is None) == (manifest is None) or (audio is not None and not text.strip()):
        raise ConfigError("give a recording and its --text, or a --manifest")
    jobs: list[Job]
    if manifest is not None:
        jobs = list(jobs_of(manifest, language, accent))
    elif audio is not None:
        jobs = [job_of(audio, text, language, accent)]
    aligner = _aligner(model, data_dir)
    console = Console(highlight=False)
    outputs = Outputs(json, textgrid, ctm, svg, html)
    with progress_bar(console) as progress:
        task = progress.add_task("utterances", total=len(jobs))
        for job in jobs:
            try:
                outputs.take(_done(job, aligner))
            except (AudioError, DataError) as error:
                outputs.refuse(job.name, str(error))
            _step(progress, task)
    outputs.finish(console)
    if outputs.refused:
        raise typer.Exit(1)


def _aligner(model: Path | None, data_dir: Path | None) -> "Aligner":
    import torch

    from talkover.trainer.data.aligning.aligner import Aligner
    from talkover.trainer.data.aligning.jobs import ear_of
    from talkover.trainer.data.aligning.network import read_ear

    torch.set_num_threads(1)  # its layers are too small for more
    return Aligner(read_ear(model or ear_of(load_settings(data_dir=data_dir).data_dir)))


def _done(job: "Job", aligner: "Aligner") -> "Done":
    from talkover.trainer.data.aligning.jobs import do

    return do(job, aligner)


def _step(progress: Progress, task: TaskID) -> None:
    progress.advance(task)
    progress.refresh()
