"""``talkover replay``: a logged call through the turn-taking core again."""

from pathlib import Path
from typing import Annotated, Final

import redis
import typer
from rich.console import Console
from rich.table import Table

from talkover.core.clock import seconds
from talkover.core.errors import ConfigError, TraceError
from talkover.core.records import SessionEvent
from talkover.core.report import progress_bar
from talkover.core.traces.connecting import connect
from talkover.server.replay.compare import Call, Replay, replay
from talkover.server.replay.picture import picture
from talkover.server.replay.policies import policy_from_toml, policy_to_toml
from talkover.server.traces.reading import session_events, sessions
from talkover.server.turns import Tell

_DIFFERENT: Final = 1  # exit code, as of diff


def command(
    trace: Annotated[
        str | None, typer.Argument(help="A call's id, or a file of `talkover traces show --json`.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every call in the traces, instead of one.")
    ] = False,
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
    there are differences. With --all it is enough to say how many calls did.
    """
    if every != (trace is None) or (every and (policy or svg or print_policy)):
        raise typer.BadParameter("one call, or --all and none of the options for a single one")
    if trace is None:
        _replay_all(connect(redis_url), Console(highlight=False))
        return
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


def _replay_all(client: "redis.Redis", console: Console) -> None:
    """Replay every call; prints how many there are and names those that came out otherwise."""
    same = total = 0
    with progress_bar(console) as progress:
        for session in progress.track(sessions(client), description="replaying"):
            total += 1
            try:
                found = replay(Call.read(session_events(client, session)))
            except TraceError as error:
                console.print(f"{session}: {error}")
                continue
            same += found.same
            if not found.same:
                console.print(f"{session}: {len(found.differences())} differences")
    console.print(f"{same} of {total} calls took the same turns, to the tick")
    if same < total or not total:
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
