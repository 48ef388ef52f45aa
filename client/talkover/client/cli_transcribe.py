"""``talkover transcribe``: the words of a recording, with their times."""

import asyncio
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from talkover.client._channel import DEFAULT_URL
from talkover.client._oneshot import Transcription
from talkover.client._oneshot import transcribe as ask
from talkover.client.cli_call import Languages, Token, Url
from talkover.core.audio import read_wav
from talkover.core.clock import RATE, seconds

_UNSURE: Final = 0.5


def transcribe(
    file: Annotated[Path, typer.Argument(help="A recording of at most 30 s.")],
    url: Url = DEFAULT_URL,
    token: Token = None,
    language: Languages = None,
    n_best: Annotated[int, typer.Option(min=1, max=8, help="Readings to ask for.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print all of it as JSON.")] = False,
) -> None:
    """Print what is said in a recording, word by word with times, without a conversation."""
    pcm = read_wav(file, rate=RATE)
    answer = asyncio.run(ask(pcm, url, token=token, languages=language or (), n_best=n_best))
    if as_json:
        typer.echo(json.dumps(asdict(answer), ensure_ascii=False, indent=2))
        return
    _show(answer, Console(highlight=False))


def _show(answer: Transcription, console: Console) -> None:
    if not answer.hypotheses:
        console.print("nobody speaks in it", style="yellow")
        return
    best, *others = answer.hypotheses
    table = Table("from", "to", "word", "sure", box=None, pad_edge=False)
    for word in best.words:
        style = "yellow" if word.confidence < _UNSURE else ""
        times = (f"{seconds(word.starts_at):.2f}", f"{seconds(word.ends_at):.2f}")
        table.add_row(*times, Text(word.text, style), f"{word.confidence:.2f}")
    console.print(Text(best.text, style="bold"), soft_wrap=True)
    console.print(table)
    for reading in others:
        ratio = math.exp(reading.log_probability - best.log_probability)
        console.print(Text(f"or, {ratio:.2g} times as likely: {reading.text}"), soft_wrap=True)
    console.print(
        f"{answer.language} ({answer.language_probability:.0%}), bundle {answer.bundle_id}, "
        f"{answer.seconds:.2f} s",
        style="dim",
    )
