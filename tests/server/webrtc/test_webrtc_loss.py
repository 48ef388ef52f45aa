"""What a bad network costs: real speech through Opus, a lossy link and the receive side.

``pytest -s tests/server/webrtc/test_webrtc_loss.py`` prints the table.
"""

import statistics

import jiwer
import numpy as np
import pytest

from talkover.client.bench.recognition import normalise
from talkover.client.bench.running import choose_prompts
from talkover.core.audio import StreamResampler, read_wav, to_float
from talkover.core.audio.opus import OpusEncoder
from talkover.core.clock import RATE
from talkover.core.listener import ListenerRuntime, ListenRequest
from talkover.server.transports.webrtc.inbound import Inbound

from .lossy import LossyLink, run, stream

pytestmark = [pytest.mark.bundle, pytest.mark.slow]

WIRE = 24_000
RECORDINGS = 40
SECOND = 50  # packets
NETWORKS = {
    "no loss": {},
    "1 % and 50 ms of jitter": {"loss": 0.01, "jitter": 0.05},
    "5 % and 50 ms of jitter": {"loss": 0.05, "jitter": 0.05},
    "10 % in bursts of 4 and 50 ms of jitter": {"loss": 0.10, "burst": 4.0, "jitter": 0.05},
}


@pytest.fixture(scope="module")
def calls(prompts):
    """Recordings as RTP packets, with a second of silence on each side."""
    made = []
    for prompt in choose_prompts(RECORDINGS, seed=3, longest=10.0):
        silence = np.zeros(WIRE, np.int16)
        pcm = np.concatenate([silence, read_wav(prompt.path, rate=WIRE), silence])
        encoder = OpusEncoder(WIRE)
        whole = len(pcm) // 480 * 480
        packets = stream([encoder.encode(part) for part in pcm[:whole].reshape(-1, 480)])
        made.append((prompt.text, packets))
    return made


def receive(packets, seed: int, network: dict[str, float]):
    """The audio at 16 kHz, and for each packet how late it was handed on (s)."""
    link = LossyLink(seed, keep=10, **network)
    arrivals, lost = link.send(packets)
    inbound, pieces, delays, handed = Inbound(), [], [], 0
    for at, pcm in run(inbound, arrivals):
        pieces.append(pcm)
        handed += len(pcm)
        delays.append(at - (handed / WIRE - 0.02))
    inbound.close()
    audio = StreamResampler(WIRE, RATE).push(np.concatenate(pieces))
    assert handed == len(packets) * 480  # concealed: nothing is missing, nothing is too much
    return audio, delays, lost


def test_speech_through_a_bad_network_is_understood(calls, bundle):
    listener = ListenerRuntime(bundle / "listener")
    rates = {}
    for name, network in NETWORKS.items():
        texts, lost, sent = [], 0, 0
        for seed, (_, packets) in enumerate(calls):
            audio, _, missing = receive(packets, seed, network)
            lost, sent = lost + len(missing), sent + len(packets)
            request = ListenRequest(to_float(audio), ("en",), words=False)
            texts.append(listener.transcribe([request])[0].text)
        references = [normalise(text) for text, _ in calls]
        rates[name] = 100 * jiwer.wer(references, [normalise(text) for text in texts])
        print(f"{name}: {100 * lost / sent:.1f} % lost, {rates[name]:.1f} % of words wrong")
    clean = rates["no loss"]
    assert clean < 8
    assert rates["1 % and 50 ms of jitter"] < clean + 3
    assert rates["5 % and 50 ms of jitter"] < clean + 6
    assert rates["10 % in bursts of 4 and 50 ms of jitter"] < clean + 20


@pytest.mark.parametrize("name", list(NETWORKS)[1:])
def test_the_delay_comes_back_after_each_burst(calls, name):
    worst = []
    for seed, (_, packets) in enumerate(calls):
        _, delays, missing = receive(packets, seed, NETWORKS[name])
        start = statistics.median(delays[:SECOND])
        for index in missing:
            after = delays[index + SECOND : index + 2 * SECOND]
            if len(after) == SECOND:
                worst.append(statistics.median(after) - start)
    print(f"{name}: {max(worst) * 1_000:+.0f} ms at most, a second after a loss")
    assert max(worst) < 0.020
