"""The published brain, changed and shown pictures, as torch has it and as a bundle's int8 graph."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from talkover.core.brain import BrainRuntime, Message  # noqa: E402 - after the libraries it needs
from talkover.core.brain.build import build_brain  # noqa: E402
from talkover.core.brain.delta import About, read_sight, write_sight  # noqa: E402
from talkover.core.brain.sight import Sight  # noqa: E402
from talkover.core.brain.tokens import rows_of  # noqa: E402
from talkover.core.brain.weights import GgufWeights  # noqa: E402
from talkover.core.errors import WeightsError  # noqa: E402
from talkover.core.seer.types import Seen  # noqa: E402
from talkover.core.settings import load_settings  # noqa: E402
from talkover.core.weights import find_part  # noqa: E402
from talkover.core.weights.disk import sha256_of  # noqa: E402
from talkover.core.weights.state import require  # noqa: E402
from talkover.trainer.policy.tuning import Tuning  # noqa: E402
from talkover.trainer.seeing.model import Asked, Seer  # noqa: E402

pytestmark = [pytest.mark.bundle, pytest.mark.slow]
SIGHT = Sight(grid=(14, 14), features=480)
QUESTIONS = ("What colour is the cup?", "How many are there?", "What does it say?", "Hello!")


@pytest.fixture(scope="module")
def gguf():
    try:
        folder = require(load_settings().data_dir, find_part("smollm2-135m"))
    except WeightsError as error:
        pytest.skip(str(error))
    return next(folder.glob("*.gguf"))


def test_the_int8_graph_of_a_merged_delta_says_what_torch_says(gguf, tmp_path):
    model = Seer(GgufWeights(gguf), SIGHT, Tuning(8, 2.0), hidden=64)
    random = torch.Generator().manual_seed(1)
    for name, value in model.named_parameters():
        if name.endswith(".up"):
            torch.nn.init.normal_(value, std=0.01, generator=random)
    about = About(base=sha256_of(gguf), eyes="any", sight=SIGHT, run="real", accuracy=0)
    write_sight(tmp_path / "delta.safetensors", model.delta(about))
    build_brain(gguf, tmp_path / "brain", delta=read_sight(tmp_path / "delta.safetensors"))
    runtime = BrainRuntime(tmp_path / "brain", threads=1)
    features = torch.randn(1, 196, 480, generator=random)
    shown = runtime.show(Seen(features[0].numpy(), SIGHT.grid, (), blank=False))
    with torch.no_grad():
        rows = model.projection(features)[0].numpy()
    assert np.abs(rows - shown.rows).max() < 0.02 * np.abs(rows).max()
    distances = []
    for question in QUESTIONS:
        message = Message("user", question, (shown,))
        ids = runtime.tokens.prompt([message])
        memory = runtime._pictures.take(question, [], len(ids)).buffers
        graph = torch.tensor(memory.run(ids, 0, rows_of([message]))).log_softmax(-1)
        asked = Asked(tuple(max(-1, one) for one in ids), (), features)
        with torch.no_grad():
            states = model._states([asked.prompt], [asked])[:, -1]
            mine = model._head(states)[0].log_softmax(-1)
        assert int(mine.argmax()) == int(graph.argmax()), question
        distances.append(float((mine.exp() * (mine - graph)).sum()))
    assert np.mean(distances) < 0.05
