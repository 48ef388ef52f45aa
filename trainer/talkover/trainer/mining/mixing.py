"""What is mined among what is not: sources of a feed, at their shares. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from talkover.core.errors import DataError
from talkover.trainer.stages.tables import DataSettings, SourceSettings


def with_mined(
    data: DataSettings, name: str, source: SourceSettings, *, chosen: str, replay: float
) -> DataSettings:
    """What is heard when some utterances of a source are heard more often.

    Args:
        data: All that is heard otherwise.
        name: Of the new source.
        source: Of which some were chosen.
        chosen: The file that lists them.
        replay: Share of examples that are as otherwise, 0 or more, below 1.

    Raises:
        DataError: there is a source of that name.
    """
    if name in data.sources:
        raise DataError(f"[data] has a source {name!r} already; call it otherwise")
    others: Mapping[str, SourceSettings] = data.sources if replay else {}
    total = sum(one.share for one in others.values())
    share = total * (1 - replay) / replay if replay else 1.0
    return replace(data, sources={**others, name: replace(source, share=share, chosen=chosen)})


def written(data: DataSettings) -> DataSettings:
    """The sources whose words are learnt.

    Raises:
        DataError: there is none.
    """
    kept = {name: one for name, one in data.sources.items() if not one.distil}
    if not kept:
        raise DataError("no source of [data] has words to learn from; add one without distil")
    return replace(data, sources=kept)
