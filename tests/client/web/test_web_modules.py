"""The pure halves of the page, run where they live: in a browser."""

import json

import pytest
from google.protobuf import json_format

from talkover.v1 import agent_pb2

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def run(browser, page_server):
    """Runs a function of a module; nothing of it lasts, so all share one page."""
    page = browser.new_page()
    page.goto(page_server.site.url)

    def call(module, body, *args):
        return page.evaluate(
            f"""async (args) => {{
                const m = await import("/static/{module}.js");
                return ({body})(m, ...args);
            }}""",
            list(args),
        )

    yield call
    page.close()


def test_media_time_wraps_with_rtp(run):
    times = run(
        "words",
        """(m) => [[480, 0], [0, 2 ** 32 - 960], [100, 1060], [0, 0]]
            .map(([rtp, origin]) => m.mediaTime(rtp, origin))""",
    )
    assert times == [160, 320, 0, 0]


def test_played_follows_the_lane_and_not_the_clock(run):
    # Two clauses with a pause on the clock that is not on the lane.
    values = run(
        "words",
        """(m) => {
            const words = (from, to) => [{ text: "a", startsAt: from, endsAt: to }];
            const text = { turn: 0, first: 0 };
            let s = m.addWords([], { ...text, words: words(1000, 2000), lanePosition: 100 });
            s = m.addWords(s, { ...text, first: 1, words: words(9000, 9500), lanePosition: 1300 });
            return [0, 1000, 1500, 2100, 8000, 9000, 9400, 99000].map((at) => m.played(s, at));
        }""",
    )
    assert values == [0, 100, 600, 1200, 1300, 1300, 1700, 1800]
    assert values == sorted(values)


def test_reports_never_decrease_and_a_cut_is_told_at_once(run):
    told = run(
        "playout",
        """(m) => {
            const told = [];
            const p = new m.Playout((message) => told.push(message.playout.played));
            const words = (turn, from, to, lanePosition) => p.words({
                turn, first: 0, words: [{ text: "a", startsAt: from, endsAt: to }], lanePosition });
            words(0, 1000, 33000, 500);
            p.tick(900, 0); p.tick(2000, 1); p.tick(3000, 1.1); p.tick(4000, 1.3);
            p.cut(4100);
            p.cut(4100);
            p.tick(9000, 2);
            p.drop(0);
            words(1, 20000, 30000, 40500);
            p.tick(19000, 3); p.tick(21000, 4);
            return told;
        }""",
    )
    assert told == ["1500", "3500", "3600", "3600", "41500"]


@pytest.mark.parametrize("order", ["words first", "event first"])
def test_a_resumed_reply_is_reported_where_it_now_is(run, order):
    # Two words of 8,000 ticks; a third is made into the silence, and its times mean nothing.
    told = run(
        "playout",
        """(m, order) => {
            const told = [];
            const p = new m.Playout((message) => told.push(Number(message.playout.played)));
            const words = (first, count, from, lanePosition) => p.words({
                turn: 0, first, lanePosition, words: [...Array(count)].map((_, i) =>
                    ({ text: "a", startsAt: from + i * 8000, endsAt: from + (i + 1) * 8000 })) });
            words(0, 2, 1000, 0);
            p.cut(10000);
            words(2, 1, 12000, 16000);
            p.tick(15000, 1); p.tick(40000, 2);
            const held = told.length;
            const go = [() => words(1, 2, 50000, 11000), () => p.resume()];
            for (const act of order === "words first" ? go : go.reverse()) act();
            p.tick(41000, 3); p.tick(49999, 4); p.tick(50001, 5); p.tick(66000, 6);
            return [held, told];
        }""",
        order,
    )
    assert told == [1, [9000, 11001, 27000]]


def test_a_reply_that_still_comes_out_is_not_replaced_by_the_next(run):
    values = run(
        "words",
        """(m) => {
            const words = (turn, startsAt, lanePosition) => [{ turn, first: 0, lanePosition,
                words: [{ text: "a", startsAt, endsAt: startsAt + 1000 }] }];
            const both = [...words(0, 1000, 0), ...words(1, 5000, 1000)];
            const s = both.reduce(m.addWords, []);
            return [1500, 5500].map((at) => m.played(s, at));
        }""",
    )
    assert values == [500, 1500]


def test_what_was_never_said_is_not_reported_after_a_cut_for_good(run):
    told = run(
        "playout",
        """(m) => {
            const told = [];
            const p = new m.Playout((message) => told.push(Number(message.playout.played)));
            const words = (turn, first, from, lanePosition) => p.words({ turn, first, lanePosition,
                words: [{ text: "a", startsAt: from, endsAt: from + 8000 }] });
            words(0, 0, 1000, 0);
            p.cut(2000);
            words(0, 1, 3000, 8000);
            p.drop(0);
            p.tick(20000, 1);
            words(1, 0, 30000, 2500);
            p.tick(29000, 2); p.tick(30100, 3);
            return told;
        }""",
    )
    assert told == [1000, 2600]


