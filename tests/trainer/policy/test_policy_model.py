"""What a policy draws, how likely it finds it, and what both have to do with Whisper itself."""

import copy
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from talkover.core.clock import RATE  # noqa: E402 - after the libraries it needs
from talkover.core.errors import ConfigError, DataError, ModelError  # noqa: E402
from talkover.core.report import this_machine  # noqa: E402
from talkover.trainer.policy.model import has_bf16  # noqa: E402
from talkover.trainer.policy.sampling import n_best, sample  # noqa: E402
from talkover.trainer.policy.whisper import cut_positions  # noqa: E402
from talkover.trainer.policy.written import Written  # noqa: E402

SPOKEN = ("en", "fr", "zh")


@pytest.fixture
def heard(policy, features):
    return policy.hear(features, SPOKEN)


@pytest.fixture
def drawn(policy, heard):
    return sample(policy, heard, 4, seed=1, limit=12)


@pytest.fixture
def whisper_says(whisper, features, tokens):
    """Logits of Whisper itself after a text [len(text) + 1, vocabulary]."""
    model = copy.deepcopy(whisper)
    positions = model.model.encoder.embed_positions.weight.detach().clone()
    cut_positions(model, positions, 2 * RATE)

    def says(item, text):
        before = [tokens.start, *tokens.prompt(SPOKEN[item]), *text]
        with torch.no_grad():
            return model(features[item, None], decoder_input_ids=torch.tensor([before])).logits[
                0, 3:
            ]

    return says


def test_scores_are_those_of_whisper_itself(policy, heard, whisper_says, tokens):
    texts = [[10, 11, 12, tokens.end], [30, tokens.end], [40, 41, 42]]
    written = Written.of(texts, [2, 0, 1])
    scores = policy.score(heard, written, suppressed=False)
    for row, (text, item) in enumerate(zip(texts, written.items.tolist(), strict=True)):
        logits = whisper_says(item, text[:-1])
        expected = logits.log_softmax(-1)[torch.arange(len(text)), text]
        torch.testing.assert_close(scores.log_probs[row, : len(text)], expected)
        assert scores.mask[row].tolist() == [place < len(text) for place in range(4)]
        entropy = torch.distributions.Categorical(logits=logits).entropy()
        torch.testing.assert_close(scores.entropy.split([4, 2, 3])[row], entropy)
    torch.testing.assert_close(scores.sequences[1], scores.log_probs[1, :2].sum())


@pytest.mark.parametrize("temperature", [1.0, 0.6])
def test_what_was_drawn_is_as_likely_when_it_is_scored(policy, heard, temperature):
    drawn = sample(policy, heard, 4, seed=1, temperature=temperature, limit=12)
    scores = policy.score(heard, drawn.written, temperature=temperature)
    found = scores.kept(scores.log_probs).detach()
    torch.testing.assert_close(drawn.log_probs, found, rtol=0, atol=1e-5)
    assert found.sum() < -50


def test_the_same_seed_draws_the_same(policy, heard, drawn):
    again = sample(policy, heard, 4, seed=1, limit=12)
    other = sample(policy, heard, 4, seed=2, limit=12)
    assert again.written.rows() == drawn.written.rows() != other.written.rows()
    assert torch.equal(again.log_probs, drawn.log_probs)


def test_tokens_come_as_often_as_they_are_likely(policy, heard):
    count = 400
    drawn = sample(policy, heard, count, seed=5, limit=1)
    first = drawn.written.tokens[drawn.written.items == 0, 0]
    chances = policy.score(heard, Written.of([[10]], [0])).distribution[0].detach().exp()
    for few in (1, 5, 20):
        likeliest = chances.topk(few)
        often = float(torch.isin(first, likeliest.indices).double().mean())
        chance = float(likeliest.values.sum())
        assert chance > 2 * few / len(chances)
        assert abs(often - chance) < 3 * (chance * (1 - chance) / count) ** 0.5


def test_every_utterance_has_its_samples_and_they_end_or_are_cut(drawn, tokens):
    assert drawn.written.items.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    for text, complete in zip(drawn.written.rows(), drawn.complete.tolist(), strict=True):
        assert (text[-1] == tokens.end) == complete
        assert len(text) <= 12
        assert tokens.end not in text[:-1]


