"""The turn-taking core, driven by hand and by chance."""

from hypothesis import given
from hypothesis import strategies as st

from talkover.core.clock import HOP, samples
from talkover.server.turns import (
    AgentState,
    Cancel,
    Change,
    Command,
    Heard,
    Listen,
    Observation,
    Pressed,
    Purpose,
    ReplyAudible,
    ReplyOver,
    Stop,
    Tell,
    Think,
    Tick,
    TurnMachine,
    TurnPolicy,
    Typed,
    Voice,
)

POLICY = TurnPolicy()


class Driver:
    """A machine with a caller lane whose clock runs."""

    def __init__(self) -> None:
        self.machine = TurnMachine(POLICY)
        self.at = 0
        self.commands: list[Command] = []

    def see(self, observation: Observation) -> list[Command]:
        commands = self.machine.step(observation)
        self.commands += commands
        return commands

    def voice(self, seconds: float, probability: float = 0.9) -> list[Command]:
        new: list[Command] = []
        for _ in range(round(samples(seconds) / HOP)):
            self.at += HOP
            new += self.see(Voice(self.at, probability))
        return new

    def silence(self, seconds: float) -> list[Command]:
        return self.voice(seconds, 0.01)

    def hear(self, commands: list[Command], text: str) -> list[Command]:
        new: list[Command] = []
        for listen in of(commands, Listen):
            new += self.see(Heard(self.at, listen.listen, text))
        return new

    def answer(self, text: str = "Where is my parcel?") -> Think:
        """Say something, and be answered up to the thought."""
        self.voice(1.0)
        listens = self.silence(0.25)
        self.hear(listens, text)
        (think,) = of(self.silence(1.0), Think)
        return think


def of(commands, kind):
    return [command for command in commands if isinstance(command, kind)]


def changes(commands):
    return [tell.change for tell in of(commands, Tell)]


def test_a_click_is_not_speech():
    call = Driver()
    assert call.voice(0.06) == []
    assert call.silence(2) == []
    assert call.machine.turn is None


def test_a_turn_is_transcribed_from_before_its_onset():
    call = Driver()
    call.silence(1.0)
    onset = call.at
    (tell,) = of(call.voice(0.5), Tell)
    assert (tell.change, tell.at) == (Change.CALLER_STARTED, onset)
    (listen,) = of(call.silence(0.4), Listen)
    assert listen.purpose is Purpose.CANDIDATE
    assert listen.start == onset - POLICY.preroll
    assert listen.end >= onset + samples(0.5)


def test_finished_words_are_answered_sooner_than_unfinished_ones():
    waits = []
    for text in ("Where is it?", "Where is"):
        call = Driver()
        call.voice(1.0)
        end = call.at
        call.hear(call.silence(0.25), text)
        commands = call.silence(2.0)
        (think,) = of(commands, Think)
        (over,) = [tell for tell in of(commands, Tell) if tell.change is Change.CALLER_ENDED]
        assert think.end == end
        assert think.text == text
        waits.append(over.at - end)
    assert waits[0] <= POLICY.end_complete + HOP
    assert POLICY.end_incomplete <= waits[1] <= POLICY.end_incomplete + HOP


def test_a_late_listener_delays_the_answer_and_does_not_lose_it():
    call = Driver()
    call.voice(1.0)
    listens = call.silence(3.0)
    assert len(of(listens, Listen)) == 1
    assert of(call.hear(listens, "Hello."), Think)


def test_a_turn_without_words_is_a_false_start():
    call = Driver()
    call.voice(0.3)
    call.hear(call.silence(0.25), "  ")
    assert changes(call.silence(0.5)) == [Change.FALSE_START]
    assert call.machine.agent is AgentState.QUIET
    assert not of(call.commands, Think)


def test_a_pause_within_a_turn_is_bridged():
    call = Driver()
    call.voice(1.0)
    first = call.silence(0.3)
    call.hear(first, "My number is")
    call.voice(1.0)
    second = of(call.silence(0.3), Listen)
    assert [listen.start for listen in second] == [of(first, Listen)[0].start]
    call.hear(second, "My number is five.")
    (think,) = of(call.silence(0.5), Think)
    assert think.text == "My number is five."


