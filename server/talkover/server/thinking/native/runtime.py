"""Qwen2.5-Omni's thinker (Xu et al. 2025), synchronous: what a worker thread runs, token by token.

Only the thinker is loaded, the part that hears, sees and writes: we have voices of our own. Words
are drawn here and not by ``generate``, so that callers take turns and a reply that nobody waits for
costs nothing more.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import (
    DynamicCache,
    Qwen2_5OmniThinkerForConditionalGeneration,
    Qwen2VLImageProcessorPil,
    WhisperFeatureExtractor,
)

from talkover.core.brain import Message, Sampling
from talkover.core.brain.sampling import Sampler
from talkover.core.brain.tokens import CharacterStream, ChatTokens
from talkover.core.clock import RATE
from talkover.core.errors import ConfigError, ModelError
from talkover.core.seer.types import Rgb
from talkover.core.settings import NativeSettings
from talkover.core.tokenizer_files import read_tokenizer_file
from talkover.server.thinking.native.prompt import Marks, build_prompt, captions, unheard
from talkover.server.thinking.scene import Scene
from talkover.server.thinking.telling import last

MAX_SECONDS: Final = 30
"""Of a turn's sound; of a longer one the end is heard."""

_ENDS: Final = ("<|im_end|>", "<|endoftext|>")
_TOKENIZER: Final = "tokenizer.json"
_FULL_SCALE: Final = 32768.0

Inputs = dict[str, Any]


class NativeReply:
    """One reply in the making. ``NativeRuntime.open`` makes it.

    Attributes:
        said: Tokens drawn so far, without the one that ended the reply.
    """

    def __init__(
        self, runtime: "NativeRuntime", inputs: Inputs, sampling: Sampling, max_tokens: int
    ) -> None:
        self.said: list[int] = []
        self._runtime = runtime
        self._inputs = inputs
        self._cache = runtime.cache()
        self._shift = 0
        self._sampler = Sampler(sampling)
        self._characters = CharacterStream(runtime.tokens)
        self._max_tokens = max_tokens
        self._closed = False

    @property
    def done(self) -> bool:
        """There is nothing more to come."""
        return self._closed

    def step(self) -> str:
        """Read the prompt at the first call; say one token.

        Returns:
            The characters that are now complete, possibly none.

        Raises:
            ModelError: the model refused its input, or its memory is full.
        """
        if self._closed:
            return ""
        if self.said:
            place = self._cache.get_seq_length() + self._shift
            logits = self._runtime.follow(self.said[-1], place, self._cache)
        else:
            logits, self._shift = self._runtime.begin(self._inputs, self._cache)
            self._inputs = {}
        token = self._sampler.draw(logits, self.said)
        if token in self._runtime.ends:
            self._closed = True
            return ""
        self.said.append(token)
        self._closed = self._closed or len(self.said) >= self._max_tokens
        return self._characters.push(token)

    def close(self) -> None:
        """Say no more. Safe from any thread."""
        self._closed = True


