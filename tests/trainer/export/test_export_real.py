"""Whisper base that has learnt a little, exported, and as a delta."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from talkover.core.clock import RATE  # noqa: E402 - after the libraries it needs
from talkover.core.errors import WeightsError  # noqa: E402
from talkover.core.listener import LONGEST, WindowRule  # noqa: E402
from talkover.core.listener.delta import changes_between, lost, merged  # noqa: E402
from talkover.core.settings import load_settings  # noqa: E402
from talkover.core.weights import find_part  # noqa: E402
from talkover.core.weights.state import require  # noqa: E402
from talkover.trainer.export.origin import Origin  # noqa: E402
from talkover.trainer.export.reading import Sides  # noqa: E402
from talkover.trainer.export.run import write_graphs  # noqa: E402
from talkover.trainer.gate.material import people  # noqa: E402
from talkover.trainer.policy.model import Policy  # noqa: E402
from talkover.trainer.policy.tuning import Tuning  # noqa: E402
from talkover.trainer.policy.whisper import read_base  # noqa: E402

pytestmark = [pytest.mark.bundle, pytest.mark.slow]
WINDOW = WindowRule(minimum=10 * RATE, margin=0, sizes=(10 * RATE, LONGEST))


@pytest.fixture(scope="module")
def base():
    try:
        return read_base(require(load_settings().data_dir, find_part("whisper-base")))
    except WeightsError as error:
        pytest.skip(str(error))


def test_what_is_exported_says_what_was_learnt(base, bundle, tmp_path):
    before = Policy(base.model, base.tokens, Tuning()).weights()
    policy = Policy(base.model, base.tokens, Tuning(rank=4, matrices=("fc1", "q_proj")), seed=3)
    random = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for name, value in policy.named_parameters():
            if name.endswith(".up"):
                value.copy_(0.002 * torch.randn(value.shape, generator=random))
    origin = Origin("first", "sft", "", WINDOW, "")
    write_graphs(policy, origin, bundle / "listener", tmp_path / "out", lambda *_: None)
    parity = Sides(policy, tmp_path / "out", WINDOW).compare(people(3, seed=0), lambda: None)
    assert parity.same == 100.0
    assert all(score.errors["fp32"] == score.errors["policy"] for score in parity.scores)
    assert all(score.texts["int8"] for score in parity.scores)

    after = policy.weights()
    changes = changes_between(before, after)
    assert {len(change.scale) for change in changes.values()} == {4}
    assert 0 < lost(before, after, changes) < 0.02
    again = merged(before, changes)
    name = "encoder/layer_0/ffn/linear_0/weight"
    assert abs(again[name] - after[name]).max() < 0.05 * abs(after[name] - before[name]).max()
