"""The turn-taking core, driven by hand and by chance."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from talkover.core.clock import HOP, samples
from talkover.server.turns import (
    AgentState,
    Aside,
    Cancel,
    Change,
    Classified,
    Command,
    Discard,
    Duck,
    Ending,
    Heard,
    Listen,
    Nod,
    Observation,
    Pressed,
    Purpose,
    Release,
    ReplyAudible,
    ReplyOver,
    Resume,
    Speaker,
    Stop,
    Talker,
    Tell,
    Think,
    Tick,
    TurnMachine,
    TurnPolicy,
    Typed,
    Unduck,
    Voice,
    Words,
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

    def hear(self, commands: list[Command], text: str, **words: float) -> list[Command]:
        new: list[Command] = []
        for listen in of(commands, Listen):
            new += self.see(Heard(self.at, listen.listen, text, Words(**words)))
        return new

    def answer(self, text: str = "Where is my parcel?") -> Think:
        """Say something, and be answered up to the thought."""
        self.voice(1.0)
        new = self.silence(0.25)
        new += self.hear(new, text, completeness=1.0)
        new += self.silence(1.0)
        (think,) = of(new, Think)
        assert of(new, Release) == [Release(think.turn)]
        return think

    def speak(self) -> Think:
        """Say something, and let the agent begin its answer."""
        think = self.answer()
        self.see(ReplyAudible(self.at, think.turn))
        self.silence(1)
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


def ended(words, sound=None):
    """Seconds of silence after which such a turn is over."""
    call = Driver()
    call.voice(1.0)
    end = call.at
    listens = of(call.silence(0.25), Listen)
    call.hear(listens, "Where is it?", **words)
    if sound is not None:
        call.see(Ending(call.at, listens[0].listen, sound))
    (over,) = [t for t in of(call.silence(3), Tell) if t.change is Change.CALLER_ENDED]
    (think,) = of(call.commands, Think)
    assert think.end == end
    return over.at - end


def test_the_likelier_the_end_the_shorter_the_wait():
    sure, unsure = ended({"completeness": 1.0}), ended({"completeness": 0.0})
    assert POLICY.end_min <= sure <= POLICY.end_min + HOP
    assert POLICY.end_max <= unsure <= POLICY.end_max + HOP
    assert sure < ended({"completeness": 0.75}) < ended({"completeness": 0.75}, sound=0.0) <= unsure
    assert sure <= ended({"completeness": 0.75}, sound=1.0) < ended({"completeness": 0.75})
    assert ended({"completeness": 1.0, "dictating": True}) >= POLICY.end_hold
    assert ended({"completeness": 1.0, "hesitating": True}) >= POLICY.end_hold


def test_an_answer_is_prepared_before_the_turn_is_surely_over_and_dropped_without_a_trace():
    call = Driver()
    call.voice(1.0)
    listens = call.silence(0.25)
    new = call.hear(listens, "Where is it?", completeness=1.0)
    (think,) = of(new, Think)
    assert not of(new, Release)
    new = call.voice(0.5)
    assert of(new, Cancel) == [Cancel(think.turn)]
    assert changes(new) == []
    assert call.machine.agent is AgentState.QUIET
    call.hear(call.silence(0.25), "Where is it? The parcel?", completeness=1.0)
    assert of(call.silence(1), Release) == [Release(think.turn)]


def test_a_late_listener_delays_the_answer_and_does_not_lose_it():
    call = Driver()
    call.voice(1.0)
    listens = call.silence(3.0)
    assert len(of(listens, Listen)) == 1
    new = call.hear(listens, "Hello.")
    assert of(new, Think)
    assert of(new, Release)


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
    new = call.hear(second, "My number is five.", completeness=1.0)
    (think,) = of(new + call.silence(0.5), Think)
    assert think.text == "My number is five."


def test_words_are_asked_for_when_the_voice_sinks_and_again_if_it_goes_on():
    call = Driver()
    call.voice(1.0)
    (early,) = of(call.voice(HOP / 16_000, 0.6), Listen)
    assert (early.purpose, early.end) == (Purpose.CANDIDATE, call.at)
    assert not of(call.silence(0.3), Listen), "these are the last words"
    call.voice(1.0)
    sunk = of(call.voice(0.2, 0.6), Listen)
    assert [listen.purpose for listen in sunk].count(Purpose.CANDIDATE) == 1, "it is a soft voice"
    (last,) = of(call.silence(0.3), Listen)
    assert last.end > sunk[-1].end
    assert not of(call.hear([early], "Where is"), Think)
    assert of(call.hear([last], "Where is it?", completeness=1.0), Think)


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
    (again,) = of(call.hear(call.silence(0.3), "Where is my parcel? Number nine."), Think)
    assert again.turn == think.turn
    assert again.text == "Where is my parcel? Number nine."


def test_a_sound_over_the_agent_ducks_it_at_once():
    call = Driver()
    think = call.speak()
    onset = call.at
    commands = call.voice(0.15)
    assert of(commands, Duck) == [Duck(think.turn)]
    (told,) = [tell for tell in of(commands, Tell) if tell.change is Change.DUCKED]
    assert told.at - onset <= POLICY.onset_over + HOP


def test_sustained_voice_stops_the_agent_and_words_make_it_final():
    call = Driver()
    think = call.speak()
    onset = call.at
    commands = call.voice(1.0)
    assert of(commands, Stop) == [Stop(think.turn)]
    (barge,) = [tell for tell in of(commands, Tell) if tell.change is Change.BARGE_IN]
    assert barge.turn == think.turn
    assert POLICY.yield_after <= barge.at - onset <= POLICY.yield_after + HOP
    assert call.machine.agent is AgentState.HELD
    new = call.hear(call.silence(0.3), "No, wait.", count=2, floor=0.95)
    assert of(new, Discard) == [Discard(think.turn)]
    assert of(new, Think)[0].text == "No, wait."


def test_a_floor_taking_word_stops_the_agent_however_short():
    call = Driver()
    think = call.speak()
    call.voice(0.2)
    listens = call.silence(0.25)
    assert of(call.hear(listens, "Stop.", floor=0.9), Stop) == [Stop(think.turn)]


def test_words_while_the_caller_still_speaks_decide_before_time_does():
    call = Driver()
    think = call.speak()
    partial = call.voice(0.4)
    assert not of(partial, Stop)
    assert of(call.hear(partial, "no no I", floor=0.9), Stop) == [Stop(think.turn)]


def test_a_backchannel_unducks_and_is_no_turn():
    call = Driver()
    think = call.speak()
    partial = call.voice(0.4)
    new = call.hear(partial, "mm-hm", backchannel=0.9, floor=0.05)
    assert of(new, Unduck) == [Unduck(think.turn)]
    call.hear(call.silence(0.3), "Mm-hm.", backchannel=0.9, floor=0.05)
    call.silence(1)
    assert changes(call.commands)[-1] is Change.FALSE_START
    assert not of(call.commands, Stop)
    assert call.machine.agent is AgentState.SPEAKING


def test_a_backchannel_that_grows_into_a_sentence_stops_the_agent():
    call = Driver()
    think = call.speak()
    call.hear(call.voice(0.4), "yes", backchannel=0.9, floor=0.1)
    partial = call.voice(1.0)
    assert of(call.hear(partial[-1:], "yes but wait", backchannel=0.2, floor=0.9), Stop) or of(
        partial, Stop
    ) == [Stop(think.turn)]


def test_a_cough_unducks_when_no_words_come():
    call = Driver()
    think = call.speak()
    call.voice(0.25)
    call.hear(call.silence(0.3), "", count=0)
    commands = call.silence(0.5)
    assert of(call.commands, Unduck) == [Unduck(think.turn)]
    assert changes(call.commands)[-1] is Change.FALSE_START
    assert not of(commands, Stop)


def test_an_interruption_without_words_is_false_and_the_agent_resumes():
    call = Driver()
    think = call.speak()
    assert of(call.voice(0.9), Stop)
    listens = call.silence(0.25)
    call.hear(listens, "", count=0)
    call.silence(1)
    assert of(call.commands, Resume) == [Resume(think.turn)]
    assert changes(call.commands)[-2:] == [Change.RESUMED, Change.FALSE_START]
    assert call.machine.agent is AgentState.SPEAKING
    assert changes(call.see(ReplyOver(call.at, think.turn))) == [Change.AGENT_FINISHED]


def held(call):
    """An agent that a voice has stopped."""
    think = call.speak()
    assert of(call.voice(0.9), Stop)
    return think


def test_the_first_voiced_hop_ducks_and_one_alone_costs_nothing():
    call = Driver()
    think = call.speak()
    assert of(call.voice(HOP / 16_000), Duck) == [Duck(think.turn)]
    new = call.silence(0.2)
    assert of(new, Unduck) == [Unduck(think.turn)]
    assert not of(new, Listen)
    assert call.machine.turn is None


def test_a_yield_that_was_wrong_is_taken_back_as_soon_as_that_is_known():
    for found in ((0.05, 0.9, 0, 0.05, 0), (0.05, 0, 0.9, 0.05, 0)):
        call = Driver()
        think = held(call)
        call.silence(0.1)
        new = call.see(Classified(call.at, think.turn + 1, *found))
        assert not of(new, Resume), "words have holes, too"
        new = call.silence(0.13)
        assert of(new, Resume) == [Resume(think.turn)]
        assert call.machine.agent is AgentState.SPEAKING


def test_a_backchannel_that_stopped_the_agent_lets_it_go_on_once_it_is_over():
    call = Driver()
    think = held(call)
    new = call.hear(call.silence(0.22), "mm-hm", backchannel=0.9, floor=0.05)
    assert of(new, Resume) == [Resume(think.turn)]


def test_a_hole_in_what_began_like_a_backchannel_is_not_its_end():
    call = Driver()
    held(call)
    new = call.hear(call.silence(0.1), "Ok", backchannel=0.9, floor=0.05)
    new += call.voice(0.4)
    assert not of(new, Resume)


def test_words_that_break_off_let_the_agent_go_on_after_a_while():
    call = Driver()
    think = held(call)
    call.hear(call.silence(0.13), "Anyway, what", count=2, floor=0.4, completeness=0.2)
    assert not of(call.silence(0.8), Resume)
    new = call.silence(0.6)
    assert of(new, Resume) == [Resume(think.turn)]
    assert not of(call.commands, Discard)


def test_plain_words_that_stopped_the_agent_are_a_turn_however_few():
    call = Driver()
    think = held(call)
    new = call.hear(call.silence(0.13), "Stop.", count=1, floor=0.95, completeness=0.4)
    new += call.silence(1.5)
    assert of(new, Discard) == [Discard(think.turn)]
    assert of(new, Release)


def test_what_was_no_turn_is_kept_with_who_said_it():
    for similarity, talker in ((0.05, Talker.OTHER), (0.9, Talker.CALLER)):
        call = Driver()
        think = call.speak()
        call.voice(0.4)
        call.see(Speaker(call.at, think.turn + 1, similarity))
        call.hear(call.silence(0.13), "Mm-hm.", backchannel=0.9, floor=0.05)
        call.silence(1)
        (aside,) = of(call.commands, Aside)
        assert (aside.turn, aside.talker) == (think.turn + 1, talker)
        assert aside.listens


def test_a_nod_comes_in_a_pause_of_a_long_turn_and_only_if_it_is_wanted():
    for after, nods in ((0, 0), (samples(3.0), 1)):
        call = Driver()
        call.machine = TurnMachine(replace(POLICY, nod_after=after))
        call.voice(4.0)
        call.hear(call.silence(0.13), "and then", count=2, completeness=0.1)
        call.silence(0.3)
        assert len(of(call.commands, Nod)) == nods
        assert not of(call.commands, Think)


def test_echo_is_no_voice():
    call = Driver()
    call.speak()
    for _ in range(60):
        call.at += HOP
        assert call.see(Voice(call.at, 0.99, 0.9)) == []


def test_words_that_the_agent_has_just_said_are_its_echo():
    call = Driver()
    think = call.speak()
    new = call.hear(call.voice(0.5), "your parcel is", own=0.9, floor=0.6)
    assert of(new, Unduck) == [Unduck(think.turn)]


def test_somebody_elses_voice_is_ignored_until_the_caller_speaks():
    call = Driver()
    think = call.speak()
    call.voice(0.3)
    new = call.see(Speaker(call.at, think.turn + 1, 0.05))
    assert of(new, Unduck) == [Unduck(think.turn)]
    assert not of(call.voice(3), Stop)
    assert of(call.see(Speaker(call.at, think.turn + 1, 0.9)), Stop) == [Stop(think.turn)]


def test_the_classifier_decides_where_words_are_not_plain():
    for found, command in (((0.9, 0.1, 0, 0, 0), Stop), ((0.05, 0.05, 0, 0.9, 0), Unduck)):
        call = Driver()
        think = call.speak()
        call.voice(0.3)
        new = call.see(Classified(call.at, think.turn + 1, *found))
        assert of(new, command) == [command(think.turn)]
    call = Driver()
    call.machine = TurnMachine(replace(POLICY, yield_soon=samples(0.5), yield_blind=0.8))
    think = call.speak()
    partial = call.voice(0.3)
    found = Classified(call.at, think.turn + 1, 0.75, 0.25, 0, 0, 0)
    assert not of(call.see(found), Stop), "it is surer with words than without"
    assert of(call.hear(partial, "my number", backchannel=0.1), Stop)
    call = Driver()
    think = call.speak()
    call.voice(0.3)
    assert not call.see(Classified(call.at, think.turn + 1, 0.4, 0.3, 0.3, 0, 0))


def test_every_duck_ends():
    call = Driver()
    call.speak()
    call.voice(0.3)
    assert of(call.see(ReplyOver(call.at, 0)), Unduck)


def test_words_begun_over_the_agents_last_syllable_are_a_turn():
    call = Driver()
    think = call.answer()
    call.see(ReplyAudible(call.at, think.turn))
    call.voice(0.2)
    assert changes(call.see(ReplyOver(call.at, think.turn)))[-1] is Change.AGENT_FINISHED
    assert of(call.hear(call.silence(0.3), "Thanks.") + call.silence(1), Think)


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
    (think,) = of(
        call.hear([x for x in call.silence(0.3) if x.purpose is Purpose.CANDIDATE], "The end."),
        Think,
    )
    assert think.text == "Part 0. Part 1. The end."
    assert len(think.listens) == 3


def test_a_lane_that_stops_is_a_silent_one():
    call = Driver()
    call.voice(1.0)
    commands = call.see(Tick(call.at + samples(0.5)))
    assert len(of(commands, Listen)) == 1
    assert of(call.hear(commands, "Hello."), Think)
    assert of(call.see(Tick(call.at + samples(1.2))), Release)


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
    new = call.hear([c for c in commands if isinstance(c, Listen)], "It is me.")
    assert of(new, Think)[0].text == "Hello. It is me."


def test_the_button_stops_a_reply_in_every_state():
    call = Driver()
    assert call.see(Pressed(0)) == []
    think = call.answer()
    commands = call.see(Pressed(call.at))
    assert of(commands, Cancel) == [Cancel(think.turn)]
    assert changes(commands) == [Change.AGENT_FINISHED]
    think = call.answer()
    call.see(ReplyAudible(call.at, think.turn))
    assert of(call.see(Pressed(call.at)), Stop) == [Stop(think.turn)]


def test_news_of_a_reply_that_is_gone_changes_nothing():
    call = Driver()
    think = call.answer()
    call.see(Pressed(call.at))
    assert call.see(ReplyAudible(call.at, think.turn)) == []
    assert call.see(ReplyOver(call.at, think.turn)) == []


SAID = {
    "stop": Words(floor=0.9),
    "mm": Words(backchannel=0.9, floor=0.05),
    "own": Words(own=0.9),
    "hm": Words(hallucination=0.9),
    "seven": Words(dictating=True),
}

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("voice"), st.integers(1, 40)),
        st.tuples(st.just("silence"), st.integers(1, 60)),
        st.tuples(st.just("heard"), st.sampled_from(["", "Yes.", "and then", "mm"])),
        st.tuples(st.just("words"), st.sampled_from(["stop", "mm", "own", "hm", "seven"])),
        st.tuples(st.just("ending"), st.floats(0, 1)),
        st.tuples(st.just("speaker"), st.floats(0, 1)),
        st.tuples(st.just("classified"), st.floats(0, 1)),
        st.tuples(st.just("echo"), st.integers(1, 20)),
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
            case "voice" | "silence" | "echo":
                for _ in range(value):
                    call.at += HOP
                    voice = 0.0 if kind == "silence" else 0.9
                    seen.append(Voice(call.at, voice, 0.9 if kind == "echo" else 0.0))
                    asked += of(call.see(seen[-1]), Listen)
                continue
            case "heard":
                if not asked:
                    continue
                observation = Heard(call.at, asked.pop(0).listen, value)
            case "words":
                if not asked:
                    continue
                observation = Heard(call.at, asked.pop(0).listen, value, SAID[value])
            case "ending":
                observation = Ending(call.at, call.machine._listens - 1, value)
            case "speaker":
                observation = Speaker(call.at, call.machine.turns - 1, value)
            case "classified":
                observation = Classified(call.at, call.machine.turns - 1, value, 1 - value, 0, 0, 0)
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
    """What a session may rely on: one reply at a time, each ended once, and in legal steps."""
    reply, state, ducked = None, "none", False
    after = {
        Think: ("none", "thinking"),
        Release: ("thinking", "released"),
        Cancel: (("thinking", "released"), "none"),
        Stop: ("released", "held"),
        Resume: ("held", "released"),
        Discard: ("held", "none"),
    }
    for command in commands:
        if type(command) in after:
            before, then = after[type(command)]
            assert state in before, f"{command} while {state}"
            assert type(command) is Think or command.turn == reply
            state, reply = then, command.turn
        match command:
            case Think(text=text, start=start, end=end):
                assert text.strip()
                assert 0 <= start <= end
            case Duck():
                assert not ducked
                ducked = True
            case Unduck():
                assert ducked
                ducked = False
            case Stop():
                ducked = False
            case Tell(change=Change.AGENT_FINISHED, turn=turn):
                assert state in ("released", "none"), "said, or cancelled by the button"
                assert (reply, ducked) == (turn, False)
                state = "none"
            case Listen(start=start, end=end):
                assert 0 <= start < end
                assert end - start <= POLICY.segment_hard + POLICY.preroll + POLICY.tail
            case _:
                pass
