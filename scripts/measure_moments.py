"""Whether an answer speaks of the picture that was in view when it was asked about.

Starts a server, and calls it: a clock is shown, five pictures a second, while questions that point
at something ("what does this say, and ...") are asked out loud in 17 accents, clean and in noise,
by voices of one split. The right picture is the one that was in view in the middle of the pointing
word, which the synthetic voice tells to the sample. Bar: where that word was heard, 98 % of the
answers speak of that picture, or of the one beside it. Who mishears it cannot know; how often that
is, is told beside. Of questions that point at nothing, any picture that was in view while they were
asked is right. Ends with a report, and with code 1 when the bar is missed.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final, get_args

from demo.children import Children, CommandError
from demo.world import free_port, serve
from moments.asked import Found, Split, questions
from moments.calling import ask, worst
from rich.console import Console

from talkover.core.errors import TalkoverError
from talkover.core.report import (
    Listing,
    Measure,
    Report,
    Resampled,
    hand_over,
    percentile,
    percentile_interval,
    progress_bar,
    to_html,
)
from talkover.core.report.resampling import mean
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.texts import Split as Voices
from talkover.trainer.evaluation.crossmodal.spoken import RECIPE, Speaker

_BAR: Final = 98.0
_QUICK: Final = 8
_SNR: Final = (10.0, 30.0)  # dB: where most words are heard


def main() -> int:
    """Measure; the exit code."""
    wanted = _arguments()
    console = Console(highlight=False)
    count = _QUICK if wanted.quick else wanted.count
    try:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="moments-")))
            children = stack.enter_context(Children(folder / "logs", {}))
            found = asyncio.run(_measure(_server(children), count, wanted, console))
    except (CommandError, TalkoverError) as error:
        console.print(str(error), markup=False)
        return 1
    except KeyboardInterrupt:
        return 130
    report = Report(
        title=f"The picture of the moment that was asked about, {wanted.split} split",
        measures=_measures(found),
        seed=wanted.seed,
        quick=wanted.quick,
    )
    missed = Listing("Another picture", ("accent", "said", "heard", "cue", "off"), worst(found))
    details = {"found": [asdict(one) for one in found]}
    hand_over(report, console, json=wanted.json, listings=[missed], details=details)
    if wanted.html is not None:
        wanted.html.write_text(to_html(report, []), "utf-8")
    return 0 if report.met else 1


async def _measure(
    url: str, count: int, wanted: argparse.Namespace, console: Console
) -> list[Found]:
    recipe = replace(Recipe.load(RECIPE, seed=wanted.seed), snr=_SNR, lines=False)
    waiting = asyncio.Queue[int]()
    for number in range(count + count // 2):
        waiting.put_nowait(number)
    found: list[Found] = []
    listed, split = questions(wanted.split), Voices(wanted.split)
    with ExitStack() as stack:
        clean, noisy = (
            stack.enter_context(Speaker(replace(recipe, noisy=share))) for share in (0.0, 1.0)
        )
        progress = stack.enter_context(progress_bar(console))
        bar = progress.add_task("questions", total=waiting.qsize())

        async def call() -> None:
            while not waiting.empty():
                number = waiting.get_nowait()
                # Accents come in turn, too: not the same question in the same one again.
                one = listed[(number + number // len(listed)) % len(listed)]
                speaker = clean if number < count else noisy
                clip = await asyncio.to_thread(speaker.utter, one.text, number, split)
                found.append(await ask(url, number, one, clip))
                progress.update(bar, advance=1, refresh=True)

        await asyncio.gather(*(call() for _ in range(wanted.parallel)))
    return sorted(found, key=lambda one: one.number)


def _server(children: Children) -> str:
    port = free_port()
    url = f"grpc://127.0.0.1:{port}"
    serve(children, url, port, free_port())
    return url


def _measures(found: Sequence[Found]) -> list[Measure]:
    pointing = [one for one in found if one.points]
    heard = [one for one in pointing if one.pointed]
    clean = [one for one in pointing if one.snr is None]
    noisy = [one for one in pointing if one.snr is not None]
    rows = [
        _share("right or the one beside it, the pointing word heard", heard, 1, bar=_BAR),
        _share("right to the picture, the pointing word heard", heard, 0),
        _share("right or the one beside it, whatever was heard, without noise", clean, 1),
        _share("right or the one beside it, whatever was heard, 10 to 30 dB", noisy, 1),
    ]
    if plain := [one for one in found if not one.points]:
        rows.append(_share("questions that point at nothing: shown while asked", plain, 0))
    off = [abs(one.off) for one in found if one.off is not None]
    rows.append(Measure("pictures off, mean", sum(off) / max(1, len(off)), "", len(off)))
    waits = [one.wait for one in found if one.wait is not None]
    if waits:
        rows.append(
            Measure(
                "from the last sound of a question to the first of its answer, p50",
                percentile(waits, 50),
                "s",
                len(waits),
                percentile_interval(waits, 50),
            )
        )
    return rows


def _share(
    name: str, found: Sequence[Found], pictures: int, *, bar: float | None = None
) -> Measure:
    if not found:
        return Measure(name, 0.0, "%", 0, met=None if bar is None else False)
    right = [float(one.within(pictures)) for one in found]
    every = Resampled([right], [1.0] * len(right), ["all"] * len(right))
    value = every.of(mean, 0).times(100.0)
    said = None if bar is None else f">= {bar:g}"
    met = None if bar is None else value.value >= bar
    return Measure(name, value.value, "%", value.n, value.interval, said, met)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--count",
        type=int,
        default=102,
        help="Questions, and half as many in noise. Default: %(default)s.",
    )
    parser.add_argument(
        "--parallel", type=int, default=2, help="Calls at a time. Default: %(default)s."
    )
    parser.add_argument(
        "--split",
        choices=get_args(Split),
        default="test",
        help="Of questions and voices: validation, to choose by; or test. Default: %(default)s.",
    )
    parser.add_argument("--quick", action="store_true", help="Eight questions, and four.")
    parser.add_argument("--seed", type=int, default=0, help="Of voices and noises.")
    parser.add_argument("--json", type=Path, help="Write the report as JSON.")
    parser.add_argument("--html", type=Path, help="Write it as a page.")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
