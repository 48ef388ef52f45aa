"""A policy so small that all it can say is written out: 4 tokens, one of them the end, 3 places."""

from itertools import product

import pytest

torch = pytest.importorskip("torch")

from talkover.trainer.estimators.batch import Scores  # noqa: E402 - after the library it needs

END, TOKENS, PLACES = 0, 4, 3


def texts():
    """All that can be said; what reaches the last place need not end."""
    for length in range(1, PLACES + 1):
        for text in product(range(TOKENS), repeat=length):
            ends = END not in text[:-1] and (text[-1] == END or length == PLACES)
            if ends:
                yield text


class Everything:
    """Every text, and how likely logits [contexts, TOKENS] make it."""

    def __init__(self):
        self.texts = list(texts())
        contexts = sorted({text[:place] for text in self.texts for place in range(len(text))})
        self.contexts = len(contexts)
        shape = len(self.texts), PLACES
        self.mask = torch.zeros(shape, dtype=torch.bool)
        self._places = torch.zeros(shape, dtype=torch.long)
        self._tokens = torch.zeros(shape, dtype=torch.long)
        for row, text in enumerate(self.texts):
            for place, token in enumerate(text):
                self.mask[row, place] = True
                self._places[row, place] = contexts.index(text[:place])
                self._tokens[row, place] = token

    def __len__(self):
        return len(self.texts)

    def logits(self, seed):
        draw = torch.Generator().manual_seed(seed)
        values = torch.randn(self.contexts, TOKENS, generator=draw, dtype=torch.float64)
        return values.requires_grad_()

    def scores(self, logits, rows=None):
        rows = torch.arange(len(self)) if rows is None else torch.as_tensor(rows)
        whole = logits.log_softmax(dim=1)[self._places[rows]]
        log_probs = whole.gather(2, self._tokens[rows][..., None])[..., 0]
        mask = self.mask[rows]
        return Scores(log_probs, mask, whole[mask])


@pytest.fixture(scope="session")
def everything():
    return Everything()


@pytest.fixture(scope="session")
def rewards(everything):
    """Of every text; several have the same."""
    draw = torch.Generator().manual_seed(3)
    return torch.randint(0, 4, (len(everything),), generator=draw).double() / 2


@pytest.fixture
def logits(everything):
    return everything.logits(0)


@pytest.fixture
def exact(everything, logits, rewards):
    """The gradient of the expected reward."""
    value = (everything.scores(logits).sequences.exp() * rewards).sum()
    return torch.autograd.grad(value, logits)[0]
