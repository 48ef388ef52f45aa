"""``talkover data converse``."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from talkover.core.report import progress_bar
from talkover.trainer.data.conversations.rates import Rates
from talkover.trainer.data.texts import Split

_USUAL: Final = Rates()
_PICTURE: Final = "first.svg"


def converse(
    recipe: Annotated[str, typer.Option(help="One that comes along, or a .toml of your own.")],
    out: Annotated[Path, typer.Option(help="Folder for audio, manifest and segments.")],
    count: Annotated[int, typer.Option(min=1, max=1_000_000, help="Conversations.")] = 10,
    turns: Annotated[int, typer.Option(min=1, max=1_000, help="Of each.")] = _USUAL.turns,
    overlaps: Annotated[
        float, typer.Option(min=0, max=1, help="Share of turns that begin before the other's end.")
    ] = _USUAL.overlaps,
    barge_ins: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the agent's turns that are broken into.")
    ] = _USUAL.barge_ins,
    backchannels: Annotated[
        float, typer.Option(min=0, max=30, help="Of the caller, a minute of the agent's turns.")
    ] = _USUAL.backchannels,
    agent_backchannels: Annotated[
        float, typer.Option(min=0, max=30, help="Of the agent, a minute of the caller's turns.")
    ] = _USUAL.agent_backchannels,
    side_talk: Annotated[
        float, typer.Option(min=0, max=30, help="A minute of conversation.")
    ] = _USUAL.side_talk,
    television: Annotated[
        float, typer.Option(min=0, max=1, help="Share of conversations with one on.")
    ] = _USUAL.television,
    echo: Annotated[
        float, typer.Option(min=0, max=1, help="Share in which the caller's lane has the agent.")
    ] = _USUAL.echo,
    split: Annotated[Split, typer.Option(help="Whose voices and sentences.")] = Split.TRAIN,
    seed: Annotated[int, typer.Option(min=0, help="Of all that is drawn.")] = 0,
) -> None:
    """Make conversations on two lanes, each stretch labelled with who, what kind and when.

    FLAC with the caller's lane and the agent's, manifest.jsonl with segments and words in samples,
    segments.rttm and segments.stm for scoring, and a picture of the first one. Broken off, it goes
    on where it was when it is called again.
    """
    from talkover.core.clock import RATE
    from talkover.trainer.data.conversations.files import MANIFEST, write_conversations
    from talkover.trainer.data.conversations.files import converse as make
    from talkover.trainer.data.conversations.picture import picture
    from talkover.trainer.data.recipe import Recipe
    from talkover.trainer.data.throat import Throat

    rates = Rates(
        turns,
        overlaps,
        barge_ins,
        backchannels,
        agent_backchannels,
        side_talk,
        television,
        echo,
    )
    console, chosen = Console(highlight=False), Recipe.load(recipe, seed=seed)
    with progress_bar(console) as progress:
        bar = progress.add_task("conversations", total=count)

        def tick() -> None:
            progress.advance(bar)
            progress.refresh()

        lines = write_conversations(chosen, split, rates, out, count, tick)
    with Throat() as throat:
        talk = make(chosen, split, rates, 0, throat)
    (out / _PICTURE).write_text(picture(talk.plan, talk.lanes, lines[0]["id"]), "utf-8")
    kinds = Counter(one["kind"] for line in lines for one in line["segments"])
    minutes = sum(line["samples"] for line in lines) / RATE / 60
    told = ", ".join(f"{kinds[kind]} {kind.replace('_', ' ')}" for kind in sorted(kinds))
    console.print(f"{count} conversations, {minutes:.1f} minutes, in {out / MANIFEST}: {told}")
