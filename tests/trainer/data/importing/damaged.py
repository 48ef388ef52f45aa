"""A corpus of real prompts in three layouts, with damaged files of many kinds among them."""

import json
import shutil
import struct
from dataclasses import dataclass, field

import numpy as np
import soundfile

from talkover.core.audio.prompts import find_prompts
from talkover.trainer.data.importing.entries import Reason

WANTED = {"en": 200, "es": 150, "fr": 150}
MP3S = 20


@dataclass
class Corpus:
    """Where it is, and what must be refused: audio as its source writes it, and why."""

    sources: list
    expected: dict = field(default_factory=dict)
    touched: object = None


def chosen(language):
    """Prompts without digits, signs and addresses, each recording once, none that is half of its
    text or longer than half a minute."""
    heard = set()
    for prompt in find_prompts(language):
        content = prompt.path.read_bytes()
        plain = not any(c.isdigit() or c in "#*" for c in prompt.text) and "www." not in prompt.text
        whole = prompt.name not in ("vm-mismatch", "vm-record-prepend") and prompt.seconds < 30
        if plain and whole and content not in heard:
            heard.add(content)
            yield prompt


def take(language):
    found = list(chosen(language))[: WANTED[language]]
    assert len(found) == WANTED[language], "are the prompts installed? scripts/test_setup.sh does"
    return found


def build(folder):
    corpus = Corpus([folder / "nemo/manifest.jsonl", folder / "kaldi", folder / "voices"])
    corpus.touched = folder / "touched"
    for make in (nemo, kaldi, common_voice):
        make(folder, corpus)
    return corpus


def nemo(folder, corpus):
    root = folder / "nemo"
    root.mkdir(parents=True)
    lines = []
    for prompt in take("en"):
        name = prompt.name.replace("/", "_") + ".wav"
        shutil.copyfile(prompt.path, root / name)
        lines.append(line_of(name, prompt.seconds, prompt.text))
    good = take("en")[20]

    def add(name, why, *, text=good.text, claimed=good.seconds):
        corpus.expected[name] = why
        lines.append(line_of(name, claimed, text))

    damage_files(root, good, add)
    damage_sounds(root, good, add)
    damage_texts(root, good, add)
    damage_paths(root, good, add)
    raw = [line.encode() for line in lines]
    raw[50:50] = [raw[0].replace(b"text", b"te\xff\xfet"), b'{"audio_filepath": "x.wav']
    corpus.expected["manifest.jsonl:51"] = Reason.BAD_ENCODING
    corpus.expected["manifest.jsonl:52"] = Reason.BAD_LINE
    (root / "manifest.jsonl").write_bytes(b"\n".join(raw) + b"\n")


