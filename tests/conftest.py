"""What tests share: the real bundle, a real server, recordings of real people."""

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from live_server import LiveServer, start_server, stop_server

from talkover.core.audio.prompts import Prompt, find_prompts
from talkover.core.bundles import BundleStore
from talkover.core.errors import TalkoverError
from talkover.core.settings import load_settings

# How long an example takes depends on what else the machine does.
hypothesis.settings.register_profile("talkover", deadline=None)
hypothesis.settings.load_profile("talkover")


@pytest.fixture(scope="session")
def bundle() -> Path:
    """The folder of the default bundle."""
    store = BundleStore(load_settings().data_dir)
    try:
        current = store.current()
    except TalkoverError as error:
        pytest.skip(f"no usable bundle: {error}")
    if current is None:
        pytest.skip("no bundle; `make models` builds it")
    return store.path(current)


@pytest.fixture(scope="session")
def prompts() -> list[Prompt]:
    """Recordings of a real person with their words."""
    found = find_prompts("en")
    if not found:
        pytest.skip("no recordings; `sh scripts/test_setup.sh` says why")
    return found


@pytest.fixture(scope="session")
def server(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server that the end-to-end tests share."""
    live = start_server(tmp_path_factory.mktemp("server"), bundle)
    yield live
    stop_server(live)
