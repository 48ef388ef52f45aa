"""The scripts: which calls there are and what happens in each, the same for the same seed. Pure.

Each call is led by one caller, real or synthetic, whose opening tells the agent their voice; all
that is the caller's in it is in that voice, coughs and hums too.
"""

import random
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

from talkover.client.bench.duplex import recorded, texts
from talkover.client.bench.duplex.clips import Clip
from talkover.client.bench.duplex.material import LANGUAGES, Material
from talkover.client.bench.duplex.script import (
    AfterReply,
    At,
    CallPlan,
    EchoOf,
    Mark,
    OverAgent,
    Piece,
    Step,
    in_a_row,
    said,
)
from talkover.client.bench.duplex.speakers import Actor, Reader, Speaker, Synthesised
from talkover.client.bench.duplex.texts import Split
from talkover.client.bench.duplex.types import Kind

CALLS: Final[Mapping[str, int]] = {
    "turn_end": 8,
    "pause": 12,
    "dictation": 7,
    "backchannel": 14,
    "tic": 8,
    "noise": 5,
    "interruption": 12,
    "false_interruption": 11,
    "side_talk": 6,
    "television": 6,
    "echo": 8,
    "two_callers": 10,
}
"""Calls of each scenario in a full run: enough for 40 events a row."""
_LEAD: Final = 0.6  # seconds before the opening
_ANSWER: Final = 5.0  # seconds in which it may be answered
_RESUMED: Final = 4.2  # seconds after a false interruption in which the agent may go on
_LATE: Final = 9.0  # seconds into a reply that are late
_PAUSES: Final = (0.3, 0.5, 0.7, 0.85, 1.0, 1.25, 1.5)  # seconds
_GROUP_PAUSES: Final = (0.35, 0.5, 0.65, 0.8, 0.95)
_SIDE: Final = (-3.0, -7.0, -11.0, -15.0)  # dB against the caller
_SCREEN: Final = (-6.0, -10.0, -15.0, -20.0)
_TIC: Final = (0.0, -4.0, -8.0, -12.0)
_DELAYS: Final = (0.0003, 0.008, 0.03, 0.06, 0.1, 0.15, 0.2, 0.25)  # seconds
_LOSSES: Final = (-6.0, -12.0, -18.0, -24.0, -30.0)  # dB
_LISTEN: Final = 20.0  # seconds of echo an event: eight calls of four make over ten minutes
_ROOM: Final = (0.12, 0.35)  # seconds of reverberation
_LOUDNESS: Final = (0.0, -3.0, -6.0)  # dB, of a caller
_AIR: Final = (-72.0, -62.0, -52.0)  # dBFS


T = TypeVar("T")


class _Call:
    """What the makers of a call share."""

    def __init__(self, material: Material, number: int, dice: random.Random) -> None:
        self.material = material
        self.number = number
        self.dice = dice
        self.loudness = dice.choice(_LOUDNESS)

    def leader(self) -> Reader | Synthesised:
        """Callers in turn, so that all of them come up."""
        return self.turn_of(self.material.talkers())

    def turn_of(self, of: Sequence[T]) -> T:
        """One of these, by the number of the call."""
        return of[self.number % len(of)]

    def own(self, clip: Clip) -> Clip:
        """As loud as this caller speaks."""
        return clip.louder(self.loudness)

    def against(self, clip: Clip, snr: float) -> Clip:
        """So many decibels under this caller."""
        return clip.louder(self.loudness + snr)

    def opening(self, leader: Speaker) -> Step:
        """The first turn of the caller."""
        clip = self.own(leader.opening(self.dice))
        mark = said(clip, Kind.TURN_END, "opening")
        return Step(At(_LEAD), (Piece(clip),), (mark,), rest=1.0, answer=_ANSWER)

    def over(self, clip: Clip, mark: Mark, *, own: bool, **step: float) -> Step:
        """A clip over the agent's speech."""
        cue = OverAgent(self.dice.uniform(1.3, 3.0))
        return Step(cue, (Piece(clip, own=own),), (mark,), **step)


Maker = Callable[[_Call, int], tuple[Speaker, Sequence[Step]]]


