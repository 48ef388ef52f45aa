"""Where examples come from: what a recipe's sources name, opened."""

import json
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

from talkover.core.errors import DataError
from talkover.core.weights.disk import sha256_of
from talkover.trainer.data.dirt import Made
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.streaming.recorded import Recorded
from talkover.trainer.data.streaming.sources import Source, Spoken
from talkover.trainer.data.texts import Split
from talkover.trainer.data.wordless import Nobody
from talkover.trainer.stages.people import People, prompts_of
from talkover.trainer.stages.tables import LANGUAGES, DataSettings, SourceSettings, plain


class Chosen:
    """Some utterances of a recipe, such as those that were misheard, as the source of a stream.

    Args:
        recipe: That is spoken.
        split: Whose voices and sentences.
        path: JSONL, ``{"number": …, "epoch": …}`` a line: the utterance, and which noise it had.

    Raises:
        DataError: the file cannot be read, or names none.
    """

    chunk = 8

    def __init__(self, recipe: Recipe, split: Split, path: Path) -> None:
        self._spoken = Spoken(recipe, split)
        self._places: list[tuple[int, int]] = []
        try:
            for line in path.read_text("utf-8").splitlines():
                if line.strip():
                    given = json.loads(line)
                    self._places.append((int(given["number"]), int(given.get("epoch", 0))))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"{path} is no list of utterances ({error!r}); mine it again") from None

    @property
    def count(self) -> int:
        """Utterances."""
        return len(self._places)

    def make(self, number: int, epoch: int) -> Made:
        """The utterance in place ``number``, at first with the noise that it was chosen with."""
        utterance, heard = self._places[number]
        return self._spoken.make(utterance, heard + epoch)

    def close(self) -> None:
        """It says no more."""
        self._spoken.close()


def open_source(settings: SourceSettings, *, seed: int) -> Source:
    """What a source of a recipe stands for.

    Args:
        settings: Its table.
        seed: Of the data recipe.

    Raises:
        ConfigError: there are no recordings of people on this machine.
        DataError: a recipe or a file cannot be used.
    """
    recipe = Recipe.load(settings.recipe, seed=seed) if settings.recipe else None
    if settings.wordless:
        return Nobody(LANGUAGES, settings.split, seed)
    if settings.prompts:
        return People(settings.prompts, settings.split, recipe)
    if settings.manifest:
        return Recorded(Path(settings.manifest), recipe)
    if recipe is None:
        raise DataError("a source without a recipe, a manifest and prompts")
    if settings.chosen:
        return Chosen(recipe, settings.split, Path(settings.chosen))
    return Spoken(recipe, settings.split)


def spoken_sources(data: DataSettings) -> list[tuple[str, SourceSettings]]:
    """Sources that are a whole recipe as it is spoken, with words; those of most examples first."""
    spoken = [
        (name, one)
        for name, one in sorted(data.sources.items())
        if one.recipe and not (one.manifest or one.prompts or one.chosen or one.distil)
    ]
    return sorted(spoken, key=lambda named: -named[1].share)


def data_sha256(data: DataSettings, *, seed: int) -> str:
    """Tells what is heard from all else: recipes as they are read, files by their content.

    Raises:
        ConfigError: there are no recordings of people on this machine.
        DataError: a recipe or a file cannot be used.
    """
    told = []
    for name, settings in sorted(data.sources.items()):
        recipe = repr(Recipe.load(settings.recipe, seed=seed)) if settings.recipe else ""
        paths = [Path(path) for path in (settings.manifest, settings.chosen) if path]
        try:
            content = [sha256_of(path) for path in paths]
        except OSError as error:
            raise DataError(f"source {name}: {error.filename} cannot be read") from None
        prompts = [
            [one.name, one.text]
            for code in settings.prompts
            for one in prompts_of(code, Split.TRAIN)
        ]
        told.append([name, plain(asdict(settings)), recipe, content, prompts])
    return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
