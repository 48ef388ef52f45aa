"""A tiny Whisper that has learnt something, and a bundle of what it was before."""

import copy
import json

import numpy as np
import pytest
from tiny_whisper import LANGUAGES, ct2_bytes, tiny_tokenizer, tiny_whisper

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from talkover.core.bundles import BundleStore, Licence, PartEntry, describe  # noqa: E402
from talkover.core.clock import RATE  # noqa: E402
from talkover.core.listener import LONGEST, ListenerConfig, WindowRule  # noqa: E402
from talkover.core.listener.build import write_listener  # noqa: E402
from talkover.core.listener.tokens import Tokens  # noqa: E402
from talkover.core.listener.weights import from_state_dict  # noqa: E402
from talkover.trainer.export.origin import Origin  # noqa: E402
from talkover.trainer.policy.model import Policy  # noqa: E402
from talkover.trainer.policy.tuning import Tuning  # noqa: E402
from talkover.trainer.stages.example import Example  # noqa: E402

WINDOW = WindowRule(minimum=2 * RATE, margin=0, sizes=(2 * RATE, LONGEST))


@pytest.fixture(scope="session")
def tokenizer():
    return tiny_tokenizer()


@pytest.fixture(scope="session")
def whisper(tokenizer):
    """Wide enough for int8."""
    torch.manual_seed(0)
    return tiny_whisper(tokenizer.get_vocab_size(), width=128)


@pytest.fixture(scope="session")
def config(tokenizer):
    end = tokenizer.token_to_id("<|endoftext|>")
    return ListenerConfig(
        languages=LANGUAGES,
        suppress=(1, 2, 7),
        suppress_begin=(220, end),
        alignment_heads=((1, 0),),
        no_speech_threshold=1.0,
    )


@pytest.fixture
def policy(whisper, config, tokenizer):
    """It has learnt a little in every matrix."""
    made = Policy(copy.deepcopy(whisper), Tokens(tokenizer, config), Tuning(rank=2), seed=1)
    random = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for name, value in made.named_parameters():
            if name.endswith(".up"):
                value.copy_(0.02 * torch.randn(value.shape, generator=random))
    return made


@pytest.fixture(scope="session")
def base_weights(whisper):
    return from_state_dict({name: value.numpy() for name, value in whisper.state_dict().items()})


@pytest.fixture
def store(tmp_path, base_weights, config, tokenizer):
    """One bundle: the listener before it learnt, and another part."""
    store = BundleStore(tmp_path / "data")
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    with store.staging() as folder:
        write_listener(
            base_weights, config, tmp_path / "tokenizer.json", folder / "listener", lambda *_: None
        )
        (folder / "vad").mkdir()
        (folder / "vad" / "notes.txt").write_text("another part")
        parts = {
            role: PartEntry(folder=role, variant={"name": role}) for role in ("listener", "vad")
        }
        terms = {"listener": Licence(spdx="MIT", origin="somewhere")}
        store.set_current(store.publish(folder, describe(folder, parts, terms)))
    return store


@pytest.fixture
def origin():
    return Origin("first", "sft", "d" * 64, WINDOW, "# First\n\nIt learnt.\n")


@pytest.fixture(scope="session")
def examples():
    random = np.random.default_rng(0)
    words = (("the", "en"), ("cat", "en"))
    return [
        Example(f"e{n}", random.normal(0, 0.1, RATE).astype(np.float32), words, "en")
        for n in range(8)
    ]


@pytest.fixture
def source(tmp_path, base_weights, config, tokenizer):
    """Base weights as they are pulled."""
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "model.bin").write_bytes(ct2_bytes(base_weights))
    tokenizer.save(str(folder / "tokenizer.json"))
    about = {
        "lang_ids": [tokenizer.token_to_id(f"<|{code}|>") for code in LANGUAGES],
        "suppress_ids": list(config.suppress),
        "suppress_ids_begin": list(config.suppress_begin),
        "alignment_heads": [[1, 0]],
    }
    (folder / "config.json").write_text(json.dumps(about))
    return folder
