"""What all benches share: choosing recordings, placing many calls, showing how far it is."""

import asyncio
import random
import re
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from talkover.core.audio.prompts import Prompt, find_prompts
from talkover.core.errors import CallError, ConfigError

T = TypeVar("T")

_WORD: Final = re.compile(r"[^\W\d_]+")
_NOT_WORDS: Final = re.compile(r"[\[\]<>{}()]")


@dataclass(frozen=True)
class Failed:
    """A call that did not come about, or broke."""

    name: str
    reason: str


def choose_prompts(
    count: int, *, seed: int, shortest: int = 4, longest: float = 20.0
) -> list[Prompt]:
    """Recordings of a real person with their words, the same for the same seed.

    Args:
        count: How many.
        seed: Of the draw.
        shortest: Words that a recording must have; those described in brackets have none.
        longest: Seconds.

    Raises:
        ConfigError: there are not so many on this machine.
    """
    fit = [
        prompt
        for prompt in sorted(find_prompts("en"), key=lambda prompt: prompt.name)
        if not _NOT_WORDS.search(prompt.text)
        and len(_WORD.findall(prompt.text)) >= shortest
        and prompt.seconds <= longest
    ]
    if len(fit) < count:
        raise ConfigError(
            f"{len(fit)} recordings fit and {count} are wanted; install Debian's "
            "asterisk-core-sounds-en-wav and asterisk-core-sounds-en, or ask for fewer"
        )
    return random.Random(seed).sample(fit, count)  # noqa: S311 - a reproducible draw


async def run_all(
    title: str,
    jobs: Sequence[tuple[str, Callable[[], Coroutine[Any, Any, T]]]],
    *,
    parallel: int,
    console: Console,
) -> tuple[list[T], list[Failed]]:
    """Run named jobs, at most ``parallel`` at a time, under a progress bar.

    Returns:
        The results in the order of the jobs, and the calls that failed.
    """
    results: dict[int, T] = {}
    failures: list[Failed] = []
    gate = asyncio.Semaphore(parallel)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, TimeElapsedColumn(), console=console, auto_refresh=False, transient=True
    ) as progress:
        bar = progress.add_task(title, total=len(jobs))
        progress.refresh()

        async def run(index: int) -> None:
            name, job = jobs[index]
            async with gate:
                try:
                    results[index] = await job()
                except CallError as error:
                    failures.append(Failed(name, f"{error.code}: {error}"))
            progress.advance(bar)
            progress.refresh()

        async with asyncio.TaskGroup() as group:
            for index in range(len(jobs)):
                group.create_task(run(index))
    return [results[index] for index in sorted(results)], failures
