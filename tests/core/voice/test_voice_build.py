import json
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from talkover.core.errors import BundleError
from talkover.core.voice.build import build_voice

PIPER = {
    "audio": {"sample_rate": 22050},
    "espeak": {"voice": "en-us"},
    "phoneme_id_map": {"_": [0], "^": [1], "$": [2], " ": [3]},
    "num_speakers": 1,
}


def written(folder: Path, config: dict[str, object], operators: list[str]) -> tuple[Path, Path]:
    names = ["in", *(f"t{i}" for i in range(len(operators)))]
    nodes = [
        helper.make_node(operator, [names[i]], [names[i + 1]])
        for i, operator in enumerate(operators)
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("in", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info(names[-1], TensorProto.FLOAT, [1])],
    )
    onnx.save(helper.make_model(graph), str(folder / "raw.onnx"))
    (folder / "raw.json").write_text(json.dumps(config))
    return folder / "raw.onnx", folder / "raw.json"


@pytest.mark.parametrize(
    ("change", "operators", "reason"),
    [
        ({"num_speakers": 3}, ["Abs"], "several speakers"),
        ({"phoneme_type": "pinyin"}, ["Abs"], "pinyin"),
        ({"vowel_clusters": [["a", "b"]]}, ["Abs"], "clusters vowels"),
        ({"audio": {}}, ["Abs"], "not the configuration"),
        ({"audio": {"sample_rate": 1}}, ["Abs"], "not the configuration"),
        ({}, ["Abs"], "no durations"),
        ({}, ["Ceil", "Abs", "RandomNormalLike", "Abs"], "draws noise 1 times"),
    ],
)
def test_a_voice_of_another_kind_is_refused(
    tmp_path: Path, change: dict[str, object], operators: list[str], reason: str
) -> None:
    graph, config = written(tmp_path, PIPER | change, operators)
    with pytest.raises(BundleError, match=reason):
        build_voice(graph, config, tmp_path / "out")


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "raw.json").write_text("{")
    with pytest.raises(BundleError, match=r"raw\.onnx"):
        build_voice(tmp_path / "raw.onnx", tmp_path / "raw.json", tmp_path / "out")
