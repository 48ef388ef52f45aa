"""The page as its users meet it: with eyes, a keyboard, a screen reader, a phone."""

import json

import pytest
from google.protobuf import json_format
from page_driver import (
    TICKS,
    go_live,
    heard,
    phase,
    says,
    sent,
    step,
    take,
    timings,
    truncated,
    turn,
    until,
    wire,
)

from talkover.v1 import agent_pb2

pytestmark = pytest.mark.browser

HOSTILE = '<img src=x onerror="window.hurt = true"><script>window.hurt = true</script>'


def test_it_loads_quietly_and_can_only_be_looked_at(open_page):
    page = open_page()
    assert page.title() == "Talkover"
    assert phase(page) == "idle"
    until(page, "document.querySelector('#version').innerText === '1.2.3'")
    changed = page.evaluate(
        """() => {
            talkover.events.push("mine");
            try { talkover.state.phase = "live"; } catch { /* frozen */ }
            try { window.talkover = 1; } catch { /* not writable */ }
            return [talkover.events.length, talkover.state.phase];
        }"""
    )
    assert changed == [0, "idle"]


def test_a_call_goes_through_its_states(open_page):
    page = open_page()
    seen = [page.inner_text("#talk-label")]
    for action in ("dial", "microphone"):
        step(page, action)
        seen.append(page.inner_text("#talk-label"))
    take(page, wire(at=0, started=agent_pb2.SessionStarted(session_id="abc")))
    assert page.evaluate("talkover.session") == "abc"
    seen.append(page.inner_text("#talk-label"))
    step(page, "lost")
    seen.append(page.inner_text("#talk-label"))
    step(page, "hangUp")
    seen.append(page.inner_text("#talk-label"))
    assert seen == [
        *("Start talking", "Cancel", "Connecting … cancel"),
        *("Hang up", "Stop trying", "Call again"),
    ]


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("CALLER_STARTED", "Hearing you"),
        ("CALLER_ENDED", "Thinking"),
        ("AGENT_STARTED", "Speaking"),
    ],
)
def test_the_status_says_who_has_the_floor(open_page, kind, status):
    page = open_page()
    go_live(page)
    assert page.inner_text("#status-text") == "Listening"
    take(page, turn(kind, 0))
    assert page.inner_text("#status-text") == status
    assert page.is_enabled("#interrupt") == (kind in ("CALLER_ENDED", "AGENT_STARTED"))


