"""Pictures in a brain's prompt: rows in place of tokens, words by places, the delta, the folder."""

import math

import numpy as np
import pytest
from safetensors.numpy import save_file

from talkover.core.brain import BrainConfig, BrainRuntime, Message, Sampling, Shown
from talkover.core.brain.build import build_brain
from talkover.core.brain.config import CARD_FILE, PROJECTOR, SEEING
from talkover.core.brain.delta import About, SightDelta, TunedWeights, read_sight, write_sight
from talkover.core.brain.projector import EPSILON, shapes_of
from talkover.core.brain.sight import Sight, note_of
from talkover.core.brain.weights import GgufWeights
from talkover.core.errors import BundleError, ModelError, WeightsError
from talkover.core.seer.types import Seen, Word
from talkover.core.weights.changes import low_rank
from talkover.core.weights.disk import sha256_of

SIGHT = Sight(grid=(4, 6), features=5)
WIDTH = 64
GREEDY = Sampling(temperature=0, repetition_penalty=1)
CHANGED = "blk.1.ffn_up"


@pytest.fixture(scope="module")
def delta(tiny_gguf):
    random = np.random.default_rng(5)
    shapes = shapes_of(SIGHT, 12, WIDTH)
    weights = {n: random.normal(0, 0.5, shape).astype(np.float16) for n, shape in shapes.items()}
    projector = {name: array.astype(np.float32) for name, array in weights.items()}
    projector["spread"] = np.abs(projector["spread"]) + 0.5
    projector["spread"] = projector["spread"].astype(np.float16).astype(np.float32)
    up, down = random.normal(0, 0.1, (96, 3)), random.normal(0, 0.1, (3, WIDTH))
    changes = {f"{CHANGED}.weight": low_rank(up, down, np.ones(3))}
    about = About(
        base=sha256_of(tiny_gguf),
        eyes="tiny",
        sight=SIGHT,
        run="tiny",
        accuracy=0.5,
        card="# tiny\n",
    )
    return SightDelta(about, changes, projector)


@pytest.fixture(scope="module")
def folder(tiny_gguf, delta, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sighted") / "brain"
    build_brain(tiny_gguf, folder, precision="fp32", delta=delta)
    return folder


@pytest.fixture
def sighted(folder):
    return BrainRuntime(folder, threads=1)


def seen(seed=0, **other):
    features = np.random.default_rng(seed).normal(size=(24, 5)).astype(np.float32)
    return Seen(**{"features": features, "grid": (4, 6), "words": (), "blank": False, **other})


def word(text, left, top, confidence=0.9):
    return Word(text, (left, top, left + 0.05, top + 0.05), confidence)


def answer(runtime, messages, name="a", max_tokens=8):
    generation = runtime.open(name, messages, sampling=GREEDY, max_tokens=max_tokens)
    while not generation.done:
        generation.step()
    return generation


def test_words_are_told_by_places_in_the_order_they_are_read():
    words = [
        *(word("SALE", 0.4, 0.1), word("TODAY", 0.5, 0.1), word("42", 0.9, 0.9)),
        *(word("x", 0.48, 0.48), word("smudge", 0.1, 0.1, confidence=0.2)),
    ]
    assert note_of(words) == "top: SALE TODAY, bottom right: 42, middle: x"
    assert note_of(()) == ""
    assert note_of(words, blank=True) == "all one colour"
    assert len(note_of([word("y" * 500, 0, 0)] * 500)) < 2_000


def test_a_picture_takes_the_place_of_tokens(sighted):
    rows = np.random.default_rng(1).normal(size=(6, WIDTH)).astype(np.float32)
    message = Message("user", "the", (Shown(rows, "top: hello"),))
    ids = sighted.tokens.prompt([message])
    plain = sighted.tokens.encode("\n")
    assert [one < 0 for one in ids].count(True) == 6
    first = next(place for place, one in enumerate(ids) if one < 0)
    assert ids[:first] == [1, *sighted.tokens.encode("user\n")]
    after = [2, *plain, 1, *sighted.tokens.encode("assistant\n")]
    assert ids[first + 6 :] == [*sighted.tokens.encode("top: hello\nthe"), *after]


def test_rows_that_are_embeddings_read_like_their_tokens(sighted, tiny_gguf, delta):
    table = TunedWeights(tiny_gguf, delta).matrix("token_embd.weight")
    ids = sighted.tokens.encode("hello the hello zebra")
    shown = Message("user", "what", (Shown(table[ids]),))
    prompt = sighted.tokens.prompt([shown])
    places = iter(ids)
    spelt = [one if one >= 0 else next(places) for one in prompt]
    by_rows = answer(sighted, [shown]).said
    cache = sighted._pictures.take("other", [], len(spelt) + 1)
    logits = cache.buffers.run(spelt, 0)
    assert by_rows[0] == int(logits.argmax())
    assert len(by_rows) > 1


def test_the_same_picture_is_not_read_again_and_another_one_is(sighted):
    one, other = sighted.show(seen(1)), sighted.show(seen(2))
    answer(sighted, [Message("user", "the", (one,))])
    again = answer(sighted, [Message("user", "hello", (sighted.show(seen(1)),))])
    assert again.reused > SIGHT.positions
    changed = answer(sighted, [Message("user", "hello", (other,))])
    assert changed.reused == 1 + len(sighted.tokens.encode("user\n"))


def test_pictures_are_counted_when_there_are_several(sighted):
    several = (sighted.show(seen(1)), sighted.show(seen(2)))
    ids = sighted.tokens.prompt([Message("user", "the", several)])
    text = b"".join(sighted.tokens.bytes_of(one) if one >= 0 else b"#" for one in ids).decode()
    assert text.startswith("user\npicture 1\n######\npicture 2\n######\nthe")


def test_the_projector_computes_what_it_says(sighted, delta):
    given = seen(3)
    w = {name: array.astype(np.float64) for name, array in delta.projector.items()}
    x = ((given.features - w["mean"]) / w["spread"]).reshape(2, 2, 3, 2, 5)
    x = x.transpose(0, 2, 1, 3, 4).reshape(6, 20)
    x = x @ w["join.weight"].T + w["join.bias"]
    x = x * (1 + np.vectorize(math.erf)(x / np.sqrt(2))) / 2
    x = x @ w["out.weight"].T + w["out.bias"]
    x = x / np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON) * w["size"]
    x += np.repeat(w["rows"], 3, 0) + np.tile(w["columns"], (2, 1))
    np.testing.assert_allclose(sighted.show(given).rows, x, atol=1e-4)


