import shutil

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from talkover.core.bundles import BundleStore, PartEntry
from talkover.core.bundles.contents import SIGNATURE
from talkover.core.bundles.history import Promotion, good_ones, parse_history, took_effect
from talkover.core.bundles.registry import Registry
from talkover.core.bundles.signature import Trust
from talkover.core.errors import BundleError

from .made_bundles import FILES, SIGNER, TRUST, a_signer, numbered, publish

WEIGHTS = "voice/deep/weights.bin"


@pytest.fixture
def registry(tmp_path):
    return Registry(BundleStore(tmp_path), TRUST)


def made(registry, *numbers):
    return [publish(registry.store, numbered(number)) for number in numbers]


def damage(store, bundle_id):
    (store.path(bundle_id) / WEIGHTS).write_bytes(b"\xff" * 2_000)


def test_promotions_are_kept_and_gone_back_from_one_by_one(registry):
    a, b, c = made(registry, 1, 2, 3)
    for bundle_id in (a, b, c):
        registry.promote(bundle_id, reason="better", by="me")
    assert registry.store.current() == c
    assert registry.last_good() == b
    assert registry.rollback(reason="worse").bundle == b
    assert registry.rollback().bundle == a, "not back to what was fled from"
    with pytest.raises(BundleError, match="no whole bundle to go back to"):
        registry.rollback()
    assert registry.store.current() == a
    moves = [(move.kind, move.bundle, move.before) for move in registry.history()]
    assert moves == [
        ("promote", a, None),
        ("promote", b, a),
        ("promote", c, b),
        ("rollback", b, c),
        ("rollback", a, b),
    ]
    assert registry.history()[0].reason == "better"
    assert registry.history()[0].by == "me"


def test_promoting_what_is_current_changes_nothing(registry):
    (a,) = made(registry, 1)
    assert registry.promote(a) is not None
    assert registry.promote(a) is None
    assert len(registry.history()) == 1


def test_a_damaged_bundle_is_passed_over_on_the_way_back(registry):
    a, b, c = made(registry, 1, 2, 3)
    for bundle_id in (a, b, c):
        registry.promote(bundle_id)
    damage(registry.store, b)
    assert registry.last_good() == a
    assert registry.rollback().bundle == a


def test_pruning_leaves_the_newest_the_current_and_what_can_be_gone_back_to(registry):
    ids = made(registry, *range(8))
    for bundle_id in ids[:4]:
        registry.promote(bundle_id)
    registry.rollback()
    age(registry.store, ids)
    damage(registry.store, ids[6])
    chosen = registry.dispensable(1, spare=[ids[5]])
    assert chosen == sorted([ids[0], ids[3], ids[4], ids[6]])
    assert registry.store.ids() == sorted(ids)
    assert registry.prune(1, spare=[ids[5]]) == chosen
    assert registry.store.ids() == sorted([ids[1], ids[2], ids[5], ids[7]])
    assert registry.store.current() == ids[2]
    assert registry.rollback().bundle == ids[1]
    assert registry.prune(100) == []


def age(store, ids):
    """As if each had been made a day after the one before."""
    for day, bundle_id in enumerate(ids, start=1):
        path = store.path(bundle_id) / "manifest.json"
        created = store.get(bundle_id).created
        then = created.replace(year=2020, month=1, day=day)
        path.write_text(store.get(bundle_id).model_copy(update={"created": then}).to_json())
        store.sign(bundle_id, SIGNER)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (damage, "is damaged"),
        (lambda store, i: (store.path(i) / SIGNATURE).unlink(), "is not signed"),
        (lambda store, i: store.sign(i, a_signer(2)), "unknown key"),
        (lambda store, i: shutil.rmtree(store.path(i)), "there is no bundle"),
    ],
)
def test_what_is_unfit_is_not_promoted(registry, spoil, reason):
    a, b = made(registry, 1, 2)
    registry.promote(a)
    spoil(registry.store, b)
    with pytest.raises(BundleError, match=reason):
        registry.promote(b)
    assert registry.store.current() == a
    assert [move.bundle for move in registry.history()] == [a]


def test_going_back_needs_no_signature_of_today(registry):
    a, b = made(registry, 1, 2)
    registry.promote(a)
    registry.promote(b)
    (registry.store.path(a) / SIGNATURE).unlink()
    assert registry.rollback().bundle == a


def test_a_bundle_that_lacks_a_part_of_the_current_one_is_not_promoted(registry):
    (whole,) = made(registry, 1)
    registry.promote(whole)
    files = {WEIGHTS: FILES[WEIGHTS]}
    less = publish(registry.store, files, parts={"voice": PartEntry(folder="voice")})
    with pytest.raises(BundleError, match="has no listener, which the current bundle has"):
        registry.promote(less)


def test_what_was_current_before_there_was_a_history_can_be_gone_back_to(registry):
    a, b = made(registry, 1, 2)
    registry.store.set_current(a)
    registry.promote(b)
    assert registry.rollback().bundle == a


def test_a_pointer_to_nowhere_is_no_dead_end(registry):
    a, b, c = made(registry, 1, 2, 3)
    registry.promote(a)
    registry.promote(b)
    shutil.rmtree(registry.store.path(b))
    assert registry.last_good() == a
    registry.promote(c)
    (registry.store.root / "current").write_text("garbage")
    assert registry.last_good() == b or registry.last_good() == a
    registry.promote(a)
    assert registry.store.current() == a


