"""What the accent table looks and sounds like: bars, distances, and five of each to listen to."""

import io
from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

import soundfile

from talkover.core.clock import RATE
from talkover.core.report import Listing, Section
from talkover.trainer.data.clean import Clean
from talkover.trainer.data.dirt import dirtied, neighbours
from talkover.trainer.data.mouths import Sound
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.studio import Studio
from talkover.trainer.data.texts import Split
from talkover.trainer.evaluation.accents import CLEAN, NOISY, Heard, noisy
from talkover.trainer.evaluation.accents_distance import Said, between_all
from talkover.trainer.evaluation.accents_report import CAPPED, PHONES, WORDS, Rate, rates
from talkover.trainer.evaluation.accents_scoring import AccentScore
from talkover.trainer.evaluation.pictures import STYLE, Bar, bars, heat_map

SAMPLES: Final = 5
"""Of each accent and pattern, to listen to."""


def sections(
    scores: Sequence[AccentScore],
    recipe: Recipe,
    said: Mapping[str, Said],
    listings: Sequence[Listing],
) -> list[Section]:
    """All below the measures.

    Raises:
        ConfigError: eSpeak NG is not installed.
    """
    found = rates(scores, recipe.conditions)
    charts = [
        Section(f"{kind.capitalize()} (%)", STYLE + bars(_bars(found, kind)))
        for kind in (CAPPED, WORDS, PHONES)
    ]
    names = list(said)
    heat = Section("Accents' distances from one another", heat_map(names, names, between_all(said)))
    return [*(one.section() for one in listings), *charts, heat, _samples(scores, recipe)]


def opus(sound: Sound) -> str:
    """A sound (float32 [n] at 16 kHz) as a data URL, about 2 kB a second."""
    file = io.BytesIO()
    soundfile.write(file, sound, RATE, format="OGG", subtype="OPUS", compression_level=1.0)
    return "data:audio/ogg;base64," + b64encode(file.getvalue()).decode()


def _bars(
    found: Mapping[str, Mapping[str, Mapping[str, Rate]]], kind: str
) -> dict[str, dict[str, Bar]]:
    return {
        name: {
            sound: Bar(by[kind].percent, by[kind].interval, f"{by[kind].text} %")
            for sound, by in by_sound.items()
        }
        for name, by_sound in found.items()
    }


def _samples(scores: Sequence[AccentScore], recipe: Recipe) -> Section:
    heard = {(score.heard.number, score.heard.sound): score.heard for score in scores}
    numbers = sorted({number for number, _ in heard})[: SAMPLES * len(recipe.conditions)]
    with Studio(recipe, Split.TEST) as studio:
        made = {}
        for number in numbers:
            said = studio.clean(number)
            over = dirtied(noisy(recipe), said, neighbours(number), lambda n: studio.clean(n).pcm)
            made[number] = (said, over.pcm)
    rows = [
        _sample(heard[number, CLEAN], heard[number, NOISY], *made[number])
        for number in sorted(numbers, key=lambda one: one % len(recipe.conditions))
    ]
    heads = ("", "said", "sounds", CLEAN, "heard", f"{NOISY} over it", "heard")
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = f'<div class="wide"><table class="samples"><tr>{head}</tr>{"".join(rows)}</table></div>'
    return Section(f"{SAMPLES} of each to listen to", body)


def _sample(quiet: Heard, loud: Heard, said: Clean, over: Sound) -> str:
    sounds = " ".join("".join(phone.symbol for phone in word.phones) for word in said.words)
    cells = [
        escape(quiet.condition),
        escape(quiet.text),
        f"[{escape(sounds)}]",
        _player(said.pcm),
        escape(quiet.written),
        f"{_player(over)}<br>{escape(loud.noise)}",
        escape(loud.written),
    ]
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _player(sound: Sound) -> str:
    return f'<audio controls preload="none" src="{opus(sound)}"></audio>'
