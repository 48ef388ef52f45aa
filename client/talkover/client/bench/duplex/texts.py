"""What callers say, by split and language. The halves share no phrase.

``|`` marks where a turn may pause. Backchannels are a small closed class in any language, so the
halves divide it instead of going on to rare ones.
"""

from collections.abc import Mapping
from typing import Final, Literal

Split = Literal["dev", "heldout"]
Phrases = Mapping[str, tuple[str, ...]]

OPENINGS: Final[Mapping[Split, Phrases]] = {
    "dev": {
        "en": (
            "Good morning, I would like to hear something about the sea, please.",
            "Hello, could you tell me a little story about your town?",
            "Hi there, what can you tell me about old railways?",
        ),
        "es": ("Buenos días, cuénteme algo sobre el mar, por favor.",),
        "fr": ("Bonjour, racontez-moi quelque chose sur la mer, s'il vous plaît.",),
        "de": ("Guten Morgen, erzählen Sie mir bitte etwas über das Meer.",),
        "hi": ("नमस्ते, कृपया मुझे समुद्र के बारे में कुछ बताइए।",),
        "zh": ("早上好, 请给我讲讲大海的故事。",),
    },
    "heldout": {
        "en": (
            "Hello, I have some time today, please tell me about the mountains.",
            "Good evening, what do you know about bees and honey?",
            "Hey, I would love to hear how people used to build ships.",
        ),
        "es": ("Hola, tengo un rato libre, hábleme de las montañas.",),
        "fr": ("Allô, j'ai un peu de temps, parlez-moi des montagnes.",),
        "de": ("Hallo, ich habe etwas Zeit, erzählen Sie mir von den Bergen.",),
        "hi": ("नमस्कार, मेरे पास थोड़ा समय है, मुझे पहाड़ों के बारे में बताइए।",),
        "zh": ("你好, 我今天有时间, 请告诉我山里的事情。",),
    },
}

TURNS: Final[Mapping[Split, tuple[str, ...]]] = {
    "dev": (
        "What time does the library close on Friday?",
        "I need to change | the address on my account.",
        "My order arrived yesterday | but one of the boxes was empty.",
        "Can you remind me | to call the dentist tomorrow?",
        "I think we should leave early | because the roads are icy.",
        "The reason I am calling | is that the heating does not work.",
        "Please send the invoice | to my office.",
        "Is there a train | that gets me there before noon?",
        "I was wondering if | you could help me with a letter.",
        "We have two children | and one of them is allergic to nuts.",
    ),
    "heldout": (
        "How far is it from here to the airport?",
        "I would like to book a table | for four people tonight.",
        "The washing machine stopped | and now there is water on the floor.",
        "Could you tell me | which bus goes to the hospital?",
        "I want to cancel my subscription | at the end of this month.",
        "My neighbour told me that | you repair old bicycles.",
        "Let me think | I would rather come on Thursday.",
        "I am looking for a present | for my grandmother.",
        "When I tried to log in | it said that my password had expired.",
        "We moved here in March | and we still have no telephone line.",
    ),
}

SHORT: Final[Mapping[Split, Phrases]] = {
    "dev": {
        "en": ("Hold on.", "Wait a second.", "No, no.", "Okay, stop there.", "Pause, please."),
        "es": ("Espere.", "Un momento."),
        "fr": ("Attendez.", "Un instant."),
        "de": ("Moment mal.", "Warten Sie."),
    },
    "heldout": {
        "en": ("Stop.", "No, wait.", "Hang on.", "Excuse me.", "Stop it, please.", "Wait, wait."),
        "es": ("Pare.", "No, espera."),
        "fr": ("Arrêtez.", "Non, attends."),
        "de": ("Stopp.", "Nein, warte."),
    },
}

