"""The published weights as a policy."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from talkover.core.audio import read_wav  # noqa: E402 - after the libraries it needs
from talkover.core.clock import RATE  # noqa: E402
from talkover.core.errors import WeightsError  # noqa: E402
from talkover.core.settings import load_settings  # noqa: E402
from talkover.core.weights import find_part  # noqa: E402
from talkover.core.weights.state import require  # noqa: E402
from talkover.trainer.policy.model import Policy  # noqa: E402
from talkover.trainer.policy.sampling import sample  # noqa: E402
from talkover.trainer.policy.tuning import Tuning  # noqa: E402
from talkover.trainer.policy.whisper import read_base  # noqa: E402

pytestmark = [pytest.mark.bundle, pytest.mark.slow]
SAID = {"agent-user": "agent", "vm-password": "password"}


@pytest.fixture(scope="module")
def base():
    try:
        return read_base(require(load_settings().data_dir, find_part("whisper-base")))
    except WeightsError as error:
        pytest.skip(str(error))


def test_it_hears_what_people_say_and_finds_it_as_likely_as_it_drew_it(base, prompts):
    paths = {prompt.name: prompt.path for prompt in prompts}
    sounds = [read_wav(paths[name]).astype(np.float32) / np.float32(32768) for name in SAID]
    policy = Policy(base.model, base.tokens, Tuning(rank=4))
    with torch.no_grad():
        heard = policy.hear(policy.see(sounds, 10 * RATE), ["en"] * len(sounds))
        best = sample(policy, heard, 1, seed=0, temperature=0)
        scores = policy.score(heard, best.written)
    assert best.complete.all()
    for text, word in zip(best.written.rows(), SAID.values(), strict=True):
        assert word in base.tokens.text(text).lower()
    torch.testing.assert_close(best.log_probs, scores.kept(scores.log_probs), rtol=0, atol=1e-3)
    assert float((scores.sequences / scores.mask.sum(dim=1)).min()) > -1