def test_a_delta_survives_its_file(delta, tmp_path):
    path = tmp_path / "deep" / "sight.safetensors"
    assert write_sight(path, delta) == path.stat().st_size
    back = read_sight(path)
    assert back.about == delta.about
    assert set(back.changes) == set(delta.changes)
    for name, array in delta.projector.items():
        np.testing.assert_array_equal(back.projector[name], array)


def test_what_is_no_delta_is_refused(delta, tmp_path):
    path = tmp_path / "sight.safetensors"
    write_sight(path, delta)
    content = path.read_bytes()
    for broken in (b"", content[:200], content.replace(b"projector/rows", b"elsewhere/rows")):
        path.write_bytes(broken)
        with pytest.raises(WeightsError):
            read_sight(path)
    save_file({"projector/rows": np.full(3, np.nan, np.float16)}, path)
    with pytest.raises(WeightsError):
        read_sight(path)


def test_only_what_changed_is_other_than_in_the_base(tiny_gguf, delta):
    base, tuned = GgufWeights(tiny_gguf), TunedWeights(tiny_gguf, delta)
    name = f"{CHANGED}.weight"
    assert np.abs(tuned.matrix(name) - base.matrix(name)).max() > 0.001
    np.testing.assert_array_equal(
        tuned.matrix("blk.0.ffn_up.weight"), base.matrix("blk.0.ffn_up.weight")
    )


def test_a_delta_of_other_weights_is_refused(make_gguf, delta, tmp_path):
    other = make_gguf(tmp_path / "other.gguf")
    with other.open("ab") as file:
        file.write(bytes(32))
    with pytest.raises(WeightsError, match="other weights"):
        TunedWeights(other, delta)


def test_a_sighted_folder_is_whole(folder, sighted, tiny):
    assert (folder / PROJECTOR).is_file()
    assert (folder / CARD_FILE).read_text() == "# tiny\n"
    assert BrainConfig.load(folder).sight == SIGHT
    assert sighted.sighted
    assert not tiny.sighted
    assert answer(sighted, [Message("user", "the hello")]).said


def test_a_projector_must_be_there(folder, tiny_gguf, delta, tmp_path):
    build_brain(tiny_gguf, tmp_path, precision="fp32", delta=delta)
    (tmp_path / PROJECTOR).unlink()
    with pytest.raises(BundleError):
        BrainRuntime(tmp_path, threads=1)


def test_a_blind_brain_says_so(tiny, sighted):
    with pytest.raises(ModelError, match="not taught to see"):
        tiny.show(seen())
    with pytest.raises(ModelError, match="not taught to see"):
        answer(tiny, [Message("user", "x", (sighted.show(seen()),))])


def test_other_eyes_and_other_rows_are_refused(sighted):
    with pytest.raises(ModelError, match="features"):
        sighted.show(seen(features=np.zeros((24, 7), np.float32)))
    wide = Shown(np.zeros((2, WIDTH + 1), np.float32))
    with pytest.raises(ModelError, match="wide"):
        answer(sighted, [Message("user", "x", (wide,))])


def test_without_a_picture_it_is_the_brain_that_it_was(sighted, tiny, folder):
    chat = [Message("user", "the hello zebra")]
    assert answer(sighted, chat).said == answer(tiny, chat).said
    assert (folder / SEEING).stat().st_size > 0


def test_a_reply_about_a_picture_ends_one_that_is_open(sighted):
    chat, shown = [Message("user", "the")], (sighted.show(seen(1)),)
    open_ = sighted.open("a", chat, sampling=GREEDY, max_tokens=8)
    assert sighted.warm("a", [Message("user", "the", shown)]) is None
    answer(sighted, [Message("user", "the", shown)])
    assert open_.done
    sighted.forget("a")
    assert not sighted._cache.busy("a")
    assert len(sighted._pictures) == 0