LONG: Final[Mapping[Split, Phrases]] = {
    "dev": {
        "en": (
            "Sorry to cut in, but could we talk about something else?",
            "I already know that, tell me what happened afterwards.",
            "Actually, can you say that again from the beginning?",
            "Hold on, did you say it was in the north or in the south?",
        ),
        "es": ("Perdone, pero eso ya lo sé, cuénteme otra cosa.",),
        "fr": ("Excusez-moi, je le sais déjà, parlez-moi d'autre chose.",),
        "de": ("Entschuldigung, das weiß ich schon, erzählen Sie etwas anderes.",),
    },
    "heldout": {
        "en": (
            "Wait, that is not what I asked you about.",
            "Let me interrupt you there, how long did all of that take?",
            "No, I meant the other one, the one by the river.",
            "Yes but wait, who paid for it in the end?",
            "I have a question about what you just said.",
        ),
        "es": ("Espere un momento, eso no es lo que le pregunté.",),
        "fr": ("Attendez, ce n'est pas ce que je vous ai demandé.",),
        "de": ("Nein, Moment, das habe ich nicht gefragt.",),
    },
}

BACKCHANNELS: Final[Mapping[Split, Phrases]] = {
    "dev": {
        "en": ("Uh-huh.", "Yeah.", "Right.", "Oh really.", "Hmm.", "That makes sense."),
        "es": ("Ajá.", "Claro.", "Ya.", "Qué interesante."),
        "fr": ("Ouais.", "D'accord.", "Ah bon.", "Je comprends."),
        "de": ("Mhm.", "Genau.", "Ach so.", "Ja natürlich."),
        "hi": ("हाँ।", "ठीक है।", "हूँ।", "बहुत बढ़िया।"),
        "zh": ("嗯。", "对。", "是吗。", "原来是这样。"),
    },
    "heldout": {
        "en": ("Mm-hm.", "Alright.", "Good point.", "Yes, yes.", "Oh nice."),
        "es": ("Mm-hm.", "Vaya.", "Desde luego.", "Sí, sí, sí."),
        "fr": ("Mm-hm.", "Effectivement.", "Ah oui oui.", "C'est clair."),
        "de": ("Mm-hm.", "Soso.", "Na klar.", "Das glaube ich."),
        "hi": ("हम्म।", "हाँ जी हाँ।", "अच्छा जी।", "सही कहा।"),
        "zh": ("嗯哼嗯哼。", "是啊。", "可以。", "这样啊。"),
    },
}

HALF_WORDS: Final[Mapping[Split, tuple[str, ...]]] = {
    "dev": ("Actually, when", "But the", "Umm, I thought", "Well, perhaps"),
    "heldout": ("Anyway, what", "So if we", "Err, maybe there", "Although they"),
}
"""Said up to about their middle, and broken off."""

SIDE_TALK: Final[Mapping[Split, tuple[str, ...]]] = {
    "dev": (
        "Darling, have you seen my keys anywhere?",
        "The dog wants to go out again.",
        "Put the plates over there, next to the sink.",
        "Are you coming to the shop with us?",
    ),
    "heldout": (
        "Mum, where did you put my blue jacket?",
        "Dinner is almost ready, somebody lay the table.",
        "I will be back around six, do not wait for me.",
        "Did anyone feed the cat this morning?",
        "Close the window, it is getting cold in here.",
    ),
}

BROADCAST: Final[Mapping[Split, tuple[str, ...]]] = {
    "dev": (
        "And now the weather. Rain will spread from the west during the evening.",
        "The home team equalised in the last minute of the second half.",
        "Prices on the stock market fell for the third day in a row.",
    ),
    "heldout": (
        "Good evening, here is the news. Ministers met today to discuss the new harbour.",
        "This week only, all garden furniture is half price at your local store.",
        "Scientists say the comet will be visible over the northern sky until Sunday.",
    ),
}

CARRIERS: Final[Mapping[Split, tuple[str, ...]]] = {
    "dev": ("My number is", "The code reads"),
    "heldout": ("You can reach me at", "The reference is"),
}
"""Before dictated numbers."""
DIGITS: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
