"""Make a voice folder from a Piper voice.

The published graph (VITS, Kim et al. 2021, exported by Piper) is changed in three places: the
frames that each phoneme takes become a second output, so that word times are exact; both draws of
noise become inputs, so that a seed gives the same speech again; and it is cut in two where the
decoder begins, so that speech can be made a piece at a time. The weights stay fp32. int8
convolutions were tried: not reliably faster, and their error is a hiss that lifts the pauses'
floor by about 30 dB.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import onnx.utils
from onnx import TensorProto, helper
from piper.patch_voice_with_alignment import add_alignment_output

from talkover.core.errors import BundleError
from talkover.core.voice.config import CONFIG, DECODER, GRAPH, VoiceConfig
from talkover.core.voice.runtime import LATENT, VoiceRuntime

LEVEL: Final = 0.1
"""Root mean square that speech is brought to (-20 dBFS)."""

_DECODER_BEGINS: Final = "/dec/conv_pre/Conv"
_CALIBRATION: Final = "The quick brown fox jumps over the lazy dog, and runs home through the rain."


def build_voice(
    onnx_file: Path,
    config: Path,
    out: Path,
    *,
    progress: Callable[[str], None] | None = None,
) -> None:
    """Write ``voice.onnx``, ``decoder.onnx`` and ``voice.json`` into ``out``.

    Args:
        onnx_file: A Piper voice's graph.
        config: The JSON beside it.
        out: The folder to write into; made if missing.
        progress: Told what is going on, a phrase at a time.

    Raises:
        BundleError: the voice cannot be used; the message says why.
    """
    tell = progress or (lambda _: None)
    tell("reading the voice")
    try:
        settings = VoiceConfig.from_piper(json.loads(config.read_text("utf-8")))
        model = onnx.load(str(onnx_file))
    except (OSError, ValueError) as error:
        raise BundleError(f"cannot read the voice {onnx_file.name}: {error}") from None
    tell("adding word times and seeded noise")
    _expose(model)
    out.mkdir(parents=True, exist_ok=True)
    latents, decoder = _cut(model)
    onnx.save(latents, str(out / GRAPH))
    onnx.save(decoder, str(out / DECODER))
    _write(settings, out)
    tell("measuring its level")
    _write(settings.model_copy(update={"gain": _gain(out)}), out)


def _write(settings: VoiceConfig, out: Path) -> None:
    (out / CONFIG).write_text(settings.model_dump_json(indent=1) + "\n", "utf-8")


def _gain(folder: Path) -> float:
    """Of the built voice, so that a calibration sentence comes out at ``LEVEL``.

    The runtime checks by itself that durations and audio agree, so this is a test run, too.
    """
    pcm = VoiceRuntime(folder).synthesise(_CALIBRATION, seed=0).pcm.astype(np.float64) / 32768
    frames = np.sqrt((pcm[: len(pcm) // 512 * 512].reshape(-1, 512) ** 2).mean(axis=1))
    if not frames.size or frames.max() <= 0:
        raise BundleError("the voice is silent; fetch its weights again")
    speech = frames[frames > frames.max() / 10]
    return round(float(LEVEL / np.sqrt((speech**2).mean())), 4)


def _expose(model: onnx.ModelProto) -> None:
    """Give the graph its inputs for noise and its output of durations, in place."""
    try:
        durations = add_alignment_output(model)
    except ValueError as error:
        raise BundleError(f"no durations in the voice's graph: {error}") from None
    graph = model.graph
    model.graph.output[-1].CopyFrom(
        helper.make_tensor_value_info(durations, TensorProto.FLOAT, [1, 1, "ids"])
    )
    draws = [node for node in graph.node if node.op_type == "RandomNormalLike"]
    if len(draws) != 2:
        raise BundleError(f"the voice's graph draws noise {len(draws)} times, not twice")
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        if node.op_type != "RandomNormalLike":
            nodes.append(node)
            continue
        name = "noise_width" if "/dp/" in node.name else "noise"
        graph.input.append(
            helper.make_tensor_value_info(
                name, TensorProto.FLOAT, [1, "channels_" + name, "length_" + name]
            )
        )
        nodes += _looped(name, node.input[0], node.output[0])
    del graph.node[:]
    graph.node.extend(nodes)
    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError as error:
        raise BundleError(f"the voice's graph could not be patched: {error}") from None


def _cut(model: onnx.ModelProto) -> tuple[onnx.ModelProto, onnx.ModelProto]:
    """The graph up to its latents and durations, and from the latents to the audio."""
    first = next((node for node in model.graph.node if node.name == _DECODER_BEGINS), None)
    if first is None:
        raise BundleError("the voice's graph has no decoder where VITS has one")
    value = helper.make_tensor_value_info(first.input[0], TensorProto.FLOAT, [1, LATENT, "frames"])
    model.graph.value_info.append(value)
    audio, durations = (output.name for output in model.graph.output)
    given = [given.name for given in model.graph.input]
    extractor = onnx.utils.Extractor(model)
    try:
        front = extractor.extract_model(given, [first.input[0], durations])
        decoder = extractor.extract_model([first.input[0]], [audio])
    except (ValueError, onnx.checker.ValidationError) as error:
        raise BundleError(f"the voice's graph could not be cut in two: {error}") from None
    return front, decoder


def _looped(noise: str, like: str, output: str) -> list[onnx.NodeProto]:
    """Nodes that read ``noise`` around and around to the length of ``like``'s last axis."""

    def constant(name: str, value: int) -> onnx.NodeProto:
        tensor = helper.make_tensor(name, TensorProto.INT64, [], [value])
        return helper.make_node("Constant", [], [f"{noise}/{name}"], value=tensor)

    def node(op: str, inputs: list[str], out: str, axis: int | None = None) -> onnx.NodeProto:
        made = helper.make_node(op, [f"{noise}/{i}" if i[0] == "@" else i for i in inputs], [out])
        if axis is not None:
            made.attribute.append(helper.make_attribute("axis", axis))
        return made

    return [
        constant("@zero", 0),
        constant("@one", 1),
        constant("@two", 2),
        node("Shape", [like], f"{noise}/@shape"),
        node("Gather", ["@shape", "@two"], f"{noise}/@wanted", axis=0),
        node("Shape", [noise], f"{noise}/@given"),
        node("Gather", ["@given", "@two"], f"{noise}/@period", axis=0),
        node("Range", ["@zero", "@wanted", "@one"], f"{noise}/@range"),
        node("Mod", ["@range", "@period"], f"{noise}/@index"),
        node("Gather", [noise, "@index"], output, axis=2),
    ]
