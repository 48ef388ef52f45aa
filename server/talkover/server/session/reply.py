"""One reply: words become clauses, clauses become speech, speech joins the agent lane."""

from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from talkover.server.session.agentlane import AgentLane
from talkover.server.speaking import ClauseSplitter, Voice
from talkover.server.thinking import Message, Scene, Speakable, VoiceVLM
from talkover.server.turns import LaneWord


@dataclass(frozen=True, slots=True)
class ReplyPlan:
    """What a reply needs to know.

    Attributes:
        turn: The caller's turn that it answers.
        conversation: Names the conversation to the brain, for reuse of its cache.
        messages: Instructions and history, the caller's words last.
        max_tokens: Of the answer.
        temperature: 0 is greedy.
        scene: What the caller showed.
        seed: Of the brain's dice.
    """

    turn: int
    conversation: str
    messages: Sequence[Message]
    max_tokens: int
    temperature: float
    scene: Scene | None = None
    seed: int | None = None


@dataclass(slots=True)
class Milestones:
    """When a reply got how far, on the session's clock; None: not yet."""

    first_token: int | None = None
    first_audio: int | None = None


async def speak_reply(
    plan: ReplyPlan,
    brain: VoiceVLM,
    voice: Voice,
    lane: AgentLane,
    *,
    now: Callable[[], int],
    marks: Milestones,
    on_words: Callable[[Sequence[LaneWord]], None],
) -> None:
    """Think and synthesise until the whole reply is queued on the lane.

    Clause by clause: while one is synthesised the brain rests, so that on few cores the first
    audio is not slowed by words that are needed later. Cancelling stops within one token.

    Raises:
        TalkoverError: brain or voice failed; what was queued before stays.
    """
    splitter, speakable = ClauseSplitter(), Speakable()

    async def say(clauses: Sequence[str]) -> None:
        for clause in clauses:
            sounded = False
            async for spoken in voice.say(clause, urgent=lane.hungry):
                sounded = sounded or len(spoken.pcm) > 0
                if not sounded:
                    continue
                await lane.room()
                placed = lane.queue(spoken.pcm, [(w.text, w.start, w.end) for w in spoken.words])
                if marks.first_audio is None:
                    marks.first_audio = now()
                on_words(placed)

    pieces = brain.reply(
        plan.conversation,
        plan.messages,
        plan.scene,
        max_tokens=plan.max_tokens,
        temperature=plan.temperature,
        seed=plan.seed,
    )
    async with aclosing(pieces):  # a reply that is cancelled must not leave the brain running
        async for piece in pieces:
            if marks.first_token is None:
                marks.first_token = now()
            await say(splitter.feed(speakable.feed(piece)))
            if speakable.stopped:
                break
    await say(splitter.feed(speakable.flush()))
    await say(splitter.flush())
    lane.finish()
