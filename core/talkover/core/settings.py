"""Every setting, where it comes from and what it may be.

Flags win over ``TALKOVER_*`` variables, those over the TOML file, that over the defaults. A
nested setting is written ``TALKOVER_SERVER__PORT=9000`` or::

    [server]
    port = 9000

The file is ``talkover.toml`` in the current folder, or what ``TALKOVER_CONFIG`` names.
"""

import ipaddress
import os
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from talkover.core.errors import ConfigError


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ServerSettings(_Section):
    """Where the agent answers, and how many it answers."""

    host: str = Field("127.0.0.1", description="address to listen on; loopback unless you say")
    port: int = Field(8640, ge=0, le=65535, description="gRPC port; 0 picks a free one")
    token: SecretStr | None = Field(
        None, description="bearer token callers must bring; made up when not on loopback"
    )
    http_port: int = Field(
        8641, ge=0, le=65535, description="page and WebRTC signalling; 0 picks a free one"
    )
    origins: tuple[str, ...] = Field(
        (), description="other pages that may call, such as https://example.org"
    )
    ice_servers: tuple[str, ...] = Field(
        (), description="STUN servers, such as stun:stun.example.org:3478"
    )
    private_candidates: bool = Field(
        True, description="try callers' addresses in private networks; off when public"
    )
    max_sessions: int = Field(100, ge=1, le=10_000, description="one more caller is refused")
    max_minutes: float = Field(60.0, gt=0, description="longest call")
    idle_minutes: float = Field(5.0, gt=0, description="a call without a word ends")
    drain_seconds: float = Field(10.0, ge=0, description="running turns may finish at shutdown")
    workers: int = Field(
        1, ge=1, le=256, description="processes, each with models of its own; one a few cores"
    )
    reflection: bool = Field(False, description="gRPC reflection, for development")


Provider = Literal["auto", "tensorrt", "cuda", "cpu"]


class ModelSettings(_Section):
    """How the bundle's models run."""

    providers: tuple[Provider, ...] = Field(
        ("auto",),
        min_length=1,
        description="what they run on, best first: auto, tensorrt, cuda, cpu; auto takes CUDA "
        "where it is installed, else the CPU",
    )
    threads: int = Field(2, ge=1, le=64, description="intra-op threads a model")
    listener_variant: Literal["int8", "fp32"] = Field("int8", description="listener weights")
    languages: tuple[str, ...] = Field(
        ("en",), description="listened for when a caller names none; empty: any"
    )
    beam: int = Field(
        5,
        ge=1,
        le=16,
        description="beginnings of texts that are followed when a caller's words are taken down "
        "for good; 1: the likeliest word every time, in half the time; so it is, too, while "
        "others wait",
    )
    bias: float = Field(
        12.0,
        ge=0,
        le=32,
        description="how much less likely a text may be (natural logarithm) that has a word in "
        "view where the listener wrote one spelt nearly so; 0: what is in view is not considered",
    )
    max_batch: int = Field(8, ge=1, le=64, description="utterances transcribed together")


class TurnSettings(_Section):
    """How the agent behaves while the caller speaks."""

    nod_seconds: float = Field(
        0.0, ge=0, description='hum "mm-hm" in pauses of turns this long, and again; 0: never'
    )


class NativeSettings(_Section):
    """A model of the Qwen2.5-Omni family in this process; it takes the extra ``native``."""

    folder: Path | None = Field(None, description="checkpoint folder; None: no native model")
    dtype: Literal["auto", "bfloat16", "float16", "float32"] = Field(
        "auto", description="precision; auto: that of the checkpoint"
    )
    device_map: str = Field(
        "auto", description="a device (cuda:0, cpu), or how to shard: auto, balanced, sequential"
    )
    max_memory: dict[str, str] = Field(
        {}, description='room on each device for shards, such as {0 = "20GiB", cpu = "60GiB"}'
    )
    pictures: int = Field(4, ge=0, le=8, description="pictures a turn that it is shown")


class BrainSettings(_Section):
    """Who thinks of answers."""

    url: str | None = Field(
        None, description="OpenAI-compatible endpoint such as http://127.0.0.1:8000/v1"
    )
    model: str = Field("default", description="model to ask the endpoint for")
    api_key: SecretStr | None = Field(None, description="key for the endpoint")
    pictures: int = Field(
        0,
        ge=0,
        le=8,
        description="pictures a turn that the endpoint's model is shown; 0: it reads only text, "
        "and is told what is written in them",
    )
    native: NativeSettings = NativeSettings()
    instructions: str | None = Field(None, description="how the agent behaves; None: built in")
    max_tokens: int = Field(60, ge=1, le=4096, description="longest answer")
    temperature: float = Field(0.3, ge=0, le=2, description="0 is greedy")

    @model_validator(mode="after")
    def _one_brain(self) -> Self:
        if self.url is not None and self.native.folder is not None:
            raise ValueError("either url or native.folder, not both")
        return self

    @property
    def of_the_bundle(self) -> bool:
        """Whether the bundle's brain thinks, and nobody else."""
        return self.url is None and self.native.folder is None


