"""A tiny random Whisper that learns."""

import copy

import numpy as np
import pytest
from tiny_whisper import LANGUAGES, tiny_tokenizer, tiny_whisper

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from talkover.core.clock import RATE  # noqa: E402 - after the libraries it needs
from talkover.core.listener import ListenerConfig  # noqa: E402
from talkover.core.listener.tokens import Tokens  # noqa: E402
from talkover.trainer.policy.model import Policy  # noqa: E402
from talkover.trainer.policy.tuning import Tuning  # noqa: E402

SECONDS = 2


@pytest.fixture(scope="session")
def tokens():
    tokenizer = tiny_tokenizer()
    config = ListenerConfig(
        languages=LANGUAGES,
        suppress=(1, 2, 7),
        suppress_begin=(220, tokenizer.token_to_id("<|endoftext|>")),
        alignment_heads=((1, 0),),
    )
    return Tokens(tokenizer, config)


@pytest.fixture(scope="session")
def whisper():
    """Two layers, 64 wide; it ends its texts soon."""
    torch.manual_seed(0)
    tokenizer = tiny_tokenizer()
    return tiny_whisper(tokenizer.get_vocab_size(), width=64)


@pytest.fixture
def make(whisper, tokens):
    """Policies of the same first weights."""

    def made(rank=0, **options):
        tuning = Tuning(rank=rank, embeddings=options.pop("embeddings", False))
        return Policy(copy.deepcopy(whisper), tokens, tuning, **options)

    return made


@pytest.fixture
def policy(make):
    return make()


@pytest.fixture(scope="session")
def sounds():
    random = np.random.default_rng(0)
    lengths = (RATE, RATE // 2, 3 * RATE // 2)
    return [random.normal(0, 0.1, length).astype(np.float32) for length in lengths]


@pytest.fixture
def features(policy, sounds):
    return policy.see(sounds, SECONDS * RATE)
