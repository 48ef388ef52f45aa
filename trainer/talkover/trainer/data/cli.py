"""``talkover data``: what there is to learn from, and what it sounds like."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Speech to learn from."""


@app.command("accents")
def show_accents(
    code: Annotated[
        str, typer.Argument(help="One of them, in full; without it, all of them in a table.")
    ] = "",
) -> None:
    """The accents of English that can be spoken: their vowels, and where they are described."""
    from talkover.trainer.data.accents import accent, accents

    if code:
        _show(code)
        return
    table = Table("accent", "", "trap bath", "cot caught", "foot strut", "price", "north", "better",
                  "thin", box=None, pad_edge=False)  # fmt: skip
    for one in accents().values():
        said = {w.text: w.ipa for w in accent(one.code).say("trap bath cot caught foot strut price "
                                                            "north better thin")}  # fmt: skip
        table.add_row(
            *(one.code, one.name, f"{said['trap']} {said['bath']}"),
            *(f"{said['cot']} {said['caught']}", f"{said['foot']} {said['strut']}"),
            *(said["price"], said["north"], said["better"], said["thin"]),
        )
    Console().print(table)


@app.command()
def say(
    code: Annotated[str, typer.Argument(help="An accent: see talkover data accents.")],
    text: Annotated[str, typer.Argument(help="English.")],
    wav: Annotated[Path | None, typer.Option(help="Write it here, 16 kHz.")] = None,
    variant: Annotated[str, typer.Option(help="Of eSpeak's voice, such as f3 or m1.")] = "",
) -> None:
    """Say a text in an accent: its sounds in IPA and, with --wav, to be heard."""
    from talkover.core.audio import to_int16, write_wav
    from talkover.core.clock import RATE
    from talkover.trainer.data.accents import accent
    from talkover.trainer.data.mouths import mouth_of, speak
    from talkover.trainer.data.throat import Throat

    chosen = accent(code)
    words = chosen.say(text)
    typer.echo(" ".join(word.ipa for word in words))
    if wav is None:
        return
    with Throat() as throat:
        said = speak(chosen, words, throat, variant=variant)
    write_wav(wav, to_int16(said.pcm))
    table = Table("from", "to", "word", "sounds", box=None, pad_edge=False)
    for word in said.words:
        sounds = " ".join(phone.symbol for phone in word.phones)
        table.add_row(f"{word.start / RATE:.3f}", f"{word.end / RATE:.3f}", word.text, sounds)
    Console().print(table)
    mouth = mouth_of(chosen)
    typer.echo(f"{wav}: eSpeak's {mouth.table}")
    if mouth.missing:
        instead = ", ".join(f"{own} as {other}" for own, other in mouth.missing.items())
        typer.echo(f"which has not all sounds of this accent, and says {instead}")


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
