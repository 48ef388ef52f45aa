import pytest
from typer.testing import CliRunner

from talkover.core.brain.config import SEEING
from talkover.core.brain.delta import shipped_sight
from talkover.core.bundles import MANIFEST, BundleStore
from talkover.core.bundles.assemble import Step, assemble
from talkover.core.bundles.contents import SIGNATURE
from talkover.core.bundles.keys import trust_of
from talkover.core.ending.graph import GRAPH as ENDING
from talkover.core.errors import BundleError, DamagedError, WeightsError
from talkover.core.listener import ListenerConfig
from talkover.core.listener.deltafile import DELTA, shipped_delta
from talkover.core.onnx.linear import BLOCK, SHARING
from talkover.core.overlap import shipped
from talkover.core.overlap.config import CONFIG, GRAPH
from talkover.core.seer.config import SeerConfig
from talkover.core.settings import load_settings
from talkover.core.speaker.graph import GRAPH as SPEAKER
from talkover.core.voice.config import DECODER
from talkover.core.voice.config import GRAPH as VOICE
from talkover.core.weights import CATALOG
from talkover.core.weights.disk import sha256_of
from talkover.server.cli_models import app


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command on a data folder of its own, out of reach of any index."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("TALKOVER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*arguments):
        return CliRunner().invoke(app, arguments)

    return invoke


@pytest.fixture
def store(tmp_path):
    return BundleStore(tmp_path / "data")


@pytest.fixture
def bundle(store):
    def make(out, _tell):
        (out / "part.bin").write_bytes(b"weights")
        return {}

    bundle_id = assemble(store, {"voice": Step(make, 1)}, {})
    store.set_current(bundle_id)
    return bundle_id


def test_list_on_an_empty_folder_says_what_is_missing(run):
    result = run("list")
    assert result.exit_code == 0
    for part in CATALOG:
        assert part.name in result.output
    assert result.output.count("missing") == len(CATALOG)


def test_verify_names_damaged_weights_and_fails(run, store):
    part = CATALOG[0]
    folder = store.root.parent / "weights" / part.name
    folder.mkdir(parents=True)
    (folder / part.files[0].name).write_bytes(b"not this")
    result = run("verify")
    assert result.exit_code == 1
    assert f"weights {part.name}: damaged" in result.output
    assert f"talkover models pull --force {part.name}" in result.output
    assert isinstance(run("build").exception, DamagedError)


def test_build_if_missing_does_nothing_when_there_is_a_bundle_of_this_version(run, store):
    def holding(*names):
        def make(out, _tell):
            for name in names:
                # Any graph will do: nobody runs it.
                source = shipped() / (name if name == CONFIG else GRAPH)
                (out / name).write_bytes(source.read_bytes())
            return {}

        return Step(make, 1)

    def listening(out, _tell):
        ListenerConfig(
            languages=("en",), suppress=(), suppress_begin=(), alignment_heads=((0, 0),)
        ).write(out)
        delta = shipped_delta()
        return {SHARING: BLOCK, **({} if delta is None else {DELTA: sha256_of(delta)})}

    def seeing(out, _tell):
        SeerConfig(tower="any", reader="any").save(out)
        return {}

    def thinking(out, _tell):
        (out / SEEING).write_bytes((shipped() / GRAPH).read_bytes())
        sight = shipped_sight()
        return {} if sight is None else {DELTA: sha256_of(sight)}

    parts = {
        "listener": Step(listening, 1),
        "brain": Step(thinking, 1),
        "voice": holding(VOICE, DECODER),
        "speaker": holding(SPEAKER),
        "ending": holding(ENDING),
        "overlap": holding(GRAPH, CONFIG),
        "seer": Step(seeing, 1),
    }
    bundle_id = assemble(store, parts, {})
    store.set_current(bundle_id)
    result = run("build", "--if-missing")
    assert result.exit_code == 0
    assert result.output == ""
    assert store.ids() == [bundle_id]
    signature = store.path(bundle_id) / SIGNATURE
    assert trust_of(load_settings()).check(
        (store.path(bundle_id) / MANIFEST).read_bytes(), signature.read_bytes(), ""
    ), "one from before there were signatures is signed"
    made = signature.stat().st_mtime_ns
    run("build", "--if-missing")
    assert signature.stat().st_mtime_ns == made


def test_build_if_missing_builds_anew_what_an_earlier_version_built(run, bundle):
    assert isinstance(run("build", "--if-missing").exception, WeightsError), "weights are fetched"


def test_build_if_missing_refuses_a_torn_bundle(run, store, bundle):
    (store.path(bundle) / "voice/part.bin").unlink()
    error = run("build", "--if-missing").exception
    assert isinstance(error, BundleError)
    assert "talkover models build" in str(error)


def test_without_an_index_the_message_says_what_could_not_be_fetched(run, store):
    error = run("pull", "silero-vad").exception
    assert isinstance(error, WeightsError)
    assert "silero-vad==6.2.3 could not be fetched" in str(error)
    assert not list(store.root.parent.rglob("*.onnx"))


def test_an_unknown_part_names_the_known_ones(run):
    assert "whisper-base" in str(run("pull", "gpt").exception)


@pytest.mark.parametrize("command", ["pull", "build", "list", "verify"])
def test_help_is_there(run, command):
    result = run(command, "--help")
    assert result.exit_code == 0
    assert "--data-dir" in result.output
