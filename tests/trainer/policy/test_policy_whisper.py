import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from talkover.core.clock import RATE  # noqa: E402 - after the libraries it needs
from talkover.core.listener.weights import from_state_dict  # noqa: E402
from talkover.trainer.policy.whisper import build_model, cut_positions  # noqa: E402


@pytest.fixture(scope="module")
def small():
    """A Whisper with random weights, a head wide."""
    torch.manual_seed(0)
    config = transformers.WhisperConfig(
        d_model=64,
        encoder_layers=2,
        decoder_layers=1,
        encoder_attention_heads=1,
        decoder_attention_heads=1,
        encoder_ffn_dim=256,
        decoder_ffn_dim=256,
    )
    return transformers.WhisperForConditionalGeneration(config).eval()


@pytest.fixture(scope="module")
def rebuilt(small):
    return build_model(from_state_dict({k: v.numpy() for k, v in small.state_dict().items()}))


def logits(model, features):
    with torch.inference_mode():
        return model(features, decoder_input_ids=torch.tensor([[1, 2, 3]])).logits.numpy()


def test_a_model_is_the_same_after_its_weights_went_through_our_names(small, rebuilt):
    features = torch.randn(1, 80, 3000)
    np.testing.assert_array_equal(logits(rebuilt, features), logits(small, features))


def test_a_cut_model_takes_the_window_and_nothing_else(rebuilt):
    positions = rebuilt.model.encoder.embed_positions.weight.detach().clone()
    cut_positions(rebuilt, positions, 10 * RATE)
    with torch.inference_mode():
        heard = rebuilt.model.encoder(torch.randn(1, 80, 1000)).last_hidden_state
    assert heard.shape == (1, 500, 64)
    torch.testing.assert_close(rebuilt.model.encoder.embed_positions.weight, positions[:500])
    with pytest.raises(ValueError, match="1000"):
        rebuilt.model.encoder(torch.randn(1, 80, 3000))
    cut_positions(rebuilt, positions, 30 * RATE)
    torch.testing.assert_close(rebuilt.model.encoder.embed_positions.weight, positions)
