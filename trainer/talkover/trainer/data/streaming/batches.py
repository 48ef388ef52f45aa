"""A stream by the batch, as a training loop takes it."""

from collections.abc import Iterable, Iterator
from itertools import islice

from talkover.trainer.data.aligning.collate import Batch, collate
from talkover.trainer.data.aligning.lanes import Item, check
from talkover.trainer.data.dirt import Made


def batches(stream: Iterable[Made], size: int) -> Iterator[Batch]:
    """Utterances side by side, padded to the longest of a batch.

    Between two batches the state of a stream is that after the first: no item is taken ahead.

    Args:
        stream: What is heard, with its words.
        size: Items in a batch; the last of a stream that ends may have fewer.

    Raises:
        DataError: words are not where there is sound; the message names the utterance.
    """
    following = iter(stream)
    while some := [item_of(made) for made in islice(following, size)]:
        for item in some:
            check(item)
        yield collate(some)


def item_of(made: Made) -> Item:
    """The caller's lane, and what is said in it."""
    return Item(made.clean.name, made.pcm, made.clean.words)
