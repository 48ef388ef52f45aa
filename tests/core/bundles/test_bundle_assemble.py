import pytest

from talkover.core.bundles import BundleStore, Licence
from talkover.core.bundles.assemble import Step, assemble
from talkover.core.errors import BundleError

LICENCES = {"voice": Licence(spdx="CC0-1.0", origin="nowhere")}


def copying(content):
    def make(out, tell):
        tell("copying")
        (out / "part.bin").write_bytes(content)
        tell("half", 0.5)
        return {"size": len(content)}

    return make


@pytest.fixture
def store(tmp_path):
    return BundleStore(tmp_path)


def steps(content=b"weights"):
    return {"vad": Step(copying(b"small"), 1), "voice": Step(copying(content), 3)}


def test_parts_become_a_bundle_with_progress_that_only_grows(store):
    seen = []
    bundle_id = assemble(store, steps(), LICENCES, progress=lambda *what: seen.append(what))
    manifest = store.verify(bundle_id)
    assert sorted(manifest.files) == ["vad/part.bin", "voice/part.bin"]
    assert manifest.parts["voice"].variant == {"size": 7}
    assert manifest.licences == LICENCES
    assert manifest.parent is None
    fractions = [fraction for _, fraction in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert ("voice: half", pytest.approx(0.95 * 0.625)) in seen


def test_the_same_weights_give_the_same_bundle(store):
    first = assemble(store, steps(), LICENCES)
    assert assemble(store, steps(), LICENCES) == first
    assert assemble(store, steps(b"others"), LICENCES) != first


def test_a_part_that_fails_leaves_no_bundle(store):
    def fail(_out, _tell):
        raise BundleError("no good")

    with pytest.raises(BundleError, match="no good"):
        assemble(store, {**steps(), "brain": Step(fail, 1)}, LICENCES)
    assert store.ids() == []
    assert [path.name for path in store.root.iterdir()] == []


def test_a_part_that_makes_nothing_is_no_part(store):
    with pytest.raises(BundleError, match="folders are not the same"):
        assemble(store, {**steps(), "brain": Step(lambda _out, _tell: {}, 1)}, LICENCES)
