"""What callers corrected, as the page shows it."""

import pytest
from page_driver import until

pytestmark = pytest.mark.browser

ROWS = "found => found.map((row) => [...row.cells].map((cell) => cell.textContent))"


def row(locale: str, bundle: str, words: object, errors: object) -> dict[str, object]:
    return {"locale": locale, "bundle": bundle * 64, "turns": 7, "words": words, "errors": errors}


def test_errors_fall_from_bundle_to_bundle(open_page, site):
    site.learning = [row("en-NG", "a", 40, 30), row("en-NG", "b", 40, 11), row("", "a", 8, 80)]
    page = open_page()
    page.wait_for_selector("#learning tbody tr", state="attached")
    assert page.eval_on_selector_all("#learning tbody tr", ROWS) == [
        ["en-NG", "aaaaaaaa", "7", "75 %"],
        ["en-NG", "bbbbbbbb", "7", "28 %"],
        ["any", "aaaaaaaa", "7", "100 %"],
    ]
    site.learning = []
    until(page, "document.querySelector('#learning').hidden")


def test_what_cannot_be_read_is_left_out(open_page, site):
    hostile = "<img src=x onerror='window.hurt = true'>"
    site.learning = [
        row(hostile, "a", "4", 1),
        row("en", "b", 0, 0),
        {"locale": 3},
        row("", "c", "x", 1),
    ]
    page = open_page()
    page.wait_for_selector("#learning tbody tr", state="attached")
    assert page.eval_on_selector_all("#learning tbody tr", ROWS) == [
        [hostile, "aaaaaaaa", "7", "25 %"]
    ]
    assert page.evaluate("window.hurt === undefined")
