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
            let s = m.addWords([], { words: words(1000, 2000), lanePosition: 100 });
            s = m.addWords(s, { words: words(9000, 9500), lanePosition: 1300 });
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
            const words = (from, to, lanePosition) =>
                p.words({ words: [{ text: "a", startsAt: from, endsAt: to }], lanePosition });
            words(1000, 33000, 500);
            p.tick(900, 0); p.tick(2000, 1); p.tick(3000, 1.1); p.tick(4000, 1.3);
            p.cut(4100);
            p.cut(4100);
            p.tick(9000, 2);
            words(20000, 30000, 40500);
            p.tick(19000, 3); p.tick(21000, 4);
            return told;
        }""",
    )
    assert told == ["1500", "3500", "3600", "3600", "41500"]


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
