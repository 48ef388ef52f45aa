"""Whether base weights on the disk are what the catalogue says."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from talkover.core.errors import DamagedError, WeightsError
from talkover.core.weights.catalog import Part, WeightFile
from talkover.core.weights.disk import sha256_of_all


class Condition(StrEnum):
    """What became of a file."""

    SOUND = "sound"
    MISSING = "missing"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class FileState:
    """A file of weights as it is found.

    Attributes:
        file: What it should be.
        path: Where it should be.
        condition: What it is.
    """

    file: WeightFile
    path: Path
    condition: Condition


def weights_folder(data_dir: Path) -> Path:
    """Where base weights are kept."""
    return data_dir / "weights"


def part_folder(data_dir: Path, part: Part) -> Path:
    """Where one part's files are kept."""
    return weights_folder(data_dir) / part.name


def inspect(data_dir: Path, part: Part) -> list[FileState]:
    """Look at every file of a part, and hash those whose size is right.

    Hashes are not remembered: a cache keyed by time or size would miss the very damage that it
    is there to find, and the whole catalogue takes less than a second.
    """
    folder = part_folder(data_dir, part)
    paths = {folder / file.name: file for file in part.files}
    candidates = [p for p, f in paths.items() if p.is_file() and p.stat().st_size == f.bytes]
    hashes = sha256_of_all(candidates)
    states = []
    for path, file in paths.items():
        if hashes.get(path) == file.sha256:
            condition = Condition.SOUND
        else:
            condition = Condition.DAMAGED if path.exists() else Condition.MISSING
        states.append(FileState(file, path, condition))
    return states


def pull_command(data_dir: Path, part: Part, *, force: bool = False) -> str:
    """What to type to fetch a part."""
    flag = " --force" if force else ""
    return f"talkover models pull{flag} {part.name} --data-dir {data_dir}"


def refuse_damage(data_dir: Path, part: Part, states: list[FileState]) -> None:
    """Name the first file that is there but wrong.

    Raises:
        DamagedError: with the command that mends it.
    """
    for state in states:
        if state.condition is Condition.DAMAGED:
            raise DamagedError(
                f"{state.path} is damaged (its sha256 is not the published one); "
                f"run `{pull_command(data_dir, part, force=True)}`"
            )


def require(data_dir: Path, part: Part) -> Path:
    """The folder of a part whose files are all there and sound.

    Raises:
        WeightsError: a file is missing.
        DamagedError: a file is not what it should be.
    """
    states = inspect(data_dir, part)
    refuse_damage(data_dir, part, states)
    if any(state.condition is Condition.MISSING for state in states):
        command = pull_command(data_dir, part)
        raise WeightsError(f"{part.title} is not here yet; run `{command}`")
    return part_folder(data_dir, part)