def test_nothing_is_drawn_that_never_is_speech(policy, heard, tokens):
    drawn = sample(policy, heard, 200, seed=3, limit=2)
    assert not torch.isin(drawn.written.tokens[drawn.written.mask], torch.tensor([1, 2, 7])).any()
    assert int(drawn.written.tokens.max()) <= tokens.end
    assert not torch.isin(drawn.written.tokens[:, 0], torch.tensor([220, tokens.end])).any()


def test_the_likeliest_is_what_whisper_decodes_greedily(policy, heard, whisper_says, tokens):
    best = sample(policy, heard, 1, seed=0, temperature=0, limit=10).written.rows()
    for item, text in enumerate(best):
        logits = whisper_says(item, text[:-1]).numpy()
        for place, token in enumerate(text):
            allowed = logits[place] + tokens.penalty(logits.shape[1], first=place == 0)
            assert token == int(np.argmax(allowed))


def test_the_best_are_found_and_are_as_likely_when_they_are_scored(policy, heard, drawn):
    found = n_best(policy, heard, 3, limit=12)
    assert found.written.items.tolist() == [0] * 3 + [1] * 3 + [2] * 3
    scores = policy.score(heard, found.written)
    torch.testing.assert_close(
        found.log_probs, scores.kept(scores.log_probs).detach(), rtol=0, atol=1e-5
    )
    texts = found.written.rows()
    for item in range(3):
        mine = texts[3 * item : 3 * item + 3]
        assert len({tuple(text) for text in mine}) == 3
        means = (scores.sequences / scores.mask.sum(dim=1))[3 * item : 3 * item + 3].tolist()
        ended = [
            mean for mean, text in zip(means, mine, strict=True) if text[-1] == policy.tokens.end
        ]
        assert ended == sorted(ended, reverse=True)
        assert (
            scores.sequences[3 * item] > drawn.log_probs[4 * item : 4 * item + 4].sum(dim=1).mean()
        )


def test_the_one_best_is_the_likeliest_token_by_token(policy, heard):
    best = n_best(policy, heard, 1, limit=10)
    greedy = sample(policy, heard, 1, seed=0, temperature=0, limit=10)
    assert best.written.rows() == greedy.written.rows()
    torch.testing.assert_close(best.log_probs, greedy.log_probs)


def test_utterances_do_not_disturb_one_another(policy, sounds, heard):
    together = n_best(policy, heard, 2, limit=12)
    for item, language in enumerate(SPOKEN):
        features = policy.see(sounds[item : item + 1], 2 * RATE)
        alone = n_best(policy, policy.hear(features, [language]), 2, limit=12)
        rows = together.written.items == item
        assert alone.written.rows() == together.written.some(rows).rows()


def test_a_text_that_says_the_same_all_over_is_cut(policy, features, tokens):
    with torch.no_grad():  # every token leads to the same hidden state, and that to the token 65
        policy.model.model.decoder.layer_norm.weight.zero_()
        policy.model.model.decoder.layer_norm.bias.copy_(
            100 * policy.model.model.decoder.embed_tokens.weight[65]
        )
    heard = policy.hear(features, SPOKEN)
    drawn = sample(policy, heard, 1, seed=0, temperature=0, limit=200)
    assert not drawn.complete.any()
    assert all(24 <= len(text) < 40 for text in drawn.written.rows())


def test_all_that_learns_has_a_gradient(make, sounds):
    for rank, embeddings in ((0, True), (0, False), (4, False)):
        policy = make(rank, embeddings=embeddings)
        heard = policy.hear(policy.see(sounds, 2 * RATE), SPOKEN)
        policy.score(heard, Written.of([[5, 6], [8]], [0, 1])).sequences.sum().backward()
        learnt = {n: p for n, p in policy.named_parameters() if p.requires_grad}
        without = [name for name, value in learnt.items() if value.grad is None]
        assert not without
        assert ("model.model.decoder.embed_tokens.weight" in learnt) == embeddings
        assert "model.model.encoder.embed_positions.weight" not in learnt
        encoder = any(value.grad.abs().max() > 0 for n, value in learnt.items() if "encoder.l" in n)
        assert encoder