def test_words_appear_when_they_are_spoken_and_unheard_ones_are_struck_out(open_page):
    page = open_page()
    go_live(page)
    take(page, heard(0, "Good morning"), turn("AGENT_STARTED", 0))
    take(page, says(0, "this comes out at once", at=0, lane=0))
    until(page, "document.querySelectorAll('.word:not(.ahead)').length === 5")
    take(page, says(0, "this is for much later", at=600 * TICKS, lane=5 * TICKS // 4, first=5))
    assert page.locator(".word.ahead").count() == 5
    take(page, turn("CALLER_STARTED", 1), turn("DUCKED", 0), turn("BARGE_IN", 0))
    # Nothing is struck yet: it may have been nobody.
    assert page.locator(".unheard").count() == 0
    assert page.evaluate("document.querySelector('#sound').muted")
    assert page.inner_text("#status-text") == "Hearing you"
    assert page.is_enabled("#interrupt")
    take(page, truncated(0, "this comes out", 9_000), turn("CALLER_ENDED", 1))
    assert page.inner_text(".agent .unheard") == "at once this is for much later"
    assert page.inner_text(".agent .text") == "this comes out at once this is for much later"
    # The report went at once, and claims no word that is still to come.
    assert int(sent(page, "playout")[-1]["played"]) <= 5 * TICKS // 4


@pytest.mark.parametrize("order", ["words first", "event first"])
def test_words_come_back_when_nobody_wanted_the_floor(open_page, order):
    page = open_page()
    go_live(page)
    take(page, turn("AGENT_STARTED", 0), says(0, "one two", at=0))
    until(page, "document.querySelectorAll('.word:not(.ahead)').length === 2")
    take(page, says(0, "three four", at=600 * TICKS, lane=TICKS // 2, first=2))
    take(page, turn("CALLER_STARTED", 1), turn("OVERLAP", 1), turn("DUCKED", 0))
    take(page, turn("BARGE_IN", 0))
    # What was on its way is greyed; what is made into the silence has no time yet.
    assert page.locator(".word.ahead.seen").all_inner_texts() == ["three", "four"]
    take(page, says(0, "five", at=0, lane=TICKS, first=4))
    page.wait_for_timeout(200)
    assert page.locator(".word:not(.ahead)").all_inner_texts() == ["one", "two"]
    # The second word was heard only in part, and is said again.
    again = says(0, "two three four five", at=600 * TICKS, lane=TICKS // 2, first=1)
    go_on = [again, turn("RESUMED", 0)]
    take(page, turn("FALSE_START", 1), *(go_on if order == "words first" else go_on[::-1]))
    assert page.inner_text(".agent .text") == "one two three four five"
    assert page.locator(".word.ahead.seen").all_inner_texts() == ["two", "three", "four"]
    assert not page.evaluate("document.querySelector('#sound').muted")
    assert page.inner_text("#status-text") == "Speaking"
    assert page.locator(".unheard").count() == 0
    take(page, says(0, "two three four five", at=0, lane=TICKS // 2, first=1))
    until(page, "document.querySelectorAll('.word.ahead').length === 0")
    # Calm: nothing of all this was read out, and the reply is when it has been said.
    assert page.inner_text("#said") == ""
    take(page, turn("AGENT_FINISHED", 0))
    until(page, "document.querySelector('#said').innerText !== ''")
    assert page.inner_text("#said") == "Agent: one two three four five"


def test_words_of_a_resumed_reply_appear_when_they_are_spoken(open_page):
    page = open_page()
    go_live(page)
    # Cut off 0.15 s and more before its first word comes out.
    take(page, says(0, "one two", at=100 * TICKS), turn("BARGE_IN", 0, at=100 * TICKS))
    take(page, says(0, "three", at=0, first=2))
    page.wait_for_timeout(700)  # by the old times both have passed
    take(page, turn("RESUMED", 0))
    page.wait_for_timeout(200)
    assert page.locator(".word:not(.ahead)").count() == 0
    take(page, says(0, "one two three", at=0))
    until(page, "document.querySelectorAll('.word:not(.ahead)').length === 3")
    assert sent(page, "playout")[0]["played"] == "0"  # at the cut
    until(page, "talkover.events.filter((e) => e.sent?.playout?.played === '12000').length === 1")


def test_words_made_into_the_silence_wait_for_their_time(open_page):
    page = open_page()
    go_live(page)
    take(page, turn("AGENT_STARTED", 0), says(0, "one", at=0))
    until(page, "document.querySelectorAll('.word:not(.ahead)').length === 1")
    take(page, turn("BARGE_IN", 0), says(0, "two", at=0, first=1), turn("RESUMED", 0))
    page.wait_for_timeout(200)
    assert page.locator(".word:not(.ahead)").all_inner_texts() == ["one"]


def test_a_duck_is_seen_but_not_announced(open_page):
    page = open_page()
    go_live(page)
    take(page, turn("AGENT_STARTED", 0), turn("CALLER_STARTED", 1), turn("OVERLAP", 1))
    before = [page.inner_text(where) for where in ("#announce", "#said", "#status-text")]
    for kind, ducked in (("DUCKED", "true"), ("UNDUCKED", "false")):
        take(page, turn(kind, 0))
        assert page.get_attribute("body", "data-ducked") == ducked
        now = [page.inner_text(where) for where in ("#announce", "#said", "#status-text")]
        assert now == before
    take(page, turn("DUCKED", 0))
    step(page, "hangUp")
    assert page.get_attribute("body", "data-ducked") == "false"


def test_what_a_hang_up_cut_short_is_not_shown_as_heard(open_page):
    page = open_page()
    go_live(page)
    take(page, turn("AGENT_STARTED", 0), says(0, "never to be heard", at=900 * TICKS))
    step(page, "hangUp")
    assert page.inner_text(".agent .unheard") == "never to be heard"


def test_a_partial_transcript_is_grey_until_it_is_final(open_page):
    page = open_page()
    go_live(page)
    take(page, heard(0, "What is the", final=False))
    assert "partial" in page.get_attribute(".entry.caller", "class")
    assert page.locator(".correct").count() == 0
    take(page, heard(0, "What is the time?"))
    assert page.locator(".entry.caller").count() == 1
    assert "partial" not in page.get_attribute(".entry.caller", "class")
    assert page.locator(".correct").count() == 1
    assert page.inner_text("#said") == "You: What is the time?"


def test_what_somebody_else_said_is_not_put_into_the_callers_mouth(open_page):
    page = open_page()
    go_live(page)
    take(page, heard(1, "Dinner is ready.", final=False))
    take(page, heard(1, "Dinner is ready.", speaker="SPEAKER_OTHER"), turn("FALSE_START", 1))
    take(page, heard(2, "Mm-hm.", speaker="SPEAKER_CALLER"), turn("FALSE_START", 2))
    assert page.locator(".caller .who").all_inner_texts() == ["Somebody else", "You"]
    assert page.locator(".correct").count() == 1


def test_a_correction_is_sent_by_keyboard(open_page):
    page = open_page()
    go_live(page)
    take(page, heard(3, "recognise speech"))
    page.focus(".correct")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    page.keyboard.press("Escape")
    assert page.locator(".correction").count() == 0
    page.keyboard.press("Space")
    page.fill(".correction textarea", "  wreck a nice beach \U0001f3d6 ")
    page.keyboard.press("Enter")
    [correction] = sent(page, "correction")
    assert correction == {"turn": 3, "text": "wreck a nice beach \U0001f3d6"}
    json_format.Parse(json.dumps({"correction": correction}), agent_pb2.ConverseRequest())
    assert page.inner_text(".caller .text") == "wreck a nice beach \U0001f3d6"
    assert page.evaluate("document.activeElement.className") == "correct"
    step(page, "hangUp")
    assert page.locator(".correct").count() == 0  # nobody is there to take one


def test_a_typed_turn_is_sent(open_page):
    page = open_page()
    assert page.is_disabled("#say-text")
    go_live(page)
    page.fill("#say-text", "Hello there")
    page.press("#say-text", "Enter")
    assert sent(page, "text") == [{"text": "Hello there"}]
    assert page.inner_text(".caller .text") == "Hello there"
    assert page.input_value("#say-text") == ""


def test_hostile_text_is_only_text(open_page):
    page = open_page()
    go_live(page)
    problem = agent_pb2.ErrorEvent(code="MODEL", message=HOSTILE)
    take(page, heard(0, HOSTILE), says(0, HOSTILE, at=0), wire(error=problem))
    until(page, "document.querySelectorAll('.word.ahead').length === 0")
    assert page.inner_text(".caller .text") == HOSTILE
    assert HOSTILE in page.inner_text("#notice-text")
    page.click("#notice-close")
    page.click(".correct")
    assert page.input_value(".correction textarea") == HOSTILE
    assert page.locator("main img, main script").count() == 0
    assert page.evaluate("window.hurt") is None


def test_nothing_grows_without_bound_or_moves_the_controls(open_page):
    page = open_page(width=390, height=844)
    go_live(page)
    places = [page.locator(where).bounding_box() for where in ("#talk", ".lanes", ".talk")]
    take(page, *(heard(i, f"Turn {i} {'long ' * 400}") for i in range(150)))
    take(page, *(says(i, "word " * 500, at=0) for i in range(60)))
    take(page, *(says(200, "more " * 300, at=0, first=300 * i) for i in range(4)))
    page.evaluate(
        """async () => {
            const { app } = await import("/static/main.js");
            for (let i = 0; i < 700; i += 1) app.send({ i });
        }"""
    )
    assert page.locator(".entry").count() == 200
    assert page.evaluate("talkover.events.length") == 500
    assert (
        page.evaluate("document.querySelector('.entry.agent:last-child .text').innerText.length")
        < 5e3
    )
    assert page.evaluate("document.querySelector('#said').children.length") <= 6
    now = [page.locator(where).bounding_box() for where in ("#talk", ".lanes", ".talk")]
    assert now == places


@pytest.mark.parametrize("state", ["idle", "live", "reconnecting", "error"])
def test_a_narrow_phone_never_scrolls_sideways(open_page, state):
    page = open_page(width=360, height=640, has_touch=True, is_mobile=True)
    if state != "idle":
        go_live(page)
        take(page, heard(0, "x" * 900), says(0, "y" * 900, at=0), timings(0, first_audio=12.5))
    if state == "reconnecting":
        step(page, "lost")
    if state == "error":
        ended = agent_pb2.SessionEnded(reason=agent_pb2.END_REASON_ERROR)
        take(
            page,
            wire(error=agent_pb2.ErrorEvent(code="MODEL", message="z" * 200)),
            wire(ended=ended),
        )
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    wide = "[...document.querySelectorAll('body *:not(.sprite *):not(.unseen, .unseen *)')]"
    assert not page.evaluate(
        f"{wide}.filter(e => e.getBoundingClientRect().right > 361).map(e => e.id || e.className)"
    )
    box = page.locator("#talk").bounding_box()
    assert box["y"] > 320
    assert box["height"] >= 44


def test_the_keyboard_reaches_everything_in_order(open_page):
    page = open_page()
    go_live(page)
    take(page, heard(0, "Hello"), turn("AGENT_STARTED", 0), timings(0, first_audio=0.5))
    reached = []
    for _ in range(16):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("document.activeElement.id || document.activeElement.className")
        )
        assert page.evaluate(
            "document.activeElement === document.body || "
            "getComputedStyle(document.activeElement).outlineStyle !== 'none'"
        )
    order = ["scroll", "correct", "latency", "microphone", "say-text", "say-send", "talk", "mute"]
    assert [name for name in reached if name in order][: len(order)] == order
    assert reached[reached.index("mute") :][:4] == ["mute", "camera", "screen", "interrupt"]


def test_the_mute_button_is_pressed_with_space(open_page):
    page = open_page()
    page.focus("#mute")
    page.keyboard.press("Space")
    assert page.evaluate("talkover.state.muted")
    assert page.get_attribute("#mute", "aria-pressed") == "true"


def test_every_control_has_a_name(open_page, site):
    site.token_required = True
    page = open_page(width=390, height=844)
    page.wait_for_selector("#token", state="visible")
    tree = page.context.new_cdp_session(page)
    for live in (False, True):
        if live:
            go_live(page)
            take(page, heard(0, "Hello"), timings(0, first_audio=0.5))
            page.click(".correct")
        nodes = tree.send("Accessibility.getFullAXTree")["nodes"]
        roles = {"button", "checkbox", "combobox", "textbox", "meter", "image", "region"}
        found = [node for node in nodes if node.get("role", {}).get("value") in roles]
        assert len(found) >= 12
        unnamed = [n["role"]["value"] for n in found if not n.get("name", {}).get("value")]
        assert not unnamed


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out(open_page, scheme):
    page = open_page(scheme=scheme)
    ratios = page.evaluate(
        """() => {
            const style = getComputedStyle(document.documentElement);
            const light = (name) => {
                const hex = style.getPropertyValue(name).trim().slice(1);
                const [r, g, b] = [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255)
                    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            const ratio = (a, b) => {
                const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
                return (x + 0.05) / (y + 0.05);
            };
            const pairs = ["--page", "--sheet", "--bad-tint"].flatMap((back) =>
                ["--ink", "--muted", "--caller", "--agent"].map((text) => [text, back]));
            pairs.push(["--on-fill", "--agent"], ["--page", "--ink"]);
            return pairs.map(([a, b]) => [a, b, ratio(a, b)]);
        }"""
    )
    assert not [entry for entry in ratios if entry[2] < 4.5 and entry[1] != "--bad-tint"]
    assert not [e for e in ratios if e[2] < 4.5 and e[0] in ("--ink", "--muted")]


def test_latency_is_shown_in_numbers_to_all(open_page):
    page = open_page()
    go_live(page)
    take(page, timings(0, end_of_turn=0.3, transcript=0.25, first_token=0.5, first_audio=0.9))
    bar = page.locator(".latency")
    assert bar.get_attribute("aria-label") == (
        "Seconds from the end of your speech: end of turn 0.30, transcript 0.25, "
        "first token 0.50, first audio 0.90."
    )
    assert not page.locator(".tip").is_visible()
    bar.focus()
    page.wait_for_selector(".tip", state="visible")
    assert "0.90 s" in page.inner_text(".tip")
