"""``talkover data``: what there is to learn from, and what it sounds like."""

import os
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from talkover.core.report import progress_bar
from talkover.trainer.data.aligning.cli import align
from talkover.trainer.data.conversations.cli import converse
from talkover.trainer.data.curating.cli import balance, stats
from talkover.trainer.data.engines.cli import show_voices
from talkover.trainer.data.importing.cli import import_set
from talkover.trainer.data.streaming.cli import stream
from talkover.trainer.data.switching.cli import show_switches
from talkover.trainer.data.texts import Split
from talkover.trainer.seeing.questions.cli import make_pictures

app = typer.Typer(no_args_is_help=True)
app.command("align")(align)
app.command()(converse)
app.command("import")(import_set)
app.command()(stats)
app.command()(balance)
app.command()(stream)
app.command("pictures")(make_pictures)
app.command("switches")(show_switches)
app.command("voices")(show_voices)


@app.callback()
def _group() -> None:
    """Speech to learn from."""


@app.command("accents")
def show_accents(
    code: Annotated[
        str, typer.Argument(help="One of them, in full; without it, all of them in a table.")
    ] = "",
    distance: Annotated[
        bool, typer.Option("--distance", help="How far each is from General American.")
    ] = False,
) -> None:
    """The accents of English that can be spoken: their vowels, and where they are described."""
    from talkover.trainer.data.accents import accents

    if distance:
        from talkover.trainer.evaluation.accents_distance import said_by_all
        from talkover.trainer.evaluation.accents_report import distance_table

        Console().print(distance_table(said_by_all()).table())
        return
    if code:
        _show(code)
        return
    table = Table(box=None, pad_edge=False)
    for head in ("accent", "trap", "bath", "cot", "caught", "strut", "price", "north", "better"):
        table.add_column(head, no_wrap=True)
    for one in accents().values():
        words = one.say("trap bath cot caught strut price north better")
        table.add_row(one.code, *(word.ipa for word in words))
    Console().print(table)


@app.command()
def say(
    code: Annotated[str, typer.Argument(help="An accent: see talkover data accents.")],
    text: Annotated[str, typer.Argument(help="English.")],
    wav: Annotated[Path | None, typer.Option(help="Write it here, 16 kHz.")] = None,
    voice: Annotated[str, typer.Option(help="Whose: see talkover data voices.")] = "espeak-m1",
) -> None:
    """Say a text in an accent: its sounds in IPA and, with --wav, to be heard."""
    from talkover.core.audio import to_int16, write_wav
    from talkover.core.clock import RATE
    from talkover.trainer.data.accents import accent
    from talkover.trainer.data.engines import speaking, voices

    chosen = accent(code)
    words = chosen.say(text)
    typer.echo(" ".join(word.ipa for word in words))
    if wav is None:
        return
    whose = voices.voice(voice)
    with speaking.Engines() as engines:
        said = engines.speak(whose, chosen, words)
    write_wav(wav, to_int16(said.pcm))
    table = Table("from", "to", "word", "sounds", box=None, pad_edge=False)
    for word in said.words:
        sounds = " ".join(phone.symbol for phone in word.phones)
        table.add_row(f"{word.start / RATE:.3f}", f"{word.end / RATE:.3f}", word.text, sounds)
    Console().print(table)
    typer.echo(f"{wav}: {voice}")
    if missing := speaking.missing(whose, chosen):
        instead = ", ".join(f"{own} as {other}" for own, other in missing.items())
        typer.echo(f"which has not all sounds of this accent, and says {instead}")


@app.command()
def make(
    recipe: Annotated[str, typer.Option(help="One that comes along, or a .toml of your own.")],
    out: Annotated[Path, typer.Option(help="Folder for audio and manifest.")],
    hours: Annotated[float, typer.Option(min=0.001, help="Of speech.")] = 1.0,
    split: Annotated[Split, typer.Option(help="Whose voices and sentences.")] = Split.TRAIN,
    seed: Annotated[int, typer.Option(min=0, help="Of all that is drawn.")] = 0,
    clean: Annotated[
        bool, typer.Option("--clean", help="Only what is said: noises and lines are for a stream.")
    ] = False,
    processes: Annotated[
        int, typer.Option(min=1, max=256, help="That work at once. Default: one a core.")
    ] = os.cpu_count() or 1,
) -> None:
    """Make speech from a recipe: FLAC files, and a manifest with the times of words and sounds.

    The same recipe, seed and split give the same files. Broken off, by Ctrl-C or otherwise, it
    goes on where it was when it is called again.
    """
    from talkover.trainer.data.make import MANIFEST
    from talkover.trainer.data.make import make as make_set
    from talkover.trainer.data.recipe import Recipe

    console = Console(highlight=False)
    begun = time.monotonic()
    with progress_bar(console) as progress:
        task = progress.add_task("seconds of speech", total=round(hours * 3_600))
        summary = make_set(
            Recipe.load(recipe, seed=seed),
            split,
            out,
            hours=hours,
            processes=processes,
            clean=clean,
            tick=lambda seconds: progress.update(task, advance=seconds, refresh=True),
        )
    took = time.monotonic() - begun
    rate = f"{summary.made / took:.1f} x real time" if summary.made else "all there before"
    console.print(f"{summary.utterances} utterances in {out / MANIFEST}, {rate}")


def _show(code: str) -> None:
    from talkover.trainer.data.accents import accent

    one = accent(code)
    typer.echo(f"{one.name}: {one.source}")
    if one.note:
        typer.echo(one.note)
    table = Table("set", "vowel", box=None, pad_edge=False)
    for name, vowel in one.vowels.items():
        table.add_row(name, "".join(vowel))
    Console().print(table)
    for rule in one.rules:
        typer.echo(f"  {rule.text}")
