import json
import shutil
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from talkover.core.bundles import BundleStore
from talkover.core.bundles.announcement import Announcement
from talkover.core.bundles.cli import app
from talkover.core.bundles.contents import SIGNATURE
from talkover.core.bundles.keys import signer_of
from talkover.core.bundles.signature import PublicKey
from talkover.core.errors import BundleError
from talkover.core.settings import load_settings
from talkover.core.traces.connecting import connect, entries
from talkover.server.traces import EmbeddedRedis

from .made_bundles import numbered, publish

NOWHERE = "redis://127.0.0.1:1"


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("TALKOVER_CONFIG", str(tmp_path / "talkover.toml"))
    monkeypatch.setenv("TALKOVER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*arguments):
        return CliRunner().invoke(app, arguments)

    return invoke


@pytest.fixture
def store(run, tmp_path):
    return BundleStore(tmp_path / "data")


@pytest.fixture
def seal(store):
    return signer_of(load_settings())


@pytest.fixture
def two(store, seal):
    """An old and a new bundle, the old one current."""
    old = publish(store, numbered(1), seal=seal, metrics={"wer": 3.0})
    new = publish(store, numbered(2), seal=seal, metrics={"wer": 2.0}, parent=old, data="d\x1b[31m")
    store.set_current(old)
    return old, new


def shown(result):
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_where_there_is_none_it_says_what_to_do(run):
    assert "talkover models build" in run("list").output
    assert shown(run("list", "--json")) == []
    assert run("verify").exit_code == 0
    assert "no bundle is current" in str(run("show").exception)
    assert "Nothing was promoted" in run("history").output


def test_list_shows_what_is_current_whose_it_is_and_what_is_unfit(run, store, two, seal):
    old, new = two
    (store.path(new) / SIGNATURE).unlink()
    (store.path(new) / "voice/deep/weights.bin").unlink()
    lines = {line.split()[0]: line for line in run("list").output.splitlines() if line}
    assert "current" in lines[old[:12]]
    assert seal.public.id in lines[old[:12]]
    assert "base weights" in lines[old[:12]]
    assert old[:12] in lines[new[:12]]
    assert "unfit" in lines[new[:12]]
    assert "\x1b" not in lines[new[:12]]
    rows = {row["id"]: row for row in shown(run("list", "--json"))}
    assert rows[old]["signed_by"] == seal.public.id
    assert rows[old]["metrics"] == {"wer": 3.0}
    assert "is missing" in rows[new]["fault"]
    assert rows[new]["signed_by"] is None


def test_show_shows_the_current_one_or_another(run, two):
    old, new = two
    assert old in run("show").output
    output = run("show", new[:8]).output
    assert new in output
    assert "voice/deep/weights.bin" in output
    assert "wer" in output
    assert "\x1b" not in output
    about = shown(run("show", new[:8], "--json"))
    assert about["parent"] == old
    assert about["files"]["listener/tokens.json"]["bytes"] == 2
    assert not about["current"]


def test_verify_refuses_with_a_reason_and_a_code(run, store, two):
    old, new = two
    result = run("verify")
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        *(f"{one[:12]}: sound" for one in sorted(two)),
        "current: sound",
    ]
    (store.path(new) / "voice/deep/weights.bin").write_bytes(b"x" * 2_000)
    result = run("verify", new[:8])
    assert result.exit_code == 1
    assert "is damaged" in result.output
    assert run("verify", old[:8]).exit_code == 0
    assert run("verify").exit_code == 1


def test_verify_looks_at_folders_from_elsewhere(run, store, two, tmp_path):
    folder = tmp_path / "elsewhere"
    shutil.copytree(store.path(two[0]), folder)
    assert run("verify", str(folder)).exit_code == 0
    (folder / "more").write_text("")
    result = run("verify", str(folder))
    assert result.exit_code == 1
    assert "more is not listed" in result.output


def test_import_takes_in_what_a_trusted_key_signed(run, store, tmp_path, monkeypatch):
    theirs = BundleStore(tmp_path / "theirs")
    bundle_id = publish(theirs)
    error = run("import", str(theirs.path(bundle_id))).exception
    assert "unknown key" in str(error)
    assert store.ids() == []
    monkeypatch.setenv("TALKOVER_BUNDLES__REQUIRE_SIGNATURE", "false")
    result = run("import", str(theirs.path(bundle_id)))
    assert f"talkover bundles promote {bundle_id[:12]}" in result.output
    assert store.ids() == [bundle_id]
    assert store.current() is None