def test_an_outdated_transcript_ends_nothing():
    call = Driver()
    call.voice(1.0)
    first = call.silence(0.3)
    call.voice(0.5)
    assert call.hear(first, "Done.") == []
    assert not of(call.silence(3.0), Think), "the words after the pause are not heard yet"


def test_going_on_before_the_reply_is_audible_takes_the_turn_back():
    call = Driver()
    think = call.answer("Where is my parcel?")
    commands = call.voice(0.5)
    assert of(commands, Cancel) == [Cancel(think.turn)]
    assert Change.CALLER_CONTINUED in changes(commands)
    call.hear(call.silence(0.3), "Where is my parcel? Number nine.")
    (again,) = of(call.silence(1), Think)
    assert again.turn == think.turn
    assert again.text == "Where is my parcel? Number nine."


def test_sustained_voice_stops_the_agent():
    call = Driver()
    think = call.answer()
    assert changes(call.see(ReplyAudible(call.at, think.turn))) == [Change.AGENT_STARTED]
    call.silence(1)
    onset = call.at
    commands = call.voice(1.0)
    assert of(commands, Stop) == [Stop(think.turn)]
    (barge,) = [tell for tell in of(commands, Tell) if tell.change is Change.BARGE_IN]
    assert POLICY.barge_in <= barge.at - onset <= POLICY.barge_in + HOP
    assert call.machine.agent is AgentState.QUIET
    call.hear(call.silence(0.3), "No, wait.")
    (think,) = of(call.silence(1), Think)
    assert think.text == "No, wait."


def test_a_short_sound_over_the_agent_does_not_stop_it():
    call = Driver()
    think = call.answer()
    call.see(ReplyAudible(call.at, think.turn))
    call.voice(0.2)
    call.hear(call.silence(0.3), "Mm.")
    commands = call.silence(1)
    assert changes(commands) == [Change.FALSE_START]
    assert not of(call.commands, Stop)
    assert call.machine.agent is AgentState.SPEAKING


def test_words_begun_over_the_agents_last_syllable_are_a_turn():
    call = Driver()
    think = call.answer()
    call.see(ReplyAudible(call.at, think.turn))
    call.voice(0.2)
    assert changes(call.see(ReplyOver(call.at, think.turn))) == [Change.AGENT_FINISHED]
    call.hear(call.silence(0.3), "Thanks.")
    assert of(call.silence(1), Think)


def test_a_long_turn_is_settled_in_segments_that_touch():
    call = Driver()
    listens: list[Listen] = []
    for _ in range(60):
        listens += of(call.voice(1.0), Listen)
        call.hear([x for x in listens[-1:] if x.purpose is Purpose.PARTIAL], "so far")
    settled = [listen for listen in listens if listen.purpose is Purpose.SEGMENT]
    assert len(settled) == 2
    assert all(
        listen.end - listen.start <= POLICY.segment_hard + POLICY.preroll for listen in settled
    )
    assert settled[0].end == settled[1].start
    for number, listen in enumerate(settled):
        call.see(Heard(call.at, listen.listen, f"Part {number}."))
    call.hear([x for x in call.silence(0.3) if x.purpose is Purpose.CANDIDATE], "The end.")
    (think,) = of(call.silence(1), Think)
    assert think.text == "Part 0. Part 1. The end."
    assert len(think.listens) == 3


def test_a_lane_that_stops_is_a_silent_one():
    call = Driver()
    call.voice(1.0)
    commands = call.see(Tick(call.at + samples(0.5)))
    assert len(of(commands, Listen)) == 1
    call.hear(commands, "Hello.")
    assert of(call.see(Tick(call.at + samples(1))), Think)


def test_a_typed_turn_is_answered_at_once_and_replaces_speech():
    call = Driver()
    think = call.answer()
    call.see(ReplyAudible(call.at, think.turn))
    commands = call.see(Typed(call.at, "Stop."))
    assert of(commands, Stop) == [Stop(think.turn)]
    assert of(commands, Think)[0].text == "Stop."


