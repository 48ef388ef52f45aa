"""Which ONNX Runtime providers are chosen, and that none is lost on the way."""

import numpy as np
import onnxruntime
import pytest

from talkover.core.errors import BundleError, ConfigError
from talkover.core.onnx.builder import GraphBuilder, save
from talkover.core.onnx.providers import (
    CPU,
    CUDA,
    TENSORRT,
    available,
    check_providers,
    choose_providers,
)
from talkover.core.onnx.session import open_session

GPU_BUILD = (TENSORRT, CUDA, CPU)
CPU_BUILD = ("AzureExecutionProvider", CPU)


@pytest.mark.parametrize(
    ("wanted", "installed", "chosen"),
    [
        (("auto",), CPU_BUILD, (CPU,)),
        (("auto",), GPU_BUILD, (CUDA, CPU)),
        (("cpu",), GPU_BUILD, (CPU,)),
        (("cuda",), GPU_BUILD, (CUDA, CPU)),
        (("cuda", "cpu"), GPU_BUILD, (CUDA, CPU)),
        (("tensorrt",), GPU_BUILD, (TENSORRT, CPU)),
        (("tensorrt", "cuda"), GPU_BUILD, (TENSORRT, CUDA, CPU)),
        (("tensorrt", "auto", "cpu"), GPU_BUILD, (TENSORRT, CUDA, CPU)),
        (("cuda", "auto", "cuda"), GPU_BUILD, (CUDA, CPU)),
        (("auto", "cpu"), CPU_BUILD, (CPU,)),
    ],
)
def test_the_best_first_and_the_cpu_last(wanted, installed, chosen):
    assert choose_providers(wanted, installed) == chosen


@pytest.mark.parametrize("word", ["cuda", "tensorrt"])
def test_what_is_not_installed_is_an_error_that_names_the_cure(word):
    with pytest.raises(ConfigError, match=rf"asks for {word}") as raised:
        choose_providers((word, "cpu"), CPU_BUILD)
    text = str(raised.value)
    assert "pip uninstall --yes onnxruntime && pip install 'talkover[gpu]'" in text
    assert 'models.providers = ["cpu"]' in text


@pytest.mark.parametrize("wanted", [("cpu", "cuda"), ("cpu", "auto"), ("cpu", "cpu")])
def test_nothing_comes_after_the_cpu(wanted):
    with pytest.raises(ConfigError, match="cpu must come last"):
        choose_providers(wanted, GPU_BUILD)


def test_what_is_available_is_what_onnx_runtime_says():
    assert CPU in available()
    assert set(available()) == set(onnxruntime.get_available_providers())


@pytest.mark.parametrize(
    ("wanted", "got", "lost"),
    [
        ((CUDA, CPU), (CPU,), CUDA),
        ((TENSORRT, CPU), (CPU,), TENSORRT),
        ((TENSORRT, CUDA, CPU), (CUDA, CPU), TENSORRT),
        ((TENSORRT, CUDA, CPU), (TENSORRT, CPU), CUDA),
    ],
)
def test_a_provider_that_was_lost_is_an_error(tmp_path, wanted, got, lost):
    with pytest.raises(ConfigError, match=f"was to run on {lost}, and ONNX Runtime fell back"):
        check_providers(tmp_path, wanted, got)


@pytest.mark.parametrize("names", [(CPU,), (CUDA, CPU), (TENSORRT, CUDA, CPU)])
def test_a_session_with_all_it_was_made_for_is_fine(tmp_path, names):
    check_providers(tmp_path, names, names)


@pytest.fixture
def graph(tmp_path):
    builder = GraphBuilder("same")
    builder.node("Identity", [builder.input("x", np.float32, ["n"])], ["y"])
    builder.output("y", np.float32, ["n"])
    path = tmp_path / "graph.onnx"
    save(builder.model(), path)
    return path


@pytest.mark.skipif(CUDA in available(), reason="this ONNX Runtime has CUDA")
def test_a_session_does_not_fall_back_to_the_cpu_in_silence(graph):
    with (
        pytest.warns(UserWarning, match="not in available provider names"),
        pytest.raises(ConfigError, match="fell back to CPUExecutionProvider"),
    ):
        open_session(graph, threads=1, providers=(CUDA, CPU))


def test_a_session_on_the_cpu_runs(graph):
    session = open_session(graph, threads=1, providers=(CPU,))
    assert session.get_providers() == [CPU]
    (same,) = session.run(None, {"x": np.arange(3, dtype=np.float32)})
    assert same.tolist() == [0, 1, 2]


def test_a_file_that_is_no_graph_is_a_bundle_error(tmp_path, capfd):
    path = tmp_path / "torn.onnx"
    path.write_bytes(b"not a graph")
    with pytest.raises(BundleError, match=r"torn\.onnx cannot be loaded: "):
        open_session(path, threads=1, providers=(CPU,))
    assert "Falling back" not in capfd.readouterr().out
