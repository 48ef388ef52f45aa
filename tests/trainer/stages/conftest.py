"""A tiny random Whisper, a few short recordings, and a recipe of them."""

import copy
import json

import numpy as np
import pytest
import soundfile
from tiny_whisper import LANGUAGES, ct2_bytes, tiny_tokenizer, tiny_whisper

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from talkover.core.clock import RATE  # noqa: E402 - after the libraries it needs
from talkover.core.listener import ListenerConfig  # noqa: E402
from talkover.core.listener.tokens import Tokens  # noqa: E402
from talkover.core.listener.weights import from_state_dict  # noqa: E402
from talkover.trainer.policy.model import Policy  # noqa: E402
from talkover.trainer.policy.tuning import Tuning  # noqa: E402
from talkover.trainer.stages.recipe import TrainingRecipe  # noqa: E402

SAID = ("the cat", "the dog", "a bird", "the sea", "two of the", "hello", "the end", "the hen")


@pytest.fixture(scope="session")
def whisper():
    torch.manual_seed(0)
    return tiny_whisper(tiny_tokenizer().get_vocab_size(), width=64)


@pytest.fixture(scope="session")
def tokens():
    config = ListenerConfig(
        languages=LANGUAGES, suppress=(1, 2), suppress_begin=(220,), alignment_heads=((1, 0),)
    )
    return Tokens(tiny_tokenizer(), config)


@pytest.fixture
def make(whisper, tokens):
    """Policies of the same first weights."""

    def made(rank=2):
        return Policy(copy.deepcopy(whisper), tokens, Tuning(rank=rank))

    return made


@pytest.fixture(scope="session")
def recordings(tmp_path_factory):
    """Manifests of recordings: with words, and without."""
    folder = tmp_path_factory.mktemp("recordings")
    random = np.random.default_rng(0)
    lines = []
    for number, text in enumerate(SAID):
        pcm = random.normal(0, 0.1, RATE // 4 * (1 + number % 3)).astype(np.float32)
        soundfile.write(folder / f"{number}.wav", pcm, RATE)
        lines.append({"audio_filepath": f"{number}.wav", "text": text, "id": f"r{number}"})
    for name, some in (("written", lines), ("unwritten", lines[:3])):
        text = "".join(json.dumps(one) + "\n" for one in some)
        (folder / f"{name}.jsonl").write_text(text)
    return folder


@pytest.fixture
def recipe(recordings):
    """A recipe of them, with changes."""

    def made(**tables):
        text = f"""
        [windows]
        shortest = [2.0]
        margins = [0.0]
        longest = 3.0
        [data.sources.written]
        share = 0.75
        manifest = "{recordings / "written.jsonl"}"
        [data.sources.unwritten]
        share = 0.25
        distil = true
        manifest = "{recordings / "unwritten.jsonl"}"
        [policy]
        rank = 2
        [guards]
        every = 0
        """
        for name, values in tables.items():
            text += f"[{name}]\n" + "".join(
                f"{key} = {json.dumps(value)}\n" for key, value in values.items()
            )
        return TrainingRecipe.read(text, "tiny")

    return made


@pytest.fixture(scope="session")
def base(whisper, tmp_path_factory):
    """Base weights as they are pulled."""
    folder = tmp_path_factory.mktemp("base")
    state = {name: value.numpy() for name, value in whisper.state_dict().items()}
    (folder / "model.bin").write_bytes(ct2_bytes(from_state_dict(state)))
    tokenizer = tiny_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    about = {
        "lang_ids": [tokenizer.token_to_id(f"<|{code}|>") for code in LANGUAGES],
        "suppress_ids": [1, 2],
        "suppress_ids_begin": [220],
        "alignment_heads": [[1, 0]],
    }
    (folder / "config.json").write_text(json.dumps(about))
    return folder
