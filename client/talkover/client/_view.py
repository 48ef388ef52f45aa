"""A conversation in the terminal, as it happens."""

from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from talkover.client._events import (
    AgentText,
    Ended,
    EndReason,
    Event,
    Glance,
    Problem,
    Started,
    Timings,
    Transcript,
    Truncation,
    Turn,
    TurnKind,
)
from talkover.core.clock import seconds


class View:
    """Prints finished turns and keeps the unfinished one on the last line.

    Nothing is redrawn between events, so watching costs nothing. Where the output is no terminal
    only finished turns are printed.

    Args:
        console: Where to.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._said: dict[int, list[str]] = {}  # words of the agent, by turn

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def event(self, event: Event) -> None:
        """Show what an event changes."""
        match event:
            case Started():
                self._print(f"session {event.session_id}, bundle {event.bundle_id}", "dim")
            case Transcript(final=False):
                self._unfinished("caller", event.text)
            case Transcript():
                self._speech(event.at, "caller", Text(event.text))
            case AgentText():
                words = self._said.setdefault(event.turn, [])
                words[event.first :] = [word.text for word in event.words]
                self._unfinished("agent", " ".join(words))
            case Turn(kind=TurnKind.AGENT_FINISHED):
                text = " ".join(self._said.pop(event.turn, []))
                self._speech(event.at, "agent", Text(text))
            case Truncation():
                self._truncated(event)
            case Timings():
                self._timings(event)
            case Glance() | Problem():
                self._beside(event)
            case Ended(reason=reason) if reason is not EndReason.HANG_UP:
                self._print(f"the session ended: {reason.replace('_', ' ')}", "yellow")

    def _beside(self, event: Glance | Problem) -> None:
        if isinstance(event, Glance):
            self._print(_glance(event), "dim")
        else:
            self._print(f"{event.code}: {event.message}", "red")

    def _truncated(self, event: Truncation) -> None:
        words = self._said.pop(event.turn, [])
        heard = len(event.heard_text.split())
        said = Text(" ".join(words[:heard]))
        if rest := " ".join(words[heard:]):
            said.append(" " if heard else "")
            said.append(rest, style="strike dim")
        self._speech(event.at, "agent", said)

    def _timings(self, event: Timings) -> None:
        self._print(
            f"{'':16}end of turn {event.end_of_turn:.2f} s, transcript {event.transcript:.2f} s, "
            f"first token {event.first_token:.2f} s, first audio {event.first_audio:.2f} s",
            "dim",
        )

    def _speech(self, at: int, who: str, said: Text) -> None:
        self._unfinished(who, "")
        if said.plain:
            self._console.print(_line(f"{seconds(at):7.2f}", who, said), soft_wrap=True)

    def _print(self, text: str, style: str) -> None:
        self._console.print(Text(text, style=style), soft_wrap=True)

    def _unfinished(self, who: str, text: str) -> None:
        if self._console.is_terminal:
            line = _line("       ", who, Text(text, style="italic dim")) if text else Text("")
            self._live.update(line, refresh=True)


def _glance(event: Glance) -> str:
    what = f"the {event.source} at {seconds(event.taken_at):.2f} s"
    if event.compared_at is not None:
        what += f", beside {seconds(event.compared_at):.2f} s"
    blank = ", which shows nothing" if event.blank else ""
    cue = f', for "{event.cue}"' if event.cue else ""
    return f"{'':16}looks at {what}{blank}{cue}"


def _line(time: str, who: str, said: Text) -> Text:
    line = Text(f"{time} ", style="dim")
    line.append(f"{who:>6}  ", style="bold cyan" if who == "caller" else "bold green")
    return line.append_text(said)