class NativeRuntime:
    """A checkpoint folder of the Qwen2.5-Omni family, loaded.

    Not for several threads at once, except ``NativeReply.close``: give it one worker. Weights are
    read from safetensors only, and no code that comes with them is run.

    Args:
        settings: Where it is, on which devices, in which precision.

    Raises:
        ConfigError: the folder holds no such model, or it does not fit where it shall go.
    """

    def __init__(self, settings: NativeSettings) -> None:
        folder = settings.folder
        if folder is None or not (folder / _TOKENIZER).is_file():
            raise ConfigError(
                f"brain.native.folder: {folder} holds no {_TOKENIZER}; download a checkpoint of "
                "the Qwen2.5-Omni family and name its folder"
            )
        tokenizer = read_tokenizer_file(folder / _TOKENIZER)
        self.tokens = ChatTokens(tokenizer)
        self.ends = frozenset(filter(None, map(tokenizer.token_to_id, _ENDS)))
        self._known = tokenizer.get_vocab_size()
        self._model = _load(folder, settings)
        self._eyes = Qwen2VLImageProcessorPil.from_pretrained(folder, local_files_only=True)
        self._ears = WhisperFeatureExtractor.from_pretrained(folder, local_files_only=True)
        config = self._model.config
        self._marks = Marks(
            picture=(
                config.image_token_id,
                config.vision_start_token_id,
                config.vision_end_token_id,
            ),
            sound=(
                config.audio_token_id,
                config.audio_start_token_id,
                config.audio_end_token_id,
            ),
        )
        self._pictures = settings.pictures
        self._context = int(config.get_text_config().max_position_embeddings)

    def open(
        self,
        messages: Sequence[Message],
        scene: Scene | None,
        *,
        sampling: Sampling,
        max_tokens: int,
    ) -> NativeReply:
        """Begin a reply: look at the pictures and hear the sound. No model runs before its step.

        Raises:
            ModelError: the chat does not fit into the context.
        """
        inputs: Inputs = {}
        scene = scene if scene is not None and messages[-1].role == "user" else Scene()
        sights = last(scene, self._pictures)
        counts = self._look([sight.picture.rgb for sight in sights], inputs) if sights else []
        sound = 0
        if scene.sound is not None and len(scene.sound) > 0:
            sound = self._hear(scene.sound, inputs)
            messages = unheard(messages, scene)
        pictures = list(zip(captions(scene, sights), counts, strict=True))
        ids = build_prompt(self.tokens, self._marks, messages, pictures, sound)
        if len(ids) + max_tokens > self._context:
            raise ModelError(
                f"the chat has {len(ids)} tokens and the model reads {self._context}; "
                "shorten the instructions, keep less history or show fewer pictures"
            )
        inputs["input_ids"] = torch.tensor([ids])
        inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
        return NativeReply(self, inputs, sampling, max_tokens)

    def cache(self) -> DynamicCache:
        """Room for the keys and values of a reply."""
        return DynamicCache(config=self._model.config.get_text_config())

    def begin(self, inputs: Inputs, cache: DynamicCache) -> tuple[NDArray[np.float32], int]:
        """Read a prompt.

        Returns:
            Logits ``[known tokens]`` after it, and by how much positions run ahead of the count of
            tokens from here on: a picture's tokens share theirs (TMRoPE).
        """
        moved = {name: value.to(self._model.device) for name, value in inputs.items()}
        logits = self._run(cache, **moved)
        return logits, int(self._model.model.rope_deltas.flatten()[0])

    def follow(self, token: int, place: int, cache: DynamicCache) -> NDArray[np.float32]:
        """Read one more token at its position; logits ``[known tokens]`` after it."""
        device = self._model.device
        positions = torch.full((3, 1, 1), place, device=device)
        ids = torch.tensor([[token]], device=device)
        return self._run(cache, input_ids=ids, position_ids=positions)

    def _run(self, cache: DynamicCache, **inputs: Any) -> NDArray[np.float32]:
        try:
            with torch.inference_mode():
                outputs = self._model.model(past_key_values=cache, use_cache=True, **inputs)
                # The head over the last place alone: over a whole prompt it would fill a gigabyte.
                logits = self._model.lm_head(outputs.last_hidden_state[:, -1])
                scores: NDArray[np.float32] = logits[0, : self._known].float().cpu().numpy()
        except (RuntimeError, ValueError, IndexError) as error:
            raise ModelError(
                f"the native model failed ({type(error).__name__}); show it less, or give it "
                "more memory: brain.native.max_memory"
            ) from error
        return scores

    def _look(self, pictures: Sequence[Rgb], inputs: Inputs) -> list[int]:
        """Add pictures to the inputs; how many placeholders each takes."""
        seen = self._eyes(
            images=list(pictures), input_data_format="channels_last", return_tensors="pt"
        )
        inputs["pixel_values"] = seen["pixel_values"]
        inputs["image_grid_thw"] = seen["image_grid_thw"]
        joined = self._eyes.merge_size**2
        return [int(grid.prod()) // joined for grid in seen["image_grid_thw"]]

    def _hear(self, sound: NDArray[np.int16], inputs: Inputs) -> int:
        """Add a turn's sound to the inputs; how many placeholders it takes."""
        pcm = sound[-MAX_SECONDS * RATE :].astype(np.float32) / _FULL_SCALE
        heard = self._ears(
            pcm,
            sampling_rate=RATE,
            padding="longest",
            return_attention_mask=True,
            return_tensors="pt",
        )
        ears = self._model.model.audio_tower
        inputs["input_features"] = heard["input_features"].to(ears.dtype)
        inputs["feature_attention_mask"] = heard["attention_mask"]
        _, lengths = ears._get_feat_extract_output_lengths(heard["attention_mask"].sum(-1))  # noqa: SLF001 - it is the only place that knows
        return int(lengths[0])


def _load(folder: Path, settings: NativeSettings) -> Any:
    # A GPU goes by its number, everything else by its name.
    memory = {int(k) if k.isdecimal() else k: size for k, size in settings.max_memory.items()}
    try:
        # It comes set for inference: dropout and the like are off.
        return Qwen2_5OmniThinkerForConditionalGeneration.from_pretrained(
            folder,
            dtype=settings.dtype,
            device_map=settings.device_map,
            max_memory=memory or None,
            use_safetensors=True,
            local_files_only=True,
        )
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        raise ConfigError(
            f"brain.native.folder: {folder} cannot be loaded ({type(error).__name__}: {error})"
        ) from error