def test_typing_while_the_agent_thinks_adds_to_the_turn():
    call = Driver()
    think = call.answer("Where is it?")
    commands = call.see(Typed(call.at, "Number nine."))
    assert of(commands, Cancel) == [Cancel(think.turn)]
    assert of(commands, Think)[0].text == "Where is it? Number nine."


def test_speaking_after_typing_while_the_agent_thinks_is_one_turn():
    call = Driver()
    call.silence(1)
    call.see(Typed(call.at, "Hello."))
    commands = call.voice(1) + call.silence(0.3)
    assert Change.CALLER_CONTINUED in changes(commands)
    call.hear([c for c in commands if isinstance(c, Listen)], "It is me.")
    assert of(call.silence(1), Think)[0].text == "Hello. It is me."


def test_the_button_stops_a_reply_in_every_state():
    call = Driver()
    assert call.see(Pressed(0)) == []
    think = call.answer()
    assert of(call.see(Pressed(call.at)), Cancel) == [Cancel(think.turn)]
    think = call.answer()
    call.see(ReplyAudible(call.at, think.turn))
    assert of(call.see(Pressed(call.at)), Stop) == [Stop(think.turn)]


def test_news_of_a_reply_that_is_gone_changes_nothing():
    call = Driver()
    think = call.answer()
    call.see(Pressed(call.at))
    assert call.see(ReplyAudible(call.at, think.turn)) == []
    assert call.see(ReplyOver(call.at, think.turn)) == []


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("voice"), st.integers(1, 40)),
        st.tuples(st.just("silence"), st.integers(1, 60)),
        st.tuples(st.just("heard"), st.sampled_from(["", "Yes.", "and then", "mm"])),
        st.tuples(st.just("stale"), st.integers(0, 50)),
        st.tuples(st.just("typed"), st.just("hello")),
        st.tuples(st.just("pressed"), st.none()),
        st.tuples(st.just("audible"), st.integers(0, 5)),
        st.tuples(st.just("over"), st.integers(0, 5)),
        st.tuples(st.just("tick"), st.integers(0, 40_000)),
    ),
    max_size=60,
)


@given(STEPS)
def test_any_interleaving_leaves_a_legal_state(steps):
    call, asked, seen = Driver(), [], []
    for kind, value in steps:
        match kind:
            case "voice" | "silence":
                for _ in range(value):
                    call.at += HOP
                    seen.append(Voice(call.at, 0.9 if kind == "voice" else 0.0))
                    asked += of(call.see(seen[-1]), Listen)
                continue
            case "heard":
                if not asked:
                    continue
                observation = Heard(call.at, asked.pop(0).listen, value)
            case "stale":
                observation = Heard(call.at, value, "old news.")
            case "typed":
                observation = Typed(call.at, value)
            case "pressed":
                observation = Pressed(call.at)
            case "audible":
                observation = ReplyAudible(call.at, value)
            case "over":
                observation = ReplyOver(call.at, value)
            case _:
                observation = Tick(call.at + value)
        seen.append(observation)
        asked += of(call.see(observation), Listen)
    check_protocol(call.commands)
    replayed = TurnMachine(POLICY)
    again = [command for observation in seen for command in replayed.step(observation)]
    assert again == call.commands, "the same observations give the same commands"


def check_protocol(commands):
    """What a session may rely on: one reply at a time, and each ended once."""
    answering = None
    for command in commands:
        match command:
            case Think(turn=turn, text=text, start=start, end=end):
                assert answering is None
                assert text.strip()
                assert 0 <= start <= end
                answering = turn
            case Cancel(turn) | Stop(turn):
                assert answering == turn
                answering = None
            case Tell(change=Change.AGENT_FINISHED, turn=turn):
                assert answering == turn
                answering = None
            case Listen(start=start, end=end):
                assert 0 <= start < end
                assert end - start <= POLICY.segment_hard + POLICY.preroll + POLICY.tail
            case _:
                pass
