"""The listener, synchronous: what a worker thread runs, a batch at a time."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.clock import RATE
from talkover.core.errors import BundleError, ModelError
from talkover.core.listener.bias import View, exchanges, preferred
from talkover.core.listener.config import ListenerConfig, WindowRule
from talkover.core.listener.decoder import (
    DECODER_FILE,
    ENCODER_FILE,
    Abandon,
    Decoding,
    Value,
    item_of,
    run_bound,
)
from talkover.core.listener.graph import VARIANTS, Variant
from talkover.core.listener.search import Candidate, Search, Step, filled, log_softmax, search_for
from talkover.core.listener.tokens import Tokens
from talkover.core.listener.types import MOST_BIAS, Hypothesis, ListenRequest, Transcript, Word
from talkover.core.listener.words import words_in_time
from talkover.core.onnx.session import open_session

MAX_HYPOTHESES: Final = 16
_LOUDEST: Final = 8.0  # a resampler may overshoot; what is far beyond full scale is no sound
_COOLEST: Final = 1e-6
_TOKENS_A_SECOND: Final = 25  # of the densest languages, spelt in bytes
_TOKENS_AT_LEAST: Final = 32
_PROMPT: Final = 4
_READ_AT_ONCE: Final = 256  # tokens: each takes a fifth of a megabyte of logits
_POSITIONS: Final = 448  # of every Whisper's decoder


class ListenerRuntime:
    """A listener folder, loaded.

    Not for several threads at once: give it one worker.

    Args:
        folder: What ``build_listener`` wrote.
        variant: Of the weights.
        threads: For ONNX Runtime, within one step.
        providers: Of ONNX Runtime, best first.
        window: How much sound the model is shown, where that shall not be what the folder says;
            for measuring.
        random: Where samples are drawn from.

    Raises:
        BundleError: the folder holds no listener that can be loaded.
        ConfigError: it would run without a provider that was asked for.
    """

    def __init__(
        self,
        folder: Path,
        *,
        variant: Variant = "int8",
        threads: int = 2,
        providers: Sequence[str] = ("CPUExecutionProvider",),
        window: WindowRule | None = None,
        random: np.random.Generator | None = None,
    ) -> None:
        if variant not in VARIANTS:
            raise BundleError(f"the listener comes as {' or '.join(VARIANTS)}, not {variant!r}")
        self.variant: Variant = variant
        self.config = ListenerConfig.read(folder)
        self._window = window or self.config.window
        self.tokens = Tokens.read(folder, self.config)
        graphs = folder / variant
        self._encoder = open_session(
            graphs / ENCODER_FILE, threads=threads, providers=providers, spinning=True
        )
        self._decoder = open_session(
            graphs / DECODER_FILE, threads=threads, providers=providers, spinning=True
        )
        vocabulary = self._decoder.get_outputs()[0].shape[-1]
        if max(*self.config.suppress, *self.config.suppress_begin) >= vocabulary:
            raise BundleError(
                f"{folder} suppresses tokens that the listener has not; build it again"
            )
        self._random = random or np.random.default_rng()
        self._view = View(self.tokens.written)

    def transcribe(
        self, requests: Sequence[ListenRequest], abandon: Abandon | None = None
    ) -> list[Transcript]:
        """Write down what was said; requests whose windows are equally long share a batch.

        Args:
            requests: What to write down.
            abandon: Stops it in the middle.

        Returns:
            One transcript a request, in their order.

        Raises:
            AbandonedError: it was stopped.
            ModelError: a request cannot be served; none of them is.
        """
        abandon = abandon or Abandon()
        for request in requests:
            self._check(request)
        windows = [self._window.window(len(request.pcm)) for request in requests]
        results: dict[int, Transcript] = {}
        for window in sorted(set(windows)):
            chosen = [index for index, size in enumerate(windows) if size == window]
            batch = self._batch([requests[index] for index in chosen], window, abandon)
            results.update(zip(chosen, batch, strict=True))
        return [results[index] for index in range(len(requests))]

    def open(self, pcm: NDArray[np.float32], language: str) -> tuple[Decoding, NDArray[np.float32]]:
        """Hear a sound [n] and read what comes before its text, for those who decode themselves.

        Returns:
            The decoding of one row, and the logits of the text's first token: [vocabulary].

        Raises:
            ModelError: the request cannot be served.
        """
        self._check(ListenRequest(pcm, (language,)))
        cross = self._hear([pcm], self._window.window(len(pcm)), Abandon())
        decoding = Decoding(self._decoder, cross, 1)
        opening = np.array([[self.tokens.start, *self.tokens.prompt(language)]], np.int64)
        return decoding, decoding.read(opening)[0, -1]

    def _check(self, request: ListenRequest) -> None:
        if request.pcm.ndim != 1 or request.pcm.dtype != np.float32:
            raise ModelError("the listener takes one-dimensional float32 sound")
        if not (np.abs(request.pcm) <= _LOUDEST).all():
            raise ModelError("the sound holds values that are no numbers, or far beyond [-1, 1)")
        for name, count in (("n_best", request.n_best), ("beam", request.beam)):
            if not 1 <= count <= MAX_HYPOTHESES:
                raise ModelError(f"{name} is {count}; 1 to {MAX_HYPOTHESES} can be had")
        cool = request.temperature == 0 or _COOLEST <= request.temperature < np.inf
        if request.max_tokens < 1 or not cool:
            raise ModelError(f"max_tokens must be positive, temperature 0 or at least {_COOLEST}")
        if not 0 <= request.bias <= (MOST_BIAS if request.single else 0):
            raise ModelError(f"bias is 0 to {MOST_BIAS:g}, for one hypothesis at temperature 0")
        self.tokens.check_languages(request.languages)

    def _batch(
        self, requests: Sequence[ListenRequest], window: int, abandon: Abandon
    ) -> list[Transcript]:
        cross = self._hear([request.pcm for request in requests], window, abandon)
        decoding = Decoding(self._decoder, cross, len(requests))
        heard, first = self._begin(decoding, requests)
        searches = [
            search_for(request, self.tokens.end, self._limit(request), self._random)
            for request in requests
        ]
        heat = [request.temperature for request in requests]
        # One greedy row is never reordered, so where it looks can be kept on the way.
        greedy = len(requests) == 1 and requests[0].greedy
        looks = [decoding.alignment[0, :, -1:]] if greedy and requests[0].words else []
        self._search(decoding, searches, first, heat, abandon, looks)
        transcripts = []
        for index, (request, search) in enumerate(zip(requests, searches, strict=True)):
            language, sure, silent = heard[index]
            candidates = search.results()
            if self._is_silence(candidates[0], silent):
                candidates = [Candidate((), (float(np.log(silent)),), complete=True)]
            mine, seen = item_of(cross, index), looks
            if request.bias and request.in_view and candidates[0].complete:
                best = self._reconsidered(request, language, candidates, mine, abandon)
                if best is not candidates[0]:
                    candidates, seen = [best], []
            wanted = candidates[: request.n_best]
            found = self._hypotheses(request, language, wanted, mine, seen)
            transcripts.append(Transcript(language, sure, found, silent, window))
        return transcripts

    def _begin(
        self, decoding: Decoding, requests: Sequence[ListenRequest]
    ) -> tuple[list[tuple[str, float, float]], NDArray[np.float32]]:
        """Read what comes before the text: who speaks which language, and what may come first.

        Where every language is known, it is read at once; a pass costs as much as a word.
        """
        languages = [request.languages for request in requests]
        known = all(len(among) == 1 for among in languages)
        ahead = [self.tokens.prompt(among[0]) if known else () for among in languages]
        opening = np.array([(self.tokens.start, *prompt) for prompt in ahead], np.int64)
        logits = decoding.read(opening, at=(0, -1))
        heard = [
            self.tokens.detect(row, among)
            for row, among in zip(logits[:, 0], languages, strict=True)
        ]
        if known:
            return heard, logits[:, 1]
        prompts = np.array([self.tokens.prompt(language) for language, _, _ in heard], np.int64)
        return heard, decoding.read(prompts)[:, 0]

    def _hear(
        self, pcms: Sequence[NDArray[np.float32]], window: int, abandon: Abandon
    ) -> dict[str, Value]:
        padded = np.zeros((len(pcms), window), np.float32)
        for row, pcm in zip(padded, pcms, strict=True):
            row[: len(pcm)] = pcm
        return run_bound(self._encoder, {"pcm": padded}, {}, abandon)

    def _limit(self, request: ListenRequest) -> int:
        by_length = _TOKENS_AT_LEAST + len(request.pcm) * _TOKENS_A_SECOND // RATE
        return min(request.max_tokens, by_length, _POSITIONS - _PROMPT)

    def _is_silence(self, best: Candidate, silent: float) -> bool:
        config = self.config
        return silent > config.no_speech_threshold and best.mean < config.log_prob_threshold

    def _search(
        self,
        decoding: Decoding,
        searches: Sequence[Search],
        logits: NDArray[np.float32],
        temperatures: Sequence[float],
        abandon: Abandon,
        looks: list[NDArray[np.float32]],
    ) -> None:
        """Run all searches in step. Those with fewer rows than the widest get idle ones.

        Where ``looks`` has the first, what every later token looks at is added to it.
        """
        vocabulary = logits.shape[1]
        penalty = self.tokens.penalty(vocabulary, first=True)
        later = self.tokens.penalty(vocabulary, first=False)
        active, width = list(range(len(searches))), 1
        while True:
            abandon.check()
            kept: list[int] = []
            steps: list[list[Step]] = []
            for place, index in enumerate(active):
                search, temperature = searches[index], temperatures[index]
                begin = place * width
                rows = logits[begin : begin + len(search.live)] + penalty
                advanced = search.advance(log_softmax(rows, temperature or 1.0))
                if advanced:
                    kept.append(place)
                    steps.append([(begin + row, token) for row, token in advanced])
            if not kept:
                return
            wider = max(len(some) for some in steps)
            flat = [step for some in steps for step in filled(some, wider)]
            rows_kept = [row for row, _ in flat]
            if len(kept) < len(active) or rows_kept != list(range(len(logits))):
                decoding.keep(kept if len(kept) < len(active) else None, rows_kept)
            active, width, penalty = [active[place] for place in kept], wider, later
            logits = decoding.read(np.array([[token] for _, token in flat], np.int64))[:, 0]
            if looks:
                looks.append(decoding.alignment[0])

    def _reconsidered(
        self,
        request: ListenRequest,
        language: str,
        candidates: Sequence[Candidate],
        cross: dict[str, Value],
        abandon: Abandon,
    ) -> Candidate:
        """What was written, or something like it with a word in view in it."""
        written = [one for one in candidates if one.complete]
        words = [self.tokens.bare(one.tokens, language) for one in written]
        tried = exchanges(written, words, self._view.spelt(request.in_view))
        rows = max(1, _READ_AT_ONCE // (max(len(one.tokens) for one in written) + _PROMPT))
        read: list[Candidate] = []
        while len(read) < len(tried):
            abandon.check()
            texts = [one.tokens for one in tried[len(read) : len(read) + rows]]
            read += self._read_again(texts, language, cross)
        return preferred(written[0], tried, read, request.bias)

    def _read_again(
        self, texts: Sequence[tuple[int, ...]], language: str, cross: dict[str, Value]
    ) -> list[Candidate]:
        """Texts as likely as the model finds them, each to its end, in one pass."""
        prompt, end = (self.tokens.start, *self.tokens.prompt(language)), self.tokens.end
        longest = max(map(len, texts))
        filled_up = [(*prompt, *text, *[end] * (longest - len(text))) for text in texts]
        places = range(len(prompt) - 1, len(prompt) + longest)
        decoding = Decoding(self._decoder, cross, len(texts))
        logits = decoding.read(np.array(filled_up, np.int64), places)
        logits[:, 0] += self.tokens.penalty(logits.shape[2], first=True)
        logits[:, 1:] += self.tokens.penalty(logits.shape[2], first=False)
        found = []
        for text, row in zip(texts, logits, strict=True):
            whole = (*text, end)
            log_probs = log_softmax(row[: len(whole)], 1.0)[range(len(whole)), whole]
            found.append(Candidate(text, tuple(log_probs.tolist()), complete=True))
        return found

    def _hypotheses(
        self,
        request: ListenRequest,
        language: str,
        candidates: Sequence[Candidate],
        cross: dict[str, Value],
        looks: Sequence[NDArray[np.float32]],
    ) -> tuple[Hypothesis, ...]:
        hypotheses = []
        for candidate in candidates:
            words: tuple[Word, ...] = ()
            if request.words and candidate.tokens:
                count = len(candidate.tokens) + 1
                words = words_in_time(
                    self.tokens.pieces(candidate.tokens, language),
                    candidate.log_probs,
                    np.concatenate(looks[:count], axis=1)
                    if len(looks) >= count
                    else self._attention(candidate, language, cross),
                    len(request.pcm),
                )
            text = self.tokens.text(candidate.tokens)
            hypotheses.append(
                Hypothesis(text, candidate.tokens, candidate.total, candidate.complete, words)
            )
        return tuple(hypotheses)

    def _attention(
        self, candidate: Candidate, language: str, cross: dict[str, Value]
    ) -> NDArray[np.float32]:
        """Where the model looks before each token and before the end: [heads, n + 1, frames].

        Another pass over the whole text costs as much as a token or two, and spares the search
        from carrying these along for every row it tries.
        """
        prompt = (self.tokens.start, *self.tokens.prompt(language))
        tokens = np.array([[*prompt, *candidate.tokens]], np.int64)
        decoding = Decoding(self._decoder, cross, 1)
        decoding.read(tokens)
        return decoding.alignment[0, :, len(prompt) - 1 :]
