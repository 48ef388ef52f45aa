"""What all benches share: choosing recordings, placing many calls, showing how far it is."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import soundfile
from rich.console import Console

from talkover.core.audio.prompts import Prompt, find_prompts
from talkover.core.errors import CallError, ConfigError
from talkover.core.report import progress_bar

T = TypeVar("T")
Job = Callable[[], Coroutine[Any, Any, T]]
"""Begins something that takes a while."""


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
        shortest: Words that a recording must have.
        longest: Seconds.

    Raises:
        ConfigError: there are not so many on this machine.
    """
    fit = [
        prompt
        for prompt in find_prompts("en")  # those in brackets are left out there
        if sum(any(map(str.isalpha, word)) for word in prompt.text.split()) >= shortest
        and soundfile.info(prompt.path).duration <= longest
    ]
    if len(fit) < count:
        raise ConfigError(
            f"{len(fit)} recordings fit and {count} are wanted; install Debian's "
            "asterisk-core-sounds-en-wav and asterisk-core-sounds-en, or ask for fewer"
        )
    return random.Random(seed).sample(fit, count)  # noqa: S311 - a reproducible draw


def recording_name(prompt: Prompt) -> str:
    """A file name for the recording of a call that says a prompt."""
    return f"{prompt.name.replace('/', '_')}.wav"


async def run_all(
    title: str, jobs: Mapping[str, Job[T]], *, parallel: int, console: Console
) -> tuple[dict[str, T], list[Failed]]:
    """Run named jobs, at most ``parallel`` at a time, under a progress bar.

    Returns:
        The results by name, in the order of the jobs, and the calls that failed.
    """
    results: dict[str, T] = {}
    failures: list[Failed] = []
    gate = asyncio.Semaphore(parallel)
    with progress_bar(console) as progress:
        bar = progress.add_task(title, total=len(jobs))
        progress.refresh()

        async def run(name: str, job: Job[T]) -> None:
            async with gate:
                try:
                    results[name] = await job()
                except CallError as error:
                    failures.append(Failed(name, f"{error.code}: {error}"))
            progress.advance(bar)
            progress.refresh()

        async with asyncio.TaskGroup() as group:
            for name, job in jobs.items():
                group.create_task(run(name, job))
    return {name: results[name] for name in jobs if name in results}, failures
