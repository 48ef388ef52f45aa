"""``talkover replay``: a logged call through the turn-taking core again."""

from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from talkover.core.clock import seconds
from talkover.core.errors import ConfigError, TraceError
from talkover.core.records import SessionEvent
from talkover.server.replay.compare import Call, Replay, replay
from talkover.server.replay.picture import picture
from talkover.server.replay.policies import policy_from_toml, policy_to_toml
from talkover.server.traces.reading import connect, session_events
from talkover.server.turns import Tell

_DIFFERENT: Final = 1  # exit code, as of diff


def command(
    trace: Annotated[
        str, typer.Argument(help="A call's id, or a file of `talkover traces show --json`.")
    ],
    policy: Annotated[
        Path | None, typer.Option(help="TOML with thresholds; what would they have done?")
    ] = None,
    svg: Annotated[Path | None, typer.Option(help="Draw the lanes, then and now.")] = None,
    print_policy: Annotated[
        bool, typer.Option("--print-policy", help="The call's thresholds as TOML, to edit.")
    ] = False,
    redis_url: Annotated[
        str | None, typer.Option("--redis", help="URL; default: as set, or the server's own.")
    ] = None,
) -> None:
    """Feed a logged call through the core: it must take the same turns, to the tick.

    With --policy, shows where other thresholds would have decided otherwise. Ends with code 1 when
    there are differences.
    """
    call = Call.read(_events(trace, redis_url))
    if print_policy:
        typer.echo(policy_to_toml(call.policy), nl=False)
        return
    other = None
    if policy is not None:
        try:
            other = policy_from_toml(policy.read_text(encoding="utf-8"), call.policy)
        except (OSError, UnicodeDecodeError):
            raise ConfigError(f"{policy} cannot be read") from None
    found = replay(call, other)
    _print(found, Console(highlight=False))
    if svg is not None:
        svg.write_text(picture(found), encoding="utf-8")
    if not found.same:
        raise typer.Exit(_DIFFERENT)


def _events(trace: str, redis_url: str | None) -> list[SessionEvent]:
    path = Path(trace)
    if path.is_file():
        lines = path.read_text(encoding="utf-8").splitlines()
        return [SessionEvent.parse(line) for line in lines if '"seq"' in line]
    events = session_events(connect(redis_url), trace)
    if not events:
        raise TraceError(f"no traces of {trace}; `talkover traces tail` names recent calls")
    return events


def _print(found: Replay, console: Console) -> None:
    if found.same:
        console.print(f"the same {len(found.given)} events, to the tick")
        return
    table = Table("in the call", "replayed", title="where they part")
    for difference in found.differences():
        table.add_row(_lines(difference.logged), _lines(difference.given))
    console.print(table)
    counts = Table("event", "in the call", "replayed")
    for change, (then, now) in found.counts().items():
        if then or now:
            counts.add_row(change.value, str(then), str(now))
    console.print(counts)


def _lines(told: tuple[Tell, ...]) -> str:
    return "\n".join(f"{seconds(t.at):8.3f} {t.change.value} ({t.turn})" for t in told)
