"""The commands, as a process of their own, against a scripted server."""

import asyncio
import json
import signal
import sys

import numpy as np
import pytest
import soundfile

from talkover.core.audio import write_wav
from talkover.v1 import agent_pb2

from .scripted import audio, polite, serving, turn

COMMAND = """
import sys, typer
from rich.console import Console
from talkover.client.cli import register
from talkover.core.errors import TalkoverError
app = typer.Typer()
register(app)
try:
    app()
except TalkoverError as error:
    sys.exit(f"{error.code} {error}")
"""


async def start(*args: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", COMMAND, *args),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def run(*args: str) -> tuple[int, str]:
    process = await start(*args)
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, output.decode()


async def cut_short(server, requests, context):
    """Answers a little noise and says that only half of the answer was heard."""
    await server.open(requests, context)
    while request := await server.take(requests):
        if request.WhichOneof("message") == "audio" and any(request.audio.data):
            break
    await context.write(turn("caller_started"))
    transcript = agent_pb2.Transcript(text="[good] morning", final=True)
    await context.write(agent_pb2.ConverseResponse(at=16_000, transcript=transcript))
    await context.write(turn("caller_ended"))
    await context.write(turn("agent_started"))
    words = [agent_pb2.Word(text=text) for text in ("never", "heard", "before")]
    text = agent_pb2.AgentText(words=words)
    await context.write(agent_pb2.ConverseResponse(agent_text=text))
    await context.write(turn("ducked"))
    await context.write(turn("barge_in"))
    await context.write(turn("false_start", turn=1))
    again = [agent_pb2.Word(text=text) for text in ("heard", "before")]
    await context.write(
        agent_pb2.ConverseResponse(agent_text=agent_pb2.AgentText(words=again, first=1))
    )
    await context.write(turn("resumed"))
    for frame in range(5):
        await context.write(audio(b"\xd0\x07" * 320, frame * 320, frame * 320))
    await context.write(turn("barge_in"))
    cut = agent_pb2.Truncation(heard_text="never heard", played=320)
    await context.write(agent_pb2.ConverseResponse(at=32_000, truncation=cut))
    await server.until_hang_up(requests)
    await server.end(context)


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "caller.wav"
    write_wav(path, np.full(8_000, 3_000, np.int16), rate=16_000)
    return path


async def test_call_shows_the_conversation_and_writes_both_files(tmp_path, recording):
    out = tmp_path / "out.wav"
    async with serving(cut_short) as (server, url):
        flags = ("--url", url, "--out", str(out), "--tail", "0.2", "--language", "en")
        code, output = await run("call", "--wav", str(recording), *flags)
    assert code == 0, output
    assert "caller  [good] morning" in output
    assert "agent  never heard before\n" in output
    both, rate = soundfile.read(out, dtype="int16")
    assert rate == 16_000
    assert (both[:, 0] == 3_000).sum() == 8_000
    log = [json.loads(line) for line in out.with_suffix(".jsonl").read_text().splitlines()]
    assert {"started", "line", "transcript", "agent_text", "truncation", "ended"} <= {
        entry["event"] for entry in log
    }
    assert all({"at", "wall"} <= entry.keys() for entry in log)
    assert list(server.received[0].start.languages) == ["en"]
    assert server.received[0].start.reports_playout


async def test_ctrl_c_hangs_up_and_keeps_the_files(tmp_path, recording):
    out = tmp_path / "out.wav"
    async with serving(polite) as (server, url):
        process = await start("call", "--wav", str(recording), "--url", url, "--out", str(out))
        while "audio" not in server.kinds():
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)
        process.send_signal(signal.SIGINT)
        output, _ = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 0, output
    assert server.kinds()[-1] == "hang_up"
    both, _ = soundfile.read(out)
    assert len(both) > 16_000 * 0.25
    assert '"event": "ended"' in out.with_suffix(".jsonl").read_text()


async def test_what_cannot_be_done_is_told_in_a_line(tmp_path, recording):
    code, output = await run("call", "--wav", str(recording), "--url", "127.0.0.1:9")
    assert (code, "UNREACHABLE" in output) == (1, True)
    code, output = await run("call", "--wav", str(tmp_path / "none.wav"))
    assert (code, "AUDIO" in output) == (1, True)
    code, output = await run("call")
    assert (code, "--mic" in output) == (2, True)
    assert not list(tmp_path.glob("*.jsonl"))


async def test_mic_without_the_library_names_the_cure(tmp_path):
    try:
        import sounddevice  # noqa: F401 - only whether it is there
    except (ImportError, OSError):
        pass
    else:
        pytest.skip("sounddevice is here")
    async with serving(polite) as (_, url):
        out = tmp_path / "out.wav"
        code, output = await run("call", "--mic", "--url", url, "--out", str(out))
    assert code == 1
    assert "talkover[mic]" in output or "libportaudio2" in output


async def test_transcribe_prints_words_with_times_or_json(recording):
    async with serving(polite) as (_, url):
        code, output = await run("transcribe", str(recording), "--url", url)
        assert code == 0, output
        assert "0.01  0.20  hello  0.50" in output
        code, output = await run("transcribe", str(recording), "--url", url, "--json")
    answer = json.loads(output)
    assert answer["hypotheses"][0]["words"][0]["ends_at"] == 3200
