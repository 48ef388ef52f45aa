import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx
import pytest
from numpy.typing import NDArray
from tokenizers import Tokenizer

from talkover.core.errors import BundleError, WeightsError
from talkover.core.listener import VARIANTS, ListenerConfig, WindowRule
from talkover.core.listener.build import build_listener, read_config, write_listener

FILES = {
    "listener.json",
    "tokenizer.json",
    *(f"{variant}/{graph}.onnx" for variant in VARIANTS for graph in ("encoder", "decoder")),
}


@pytest.fixture(scope="module")
def good(tiny_source: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((tiny_source / "config.json").read_text("utf-8"))
    return config


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_a_built_folder_is_whole(tiny_folder: Path, tiny_source: Path) -> None:
    assert set(files(tiny_folder)) == FILES
    for name in FILES:
        if name.endswith(".onnx"):
            model = onnx.load(tiny_folder / name, load_external_data=False)
            assert not any(tensor.external_data for tensor in model.graph.initializer)
    config = ListenerConfig.read(tiny_folder)
    assert config.languages == ("en", "zh", "fr")
    assert config.suppress == (1, 2, 7)
    assert config.alignment_heads == ((1, 1), (0, 0), (1, 0))
    assert config.window == WindowRule()
    kept = (tiny_folder / "tokenizer.json").read_bytes()
    assert kept == (tiny_source / "tokenizer.json").read_bytes()


def test_building_twice_gives_the_same_bytes(
    tiny_source: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    told: list[tuple[str, float]] = []
    build_listener(tiny_source, tmp_path, progress=lambda said, done: told.append((said, done)))
    assert files(tmp_path) == files(tiny_folder)
    assert [done for _, done in told] == [0, 0, 0.25, 0.5, 0.75]
    assert len({said for said, _ in told}) == 5


def test_weights_in_memory_give_the_same_graphs(
    tiny_weights: Mapping[str, NDArray[Any]], tiny_source: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    config = ListenerConfig.read(tiny_folder)
    write_listener(
        tiny_weights, config, tiny_source / "tokenizer.json", tmp_path, lambda _, __: None
    )
    assert files(tmp_path) == files(tiny_folder)


@pytest.mark.parametrize(
    "change",
    [
        *({name: None} for name in ("lang_ids", "suppress_ids", "alignment_heads")),
        {"lang_ids": []},
        {"lang_ids": ["en"]},
        {"lang_ids": [-1]},
        {"lang_ids": [10**20]},
        {"lang_ids": [1e999]},
        {"suppress_ids": [-1]},
        {"suppress_ids_begin": 220},
        {"alignment_heads": []},
        {"alignment_heads": [[1]]},
        {"alignment_heads": [[0, 1, 2]]},
        {"alignment_heads": {"0": 1}},
    ],
)
def test_a_damaged_description_names_the_cure(
    tmp_path: Path, tokenizer: Tokenizer, good: dict[str, Any], change: dict[str, Any]
) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(good | change), encoding="utf-8")
    with pytest.raises(WeightsError, match=r"(?s)config\.json.*talkover models pull --force"):
        read_config(path, tokenizer)


@pytest.mark.parametrize("name", ["lang_ids", "suppress_ids", "suppress_ids_begin"])
def test_an_incomplete_description_names_what_it_lacks(
    tmp_path: Path, tokenizer: Tokenizer, good: dict[str, Any], name: str
) -> None:
    path = tmp_path / "config.json"
    rest = {key: value for key, value in good.items() if key != name}
    path.write_text(json.dumps(rest), encoding="utf-8")
    with pytest.raises(WeightsError, match=f"KeyError: '{name}'.*talkover models pull --force"):
        read_config(path, tokenizer)


@pytest.mark.parametrize("content", [None, b"", b"[]", b"{", b"\xff", b"[" * 100_000])
def test_a_file_that_is_no_description(
    tmp_path: Path, tokenizer: Tokenizer, content: bytes | None
) -> None:
    path = tmp_path / "config.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WeightsError, match="talkover models pull --force"):
        read_config(path, tokenizer)


@pytest.mark.parametrize(
    ("lost", "error"),
    [("model.bin", WeightsError), ("config.json", WeightsError), ("tokenizer.json", BundleError)],
)
def test_a_source_that_is_incomplete(
    tiny_source: Path, tmp_path: Path, lost: str, error: type[Exception]
) -> None:
    source = tmp_path / "source"
    shutil.copytree(tiny_source, source)
    (source / lost).unlink()
    with pytest.raises(error, match=lost):
        build_listener(source, tmp_path / "out")


def test_heads_that_the_model_lacks(
    tiny_source: Path, tmp_path: Path, good: dict[str, Any]
) -> None:
    source = tmp_path / "source"
    shutil.copytree(tiny_source, source)
    other = good | {"alignment_heads": [[5, 1]]}
    (source / "config.json").write_text(json.dumps(other), encoding="utf-8")
    with pytest.raises(WeightsError, match="alignment heads"):
        build_listener(source, tmp_path / "out")