class TraceSettings(_Section):
    """Where turns are kept."""

    redis_url: str | None = Field(
        None, description="your Redis or Valkey; none: one is started and stopped with the server"
    )
    blobs_url: str | None = Field(
        None, description="folder or fsspec URL for audio; none: in the data folder"
    )
    spool: Path | None = Field(
        None, description="folder for records while Redis is away; none: in the data folder"
    )
    spool_megabytes: int = Field(64, ge=1, description="disk for records while Redis is away")


class BundleSettings(_Section):
    """Whose bundles are taken."""

    require_signature: bool = Field(
        True, description="import, promote and swap in only what a trusted key has signed"
    )
    trusted_keys: tuple[str, ...] = Field(
        (), description="public keys, as `talkover bundles key` prints them; none: your own"
    )
    signing_key: Path | None = Field(
        None, description="PEM file of the key that signs; none: made in the data folder"
    )


class LearningSettings(_Section):
    """What is learnt from calls, and when."""

    min_items: int = Field(50, ge=1, description="new turns with a label that start a run")
    recipe: str = Field("live", description="training recipe: one that comes along, or a .toml")
    share: float = Field(0.5, gt=0, lt=1, description="of what a run hears, turns; rest is replay")
    retention_days: float = Field(30.0, gt=0, description="turns are forgotten after so long")
    patience_seconds: float = Field(
        120.0, ge=0, description="how long what a caller does next is waited for"
    )
    tries: int = Field(5, ge=1, le=100, description="deliveries of a turn before it is given up")
    idle_seconds: float = Field(
        300.0, gt=0, description="a worker silent for so long has lost its turns to another"
    )
    teacher: Path | None = Field(
        None, description="CTranslate2 folder of a larger Whisper; none: the base weights"
    )
    least_trust: float = Field(0.5, ge=0, le=1, description="in a label that is learnt from")
    evaluation_callers: tuple[str, ...] = Field(
        (), description="ids of callers that models are judged on: never learnt from"
    )
    evaluation_sets: tuple[Path, ...] = Field(
        (), description="manifests whose texts and speakers are never learnt from"
    )


class SwapSettings(_Section):
    """How careful a running server is with new weights."""

    shadow_turns: int = Field(
        10, ge=0, le=256, description="turns heard twice before a caller depends on new weights"
    )
    shadow_seconds: float = Field(120.0, ge=0, description="after so long that is enough")
    share: float = Field(0.2, gt=0, le=1, description="sessions that a canary serves")
    canary_turns: int = Field(
        40, ge=1, le=400, description="turns without drift, then it serves all"
    )
    control_turns: int = Field(
        20, ge=0, le=400, description="turns of the old weights to compare with at least"
    )
    look_every: int = Field(5, ge=1, le=400, description="turns of a canary between two looks")
    alpha: float = Field(0.05, gt=0, lt=1, description="chance to roll back what is no worse")
    latency_slack: float = Field(0.25, ge=0, description="seconds answers may come later")


class Settings(BaseSettings):
    """All settings of a Talkover process."""

    model_config = SettingsConfigDict(
        env_prefix="TALKOVER_",
        env_nested_delimiter="__",
        extra="ignore",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    data_dir: Path = Field(
        default_factory=lambda: Path.home() / ".local/share/talkover",
        description="weights, bundles, traces",
    )
    bundle: str | None = Field(None, description="bundle to serve; none: the current one")
    server: ServerSettings = ServerSettings()
    models: ModelSettings = ModelSettings()
    turns: TurnSettings = TurnSettings()
    brain: BrainSettings = BrainSettings()
    traces: TraceSettings = TraceSettings()
    learning: LearningSettings = LearningSettings()
    bundles: BundleSettings = BundleSettings()
    swap: SwapSettings = SwapSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, then variables, then the file."""
        del dotenv_settings, file_secret_settings
        toml = TomlConfigSettingsSource(settings_cls, toml_file=config_file())
        return init_settings, env_settings, toml

    def on_loopback(self) -> bool:
        """Only this machine can reach the server."""
        if self.server.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.server.host).is_loopback
        except ValueError:
            return False


def config_file() -> Path:
    """The TOML file that is read, whether or not it exists."""
    return Path(os.environ.get("TALKOVER_CONFIG", "talkover.toml"))


def load_settings(**flags: Any) -> Settings:
    """Read all sources; ``flags`` win. A flag that is None was not given.

    Nested flags are written ``server__port``.

    Raises:
        ConfigError: a value is not allowed, or the file cannot be read.
    """
    given: dict[str, Any] = {}
    for name, value in flags.items():
        if value is None:
            continue
        *sections, key = name.split("__")
        node = given
        for section in sections:
            node = node.setdefault(section, {})
        node[key] = value
    try:
        return Settings(**given)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise ConfigError("; ".join(lines)) from None
    except ValueError as error:  # TOML syntax
        raise ConfigError(f"{config_file()} is not valid TOML: {error}") from None