def plan_calls(
    scenario: str, split: Split, *, seed: int, calls: int | None = None, events: int | None = None
) -> list[CallPlan]:
    """The calls of a scenario.

    Args:
        scenario: Its name.
        split: Which material.
        seed: Of all choices.
        calls: How many; None: as many as a full run has.
        events: In each, at most; None: as many as a full run has.

    Raises:
        ConfigError: recordings or voices are not installed.
    """
    count = CALLS[scenario] if calls is None else calls
    return [_plan(scenario, split, number, seed, events) for number in range(count)]


def _plan(scenario: str, split: Split, number: int, seed: int, events: int | None) -> CallPlan:
    name = f"{scenario}/{split}/{number:03d}"
    dice = random.Random(f"{seed} {name}")  # noqa: S311 - reproducible
    call = _Call(Material(split), number, dice)
    make, most = _MAKERS[scenario]
    leader, steps = make(call, min(most, events or most))
    echo = None
    if scenario == "echo":
        # Coprime counts: every delay meets every loss before a pair comes again.
        delay, loss = _DELAYS[number % len(_DELAYS)], _LOSSES[number % len(_LOSSES)]
        echo = EchoOf(delay, loss, dice.uniform(*_ROOM), dice.randrange(1 << 30))
    return CallPlan(
        name=name,
        scenario=scenario,
        split=split,
        style={"turn_end": "short", "pause": "short", "dictation": "short", "echo": "echo"}.get(
            scenario, "long"
        ),
        seed=zlib.crc32(name.encode()) % 997,
        languages=(leader.language,),
        steps=(call.opening(leader), *steps),
        air=dice.choice(_AIR),
        echo=echo,
        tail=4.5 if scenario in ("false_interruption", "interruption", "two_callers") else 3.0,
    )


def _turn_end(call: _Call, events: int) -> tuple[Speaker, Sequence[Step]]:
    leader = call.leader()
    steps = []
    for _ in range(events):
        parts = [call.own(clip) for clip in leader.turn(call.dice)]
        spoken = [parts[0], *(x for clip in parts[1:] for x in (0.1, clip))]  # as it was said
        steps.append(_turn(in_a_row(*spoken), "plain"))
    return leader, steps


def _turn(pieces: Sequence[Piece], detail: str, *marks: Mark) -> Step:
    """A turn of the caller; further marks are of its pauses."""
    first, last = pieces[0], pieces[-1]
    texts_of = dict.fromkeys(piece.clip.text.rstrip(",") for piece in pieces)
    whole = Mark(
        *(Kind.TURN_END, first.at, last.end, " ".join(texts_of)),
        *(first.clip.voice, first.clip.language),
        detail=detail,
    )
    quiet = 0.7
    return Step(AfterReply(quiet), tuple(pieces), (*marks, whole))


def _pause_mark(kind: Kind, before: Piece, after: Piece) -> Mark:
    seconds = (after.at - before.end) / 16_000
    clip = before.clip
    return Mark(
        *(kind, before.end, after.at, clip.text, clip.voice, clip.language),
        detail=f"mid-turn {seconds:.2g} s",
    )


def _pause(call: _Call, events: int) -> tuple[Speaker, Sequence[Step]]:
    leader = call.leader()
    steps: list[Step] = []
    while len(steps) < events:
        parts = leader.turn(call.dice)
        if len(parts) < 2:
            continue
        # Every length equally often, two in three of them up to a second.
        seconds = _PAUSES[(call.number * events + len(steps)) % len(_PAUSES)]
        before, after = in_a_row(call.own(parts[0]), seconds, call.own(parts[1]))
        mark = _pause_mark(Kind.PAUSE, before, after)
        steps.append(_turn((before, after), "with a pause", mark))
    return leader, steps


