"""Drives the browser page from a test: as its agent, and as its user."""

import time

from google.protobuf import json_format

from talkover.v1 import agent_pb2

TICKS = 16_000


def wire(**fields):
    """An event as the server writes it: with default values, or without."""
    at = fields.pop("at", 20 * TICKS)
    message = agent_pb2.ConverseResponse(at=at, **fields)
    return json_format.MessageToJson(
        message, indent=None, always_print_fields_with_no_presence=bool(at % 2)
    )


def turn(kind, index, at=20 * TICKS):
    """A change of the floor."""
    value = agent_pb2.TurnEventKind.Value(f"TURN_EVENT_KIND_{kind}")
    return wire(at=at, turn=agent_pb2.TurnEvent(kind=value, turn=index))


def heard(index, text, *, final=True, speaker="SPEAKER_UNSPECIFIED"):
    """A transcript of the caller, or of whoever else is heard."""
    who = agent_pb2.Speaker.Value(speaker)
    return wire(transcript=agent_pb2.Transcript(turn=index, final=final, text=text, speaker=who))


def says(index, text, at, lane=0, pace=TICKS // 4, first=0):
    """Words of the agent, after ``first`` others of the reply."""
    words = [
        agent_pb2.Word(text=word, starts_at=at + i * pace, ends_at=at + (i + 1) * pace)
        for i, word in enumerate(text.split())
    ]
    return wire(
        agent_text=agent_pb2.AgentText(turn=index, words=words, lane_position=lane, first=first)
    )


def truncated(index, heard_text, played=0):
    """The agent was cut off for good."""
    return wire(truncation=agent_pb2.Truncation(turn=index, heard_text=heard_text, played=played))


def timings(index, **stages):
    """Where the time of a reply went, in seconds."""
    return wire(timings=agent_pb2.ReplyTimings(turn=index, **stages))


def take(page, *messages):
    """Let the page take events."""
    page.evaluate(
        """async (messages) => {
            const { app } = await import("/static/main.js");
            const { parse } = await import("/static/wire.js");
            for (const message of messages) app.take(parse(message));
        }""",
        list(messages),
    )


def step(page, *types):
    """Let the call go through steps."""
    page.evaluate(
        """async (types) => {
            const { app } = await import("/static/main.js");
            for (const type of types) app.step({ type });
        }""",
        list(types),
    )


def go_live(page):
    """A call that is under way."""
    step(page, "dial", "microphone")
    started = agent_pb2.SessionStarted(session_id="abc", bundle_id="b")
    take(page, wire(at=0, started=started), turn("OVERLAP", 0))


def until(page, truth):
    """Wait; Playwright's own way evaluates text in the page, which the policy forbids."""
    deadline = time.monotonic() + 10
    while not page.evaluate(truth):
        assert time.monotonic() < deadline, truth
        page.wait_for_timeout(50)


def phase(page):
    """Of the call."""
    return page.evaluate("talkover.state.phase")


def sent(page, kind):
    """What the page sent, by the name of the message."""
    events = page.evaluate("talkover.events")
    return [e["sent"][kind] for e in events if kind in e.get("sent", {})]
