"""``talkover call``: a recording or a person talks to the agent from the terminal."""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from talkover.client._call import Call, connect
from talkover.client._channel import DEFAULT_URL
from talkover.client._view import View
from talkover.client.mic import Microphone
from talkover.client.phone import Phone, Scripted, Voice
from talkover.client.record import EventLog, Recorder
from talkover.client.script import AfterReply, At, Line, Said, Script
from talkover.client.showing import Showing, parse_showing, shown
from talkover.core.audio import AudioFormat, Encoding, read_wav
from talkover.core.clock import samples
from talkover.core.errors import ConfigError

_LEAD: Final = 0.3  # seconds of silence before the first recording

Url = Annotated[str, typer.Option(envvar="TALKOVER_URL", help="grpc:// or grpcs://host:port.")]
Token = Annotated[
    str | None,
    typer.Option(envvar="TALKOVER_TOKEN", help="Bearer token, where the server wants one."),
]
Languages = Annotated[
    list[str] | None,
    typer.Option("--language", help="BCP 47 tag that may be spoken; repeat for several."),
]


@dataclass(frozen=True)
class _Options:
    url: str
    token: str | None
    audio: AudioFormat
    languages: Sequence[str]
    instructions: str
    consent: bool
    out: Path
    events: Path
    tail: float


def call(
    wav: Annotated[
        list[Path] | None,
        typer.Option(help="Recording to say; the next one follows the agent's reply."),
    ] = None,
    picture: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE[@SECONDS]",
            help="JPEG, PNG or WebP to show, so many seconds into the call; repeat for more.",
        ),
    ] = None,
    mic: Annotated[bool, typer.Option("--mic", help="Talk yourself; wear headphones.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Two-channel WAV. Default: call-DATE-TIME.wav.")
    ] = None,
    events: Annotated[
        Path | None, typer.Option(help="Event log, JSON lines. Default: beside the WAV.")
    ] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    language: Languages = None,
    instructions: Annotated[str, typer.Option(help="How the agent should behave.")] = "",
    encoding: Annotated[Encoding, typer.Option(help="On the wire.")] = Encoding.PCM16,
    rate: Annotated[int, typer.Option(help="On the wire: 8000, 16000, 24000, 48000.")] = 16_000,
    consent: Annotated[
        bool, typer.Option("--consent", help="The server may keep and learn from this call.")
    ] = False,
    tail: Annotated[
        float, typer.Option(min=0, help="Seconds to stay on the line after the last reply.")
    ] = 1.0,
) -> None:
    """Call the agent and watch the conversation.

    Recordings are played in real time, each after the reply to the one before, and then the
    caller hangs up. What was said goes to a WAV: the caller on the left, on the right what came
    out of the caller's loudspeaker; words that were not heard are struck through. Ctrl-C hangs
    up and keeps the files.
    """
    if bool(wav) == mic:
        raise typer.BadParameter("give --wav FILE (repeat for more) or --mic, not both")
    path = out or Path(time.strftime("call-%Y%m%d-%H%M%S.wav"))
    options = _Options(
        url=url,
        token=token,
        audio=AudioFormat(encoding, rate),
        languages=language or (),
        instructions=instructions,
        consent=consent,
        out=path,
        events=events or path.with_suffix(".jsonl"),
        tail=tail,
    )
    if options.out == options.events:
        raise ConfigError("--out and --events name the same file; give two")
    lines = [
        Line(read_wav(path, rate=rate), AfterReply() if number else At(_LEAD), path.name)
        for number, path in enumerate(wav or [])
    ]
    pictures = [parse_showing(text) for text in picture or []]
    console = Console(highlight=False)
    try:
        asyncio.run(_talk(options, lines, pictures, console))
    finally:
        if options.out.exists():
            console.print(f"recording {options.out}, events {options.events}", style="dim")


async def _talk(
    options: _Options, lines: Sequence[Line], pictures: Sequence[Showing], console: Console
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        call = await stack.enter_async_context(
            connect(
                options.url,
                token=options.token,
                audio=options.audio,
                languages=options.languages,
                instructions=options.instructions,
                consent=options.consent,
                reports_playout=True,
            )
        )
        recorder = stack.enter_context(
            contextlib.closing(Recorder(options.out, rate=options.audio.rate))
        )
        log = stack.enter_context(contextlib.closing(EventLog(options.events)))
        view = stack.enter_context(View(console))
        clock = asyncio.get_running_loop().time
        began = clock()

        def note(picture: Showing) -> None:
            log.note("picture", at=samples(clock() - began), name=picture.name)

        await stack.enter_async_context(shown(call, pictures, note))
        voice = await stack.enter_async_context(_voice(options, lines, log, call))
        phone = Phone(call, voice, recorder=recorder, observers=[log.event, view.event])
        stack.enter_context(_hanging_up_on_interrupt(phone))
        await phone.talk()


@contextlib.asynccontextmanager
async def _voice(
    options: _Options, lines: Sequence[Line], log: EventLog, call: Call
) -> AsyncIterator[Voice]:
    def note(said: Said) -> None:
        log.note("line", at=said.starts_at, name=said.name, ends_at=said.ends_at)

    if not lines:
        with Microphone(call.audio.rate) as microphone:
            yield microphone
        return
    yield Scripted(Script(lines, rate=call.audio.rate, end=AfterReply(options.tail), on_line=note))


@contextlib.contextmanager
def _hanging_up_on_interrupt(phone: Phone) -> Iterator[None]:
    """The first Ctrl-C hangs up; a second one, should that hang, ends the program."""
    loop = asyncio.get_running_loop()

    def hang_up() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        phone.stop()

    try:
        loop.add_signal_handler(signal.SIGINT, hang_up)
    except NotImplementedError:  # no such handlers on Windows: Ctrl-C cancels, files are kept
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
