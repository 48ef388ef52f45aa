"""Loading a bundle on what the settings ask for, or not at all."""

import pytest
from structlog.testing import capture_logs

from talkover.core.bundles import read_manifest
from talkover.core.errors import ConfigError
from talkover.core.onnx.providers import CUDA, available
from talkover.core.settings import load_settings
from talkover.server.swap.loading import Loader


@pytest.mark.skipif(CUDA in available(), reason="this ONNX Runtime has CUDA")
def test_a_server_that_cannot_have_cuda_does_not_start(tmp_path):
    settings = load_settings(data_dir=tmp_path, models__providers=("cuda", "cpu"))
    with pytest.raises(ConfigError, match=r"talkover\[gpu\]"):
        Loader(settings)


@pytest.mark.bundle
async def test_what_runs_where_is_logged_once(bundle, tmp_path):
    settings = load_settings(data_dir=tmp_path, models__providers=("cpu",), models__threads=1)
    with capture_logs() as logs:
        loader = Loader(settings)
        loaded = await loader.load(bundle, read_manifest(bundle))
        clause = await anext(loaded.parts.voice.say("Hello."))
        await loader.unload(loaded)
    assert len(clause.pcm) > 0
    assert [entry for entry in logs if entry["event"] == "models.loaded"] == [
        {
            "event": "models.loaded",
            "log_level": "info",
            "bundle": bundle.name,
            "providers": ["CPUExecutionProvider"],
            "listener_variant": "int8",
            "threads": 1,
            "witness": [
                part for part in ("speaker", "ending", "overlap") if (bundle / part).is_dir()
            ],
            "seer": (bundle / "seer").is_dir(),
            "fresh": ["listener", "brain", "voice", "vad", "speaker", "ending", "overlap", "seer"],
        }
    ]