async def test_servers_are_told_of_promotions_and_rollbacks(run, store, two, tmp_path):
    old, new = two
    server = EmbeddedRedis(tmp_path / "data")
    await server.start()
    try:
        result = run("promote", new[:8], "--reason", "better")
        assert result.exit_code == 0
        assert result.output == f"Bundle {new[:12]} is now current\n"
        assert "was already" in run("promote", new).output
        assert f"{old[:12]} is current again" in run("rollback", "--reason", "worse").output
        with connect(server.url) as client:
            told = [Announcement.parse(e[b"record"]) for e in entries(client, "talkover:bundles")]
    finally:
        await server.close()
    assert [(one.kind, one.bundle, one.reason) for one in told] == [
        ("promote", new, "better"),
        ("promote", new, ""),
        ("rollback", old, "worse"),
    ]
    moves = shown(run("history", "--json"))
    assert [(move["kind"], move["bundle"]) for move in moves] == [
        ("promote", new),
        ("rollback", old),
    ]
    assert "worse" in run("history").output


def test_where_nobody_listens_the_promotion_holds_and_that_is_said(run, store, two):
    result = run("promote", two[1][:8], "--redis", NOWHERE)
    assert result.exit_code == 0
    assert "is now current" in result.stdout
    assert "No running server was told" in result.stderr
    assert "no Redis answers at redis://127.0.0.1:1" in result.stderr
    assert store.current() == two[1]


def test_a_reason_is_a_sentence(run, store, two):
    result = run("promote", two[1][:8], "--reason", "x" * 501, "--redis", NOWHERE)
    assert result.exit_code == 2
    assert store.current() == two[0]


def test_what_is_unfit_is_not_promoted(run, store, two):
    (store.path(two[1]) / SIGNATURE).unlink()
    error = run("promote", two[1][:8], "--redis", NOWHERE).exception
    assert isinstance(error, BundleError)
    assert "run: talkover bundles sign" in str(error)
    assert store.current() == two[0]
    assert run("sign", two[1][:8]).exit_code == 0
    assert run("promote", two[1][:8], "--redis", NOWHERE).exit_code == 0


def test_diff_names_what_differs(run, two):
    output = run("diff", two[0][:8], two[1][:8]).output
    assert "voice/deep/weights.bin" in output
    assert "wer" in output
    found = shown(run("diff", two[0][:8], two[1][:8], "--json"))
    assert found["metrics"] == [{"name": "wer", "before": 3.0, "after": 2.0}]
    assert [one["name"] for one in found["files"]] == ["voice/deep/weights.bin"]
    assert "Nothing differs" in run("diff", two[0], two[0]).output


def test_prune_says_first_what_it_would_remove(run, store, two, seal):
    publish(store, numbered(3), seal=seal)
    publish(store, numbered(4), seal=seal)
    said = run("prune", "--keep", "1", "--dry-run").output
    assert said.count("would go") in (2, 3)  # made within a second, any may be the newest
    assert len(store.ids()) == 4
    assert run("prune", "--keep", "1").output == said.replace("would go", "removed")
    assert len(store.ids()) == 4 - said.count("would go")
    assert two[0] in store.ids()
    assert "Nothing to remove" in run("prune").output


def test_key_prints_what_others_put_into_their_settings(run, seal):
    assert PublicKey.parse(run("key").stdout.strip()) == seal.public
    assert shown(run("key", "--json")) == {"id": seal.public.id, "key": seal.public.text}


def test_ids_must_tell_bundles_apart(run, two):
    assert "at least 6 characters" in str(run("show", two[0][:5]).exception)


def test_the_commands_load_without_packages_that_only_some_need():
    code = (
        "import sys\n"
        "sys.modules['cryptography'] = sys.modules['redis'] = None\n"
        "from talkover.core.bundles.cli_desk import open_desk\n"
        "from talkover.core.bundles import cli\n"
        "open_desk(None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("talkover.core.errors.ConfigError: cryptography is not installed; run: ")
