"""What sources say, in each layout."""

import gzip
import json

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from talkover.core.errors import DataError
from talkover.trainer.data.cli import app
from talkover.trainer.data.importing.entries import Entry, Reason, Refused
from talkover.trainer.data.importing.sources import Format, detect, read_source


def written(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else "".join(json.dumps(o) + "\n" for o in content)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, "utf-8")
    return path


def read(path, form=Format.AUTO, **options):
    return list(read_source(path, form, **options))


def why(item):
    assert isinstance(item, Refused)
    return item.findings[0].reason


def test_nemo(tmp_path):
    lines = [
        {"audio_filepath": "a.wav", "duration": 2.5, "text": "hi", "lang": "en", "gender": "f"},
        {"audio_filepath": "b.wav", "duration": 1, "offset": 3.5, "text": "ho", "speaker": 7},
        {"duration": 1, "text": "nowhere"},
        {"audio_filepath": "c.wav", "duration": "long", "text": ""},
        ["no", "object"],
    ]
    first, second, *others = read(written(tmp_path / "train.json", lines))
    assert first == Entry(
        "train.json:1", "a.wav", "hi", claimed=2.5, locale="en", traits={"gender": "f"}
    )
    assert (second.begin, second.seconds, second.claimed, second.speaker) == (3.5, 1.0, None, "7")
    assert [why(one) for one in others] == [Reason.BAD_LINE] * 3


def recording(name, source="file", path="a.wav", channels=(0,)):
    sources = [{"type": source, "channels": list(channels), "source": path}]
    told = {"sampling_rate": 8_000, "num_samples": 80_000, "duration": 10.0}
    return {"id": name, "sources": sources, **told}


def said(text, start=0.0, duration=2.0, **more):
    return {"id": text, "start": start, "duration": duration, "text": text, **more}


def test_lhotse_cuts(tmp_path):
    whose = {"speaker": "ann", "language": "en-GB", "custom": {"accent": "scottish"}}
    cuts = [
        {
            "type": "MonoCut",
            "start": 3.0,
            "duration": 5.0,
            "recording": recording("r", channels=(0, 1)),
            "supervisions": [said("one", 1.0, channel=1, **whose), said("two", -1.0, channel=0)],
        },
        {"type": "MonoCut", "start": 0, "recording": recording("r"), "supervisions": []},
        {"type": "MixedCut", "tracks": []},
        {"start": 0, "recording": recording("x", "command", "rm a |"), "supervisions": [said("x")]},
    ]
    found = read(written(tmp_path / "cuts.jsonl.gz", cuts))
    assert found[0] == Entry(
        *("cuts.jsonl.gz:1", "a.wav", "one"),
        begin=4.0,
        seconds=2.0,
        claimed=10.0,
        rate=8_000,
        channel=1,
        speaker="ann",
        locale="en-GB",
        accent="scottish",
    )
    assert (found[1].begin, found[1].seconds, found[1].channel) == (2.0, 2.0, 0)
    assert [why(one) for one in found[2:]] == [Reason.NO_TEXT, Reason.BAD_LINE, Reason.COMMAND]


def test_lhotse_recordings_and_supervisions(tmp_path):
    written(tmp_path / "recordings_train.jsonl.gz", [recording("r"), recording("mute")])
    told = [said("one", recording_id="r", channel=0), said("two", recording_id="gone")]
    written(tmp_path / "supervisions_train.jsonl.gz", told)
    assert detect(tmp_path) is Format.LHOTSE
    one, lost, mute = read(tmp_path)
    assert (one.text, one.audio, one.channel) == ("one", "a.wav", None)
    assert (why(lost), why(mute)) == (Reason.MISSING, Reason.NO_TEXT)


def test_common_voice(tmp_path):
    rows = (
        "client_id\tpath\tsentence\tup_votes\tdown_votes\tage\tgender\taccents\tlocale\n"
        'c1\ta.mp3\tThe "end".\t2\t1\ttwenties\tfemale_feminine\tScottish English\ten\n'
        "c2\tb.mp3\tShort row\n"
    )
    written(tmp_path / "validated.tsv", rows)
    assert detect(tmp_path) is Format.COMMONVOICE
    first, second = read(tmp_path)
    assert first == Entry(
        *("validated.tsv:2", "clips/a.mp3", 'The "end".'),
        speaker="c1",
        locale="en",
        accent="Scottish English",
        traits={"gender": "female_feminine", "age": "twenties"},
        votes=(2, 1),
    )
    assert why(second) is Reason.BAD_LINE
    with pytest.raises(DataError, match="no column client_id"):
        read(written(tmp_path / "other.tsv", "path\tsentence\n"))


def test_kaldi(tmp_path):
    written(tmp_path / "wav.scp", "r1 a.wav\nr2 sph2pipe -f wav b.sph |\nr3 c.ark:123\n")
    written(tmp_path / "segments", "u1 r1 0.5 2.0\nu2 r1 2.0 -1\nu3 r2 0 1\nu4 r9 0 1\nu5 r3 0 1\n")
    written(tmp_path / "text", "u1 hello there\nu2\nu3 x\nu4 y\nu5 z\n")
    written(tmp_path / "utt2spk", "u1 ann\nu2 ann\n")
    written(tmp_path / "spk2gender", "ann f\n")
    one, two, *others = read(tmp_path)
    assert one == Entry(
        *("u1", "a.wav", "hello there"),
        begin=0.5,
        seconds=1.5,
        speaker="ann",
        traits={"gender": "female"},
    )
    assert (two.text, two.begin, two.seconds) == ("", 2.0, None)
    wanted = [Reason.COMMAND, Reason.MISSING, Reason.BAD_LINE]
    assert [why(one) for one in others] == wanted


