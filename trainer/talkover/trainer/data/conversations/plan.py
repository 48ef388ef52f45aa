"""Turn-taking drawn from rates: who speaks when, and who has to stop. Pure, but for who is asked.

First the two take turns. Then whoever listens says "mm-hm" where the other leaves room, people in
the caller's room say something to one another, and the television runs. No one speaks two things at
once.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from talkover.core.clock import RATE
from talkover.trainer.data.conversations.rates import Rates, draw_gap, draw_overlap
from talkover.trainer.data.conversations.segments import Kind, Plan, Segment, Source, Spoken, Who

Random = np.random.Generator
Span = tuple[int, int]

_LEAD: Final = (0.3, 1.0)  # seconds before the first turn
_TAIL: Final = (0.5, 1.5)
_BREATH: Final = 0.1  # seconds between two things that one person says
_DEEPEST: Final = 0.25  # of a turn may lie under the next one, unless somebody breaks in
_BREAKS: Final = (0.3, 0.85)  # of the agent's turn, when somebody does
_YIELDS: Final = (0.2, 0.8)  # seconds until the agent is silent then
_SETTLED: Final = 0.6  # seconds of a turn before anybody says "mm-hm"
_CLOSING: Final = 0.3  # seconds before its end after which nobody does
_ASIDE: Final = 0.5  # share of side talk that is the caller's own
_PAUSE: Final = (0.2, 1.5)  # seconds between two sentences of a television
_LATE: Final = (0.04, 0.25)  # seconds that an echo takes


def plan_conversation(rates: Rates, source: Source, random: Random) -> Plan:
    """Lay out a conversation; the same source and seed give the same one.

    Args:
        rates: How often what happens.
        source: Speaks.
        random: Decides.
    """
    turns = take_turns(rates, source, random)
    heard = [*turns, *_backchannels(turns, rates, source, random)]
    length = max(one.end for one in heard) + _samples(random.uniform(*_TAIL))
    heard += _side_talk(heard, length, rates, source, random)
    if random.random() < rates.television:
        heard += _television(length, source, random)
    echo = None
    if random.random() < rates.echo:
        echo = _samples(random.uniform(*_LATE))
        heard += [one.heard_later(echo, length) for one in heard if one.who is Who.AGENT]
    return Plan(tuple(sorted(heard, key=lambda one: (one.start, one.end))), length, echo)


def take_turns(rates: Rates, source: Source, random: Random) -> list[Segment]:
    """The agent and the caller in turn; where somebody breaks in, the other's turn is cut."""
    turns: list[Segment] = []
    for number in range(rates.turns):
        who = (Who.AGENT, Who.CALLER)[number % 2]
        breaks = who is Who.CALLER and random.random() < rates.barge_ins
        kind = Kind.BARGE_IN if breaks else Kind.TURN
        said = source(who, kind)
        if not turns:
            turns.append(Segment.at(_samples(random.uniform(*_LEAD)), who, kind, said))
            continue
        before = turns[-1]
        if breaks:
            start = before.start + round((before.end - before.start) * random.uniform(*_BREAKS))
        else:
            start = before.end + _offset(before, said, rates, random)
        if len(turns) > 1:
            start = max(start, turns[-2].end + _samples(_BREATH))
        if breaks:
            turns[-1] = before.until(start + _samples(random.uniform(*_YIELDS)))
        turns.append(Segment.at(start, who, kind, said))
    return turns


def _offset(before: Segment, said: Spoken, rates: Rates, random: Random) -> int:
    """Samples from the end of a turn to the beginning of the next; below 0 they overlap."""
    if random.random() >= rates.overlaps:
        return draw_gap(random)
    shorter = min(before.end - before.start, len(said.pcm))
    return -draw_overlap(random, round(shorter * _DEEPEST))


