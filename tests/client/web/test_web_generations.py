"""The weights that the server runs on, as the page shows them."""

import pytest
from page_driver import until

pytestmark = pytest.mark.browser

HOSTILE = '<img src=x onerror="window.hurt = true">'


def generation(bundle: str, state: str, share: float, **more: object) -> dict[str, object]:
    return {"bundle": bundle * 64, "state": state, "share": share, "turns": 0, **more}


def test_generations_shares_and_reasons_are_shown(open_page, site):
    site.generations = [
        generation("b", "canary", 0.25, turns=12, reason="heard 10 turns in the shadow"),
        generation("a", "current", 0.75, turns=1, reason="the server started with it"),
    ]
    page = open_page()
    page.wait_for_selector(".generation")
    rows = page.eval_on_selector_all(".generation", "found => found.map((row) => row.innerText)")
    assert [" ".join(row.split()) for row in rows] == [
        "bbbbbbbbbbbb serves some calls, 25 % of calls, 12 turns heard 10 turns in the shadow",
        "aaaaaaaaaaaa serves, 75 % of calls, 1 turn the server started with it",
    ]
    site.generations = [generation("b", "current", 1.0, turns=40, reason="40 turns without drift")]
    until(page, "document.querySelectorAll('.generation').length === 1")


def test_what_a_reason_holds_is_only_text(open_page, site):
    site.generations = [
        generation("c", "failed", 0.0, reason=HOSTILE),
        generation("d", "a state of later days", 0.0),
    ]
    page = open_page()
    page.wait_for_selector(".generation")
    assert page.eval_on_selector_all(".generation .hint", "f => f.map((e) => e.textContent)") == [
        HOSTILE
    ]
    assert page.evaluate("window.hurt === undefined")


def test_nobody_looks_before_the_token_is_known(open_page, site):
    site.token_required = True
    page = open_page()
    page.wait_for_selector("#token", state="visible")
    page.fill("#token", "secret")
    page.keyboard.press("Enter")
    page.wait_for_timeout(2_500)
    assert set(site.looked) == {"Bearer secret"}