def test_a_folder_with_a_text_beside_each_recording(tmp_path):
    for name in ("ann/one.wav", "ann/two.FLAC", "bob/three.mp3"):
        written(tmp_path / name, "sound")
    written(tmp_path / "ann/one.txt", "\ufeffhello\n")
    written(tmp_path / "bob/three.txt", "ho")
    written(tmp_path / "bob/lost.txt", "nobody")
    one, two, three, lost = read(tmp_path, speakers=True)
    assert (one.audio, one.text, one.speaker) == ("ann/one.wav", "hello", "ann")
    assert (two.text, three.speaker) == ("", "bob")
    assert why(lost) is Reason.MISSING
    assert {one.speaker for one in read(tmp_path)[:3]} == {""}


def test_a_folder_with_one_file_of_transcripts(tmp_path):
    for name in ("a.wav", "sub/b.wav", "c.wav"):
        written(tmp_path / name, "sound")
    table = "a.wav|hello, all\nsub/b|ho\nd.wav|gone\nno mark\na.wav|again\n"
    written(tmp_path / "metadata.csv", table)
    *refused, a, c, b, gone = read(tmp_path)
    assert [why(one) for one in refused] == [Reason.BAD_LINE] * 2
    assert (a.text, b.text, c.text) == ("hello, all", "ho", "")
    assert (gone.audio, why(gone)) == ("d.wav", Reason.MISSING)


def test_bytes_that_are_no_text_are_an_item(tmp_path):
    path = tmp_path / "m.jsonl"
    path.write_bytes(b'{"audio_filepath": "\xff"}\n' + b"x" * (2 << 20) + b"\n\n{}\n")
    found = read(path, Format.NEMO)
    assert [why(one) for one in found] == [
        Reason.BAD_ENCODING,
        Reason.BAD_LINE,
        Reason.BAD_LINE,
    ]
    assert found[-1].where == "m.jsonl:4"


def test_a_source_that_is_cut_off_itself_is_an_error(tmp_path):
    path = written(tmp_path / "cuts.jsonl.gz", [{}] * 500)
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(DataError, match="cannot be read to its end"):
        read(path, Format.LHOTSE)


def test_what_is_there_of_no_known_format_is_asked_about(tmp_path):
    with pytest.raises(DataError, match="--format"):
        detect(written(tmp_path / "notes.txt", "hello"))
    with pytest.raises(DataError, match="there is no"):
        detect(tmp_path / "nothing")
    with pytest.raises(DataError, match="is no folder"):
        read(tmp_path / "notes.txt", Format.FOLDER)


def test_an_import_of_nothing_is_an_error(tmp_path):
    (tmp_path / "empty").mkdir()
    arguments = ["import", str(tmp_path / "empty"), "--out", str(tmp_path / "set")]
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, DataError)
    assert not (tmp_path / "set").exists()


def test_cuts_as_lhotse_writes_them(tmp_path):
    from lhotse import CutSet, MonoCut, Recording, SupervisionSegment

    soundfile.write(tmp_path / "a.wav", np.zeros(24_000), 8_000)
    told = SupervisionSegment("s", "r", 0.5, 2.0, text="hello", language="en", speaker="ann")
    whole = Recording.from_file(tmp_path / "a.wav", recording_id="r")
    cut = MonoCut("c", 0.25, 2.75, 0, [told], recording=whole)
    found = {}
    for name, one in {
        "plain": cut,
        "resampled": cut.resample(16_000),
        "faster": cut.perturb_speed(1.1),
        "padded": cut.pad(5.0),
    }.items():
        CutSet.from_cuts([one]).to_file(tmp_path / f"{name}.jsonl.gz")
        (found[name],) = read(tmp_path / f"{name}.jsonl.gz")
    plain = found["plain"]
    assert (plain.begin, plain.seconds, plain.claimed, plain.rate) == (0.75, 2.0, 3.0, 8_000)
    assert (plain.text, plain.locale, plain.speaker) == ("hello", "en", "ann")
    assert found["resampled"].rate is None
    assert why(found["faster"]) is why(found["padded"]) is Reason.BAD_LINE


NAMES = (
    *("audio_filepath", "duration", "offset", "text", "start", "recording", "recording_id"),
    *("sources", "source", "type", "supervisions", "channel", "id", "transforms"),
)
LINES = st.one_of(
    st.binary(max_size=60),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(NAMES),
                inner,
                max_size=5,
            )
        ),
        max_leaves=20,
    ).map(lambda value: json.dumps(value).encode()),
)


@given(st.lists(LINES, max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_no_line_whatever_is_in_it_stops_a_reader(tmp_path, lines):
    (tmp_path / "kaldi").mkdir(exist_ok=True)
    for name in ("m.jsonl", "kaldi/wav.scp", "kaldi/text", "kaldi/segments"):
        (tmp_path / name).write_bytes(b"\n".join(lines))
    table = b"client_id\tpath\tsentence\n" + b"\n".join(lines)
    (tmp_path / "t.tsv").write_bytes(table)
    for item in (
        *read(tmp_path / "m.jsonl", Format.NEMO),
        *read(tmp_path / "m.jsonl", Format.LHOTSE),
        *read(tmp_path / "t.tsv", Format.COMMONVOICE),
        *read(tmp_path / "kaldi", Format.KALDI),
    ):
        assert isinstance(item, Entry | Refused)
