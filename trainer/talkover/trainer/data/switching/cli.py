"""``talkover data switches``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from talkover.trainer.data.switching.tokens import ENGLISH, PAIRS, Pattern, SwitchText, written
from talkover.trainer.data.texts import Split

if TYPE_CHECKING:
    from talkover.trainer.data.mouths import Utterance
    from talkover.trainer.data.switching.splices import Spliced

_COLOURS: Final = {ENGLISH: "cyan"}
_OTHER: Final = "yellow"


def show_switches(
    pair: Annotated[str, typer.Argument(help=f"One of {', '.join(PAIRS)}; default: all.")] = "",
    pattern: Annotated[Pattern | None, typer.Option(help="Where they switch.")] = None,
    count: Annotated[int, typer.Option(min=1, max=10_000, help="Of each pair and pattern.")] = 3,
    split: Annotated[Split, typer.Option(help="Whose sentences.")] = Split.TRAIN,
    seed: Annotated[int, typer.Option(min=0, help="Of all that is drawn.")] = 0,
    real: Annotated[
        bool, typer.Option("--real", help="Of recorded prompts, in Spanish and French.")
    ] = False,
    wav: Annotated[Path | None, typer.Option(help="Write the last one here, 16 kHz.")] = None,
    accent: Annotated[
        str, typer.Option(help="Of its English; default: that of the other language's speakers.")
    ] = "",
    variant: Annotated[str, typer.Option(help="Of eSpeak's voice, such as f3 or m1.")] = "",
) -> None:
    """Sentences that go from one language to another, each language in a colour of its own."""
    from talkover.trainer.data.switching.measures import mixing
    from talkover.trainer.data.switching.patterns import draw
    from talkover.trainer.data.switching.splices import RECORDED, Spliced, draw_spliced

    random = np.random.default_rng(seed)
    table = Table("pattern", "matrix", "CMI", "sentence", box=None, pad_edge=False)
    last: SwitchText | Spliced | None = None
    for one in [pair] if pair else RECORDED if real else PAIRS:
        for where in [pattern] if pattern else Pattern:
            for _ in range(count):
                last = (draw_spliced if real else draw)(one, where, split, random)
                text = last.text if isinstance(last, Spliced) else last
                index = f"{mixing(text.tokens, text.matrix).cmi:.0f}"
                table.add_row(where, text.matrix, index, _coloured(text))
    Console().print(table)
    if wav is not None and last is not None:
        _write(_heard(last, accent, variant), wav)


def _coloured(text: SwitchText) -> Text:
    line = Text(overflow="fold")
    for place in range(len(text.tokens)):
        shown = written(text.tokens[: place + 1])[len(line.plain) :]
        line.append(shown, style=_COLOURS.get(text.tokens[place].language, _OTHER))
    return line


def _heard(switch: "SwitchText | Spliced", accent: str, variant: str) -> "Utterance":
    from talkover.trainer.data.accents import accent as ours
    from talkover.trainer.data.switching.foreign import foreign
    from talkover.trainer.data.switching.mouth import say
    from talkover.trainer.data.switching.splices import Spliced, splice
    from talkover.trainer.data.throat import Throat

    if isinstance(switch, Spliced):
        return splice(switch)
    english = ours(accent) if accent else foreign(switch.pair.partition("-")[0])
    with Throat() as throat:
        return say(switch, throat, accent=english, variant=variant)


def _write(said: "Utterance", wav: Path) -> None:
    from talkover.core.audio import to_int16, write_wav
    from talkover.core.clock import RATE

    write_wav(wav, to_int16(said.pcm))
    table = Table("from", "to", "language", "words", "sounds", box=None, pad_edge=False)
    for word in said.words:
        sounds = " ".join(phone.symbol for phone in word.phones)
        times = (f"{word.start / RATE:.3f}", f"{word.end / RATE:.3f}")
        table.add_row(*times, word.language, word.text, sounds)
    Console().print(table)
    typer.echo(str(wav))
