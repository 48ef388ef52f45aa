"""The Python SDK, the terminal caller and the benches that judge a server from outside.

::

    async with connect("grpc://127.0.0.1:8640") as call:
        await call.send_text("Hello, who is there?")
        async for event in call:
            match event:
                case AgentAudio(pcm=pcm):
                    loudspeaker.write(pcm)
                case Turn(kind=TurnKind.AGENT_FINISHED):
                    await call.hang_up()
"""

from talkover.client._admin import (
    BundleInfo,
    Generation,
    GenerationState,
    bundles,
    generations,
    offer_bundle,
    promote_bundle,
    rollback_bundle,
    watch_generations,
)
from talkover.client._call import Call, connect
from talkover.client._channel import DEFAULT_URL
from talkover.client._events import (
    AgentAudio,
    AgentText,
    Ended,
    EndReason,
    Event,
    Glance,
    Problem,
    Speaker,
    Started,
    Timings,
    Transcript,
    Truncation,
    Turn,
    TurnKind,
    Word,
)
from talkover.client._oneshot import (
    Hypothesis,
    ServerStatus,
    TraceStatus,
    Transcription,
    status,
    transcribe,
)
from talkover.core.audio.formats import AudioFormat, Encoding
from talkover.core.errors import AudioError, CallError, ConfigError

__all__ = [
    "DEFAULT_URL",
    "AgentAudio",
    "AgentText",
    "AudioError",
    "AudioFormat",
    "BundleInfo",
    "Call",
    "CallError",
    "ConfigError",
    "Encoding",
    "EndReason",
    "Ended",
    "Event",
    "Generation",
    "GenerationState",
    "Glance",
    "Hypothesis",
    "Problem",
    "ServerStatus",
    "Speaker",
    "Started",
    "Timings",
    "TraceStatus",
    "Transcript",
    "Transcription",
    "Truncation",
    "Turn",
    "TurnKind",
    "Word",
    "bundles",
    "connect",
    "generations",
    "offer_bundle",
    "promote_bundle",
    "rollback_bundle",
    "status",
    "transcribe",
    "watch_generations",
]
