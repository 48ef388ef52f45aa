"""Stock Whisper, several sounds at once."""

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from talkover.core.audio import read_wav, to_float
from talkover.core.clock import RATE
from talkover.core.settings import load_settings
from talkover.trainer.evaluation.stock import StockWhisper


@pytest.mark.bundle
def test_what_is_read_of_a_sound_does_not_depend_on_the_others(prompts):
    """Short and long ones together, each as it is by itself."""
    weights = load_settings().data_dir / "weights" / "whisper-base"
    if not weights.is_dir():
        pytest.skip("no base weights; `make models` fetches them")
    stock = StockWhisper(weights)
    fitting = [prompt for prompt in prompts if 1.0 < prompt.seconds < 9.5]
    chosen = [
        min(fitting, key=lambda prompt: prompt.seconds),
        max(fitting, key=lambda prompt: len(prompt.text)),
    ]
    sounds = [to_float(read_wav(prompt.path)) for prompt in chosen]
    languages = [prompt.language for prompt in chosen]
    window = 10 * RATE
    together = stock.read_all(sounds, languages, window, most=60)
    assert together == [
        stock.read_all([sound], [language], window, most=60)[0]
        for sound, language in zip(sounds, languages, strict=True)
    ]
    assert any(len(reading.tokens) > 10 for reading in together)