def damage_files(root, good, add):
    pcm, rate = soundfile.read(good.path, dtype="float32")
    for end in ("wav", "flac", "mp3", "aiff"):
        soundfile.write(root / f"cut.{end}", pcm, rate)
        content = (root / f"cut.{end}").read_bytes()
        (root / f"cut.{end}").write_bytes(content[: len(content) * 6 // 10])
        add(f"cut.{end}", Reason.INCOMPLETE)
    (root / "empty.wav").write_bytes(b"")
    add("empty.wav", Reason.NO_AUDIO)
    (root / "letter.wav").write_text("Dear colleagues, the recordings are on the other disk.")
    add("letter.wav", Reason.NO_AUDIO)
    wrong = bytearray(good.path.read_bytes())
    wrong[24:32] = struct.pack("<II", rate * 2, rate * 4)
    (root / "twice.wav").write_bytes(wrong)
    add("twice.wav", Reason.DURATION)
    soundfile.write(root / "again.flac", pcm, rate)
    add("again.flac", Reason.DUPLICATE)


def damage_sounds(root, good, add):
    pcm, rate = soundfile.read(good.path, dtype="float32")
    broken = pcm.copy()
    broken[500:600] = np.nan
    sounds = {
        "silence": (pcm * 0, Reason.SILENT),
        "faint": (pcm * 1e-3, Reason.SILENT),
        "clipped": (np.clip(pcm * 20, -1, 1), Reason.CLIPPED),
        "blip": (pcm[4_000 : 4_000 + rate // 500], Reason.TOO_SHORT),
        "hour": (np.tile(pcm, 60), Reason.TOO_LONG),
        "shifted": (pcm + 0.1, Reason.OFFSET),
        "dead": (np.stack([pcm, pcm * 0], axis=1), Reason.CHANNELS),
        "inverse": (np.stack([pcm, -pcm], axis=1), Reason.CHANNELS),
        "broken": (broken, Reason.NOT_FINITE),
    }
    for name, (samples, why) in sounds.items():
        soundfile.write(root / f"{name}.wav", samples, rate, subtype="FLOAT")
        add(f"{name}.wav", why, claimed=len(samples) / rate)
    soundfile.write(root / "slow.wav", pcm, rate // 2)
    add("slow.wav", Reason.RATE, claimed=len(pcm) / rate * 2)


def damage_texts(root, good, add):
    texts = {
        "mute": ("", Reason.NO_TEXT),
        "cyrillic": ("К сожалению, все линии заняты.", Reason.SCRIPT),
        "lookalike": ("Please hold on a m\u043ement", Reason.SCRIPT),  # its o is Cyrillic
        "endless": (f"{good.text} " * 12, Reason.TOO_FAST),
        "tagged": (f"<noise> {good.text}", Reason.MARKUP),
        "numbered": (f"{good.text} 42", Reason.DIGITS),
        "unseen": (f"{good.text}\u200b\u0007", Reason.CONTROL),
    }
    others = find_prompts("en")[300:]
    for (name, (text, why)), other in zip(texts.items(), others, strict=False):
        shutil.copyfile(other.path, root / f"{name}.wav")
        add(f"{name}.wav", why, text=text, claimed=other.seconds)


def damage_paths(root, good, add):
    secret = root.parent / "secret.wav"
    shutil.copyfile(good.path, secret)
    (root / "link.wav").symlink_to(secret)
    add("nowhere.wav", Reason.MISSING)
    add("../secret.wav", Reason.OUTSIDE)
    add("link.wav", Reason.OUTSIDE)


def line_of(name, seconds, text):
    told = {"audio_filepath": name, "duration": seconds, "text": text}
    return json.dumps({**told, "lang": "en-US", "speaker": "allison"}, ensure_ascii=False)


def kaldi(folder, corpus):
    root = folder / "kaldi"
    root.mkdir()
    scp, text, speakers, locales, segments = [], [], [], [], []
    for prompt in take("es"):
        name = "es-" + prompt.name.replace("/", "_")
        shutil.copyfile(prompt.path, root / f"{name}.wav")
        scp.append(f"{name} {name}.wav")
        text.append(f"{name} {prompt.text}")
        speakers.append(f"{name} allison-mx")
        locales.append(f"{name} es-MX")
        segments.append(f"{name} {name} 0 -1")
    scp.append(f"es-pipe touch {corpus.touched} |")
    segments += ["es-pipe es-pipe 0 -1", f"es-late {scp[0].split()[0]} 1.0 99.0", "es-odd one 2"]
    text += ["es-pipe hola", "es-late hola", "es-lost hola"]
    corpus.expected |= {
        "es-pipe": Reason.COMMAND,
        "es-late": Reason.DURATION,
        "es-lost": Reason.MISSING,
        f"segments:{len(segments)}": Reason.BAD_LINE,
    }
    locales.append("es-late es-MX")
    files = {
        "wav.scp": scp,
        "text": text,
        "utt2spk": speakers,
        "utt2lang": locales,
        "segments": segments,
    }
    for name, lines in files.items():
        (root / name).write_text("\n".join(lines) + "\n", "utf-8")


def common_voice(folder, corpus):
    clips = folder / "voices/clips"
    clips.mkdir(parents=True)
    head = ["client_id", "path", "sentence", "up_votes", "down_votes", "accents", "locale"]
    rows = [head]
    prompts = take("fr")
    for number, prompt in enumerate(prompts):
        name = prompt.name.replace("/", "_") + (".mp3" if number < MP3S else ".wav")
        copied(prompt, clips / name)
        rows.append(["june", name, prompt.text, "2", "0", "Québec", "fr-CA"])
    mismatch = next(one for one in find_prompts("fr") if one.name == "vm-mismatch")
    shutil.copyfile(mismatch.path, clips / "mismatch.wav")
    rows.append(["june", "mismatch.wav", mismatch.text, "2", "0", "", "fr-CA"])
    shutil.copyfile(prompts[30].path, clips / "disliked.wav")
    rows.append(["june", "disliked.wav", prompts[30].text, "1", "4", "", "fr-CA"])
    pcm, rate = soundfile.read(prompts[31].path)
    soundfile.write(clips / "cut.ogg", pcm, rate)
    content = (clips / "cut.ogg").read_bytes()
    (clips / "cut.ogg").write_bytes(content[: len(content) // 2])
    rows.append(["june", "cut.ogg", prompts[31].text, "2", "0", "", "fr-CA"])
    rows.append(["june", "short.wav"])
    corpus.expected |= {
        "clips/mismatch.wav": Reason.TOO_FAST,
        "clips/disliked.wav": Reason.VOTES,
        "clips/cut.ogg": Reason.INCOMPLETE,
        f"validated.tsv:{len(rows)}": Reason.BAD_LINE,
    }
    content = "\n".join("\t".join(row) for row in rows) + "\n"
    (folder / "voices/validated.tsv").write_text(content, "utf-8")


def copied(prompt, path):
    if path.suffix == prompt.path.suffix:
        shutil.copyfile(prompt.path, path)
        return
    pcm, rate = soundfile.read(prompt.path)
    soundfile.write(path, pcm, rate)