def test_a_process_that_dies_between_history_and_pointer_changed_nothing(registry, monkeypatch):
    a, b, c = made(registry, 1, 2, 3)
    registry.promote(a)
    registry.promote(b)

    def die(_bundle_id):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(registry.store, "set_current", die)
        with pytest.raises(KeyboardInterrupt):
            registry.promote(c)
    assert registry.store.current() == b
    assert [move.bundle for move in registry.history()] == [a, b]
    assert registry.last_good() == a
    registry.promote(c)
    assert [move.bundle for move in registry.history()] == [a, b, c]


@pytest.mark.parametrize("torn", [b'{"kind":"promo', b"\x00\x00", b"\xff"])
def test_a_torn_line_is_passed_over_and_cut_off(registry, torn):
    a, b = made(registry, 1, 2)
    registry.promote(a)
    path = registry.store.root / "history.jsonl"
    with path.open("ab") as file:
        file.write(torn)
    assert [move.bundle for move in registry.history()] == [a]
    registry.promote(b)
    assert not [line for line in path.read_bytes().splitlines() if not line.endswith(b"}")]
    assert [move.bundle for move in registry.history()] == [a, b]


def test_lines_of_another_version_are_passed_over():
    line = Promotion(kind="promote", bundle="a" * 64).model_dump_json()
    content = f'{line}\n{{"kind": "pause"}}\nno json\n{line}\n'.encode()
    assert len(parse_history(content)) == 2


IDS = st.sampled_from([letter * 64 for letter in "abcd"])


@st.composite
def histories(draw):
    """Moves as a registry makes them, some of which died before they took effect."""
    entries, current = [], draw(st.none() | IDS)
    for _ in range(draw(st.integers(0, 12))):
        back = good_ones(took_effect(entries, current), current)
        kind = draw(st.sampled_from(["promote", "rollback"])) if back else "promote"
        bundle = back[-1] if kind == "rollback" else draw(IDS)
        if bundle == current:
            continue
        entries.append(Promotion(kind=kind, bundle=bundle, before=current))
        if draw(st.booleans()):
            current = bundle
    return entries, current


class Registrar(RuleBasedStateMachine):
    """Anything may happen to the disk; what is promoted is whole, what is gone back to, too."""

    def __init__(self):
        super().__init__()
        import tempfile
        from pathlib import Path

        self.folder = Path(tempfile.mkdtemp())
        self.registry = Registry(BundleStore(self.folder), TRUST)
        self.ids = []

    @initialize()
    def begin(self):
        self.ids = made(self.registry, 0, 1, 2, 3)

    def teardown(self):
        shutil.rmtree(self.folder)

    def whole(self, bundle_id, trust=TRUST):
        try:
            self.registry.store.verify(bundle_id, trust=trust)
        except BundleError:
            return False
        return True

    @rule(which=st.integers(0, 3))
    def promote(self, which):
        target, before = self.ids[which], self.registry.store.pointer()
        could = self.whole(target)
        try:
            self.registry.promote(target)
        except BundleError:
            assert not could
            assert self.registry.store.pointer() == before
        else:
            assert could
            assert self.registry.store.current() == target

    @rule()
    def rollback(self):
        before = self.registry.store.pointer()
        try:
            target = self.registry.rollback().bundle
        except BundleError:
            assert self.registry.store.pointer() == before
        else:
            assert target != before
            assert self.registry.store.current() == target
            assert self.whole(target, TRUST.lenient())

    @rule(which=st.integers(0, 3))
    def spoil(self, which):
        if self.ids[which] in self.registry.store.ids():
            damage(self.registry.store, self.ids[which])

    @rule(which=st.integers(0, 3))
    def lose(self, which):
        shutil.rmtree(self.registry.store.root / self.ids[which], ignore_errors=True)

    @rule(which=st.integers(0, 3))
    def mend(self, which):
        made(self.registry, which)

    @rule()
    def tear(self):
        with (self.registry.store.root / "history.jsonl").open("ab") as file:
            file.write(b'{"kind":')

    @invariant()
    def the_good_one_is_whole(self):
        found = self.registry.last_good()
        assert found is None or self.whole(found, TRUST.lenient())
        assert found is None or found != self.registry.store.pointer()

    @invariant()
    def the_history_leads_to_the_pointer(self):
        history = self.registry.history()
        assert not history or history[-1].bundle == self.registry.store.pointer()


Registrar.TestCase.settings = examples(max_examples=8, stateful_step_count=12)
TestRegistrar = Registrar.TestCase


@given(histories())
def test_what_can_be_gone_back_to_was_current_and_is_not(history):
    entries, current = history
    effective = took_effect(entries, current)
    back = good_ones(effective, current)
    once = {entry.bundle for entry in effective} | {entry.before for entry in effective}
    assert set(back) <= once - {None, current}
    if effective and effective[-1].kind == "promote":
        assert back[-1:] == ([effective[-1].before] if effective[-1].before else [])


@given(histories())
def test_going_back_again_and_again_ends(history):
    entries, current = history
    for _ in range(len(entries) + 1):
        back = good_ones(took_effect(entries, current), current)
        if not back:
            return
        entries.append(Promotion(kind="rollback", bundle=back[-1], before=current))
        current = back[-1]
    raise AssertionError("it goes round in circles")


def test_trust_that_is_not_required_promotes_what_nobody_signed(tmp_path):
    registry = Registry(BundleStore(tmp_path), Trust({}, required=False))
    bundle_id = publish(registry.store, seal=None)
    registry.promote(bundle_id)
    assert registry.store.current() == bundle_id
