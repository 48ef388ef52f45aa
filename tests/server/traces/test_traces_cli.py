import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from talkover.core.errors import ConfigError, TraceError
from talkover.server.traces import EmbeddedRedis, TraceWriter, default_url
from talkover.server.traces.cli import app

from .support import make_event, make_turn
from .test_writer import Opener, drained

RUN = CliRunner(env={"COLUMNS": "160"})


async def write(writer: TraceWriter) -> None:
    for i in range(3):
        writer.record_turn(make_turn(i, text=f"words {i} \x1b[31m[bold]"))
        writer.record_event(make_event(i))
    writer.record_turn(make_turn(0, session="other"))
    await drained(writer)


async def test_tail(server: EmbeddedRedis, open_writer: Opener) -> None:
    async with open_writer(server.url) as writer:
        await write(writer)
    lines = RUN.invoke(app, ["tail", "--no-follow", "--redis", server.url, "-n", "2"])
    assert lines.exit_code == 0, lines.output
    assert "other turn 0 completed" in lines.output
    assert "words 2  [31m[bold]" in lines.output  # shown as it is, commands nothing
    assert "words 1" not in lines.output
    assert "first_audio 0.70" in lines.output
    found = RUN.invoke(app, ["tail", "--no-follow", "--redis", server.url, "--json"])
    assert [json.loads(line)["turn"] for line in found.stdout.splitlines()] == [0, 1, 2, 0]


async def test_show(server: EmbeddedRedis, open_writer: Opener) -> None:
    async with open_writer(server.url) as writer:
        await write(writer)
    table = RUN.invoke(app, ["show", "s", "--redis", server.url])
    assert table.exit_code == 0, table.output
    assert "words 1" in table.output
    assert "tick" in table.output
    found = RUN.invoke(app, ["show", "s", "--json", "--redis", server.url])
    records = [json.loads(line) for line in found.stdout.splitlines()]
    assert [("turn" in one, one["session"]) for one in records] == [(True, "s")] * 3 + [
        (False, "s")
    ] * 3


async def test_a_call_that_is_not_there(server: EmbeddedRedis) -> None:
    with pytest.raises(TraceError, match="no traces of nobody"):
        RUN.invoke(app, ["show", "nobody", "--redis", server.url], catch_exceptions=False)


@pytest.mark.parametrize("command", [["tail"], ["show", "s"]])
def test_when_nothing_listens_it_says_so(tmp_path: Path, command: list[str]) -> None:
    with pytest.raises(TraceError, match="talkover serve"):
        RUN.invoke(app, [*command, "--redis", default_url(tmp_path)], catch_exceptions=False)
    with pytest.raises(TraceError) as caught:
        RUN.invoke(app, [*command, "--redis", "redis://:pw@127.0.0.1:1"], catch_exceptions=False)
    assert "pw" not in str(caught.value)
    with pytest.raises(ConfigError):
        RUN.invoke(app, [*command, "--redis", "nonsense"], catch_exceptions=False)
