import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from talkover.core.clock import FRAME, RATE
from talkover.core.errors import BundleError, ModelError
from talkover.core.listener import LONGEST, ListenerConfig, WindowRule
from talkover.core.listener.config import CONFIG_FILE

REPEATABLE = settings(derandomize=True)
GOOD: dict[str, Any] = {
    "format": 1,
    "languages": ["en", "fr"],
    "suppress": [1, 2],
    "suppress_begin": [220],
    "alignment_heads": [[1, 0], [1, 1]],
}
SIZES = st.lists(st.integers(100, LONGEST // FRAME - 1), max_size=5, unique=True).map(
    lambda frames: (*(FRAME * count for count in sorted(frames)), LONGEST)
)


@pytest.mark.parametrize(
    ("seconds", "window"),
    [
        (0, 10),
        (0.02, 10),
        (4, 10),
        (4.001, 11),
        (9, 15),
        (9.001, 17),
        (14, 20),
        (14.001, 25),
        (19.001, 30),
        (24, 30),
        (25, 30),
        (30, 30),
    ],
)
def test_the_stock_window(seconds: float, window: int) -> None:
    assert WindowRule().window(round(seconds * RATE)) == window * RATE


@pytest.mark.parametrize("count", [LONGEST + 1, 2 * LONGEST])
def test_more_than_thirty_seconds_are_refused(count: int) -> None:
    with pytest.raises(ModelError, match="cut it to 30 s"):
        WindowRule().window(count)


@given(
    SIZES,
    st.integers(100, LONGEST // FRAME).map(lambda frames: FRAME * frames),
    st.integers(0, LONGEST),
    st.integers(0, LONGEST),
)
@REPEATABLE
def test_a_window_is_the_shortest_that_will_do(
    sizes: tuple[int, ...], minimum: int, margin: int, count: int
) -> None:
    window = WindowRule(minimum=minimum, margin=margin, sizes=sizes).window(count)
    assert window in sizes
    assert window >= count

    def will_do(size: int) -> bool:
        return size >= minimum and size >= count + margin

    assert will_do(window) or window == LONGEST
    assert not any(will_do(size) for size in sizes if size < window)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sizes": ()},
        {"sizes": (10 * RATE,)},
        {"sizes": (LONGEST, LONGEST)},
        {"sizes": (15 * RATE, 10 * RATE, LONGEST)},
        {"sizes": (10 * RATE + 1, LONGEST)},
        {"sizes": (RATE, LONGEST)},
        {"minimum": RATE},
        {"minimum": LONGEST + FRAME},
        {"margin": -1},
        {"other": 1},
    ],
)
def test_impossible_windows_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        WindowRule(**wrong)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    config = ListenerConfig(
        window=WindowRule(minimum=4 * RATE, margin=RATE, sizes=(4 * RATE, LONGEST)),
        languages=("en", "yue"),
        suppress=(1, 5),
        suppress_begin=(),
        alignment_heads=((3, 1), (4, 2)),
        no_speech_threshold=0.25,
        log_prob_threshold=-0.5,
    )
    config.write(tmp_path)
    assert ListenerConfig.read(tmp_path) == config


def test_what_is_left_out_is_stock(tmp_path: Path) -> None:
    (tmp_path / CONFIG_FILE).write_text(json.dumps(GOOD), encoding="utf-8")
    config = ListenerConfig.read(tmp_path)
    assert config.window == WindowRule()
    assert (config.no_speech_threshold, config.log_prob_threshold) == (0.6, -1.0)
    assert config.alignment_heads == ((1, 0), (1, 1))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"format": 2}, "format"),
        ({"languages": []}, "languages"),
        ({"languages": [1]}, "languages.0"),
        ({"suppress": [1, -1]}, "suppress.1"),
        ({"suppress": ["1"]}, "suppress.0"),
        ({"suppress_begin": None}, "suppress_begin"),
        ({"alignment_heads": []}, "alignment_heads"),
        ({"alignment_heads": [[1, 0], [1]]}, "alignment_heads.1.1"),
        ({"no_speech_threshold": 1.5}, "no_speech_threshold"),
        ({"log_prob_threshold": 0.1}, "log_prob_threshold"),
        ({"window": {"sizes": [160_000]}}, "window"),
        ({"window": {"minimum": 10.5}}, "window.minimum"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, change: dict[str, Any], field: str) -> None:
    (tmp_path / CONFIG_FILE).write_text(json.dumps(GOOD | change), encoding="utf-8")
    with pytest.raises(BundleError) as caught:
        ListenerConfig.read(tmp_path)
    assert f"{CONFIG_FILE}: {field}: " in str(caught.value)
    assert "build the bundle again" in str(caught.value)


@pytest.mark.parametrize("field", ["languages", "suppress", "suppress_begin", "alignment_heads"])
def test_a_missing_field_is_named(tmp_path: Path, field: str) -> None:
    rest = {name: value for name, value in GOOD.items() if name != field}
    (tmp_path / CONFIG_FILE).write_text(json.dumps(rest), encoding="utf-8")
    with pytest.raises(BundleError, match=f": {field}: Field required"):
        ListenerConfig.read(tmp_path)


@pytest.mark.parametrize("content", [None, b"", b"[]", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_file_that_is_no_config_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / CONFIG_FILE).write_bytes(content)
    with pytest.raises(BundleError, match=r"listener\.json.* build the bundle again"):
        ListenerConfig.read(tmp_path)
