"""A tuned policy as a reader; and which readers a command asks for."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from tiny_whisper import LANGUAGES, tiny_tokenizer, tiny_whisper

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from talkover.core.clock import RATE  # noqa: E402 - after the libraries it needs
from talkover.core.errors import ConfigError, DataError  # noqa: E402
from talkover.core.listener import ListenerConfig, WindowRule  # noqa: E402
from talkover.core.listener.tokens import Tokens  # noqa: E402
from talkover.trainer.evaluation.trained.choosing import each_once, of_runs, rule_of  # noqa: E402
from talkover.trainer.evaluation.trained.readers import TunedWriter, silence  # noqa: E402
from talkover.trainer.policy.model import Policy  # noqa: E402
from talkover.trainer.policy.tuning import Tuning  # noqa: E402
from talkover.trainer.stages.recipe import TrainingRecipe  # noqa: E402

RULE = WindowRule(minimum=2 * RATE, margin=RATE // 2, sizes=(2 * RATE, 3 * RATE, 30 * RATE))


@pytest.fixture(scope="module")
def config():
    return ListenerConfig(
        languages=LANGUAGES,
        suppress=(1, 2, 7),
        suppress_begin=(220,),
        alignment_heads=((1, 0),),
        no_speech_threshold=1.0,
    )


@pytest.fixture(scope="module")
def policy(config):
    tokenizer = tiny_tokenizer()
    model = tiny_whisper(tokenizer.get_vocab_size(), width=64)
    return Policy(model, Tokens(tokenizer, config), Tuning())


@pytest.fixture(scope="module")
def sounds():
    random = np.random.default_rng(0)
    lengths = (RATE, 2 * RATE, RATE // 2)
    return [random.normal(0, 0.1, count).astype(np.float32) for count in lengths]


def test_what_is_written_of_a_sound_does_not_depend_on_the_others(policy, config, sounds):
    """The second one is shown a longer window."""
    writer = TunedWriter(policy, config, RULE)
    languages = ["en", "fr", "en"]
    together = writer.write(sounds, languages)
    alone = [
        writer.write([sound], [language])[0]
        for sound, language in zip(sounds, languages, strict=True)
    ]
    assert together == alone
    assert len({written.text for written in together}) > 1
    assert not any("<|" in written.text for written in together)


def test_what_is_surely_silence_is_not_written_down(policy, config, sounds):
    ears = policy.hear(policy.see(sounds[:1], 2 * RATE), ["en"])
    share = float(silence(policy, ears)[0])
    assert 0 < share < 1
    unsure = {"log_prob_threshold": 0.0}
    below = config.model_copy(update={**unsure, "no_speech_threshold": share * 0.9})
    above = config.model_copy(update={**unsure, "no_speech_threshold": share * 1.1})
    sure = config.model_copy(update={"log_prob_threshold": -1e9, "no_speech_threshold": 0.0})
    texts = [
        TunedWriter(policy, one, RULE).write(sounds[:1], ["en"])[0].text
        for one in (below, above, sure)
    ]
    assert texts[0] == ""
    assert texts[1] == texts[2] != ""


def test_what_a_loop_repeats_is_written_once(policy, config):
    writer = TunedWriter(policy, config, RULE)
    end = policy.tokens.end
    assert writer._said([5, 6, end]) == [5, 6]
    assert writer._said([end]) == []
    assert writer._said([5, *[6, 8] * 20]) == [5, 6, 8]
    assert writer._said([5, 6, 8]) == [5, 6, 8]


RECIPE = """
[windows]
shortest = [10.0, 6.0]
margins = [6.0, 2.0]
[data.sources.made]
recipe = "without_flite"
[data.sources.people]
prompts = ["en"]
recipe = "dialects17x5"
"""


@pytest.fixture
def run(tmp_path):
    """A run whose supervised stage is done, and the other one not."""
    recipe = TrainingRecipe.read(RECIPE, "small")
    folder = tmp_path / "mine"
    for stage in ("sft", "rl"):
        checkpoints = folder / "checkpoints" / stage
        checkpoints.mkdir(parents=True)
        (checkpoints / "step-00000003.safetensors").write_bytes(stage.encode())
    facts = {"done": True, "window": 6.0, "margin": 2.0}
    told = {"format": 1, "stages": {"sft": facts, "rl": {"done": False}}}
    (folder / "run.json").write_text(json.dumps(told))
    (folder / "recipe.toml").write_text(recipe.to_toml())
    return folder


def test_a_stage_reads_on_the_windows_that_it_ended_with(run):
    recipe = TrainingRecipe.load(str(run / "recipe.toml"))
    assert rule_of(run, "sft", recipe) == recipe.windows.rule(1)
    assert rule_of(run, "rl", recipe) == recipe.windows.rule(0)


def test_the_last_stage_that_is_done_is_read_where_none_is_named(run, tmp_path):
    (reader,) = of_runs([run], [], tmp_path)
    assert (reader.name, reader.stage) == ("sft", "sft")
    assert reader.learnt == ("without_flite",)
    assert "windows from 6 s on" in reader.about
    (named,) = of_runs([run], ["sft"], tmp_path)
    assert replace(named, open=reader.open) == reader


def test_other_weights_are_another_reader(run, tmp_path):
    (before,) = of_runs([run], [], tmp_path)
    (run / "checkpoints/sft/step-00000003.safetensors").write_bytes(b"other")
    (after,) = of_runs([run], [], tmp_path)
    assert before.same != after.same


def test_stages_of_several_runs_are_told_apart(run, tmp_path):
    other = run.rename(tmp_path / "other")
    shutil.copytree(other, run)
    names = [reader.name for reader in of_runs([run, other], ["sft"], tmp_path)]
    assert names == ["mine-sft", "other-sft"]
    with pytest.raises(ConfigError, match="two readers are called mine-sft"):
        each_once(of_runs([run, run], [], tmp_path))


def test_a_stage_that_is_not_done_is_told(run, tmp_path):
    with pytest.raises(DataError, match="not done with stage 'rl'; done: sft"):
        of_runs([run], ["rl"], tmp_path)
    with pytest.raises(DataError, match="holds no run"):
        of_runs([tmp_path], [], tmp_path)
