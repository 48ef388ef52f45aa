"""Steps that ship: a bundle, what the gate says of it, and the offer to the servers."""

from dataclasses import asdict, replace
from typing import Any, Final

from talkover.core.bundles.announcement import Announcement
from talkover.core.bundles.announcing import announce
from talkover.core.bundles.keys import signer_of, trust_of
from talkover.core.bundles.store import BundleStore
from talkover.core.errors import BundleError
from talkover.core.report import progress_bar
from talkover.core.traces.connecting import connect
from talkover.core.weights.disk import locked
from talkover.trainer.export import run as exporting
from talkover.trainer.export.origin import origin_of
from talkover.trainer.gate.material import Amount
from talkover.trainer.gate.run import judge, own_material
from talkover.trainer.learning.beginning import base_named
from talkover.trainer.learning.blending import section_of
from talkover.trainer.learning.cycle import ENDS, Cycle
from talkover.trainer.policy.tuning import hold_back
from talkover.trainer.stages.run import begin_policy, load_policy, read_recipe

_QUICK: Final = Amount(spoken=4, people=2, wordless=1, switched=0)
_QUICK_EXAMPLES: Final = 4
_PATIENCE: Final = 10.0  # s for Redis


def export(cycle: Cycle) -> dict[str, Any]:
    """Make a signed bundle of what was learnt; all other parts are those of the one served."""
    settings = cycle.settings
    store = BundleStore(settings.data_dir)
    current = _current(store)
    base, origin = base_named(settings, cycle.told["collect"]["base"]), origin_of(cycle.folder)
    policy = load_policy(cycle.folder, base=base)
    if blended := cycle.told.get("blend"):  # a run of before there was the step has none
        began = begin_policy(read_recipe(cycle.folder).policy, base)
        hold_back(policy.model, began.model, blended["share"])
        origin = replace(origin, card=f"{origin.card.rstrip()}\n\n{section_of(blended)}\n")
    count = _QUICK_EXAMPLES if cycle.quick else exporting.COUNT
    examples = exporting.own_examples(count, seed=cycle.seed)
    with progress_bar(cycle.console) as progress:
        task = progress.add_task("export", total=1.0)
        made = exporting.export(
            policy,
            origin,
            store,
            current,
            examples,
            gated=True,
            seal=signer_of(settings),
            tell=lambda phrase, done: progress.update(
                task, description=f"export: {phrase}", completed=done
            ),
        )
    return {"bundle": made.bundle_id, "parent": current}


def gate(cycle: Cycle) -> dict[str, Any]:
    """Judge the bundle beside the one that is served. No gate, no offer, and no bundle."""
    store = BundleStore(cycle.settings.data_dir)
    bundle, current = str(cycle.told["export"]["bundle"]), _current(store)
    if bundle not in store.ids():  # it was refused, and the process died before it could say so
        return {"passed": False, ENDS: "refused by the gate, and the reasons are lost"}
    store.verify(bundle, trust=trust_of(cycle.settings))
    material = own_material(_QUICK if cycle.quick else Amount(), cycle.seed)
    with progress_bar(cycle.console) as progress:
        task = progress.add_task("gate", total=material.count)
        verdict = judge(
            store.path(bundle),
            store.path(current),
            material=material,
            tick=lambda: progress.update(task, advance=1),
        ).verdict
    cycle.console.print(f"gate: {verdict.reason}")
    told = {"passed": verdict.passed, "findings": [asdict(one) for one in verdict.findings]}
    if verdict.passed:
        return told
    with locked(store.root):
        store.remove(bundle)  # what it was made from is here: it can be exported again
    return {**told, ENDS: verdict.reason}


def offer(cycle: Cycle) -> dict[str, Any]:
    """Tell the servers."""
    bundle = str(cycle.told["export"]["bundle"])
    said = Announcement(
        kind="offer", bundle=bundle, reason=f"learnt from calls in run {cycle.name}", by="learn"
    )
    client = connect(cycle.redis_url, patience=_PATIENCE)
    try:
        announce(client, said)
    finally:
        client.close()
    return {"bundle": bundle, ENDS: f"offered {bundle[:12]}"}


def _current(store: BundleStore) -> str:
    current = store.current()
    if current is None:
        raise BundleError("there is no bundle to be better than; run: talkover models build")
    return current