def room_for_backchannels(turns: Sequence[Segment], listener: Who) -> list[Span]:
    """Where somebody may say "mm-hm": inside the other's turns, and not while they speak."""
    found: list[Span] = []
    for place, turn in enumerate(turns):
        if turn.who is listener:
            continue
        begin, end = turn.start + _samples(_SETTLED), turn.end - _samples(_CLOSING)
        if place:
            begin = max(begin, turns[place - 1].end + _samples(_BREATH))
        if place + 1 < len(turns):
            end = min(end, turns[place + 1].start - _samples(_BREATH))
        if end > begin:
            found.append((begin, end))
    return found


def _backchannels(
    turns: Sequence[Segment], rates: Rates, source: Source, random: Random
) -> list[Segment]:
    found: list[Segment] = []
    often = {Who.CALLER: rates.backchannels, Who.AGENT: rates.agent_backchannels}
    for listener, rate in often.items():
        for begin, end in room_for_backchannels(turns, listener):
            count = int(random.poisson(rate * (end - begin) / (60 * RATE)))
            said = [source(listener, Kind.BACKCHANNEL) for _ in range(count)]
            found += [
                Segment.at(at, listener, Kind.BACKCHANNEL, one)
                for at, one in _spread(said, begin, _free_until(turns, listener, end), random)
            ]
    return found


def _free_until(turns: Sequence[Segment], listener: Who, end: int) -> int:
    """When the listener speaks next: a backchannel that begins in time may end behind the turn."""
    later = (one.start for one in turns if one.who is listener and one.start >= end)
    return max(end, min(end + _samples(_CLOSING), next(later, end) - _samples(_BREATH)))


def _spread(
    said: Sequence[Spoken], begin: int, end: int, random: Random
) -> list[tuple[int, Spoken]]:
    """Evenly drawn beginnings, one after another; those that do not fit are left out."""
    breath = _samples(_BREATH)
    fitting = list(said)
    while fitting and sum(len(one.pcm) + breath for one in fitting) > end - begin:
        fitting.pop()
    free = end - begin - sum(len(one.pcm) + breath for one in fitting)
    places, at = [], begin
    for rest, one in zip(np.sort(random.integers(0, free + 1, len(fitting))), fitting, strict=True):
        places.append((at + int(rest), one))
        at += len(one.pcm) + breath
    return places


def _side_talk(
    heard: Sequence[Segment], length: int, rates: Rates, source: Source, random: Random
) -> list[Segment]:
    found: list[Segment] = []
    for _ in range(int(random.poisson(rates.side_talk * length / (60 * RATE)))):
        own = random.random() < _ASIDE
        for who in (Who.CALLER, Who.BYSTANDER) if own else (Who.BYSTANDER,):
            said = source(who, Kind.SIDE_TALK)
            busy = [(one.start, one.end) for one in [*heard, *found] if one.who is who]
            start = _fitted(len(said.pcm), busy, length, random)
            if start is not None:
                found.append(Segment.at(start, who, Kind.SIDE_TALK, said))
                break
    return found


def _fitted(count: int, busy: Sequence[Span], length: int, random: Random) -> int | None:
    """Where so many samples are free, every place as likely as any other; None: nowhere."""
    breath = _samples(_BREATH)
    edges = [(0, -breath), *sorted(busy), (length + breath, length)]
    free = [(end + breath, begin - breath - count) for (_, end), (begin, _) in pairwise(edges)]
    rooms = [(first, last) for first, last in free if last >= first]
    sizes = np.array([last - first + 1 for first, last in rooms], np.float64)
    if not rooms:
        return None
    first, last = rooms[int(random.choice(len(rooms), p=sizes / sizes.sum()))]
    return int(random.integers(first, last + 1))


def _television(length: int, source: Source, random: Random) -> list[Segment]:
    """From beginning to end; what it says last is cut off."""
    found: list[Segment] = []
    at = 0
    while at < length:
        one = Segment.at(at, Who.TELEVISION, Kind.SIDE_TALK, source(Who.TELEVISION, Kind.SIDE_TALK))
        found.append(one.until(length))
        at = one.end + _samples(random.uniform(*_PAUSE))
    return found


def _samples(seconds: float) -> int:
    return round(seconds * RATE)