def test_gradients_of_parts_add_up_to_those_of_the_whole(policy, sounds):
    texts = [[10, 11, 12], [30, 31], [40]]

    def gradient(rows):
        policy.zero_grad()
        for some in rows:
            heard = policy.hear(policy.see([sounds[n] for n in some], 2 * RATE), ["en"] * len(some))
            written = Written.of([texts[n] for n in some], range(len(some)))
            policy.score(heard, written).sequences.sum().backward()
        return torch.cat([p.grad.flatten() for p in policy.parameters() if p.grad is not None])

    whole = gradient([[0, 1, 2]])
    torch.testing.assert_close(
        gradient([[0], [1, 2]]), whole, rtol=1e-3, atol=1e-4 * whole.abs().max()
    )


def test_nothing_is_learnt_through_what_is_detached(policy, heard):
    scores = policy.score(heard.detach(), Written.of([[5, 6]], [0]))
    scores.sequences.sum().backward()
    grads = {name: value.grad for name, value in policy.named_parameters()}
    assert grads["model.model.encoder.conv1.weight"] is None
    assert grads["model.model.decoder.layers.0.fc1.weight"] is not None


def test_one_window_follows_another(policy, sounds):
    """Whatever was shown before, a sound is heard in the same way."""
    before = policy.hear(policy.see(sounds, 2 * RATE), SPOKEN)
    longer = policy.hear(policy.see(sounds, 3 * RATE), SPOKEN)
    again = policy.hear(policy.see(sounds, 2 * RATE), SPOKEN)
    assert before.cross[0][0].shape == (3, 1, 100, 64)
    assert longer.cross[1][1].shape == (3, 1, 150, 64)
    assert torch.equal(before.cross[1][0], again.cross[1][0])


def test_bfloat16_is_nearly_the_same_and_learns_in_float32(make, sounds, tokens):
    texts = Written.of([[5, 6, tokens.end], [8]], [0, 1])
    found = []
    for bf16 in (False, True):
        policy = make(bf16=bf16)
        heard = policy.hear(policy.see(sounds, 2 * RATE), SPOKEN)
        scores = policy.score(heard, texts)
        assert scores.log_probs.dtype == torch.float32
        scores.sequences.sum().backward()
        assert policy.model.model.encoder.conv1.weight.grad.dtype == torch.float32
        assert sample(policy, heard, 2, seed=0, limit=4).log_probs.isfinite().all()
        found.append(scores.sequences.detach())
    assert not torch.equal(*found)
    torch.testing.assert_close(*found, rtol=0.05, atol=0.1)


@pytest.mark.parametrize(
    ("features", "has"),
    [(("avx2", "fma"), False), (("avx512_vnni", "avx512f"), False), (("avx512_bf16",), True)],
)
def test_bfloat16_is_asked_of_processors_that_have_it(monkeypatch, features, has):
    machine = replace(this_machine(), features=features)
    monkeypatch.setattr("talkover.trainer.policy.model.this_machine", lambda: machine)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert has_bf16() is has


def test_texts_that_cannot_come_or_are_too_long_are_refused(policy, heard, tokens):
    for text in ([10, 7], [tokens.end], [tokens.end + 1]):
        with pytest.raises(DataError, match="suppressed"):
            policy.score(heard, Written.of([text], [0]))
        policy.score(heard, Written.of([text], [0]), suppressed=False)
    with pytest.raises(DataError, match="at most 445"):
        policy.score(heard, Written.of([[10] * 446], [0]))


def test_what_cannot_be_drawn_is_refused(policy, heard, features):
    for options in ({"temperature": -1.0}, {"count": 0}, {"limit": 0}):
        with pytest.raises(ConfigError, match="none can be drawn"):
            sample(policy, heard, **{"count": 1, "seed": 0} | options)
    with pytest.raises(ConfigError, match="none can be found"):
        n_best(policy, heard, 0)
    with pytest.raises(ModelError, match="unknown language"):
        policy.hear(features, ["en", "xx", "fr"])


def test_rows_come_and_go():
    rows = [[4, 5, 6], [7], [8, 9]]
    written = Written.of(rows, [0, 0, 1])
    assert written.rows() == rows
    assert written.some(torch.tensor([True, False, True])).rows() == [[4, 5, 6], [8, 9]]
    assert written.some(torch.tensor([2])).items.tolist() == [1]
    assert Written.of([], []).rows() == []