def _dictation(call: _Call, events: int) -> tuple[Speaker, Sequence[Step]]:
    talkers = [t for t in call.material.talkers() if t.language == "en"]
    leader = talkers[call.number % len(talkers)]
    steps = []
    for _ in range(max(events // 3, 1)):
        row: list[Clip | float] = []
        groups: list[tuple[int, int]] = []  # of the pieces: the last and the next first
        if isinstance(leader, Synthesised):
            carrier = call.dice.choice(texts.CARRIERS[call.material.split])
            row += [call.own(leader.say(f"{carrier},")), 0.15]
        for group in range(4):
            if group:
                before = sum(isinstance(part, Clip) for part in row) - 1
                groups.append((before, before + 1))
                row.append(call.dice.choice(_GROUP_PAUSES))
            for digit in range(call.dice.choice((2, 3))):
                row += [0.05] if digit else []
                row.append(call.own(leader.digit(call.dice.randrange(10))))
        pieces = in_a_row(*row)
        marks = [_pause_mark(Kind.DICTATION, pieces[a], pieces[b]) for a, b in groups]
        steps.append(_turn(pieces, "dictation", *marks))
    return leader, steps


def _backchannel(call: _Call, events: int) -> tuple[Speaker, Sequence[Step]]:
    """Of seven calls six are in the languages, by programs, and one is a real person's."""
    sort, round_ = call.number % (len(LANGUAGES) + 1), call.number // (len(LANGUAGES) + 1)
    steps = []
    if sort == len(LANGUAGES):
        people = call.material.listeners()
        leader: Actor | Synthesised = people[round_ % len(people)]
    else:
        voices = call.material.voices(LANGUAGES[sort])
        leader = voices[round_ % len(voices)]
    for _ in range(events):
        if isinstance(leader, Actor):
            clip = recorded.stretched(
                call.dice.choice(call.material.hums(leader)), call.dice.uniform(0.94, 1.06)
            )
        else:
            clip = leader.backchannel(call.dice)
        clip = call.own(clip).louder(call.dice.choice((0.0, -4.0)))  # listeners speak low
        mark = said(clip, Kind.BACKCHANNEL, "real" if leader.real else "synthetic")
        steps.append(call.over(clip, mark, own=True))
    return leader, steps


def _tic(call: _Call, events: int) -> tuple[Speaker, Sequence[Step]]:
    leader = call.turn_of(call.material.actors())
    steps = []
    for _ in range(events):
        snr = call.dice.choice(_TIC)
        clip = call.against(call.material.tic(leader, call.dice), snr)
        mark = said(clip, Kind.TIC, clip.text.rstrip("0123456789").lower(), snr)
        steps.append(call.over(clip, mark, own=True))
    return leader, steps


def _noise(call: _Call, events: int) -> tuple[Speaker, Sequence[Step]]:
    steps = []
    for _ in range(events):
        snr = call.dice.choice(_TIC)
        clip = call.against(call.material.noise(call.dice), snr)
        detail = "keys" if clip.voice.endswith("keys") else clip.voice.partition(" ")[0]
        steps.append(call.over(clip, said(clip, Kind.NOISE, detail, snr), own=False))
    return call.leader(), steps


def _interruption(call: _Call, events: int) -> tuple[Speaker, Sequence[Step]]:
    multilingual = [v for v in call.material.voices() if v.language in ("es", "fr", "de")]
    actors = [actor for actor in call.material.actors() if actor.language == "en"]
    leader = call.turn_of([*call.material.talkers(), *actors[:3], *multilingual])
    steps = []
    for number in range(events):
        length = "long" if number % 2 else "short"
        clip = leader.long(call.dice) if number % 2 else leader.short(call.dice)
        late = (number // 2 + call.number) % 2 == 1
        heard = call.dice.uniform(_LATE, _LATE + 3) if late else call.dice.uniform(1.0, 2.5)
        clip = call.own(clip)
        mark = said(clip, Kind.INTERRUPTION, f"{length}, {'late' if late else 'early'}")
        cue = OverAgent(heard, 20.0)
        steps.append(Step(cue, (Piece(clip),), (mark,), rest=3.0, answer=_ANSWER))
    return leader, steps


def _false_interruption(call: _Call, events: int) -> tuple[Speaker, Sequence[Step]]:
    """A long cough or half a word, and then nothing."""
    actors = call.material.actors()
    leader = call.leader() if call.number % 2 else actors[call.number // 2 % len(actors)]
    steps = []
    for number in range(events):
        coughs = isinstance(leader, Actor) and number % 3 > 0
        if isinstance(leader, Actor) and coughs:
            clip = call.own(call.material.long_cough(leader, call.dice))
        else:
            clip = call.own(leader.half(call.dice))
        mark = said(clip, Kind.FALSE_INTERRUPTION, "cough" if coughs else "half a word")
        steps.append(call.over(clip, mark, own=True, rest=_RESUMED, answer=_ANSWER))
    return leader, steps


def _side_talk(call: _Call, events: int) -> tuple[Speaker, Sequence[Step]]:
    leader = call.leader()
    steps = []
    for _ in range(events):
        snr = call.dice.choice(_SIDE)
        other = call.dice.choice(_others(call, leader))
        clip = call.against(_aside(call, other), snr)
        steps.append(call.over(clip, said(clip, Kind.SIDE_TALK, "", snr), own=False))
    return leader, steps


def _others(call: _Call, leader: Speaker) -> list[Reader | Synthesised]:
    """Who else may be in the room: not the caller, and of one person at most one language."""
    person = leader.name.partition(" (")[0]
    return [t for t in call.material.talkers() if t.name.partition(" (")[0] != person]


def _aside(call: _Call, other: Reader | Synthesised) -> Clip:
    if isinstance(other, Synthesised):
        return other.say(call.dice.choice(texts.SIDE_TALK[call.material.split]))
    return other.sentence(call.dice)


def _television(call: _Call, events: int) -> tuple[Speaker, Sequence[Step]]:
    steps = []
    for _ in range(events):
        snr = call.dice.choice(_SCREEN)
        clip = call.against(call.material.broadcast(call.dice, call.dice.uniform(3, 6)), snr)
        music, over = clip.voice.startswith("music"), " over " in clip.voice
        detail = "music" if music else "speech over music" if over else "speech"
        steps.append(call.over(clip, said(clip, Kind.TELEVISION, detail, snr), own=False))
    return call.leader(), steps


def _echo(call: _Call, events: int) -> tuple[Speaker, Sequence[Step]]:
    """Listening to stories; at the end the caller interrupts, loudspeaker and all."""
    leader = call.leader()
    delay, loss = _DELAYS[call.number % len(_DELAYS)], _LOSSES[call.number % len(_LOSSES)]
    mark = Mark(Kind.ECHO, 0, 0, snr=loss, detail=f"{1e3 * delay:g} ms")
    listening = Step(OverAgent(0.1, 120.0), (), (mark,), listen=_LISTEN * events)
    clip = call.own(leader.long(call.dice))
    real = said(clip, Kind.INTERRUPTION, "in echo", loss)
    cue = OverAgent(2.0, 40.0)
    last = Step(cue, (Piece(clip),), (real,), rest=3.0, answer=_ANSWER)
    return leader, [listening, last]


def _two_callers(call: _Call, events: int) -> tuple[Speaker, Sequence[Step]]:
    """The caller interrupts, and somebody as near joins in before they are done."""
    leader = call.leader()
    steps = []
    for _ in range(events):
        other = call.dice.choice(_others(call, leader))
        snr = call.dice.choice((0.0, -3.0))
        first = call.own(leader.long(call.dice))
        second = call.against(other.long(call.dice), snr)
        begin = round(len(first.pcm) * call.dice.uniform(0.3, 0.6))
        both = (Piece(first), Piece(second, begin, own=False))
        mark = Mark(
            *(Kind.TWO_CALLERS, 0, max(piece.end for piece in both)),
            *(f"{first.text} / {second.text}", f"{first.voice} / {second.voice}", leader.language),
            snr=snr,
        )
        cue = OverAgent(call.dice.uniform(1.3, 3.0))
        steps.append(Step(cue, both, (mark,), rest=3.0, answer=_ANSWER))
    return leader, steps


_MAKERS: Final[Mapping[str, tuple[Maker, int]]] = {
    "turn_end": (_turn_end, 6),
    "pause": (_pause, 5),
    "dictation": (_dictation, 6),
    "backchannel": (_backchannel, 4),
    "tic": (_tic, 5),
    "noise": (_noise, 5),
    "interruption": (_interruption, 4),
    "false_interruption": (_false_interruption, 4),
    "side_talk": (_side_talk, 4),
    "television": (_television, 4),
    "echo": (_echo, 4),
    "two_callers": (_two_callers, 4),
}
"""How each is made, and how many events a call has at most."""