@pytest.mark.parametrize(
    ("heard", "count"),
    [
        ("", 0),
        ("One", 1),
        ("One two", 2),
        ("One two three four", 4),
        ("One two three four five", 4),
    ],
)
def test_heard_words_are_counted(run, heard, count):
    words = [{"text": word} for word in ("One", "two", "three", "four")]
    assert run("words", "(m, words, heard) => m.heardCount(words, heard)", words, heard) == count


def test_a_word_that_holds_a_space_counts_as_one(run):
    words = [{"text": "ten past"}, {"text": "two"}]
    assert run(
        "words", "(m, w) => [m.heardCount(w, 'ten'), m.heardCount(w, 'ten past')]", words
    ) == [0, 1]


def test_the_page_writes_what_the_server_reads(run):
    messages = run(
        "wire",
        """(m) => [m.start(true), m.typed("hi \\ud800 there"), m.playout(123.4),
            m.correction(2, "  yes  "), m.interrupt(), m.hangUp()].map((x) => JSON.stringify(x))""",
    )
    read = [json_format.Parse(message, agent_pb2.ConverseRequest()) for message in messages]
    kinds = [request.WhichOneof("message") for request in read]
    assert kinds == ["start", "text", "playout", "correction", "interrupt", "hang_up"]
    assert read[0].start.consent_to_record
    assert read[0].start.reports_playout
    assert not read[0].start.HasField("audio")
    assert read[1].text.text == "hi \ufffd there"
    assert read[2].playout.played == 123
    assert (read[3].correction.turn, read[3].correction.text) == (2, "yes")


@pytest.mark.parametrize("everything", [True, False])
def test_the_page_reads_what_the_server_writes(run, everything):
    word = agent_pb2.Word(text="Hi", starts_at=2**40, ends_at=2**40 + 5, confidence=1)
    event = agent_pb2.ConverseResponse(at=2**41, agent_text=agent_pb2.AgentText(words=[word]))
    text = json_format.MessageToJson(event, always_print_fields_with_no_presence=everything)
    assert run("wire", "(m, text) => m.parse(text)", text) == {
        "at": 2**41,
        "kind": "agentText",
        "body": {
            "turn": 0,
            "lanePosition": 0,
            "first": 0,
            "words": [{"text": "Hi", "startsAt": 2**40, "endsAt": 2**40 + 5}],
        },
    }


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "7", "{", '{"audio": {}}', '{"turn": 5}', '"agentText"', "{}"]
)
def test_what_is_no_event_is_nothing(run, text):
    assert run("wire", "(m, text) => m.parse(text)", text) is None


def test_wrong_types_in_an_event_do_no_harm(run):
    text = json.dumps(
        {"agentText": {"words": [None, 5, {"text": {}, "startsAt": "x"}], "turn": []}}
    )
    body = run("wire", "(m, text) => m.parse(text)", text)["body"]
    assert body["words"] == [{"text": "", "startsAt": 0, "endsAt": 0}] * 3
    places = run(
        "wire",
        """(m) => [-3, 2.7, "4", "x", null].map((first) =>
            m.parse(JSON.stringify({ agentText: { first } })).body.first)""",
    )
    assert places == [0, 2, 4, 0, 0]


def test_tries_are_counted_and_end(run):
    phases = run(
        "state",
        """(m) => {
            let s = m.INITIAL;
            const seen = [];
            const go = (type, more = {}) => {
                s = m.next(s, { type, ...more });
                seen.push(s.phase);
            };
            for (const type of ["dial", "microphone", "started", "lost"]) go(type);
            for (let i = 0; i < 3; i += 1) {
                go("failed", { code: "NETWORK" });
                go("started");
                go("lost");
            }
            go("dial");
            return [seen.at(-2), s.tries, s.reason, seen];
        }""",
    )
    assert phases[0] == "error"  # sessions that break at once do not make the tries endless
    assert phases[3][:4] == ["asking", "connecting", "live", "reconnecting"]
    assert phases[3][-1] == "asking"
    assert phases[3].count("reconnecting") == 5


def test_what_means_nothing_changes_nothing(run):
    assert run(
        "state",
        """(m) => ["microphone", "started", "lost", "lasted", "turn", "ended", "hangUp", "x"]
            .every((type) => m.next(m.INITIAL, { type, kind: "BARGE_IN" }) === m.INITIAL)""",
    )


def test_a_refused_token_is_not_tried_again(run):
    assert run(
        "state",
        """(m) => ["dial", "microphone", "started", "lost"]
            .reduce((s, type) => m.next(s, { type }), m.INITIAL).tries === 1 &&
            m.next({ ...m.INITIAL, phase: "reconnecting", tries: 1 },
                { type: "failed", code: "TOKEN" }).phase === "error" """,
    )


def test_every_reason_has_words_of_its_own(run):
    codes = ["NO_PERMISSION", "NO_MICROPHONE", "INSECURE", "UNSUPPORTED", "TOKEN", "FULL", "BUSY"]
    codes += ["ORIGIN", "NETWORK", "TIMEOUT", "LOST", "IDLE", "TOO_LONG", "SHUTDOWN", "ERROR"]
    texts = run("messages", "(m, codes) => codes.map((code) => m.why(code).text)", codes)
    assert len(set(texts)) == len(codes)
    other = run(
        "messages", "(m) => [m.why('HANG_UP'), m.why('MODEL', { message: 'Load it.' }).text]"
    )
    assert other == [None, "The agent ended the call because of an error. It said: Load it."]


