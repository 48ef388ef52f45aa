"""``talkover traces``: look at what calls left behind."""

import datetime as dt
import json
from pathlib import Path
from typing import Annotated, Any, Final

import redis
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from talkover.core.clock import seconds
from talkover.core.errors import TraceError
from talkover.core.records import Outcome, SessionEvent, TurnRecord, caller_hash
from talkover.core.redis_url import redis_url as url_of
from talkover.core.settings import load_settings
from talkover.core.traces.connecting import PAGE, connect, entries
from talkover.core.traces.streams import TURNS
from talkover.server.traces.erasing import forget
from talkover.server.traces.reading import session_events

app = typer.Typer(help="What was said: follow turns, look at a call.", no_args_is_help=True)

_ANSWER: Final = 30.0  # s that Redis may take
_STYLES: Final = {
    Outcome.COMPLETED: "green",
    Outcome.INTERRUPTED: "yellow",
    Outcome.FALSE_START: "dim",
    Outcome.HUNG_UP: "cyan",
    Outcome.ERROR: "red",
}

RedisUrl = Annotated[
    str | None, typer.Option("--redis", help="URL; default: as set, or the server's own.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Records as JSON, one a line.")]


@app.command()
def tail(
    redis_url: RedisUrl = None,
    last: Annotated[int, typer.Option("--last", "-n", min=0, help="Begin with so many.")] = 10,
    follow: Annotated[bool, typer.Option(help="Wait for more, until Ctrl-C.")] = True,
    as_json: AsJson = False,
) -> None:
    """Print turns as they are written."""
    client = connect(redis_url)
    console = Console(highlight=False)
    recent: Any = client.xrevrange(TURNS, count=max(last, 1))
    position = recent[0][0] if recent else b"0"
    for _, fields in reversed(recent[:last]):
        _print_turn(console, fields, as_json)
    while follow:
        try:
            answer: Any = client.xread({TURNS: position}, count=PAGE, block=1_000)
        except redis.RedisError:
            raise TraceError("Redis went away; start this again when it is back") from None
        for entry, fields in answer[0][1] if answer else []:
            position = entry
            _print_turn(console, fields, as_json)


@app.command()
def show(
    session: Annotated[str, typer.Argument(help="Id of the call.")],
    redis_url: RedisUrl = None,
    as_json: AsJson = False,
) -> None:
    """Print the turns and the events of one call."""
    client = connect(redis_url)
    latest = {  # of a turn that was corrected later, as it was corrected
        turn.turn: turn
        for fields in entries(client, TURNS)
        if (turn := TurnRecord.parse(fields[b"record"])).session == session
    }
    turns = [latest[number] for number in sorted(latest)]
    events = session_events(client, session)
    if not turns and not events:
        raise TraceError(f"no traces of {session}; `talkover traces tail` names recent calls")
    if as_json:
        records: list[TurnRecord | SessionEvent] = [*turns, *events]
        for record in records:
            typer.echo(record.model_dump_json())
        return
    console = Console(highlight=False)
    console.print(_turn_table(turns))
    console.print(_event_table(events))


@app.command("erase")
def erase_caller(
    caller: Annotated[str, typer.Option(help="The name they call by, as their client gives it.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be erased.")
    ] = False,
    redis_url: RedisUrl = None,
    data_dir: Annotated[Path | None, typer.Option(help="Where audio and items are.")] = None,
) -> None:
    """Erase a caller: turns, events, audio, spool, and all that learning has of them.

    Weights that have learnt from them stay as they are; the runs are named, so that they can be
    trained again without them.
    """
    settings = load_settings(data_dir=data_dir)
    url = redis_url or url_of(settings)
    found, learnt = forget(
        connect(url, patience=_ANSWER), url, settings, caller_hash(caller), dry_run=dry_run
    )
    table = Table("would be erased" if dry_run else "erased", "", box=None, pad_edge=False)
    for what, count in (
        ("calls", len(found.sessions | learnt.sessions)),
        ("turns in Redis", len(found.turns)),
        ("events in Redis", found.events),
        ("turns that learning gave up", len(found.refused)),
        ("recordings", len(found.blobs)),
        ("training items", learnt.items),
        ("recordings of training items", learnt.recordings),
        ("lines of training manifests", learnt.lines),
    ):
        table.add_row(what, str(count))
    console = Console(highlight=False)
    console.print(table)
    if learnt.runs:
        console.print(f"weights of these runs have learnt from them: {', '.join(learnt.runs)}")
    if found.open:
        console.print(f"{found.open} calls may be under way; give this again when they are over")


def _print_turn(console: Console, fields: dict[bytes, bytes], as_json: bool) -> None:
    try:
        record = TurnRecord.parse(fields[b"record"])
    except TraceError as error:
        Console(stderr=True).print(f"skipped: {error}", style="dim")
        return
    if as_json:
        typer.echo(record.model_dump_json())
        return
    when = dt.datetime.fromtimestamp(record.written_at).astimezone()
    head = Text.assemble(
        (f"{when:%H:%M:%S} ", "dim"),
        (f"{record.session}", "bold"),
        f" turn {record.turn} ",
        (record.outcome.value, _STYLES[record.outcome]),
        (f"  {_latencies(record)}", "dim"),
    )
    console.print(head)
    console.print(Text.assemble(("  caller  ", "cyan"), _words(record, "text")))
    console.print(Text.assemble(("  agent   ", "magenta"), _words(record, "heard")))


def _turn_table(turns: list[TurnRecord]) -> Table:
    table = Table("turn", "from", "to", "caller", "agent, as heard", "outcome", "latencies")
    for record in turns:
        table.add_row(
            str(record.turn),
            f"{seconds(record.caller_start):.2f}",
            f"{seconds(record.caller_end):.2f}",
            _words(record, "text"),
            _words(record, "heard"),
            Text(record.outcome.value, _STYLES[record.outcome]),
            _latencies(record),
        )
    return table


def _event_table(events: list[SessionEvent]) -> Table:
    table = Table("at", "event", "payload")
    for event in events:
        payload = json.dumps(dict(event.payload), ensure_ascii=False)
        table.add_row(f"{seconds(event.at):.2f}", event.type, _plain(payload[:300]))
    return table


def _latencies(record: TurnRecord) -> str:
    return "  ".join(f"{stage} {value:.2f}" for stage, value in record.latencies.items())


def _words(record: TurnRecord, name: str) -> Text:
    if record.redacted:
        return Text(f"[{record.lengths.get(name, 0)} characters, not kept]", "dim")
    return _plain(str(getattr(record, name)))


def _plain(text: str) -> Text:
    """Text that cannot command a terminal."""
    return Text("".join(char if char.isprintable() else " " for char in text))
