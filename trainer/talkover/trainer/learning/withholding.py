"""What models are judged on, put together from the settings: none of it is ever learnt from."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from talkover.core.audio.prompts import find_prompts
from talkover.core.records import caller_hash
from talkover.core.settings import LearningSettings
from talkover.trainer.data.curating.samples import UNKNOWN, Facet, read_manifest
from talkover.trainer.data.texts import sentence_of
from talkover.trainer.evaluation.utterances import LANGUAGES
from talkover.trainer.mining.withheld import Withheld


def withheld_by(settings: LearningSettings) -> Withheld:
    """People's telephone prompts, the callers that are named, and the sets that are.

    Raises:
        AudioError: a recording cannot be read.
        DataError: a set cannot.
    """
    prompts = [one for language in LANGUAGES for one in find_prompts(language)]
    known = Withheld.of((), prompts)
    texts, speakers = _of_sets(settings.evaluation_sets)
    callers = {caller_hash(one) for one in settings.evaluation_callers}
    return replace(known, texts=known.texts | texts, speakers=known.speakers | speakers | callers)


def _of_sets(manifests: Iterable[Path]) -> tuple[frozenset[bytes], frozenset[str]]:
    texts, speakers = set(), set()
    for manifest in manifests:
        for _, sample in read_manifest(manifest):
            texts.add(sentence_of(sample.text))
            speakers.add(sample.facets[Facet.SPEAKER])
    return frozenset(texts), frozenset(speakers - {UNKNOWN})