def test_lanes_know_overlaps_and_forget(run):
    result = run(
        "history",
        """(m) => {
            const h = new m.History();
            h.turn("AGENT_STARTED", 1); h.turn("CALLER_STARTED", 3); h.turn("BARGE_IN", 4);
            h.turn("CALLER_ENDED", 6); h.turn("CALLER_STARTED", 8); h.turn("FALSE_START", 8.5);
            const seen = [h.overlaps(10), h.caller.map((s) => s.kind), h.agent.map((s) => s.kind)];
            for (let i = 0; i < 5000; i += 1) h.level(i, 1, 0);
            for (let i = 0; i < 900; i += 1) {
                h.turn("CALLER_STARTED", i);
                h.turn("CALLER_ENDED", i);
            }
            const most = [h.levels.length, h.caller.length];
            h.prune(1e6);
            return [...seen, most, h.caller.length];
        }""",
    )
    assert result == [[{"from": 3, "to": 4}], ["speech", "false"], ["cut"], [500, 200], 0]


def test_lanes_know_where_the_agent_made_room_and_went_on(run):
    result = run(
        "history",
        """(m) => {
            const h = new m.History();
            const turns = (...list) => list.forEach(([kind, at]) => h.turn(kind, at));
            turns(["AGENT_STARTED", 1], ["DUCKED", 2], ["UNDUCKED", 3], ["DUCKED", 4]);
            turns(["BARGE_IN", 5], ["FALSE_START", 6], ["RESUMED", 7], ["DUCKED", 8]);
            turns(["AGENT_FINISHED", 9], ["UNDUCKED", 10], ["AGENT_STARTED", 11]);
            turns(["DUCKED", 12], ["BARGE_IN", 13], ["CALLER_ENDED", 14], ["AGENT_STARTED", 15]);
            turns(["DUCKED", 16]);
            h.end(17);
            const told = (spans) => spans.map(({ from, to, kind }) => [from, to, kind]);
            const seen = [told(h.agent), told(h.ducked)];
            h.prune(1e6);
            return [...seen, h.ducked.length];
        }""",
    )
    agent, ducked, left = result
    assert agent == [[1, 5, "resumed"], [7, 9, "speech"], [11, 13, "cut"], [15, 17, "speech"]]
    assert [span[:2] for span in ducked] == [[2, 3], [4, 5], [8, 9], [12, 13], [16, 17]]
    assert left == 0


def test_the_floor_through_a_false_and_a_real_interruption(run):
    seen = run(
        "state",
        """(m) => {
            let s = { ...m.INITIAL, phase: "live" };
            const go = (kind) => {
                s = m.next(s, kind === "truncated" ? { type: kind } : { type: "turn", kind });
                return [m.floor(s), s.agent, s.ducked];
            };
            return ["AGENT_STARTED", "CALLER_STARTED", "OVERLAP", "DUCKED", "UNDUCKED", "DUCKED",
                "BARGE_IN", "FALSE_START", "RESUMED", "DUCKED", "BARGE_IN", "truncated",
                "CALLER_ENDED", "truncated"].map(go);
        }""",
    )
    assert seen == [
        ["agent", "speaking", False],
        ["both", "speaking", False],
        ["both", "speaking", False],
        ["both", "speaking", True],
        ["both", "speaking", False],
        ["both", "speaking", True],
        ["caller", "held", False],
        ["quiet", "held", False],
        ["agent", "speaking", False],
        ["agent", "speaking", True],
        ["quiet", "held", False],
        ["quiet", "quiet", False],
        ["thinking", "thinking", False],
        ["thinking", "thinking", False],
    ]


def test_a_stage_that_was_done_early_takes_no_room(run):
    parts = run(
        "latency",
        "(m) => m.split({ endOfTurn: -0.01, transcript: 0.5, firstToken: 0.4, firstAudio: 0.9 })",
    )
    assert [part["length"] for part in parts] == pytest.approx([0, 0.5, 0, 0.4])


def test_silence_is_zero_and_full_scale_is_one(run):
    levels = run(
        "devices",
        "(m) => [0, 0.001, 1].map((v) => m.loudness(new Float32Array(64).fill(v)))",
    )
    assert levels == pytest.approx([0, 0, 1], abs=1e-6)


def test_events_of_the_past_are_put_where_they_belong(run):
    times = run(
        "clock",
        """(m) => {
            const c = new m.MediaClock();
            c.start(0);
            c.event(16000, 10.5); c.event(32000, 11);
            const playing = [4800, null, 480].map((rtp) => c.playing(rtp, 12));
            return [c.wallOf(16000, 12), c.wallOf(99999999, 12), ...playing];
        }""",
    )
    assert times == [10, 12, 1600, 1600, 1600]
