import subprocess
import sys

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from talkover.core.audio import opus
from talkover.core.audio.opus import OpusDecoder, OpusEncoder, duration, has_fec
from talkover.core.errors import AudioError

RATE = 24_000
FRAME = RATE // 50


@pytest.fixture(scope="module")
def speech(prompts):
    """About 20 s of a real person at 24 kHz, whole frames."""
    parts, total = [], 0
    for prompt in prompts:
        if prompt.seconds < 3:
            continue
        audio, rate = soundfile.read(prompt.path)
        parts.append(soxr.resample(audio, rate, RATE))
        total += len(parts[-1])
        if total > 20 * RATE:
            break
    whole = np.concatenate(parts)[: total // FRAME * FRAME]
    return np.rint(whole * 32_767).clip(-32_768, 32_767).astype(np.int16)


def packets_of(samples, rate=RATE, **settings):
    with OpusEncoder(rate, **settings) as encoder:
        return [encoder.encode(frame) for frame in samples.reshape(-1, rate // 50)]


def tone(rate=RATE, seconds=1.0, frequency=440.0):
    at = np.arange(int(rate * seconds)) / rate
    return np.rint(np.sin(2 * np.pi * frequency * at) * 12_000).astype(np.int16)


def likeness(out, source, reach=400):
    """The best correlation over the delays a codec may have."""
    source, out = source.astype(float), out.astype(float)
    return max(
        float(np.corrcoef(out[lag:], source[: len(source) - lag])[0, 1]) for lag in range(reach)
    )


@pytest.mark.parametrize("rate", opus.RATES)
def test_a_tone_comes_through_at_every_rate(rate):
    source = tone(rate)
    with OpusDecoder(rate) as decoder:
        out = np.concatenate([decoder.decode(packet) for packet in packets_of(source, rate)])
    assert out.dtype == np.int16
    assert len(out) == len(source)
    assert likeness(out, source) > 0.98


def test_speech_comes_through(speech):
    part = speech[: 8 * RATE]
    with OpusDecoder() as decoder:
        out = np.concatenate([decoder.decode(packet) for packet in packets_of(part)])
    assert likeness(out, part) > 0.9


def test_the_bit_rate_is_kept(speech):
    for bitrate in (16_000, 32_000):
        packets = packets_of(speech, bitrate=bitrate)
        spent = sum(map(len, packets)) * 8 / (len(packets) / 50)
        assert 0.7 * bitrate < spent < 1.15 * bitrate


def test_fec_mends_speech_better_than_a_guess(speech):
    packets = packets_of(speech)
    whole = OpusDecoder()
    intact = [whole.decode(packet).astype(float) for packet in packets]
    lost = np.random.default_rng(1).random(len(packets)) < 0.1
    lost[[0, -1]] = False

    def error(*, fec):
        decoder, total, power = OpusDecoder(), 0.0, 0.0
        for index, packet in enumerate(packets):
            if not lost[index]:
                decoder.decode(packet)
                continue
            after = packets[index + 1]
            mend = fec and not lost[index + 1] and has_fec(after)
            got = decoder.recover(after, FRAME) if mend else decoder.conceal(FRAME)
            total += float(np.sum((got - intact[index]) ** 2))
            power += float(np.sum(intact[index] ** 2))
        return total / power

    with_fec, guessed = error(fec=True), error(fec=False)
    assert guessed > 0.3
    assert with_fec < 0.5 * guessed


def test_most_packets_of_speech_carry_fec_and_the_fallback_agrees(speech):
    packets = packets_of(speech)
    carried = [has_fec(packet) for packet in packets]
    assert np.mean(carried) > 0.5
    library = opus._library()
    assert [opus._has_lbrr(library, packet) for packet in packets] == carried


@given(st.binary(min_size=1, max_size=300))
@settings(max_examples=500)
def test_the_fallback_agrees_on_any_bytes(packet):
    if not hasattr(opus._library(), "opus_packet_has_lbrr"):
        pytest.skip("this libopus has nothing to compare with")
    assert opus._has_lbrr(opus._library(), packet) == has_fec(packet)


@pytest.mark.parametrize("samples", [1, 59, 60, 479, 480, 2_880, 24_000])
def test_any_count_can_be_made_up(samples):
    packets = packets_of(tone())
    decoder = OpusDecoder()
    for packet in packets[:10]:
        decoder.decode(packet)
    assert decoder.conceal(samples).shape == (samples,)
    assert decoder.recover(packets[12], samples).shape == (samples,)


@pytest.mark.parametrize("samples", [0, -1, 24_001])
def test_no_count_that_is_senseless(samples):
    decoder = OpusDecoder()
    with pytest.raises(AudioError, match="cannot make up"):
        decoder.conceal(samples)
    with pytest.raises(AudioError, match="cannot make up"):
        decoder.recover(packets_of(tone())[0], samples)


@pytest.mark.parametrize(
    ("config", "milliseconds"),
    [(16, 2.5), (17, 5), (18, 10), (19, 20), (0, 10), (1, 20), (2, 40), (3, 60)],
)
def test_packets_of_every_length_decode(config, milliseconds):
    packet = bytes([config << 3]) + b"\x01\x02\x03\x04\x05\x06\x07\x08"
    assert duration(packet, 48_000) == milliseconds * 48
    assert len(OpusDecoder().decode(packet)) == milliseconds * 24


def test_120_ms_decode():
    packet = bytes([3 << 3 | 1]) + bytes(20)  # two frames of 60 ms
    assert len(OpusDecoder().decode(packet)) == 2_880


BAD = {
    "empty": b"",
    "too long": bytes(opus.MAX_PACKET + 1),
    "odd for two": bytes([19 << 3 | 1]) + bytes(3),
    "no count": bytes([19 << 3 | 3]),
    "140 ms": bytes([19 << 3 | 3, 7]) + bytes(70),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_what_is_no_packet_is_refused_and_the_decoder_goes_on(bad):
    source = tone()
    clean, hurt = OpusDecoder(), OpusDecoder()
    with pytest.raises(AudioError):
        duration(bad, RATE)
    for index, packet in enumerate(packets_of(source)):
        if index == 25:
            for call in (hurt.decode, lambda packet: hurt.recover(packet, FRAME)):
                with pytest.raises(AudioError, match="conceal"):
                    call(bad)
        assert np.array_equal(clean.decode(packet), hurt.decode(packet))


@given(st.lists(st.binary(max_size=400), max_size=8))
@settings(max_examples=100)
def test_random_bytes_never_break_the_decoder(packets):
    with OpusDecoder() as decoder:
        for packet in packets:
            has_fec(packet)
            try:
                expected = duration(packet, RATE)
            except AudioError:
                with pytest.raises(AudioError):
                    decoder.decode(packet)
                continue
            try:
                out = decoder.decode(packet)
                assert out.shape == (expected,)
                assert decoder.recover(packet, FRAME).shape == (FRAME,)
            except AudioError:
                continue
        source = tone(seconds=0.5)
        out = np.concatenate([decoder.decode(packet) for packet in packets_of(source)])
        assert likeness(out[RATE // 4 :], source[RATE // 4 :], 250) > 0.95


@given(st.integers(0, 2_000), st.sampled_from([np.int16, np.int32, np.float32]))
def test_only_20_ms_of_int16_are_encoded(size, kind):
    with OpusEncoder() as encoder:
        pcm = np.zeros(size, kind)
        if size == FRAME and kind is np.int16:
            assert encoder.encode(pcm)
        else:
            with pytest.raises(AudioError, match="20 ms"):
                encoder.encode(pcm)


def test_a_view_with_a_stride_is_encoded_as_its_copy():
    samples = tone()[: 2 * FRAME]
    assert OpusEncoder().encode(samples[::2]) == OpusEncoder().encode(samples[::2].copy())


def test_bad_settings_are_refused():
    with pytest.raises(AudioError, match="44100"):
        OpusDecoder(44_100)
    with pytest.raises(AudioError, match="bitrate"):
        OpusEncoder(bitrate=-7)


def test_closing_twice_is_fine_and_using_what_is_closed_is_told():
    encoder, decoder = OpusEncoder(), OpusDecoder()
    for coder in (encoder, decoder):
        coder.close()
        coder.close()
    with pytest.raises(AudioError, match="closed"):
        encoder.encode(np.zeros(FRAME, np.int16))
    with pytest.raises(AudioError, match="closed"):
        decoder.conceal(FRAME)


def test_without_the_library_the_error_names_the_cure(monkeypatch):
    monkeypatch.setattr(opus, "candidates", lambda: iter(["/nowhere/libopus.so", "libc.so.6"]))
    opus._library.cache_clear()
    try:
        with pytest.raises(AudioError, match=r"talkover\[server\].*libopus0"):
            OpusDecoder()
    finally:
        opus._library.cache_clear()


def test_every_library_there_is_will_do(monkeypatch):
    for candidate in list(opus.candidates()):
        monkeypatch.setattr(opus, "candidates", lambda found=candidate: iter([found]))
        opus._library.cache_clear()
        try:
            packets = packets_of(tone())
            out = np.concatenate([OpusDecoder().decode(packet) for packet in packets])
            assert len(out) == RATE
            assert not has_fec(b"")
        finally:
            opus._library.cache_clear()


def test_nothing_is_loaded_before_it_is_needed_and_av_never():
    code = (
        "import sys, talkover.core.audio\n"
        "assert 'talkover.core.audio.opus' not in sys.modules\n"
        "import talkover.core.audio.opus as opus\n"
        "assert opus._library.cache_info().currsize == 0\n"
        "opus.OpusDecoder()\n"
        "assert 'av' not in sys.modules\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
