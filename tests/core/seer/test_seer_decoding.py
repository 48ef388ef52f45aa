"""Pictures that are fine, and whatever else somebody may send."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from talkover.core.errors import PictureError
from talkover.core.seer.decoding import MAX_BYTES, decode, fit
from talkover.core.seer.headers import MAX_PIECES, MAX_SCANS, refuse_slow
from talkover.core.seer.types import LONGEST_SIDE, digest_of

RED, BLUE = (220, 20, 30), (10, 30, 200)


def halves(mode="RGB", size=(48, 32)):
    """Red on the left, blue on the right."""
    image = Image.new("RGB", size, RED)
    image.paste(BLUE, (size[0] // 2, 0, *size))
    return image.convert(mode, palette=Image.Palette.ADAPTIVE)


def packed(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def near(colour, wanted, off=12):
    return np.abs(np.asarray(colour, int) - wanted).max() <= off


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_was_packed_comes_out(kind):
    rgb = decode(packed(halves(), kind, quality=95))
    assert rgb.shape == (32, 48, 3)
    assert rgb.dtype == np.uint8
    assert near(rgb[16, 4], RED)
    assert near(rgb[16, 44], BLUE)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("JPEG", "CMYK"), ("PNG", "P"), ("PNG", "RGBA"), ("WEBP", "RGBA"), ("JPEG", "YCbCr")],
)
def test_colours_survive_every_mode(kind, mode):
    rgb = decode(packed(halves(mode), kind))
    assert near(rgb[16, 4], RED, 30)
    assert near(rgb[16, 44], BLUE, 30)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "I;16"])
def test_grey_is_grey(mode):
    grey = Image.new("L", (16, 16), 0)
    grey.paste(255, (8, 0, 16, 16))
    if mode == "I;16":
        grey = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    rgb = decode(packed(grey if mode == "I;16" else grey.convert(mode), "PNG"))
    assert near(rgb[8, 2], (0, 0, 0))
    assert near(rgb[8, 12], (255, 255, 255))


@pytest.mark.parametrize("mode", ["RGBA", "P"])
def test_what_is_transparent_lies_on_white(mode):
    image = halves("RGBA")
    image.paste((0, 0, 0, 0), (24, 0, 48, 32))
    rgb = decode(packed(image.convert(mode), "PNG"))
    assert near(rgb[16, 4], RED)
    assert near(rgb[16, 44], (255, 255, 255))


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_picture_stands_upright_however_the_camera_was_held(turn):
    from PIL import ImageOps

    exif = Image.Exif()
    exif[0x0112] = turn
    data = packed(halves(), "JPEG", exif=exif, quality=95)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))), int)
    assert np.abs(decode(data) - expected).max() == 0


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_a_damaged_note_about_the_camera_is_no_damage():
    data = packed(halves(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert near(decode(data)[16, 4], RED)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_an_animation_the_first_picture_is_seen(kind):
    frames = [Image.new("RGB", (32, 32), colour) for colour in (RED, BLUE)]
    data = packed(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
    assert near(decode(data)[16, 16], RED)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_large_pictures_are_made_smaller_in_proportion(kind):
    rgb = decode(packed(halves(size=(2000, 1000)), kind))
    assert rgb.shape == (LONGEST_SIDE // 2, LONGEST_SIDE, 3)
    assert near(rgb[160, 20], RED)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_every_cut_is_told_and_none_crashes(kind):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    data = packed(Image.fromarray(noise), kind)
    for end in (0, 3, 11, 20, 40, len(data) // 2, len(data) - 40):
        with pytest.raises(PictureError, match="send"):
            decode(data[:end])


def test_whatever_is_flipped_gives_a_picture_or_an_error_of_ours():
    random = np.random.default_rng(1)
    for kind in ("JPEG", "PNG", "WEBP"):
        whole = np.frombuffer(packed(halves(), kind), np.uint8)
        for _ in range(60):
            data = whole.copy()
            data[random.integers(0, len(data), 3)] = random.integers(0, 256, 3)
            try:
                assert decode(data.tobytes()).shape[2] == 3
            except PictureError:
                continue


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "PPM"])
def test_other_formats_are_refused_with_those_that_are_wanted(kind):
    with pytest.raises(PictureError, match="JPEG, PNG or WebP"):
        decode(packed(halves(), kind))


@pytest.mark.parametrize("data", [b"", b"hello", b"<svg/>", b"\xff\xd8", b"RIFF0000WEBPVP8 "])
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(PictureError, match="send"):
        decode(data)


def chunk(name, content):
    crc = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", crc)


def png(width, height):
    """A few bytes that claim to be a picture of that size."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(b"\0" * 100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + body + chunk(b"IEND", b"")


def webp(width, height):
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\2\0\0\0" + canvas
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg(width, height):
    whole = packed(halves(), "JPEG")
    at = whole.index(b"\xff\xc0") + 5
    return whole[:at] + struct.pack(">HH", height, width) + whole[at + 4 :]


@pytest.mark.parametrize("claim", [png, webp, jpeg])
@pytest.mark.parametrize("side", [10_000, 16_000])
def test_a_hundred_megapixels_are_refused_before_they_are_made(claim, side):
    with pytest.raises(PictureError, match="at most 25 million"):
        decode(claim(side, side))


@pytest.mark.parametrize("size", [(1, 1), (7, 300), (8000, 80)])
def test_what_is_too_small_or_too_narrow_to_see_is_refused(size):
    with pytest.raises(PictureError, match="shows nothing"):
        decode(packed(Image.new("RGB", size), "PNG"))


def test_too_many_bytes_are_refused():
    with pytest.raises(PictureError, match="at most"):
        decode(packed(halves(), "PNG") + bytes(MAX_BYTES))


def test_a_jpeg_that_goes_over_its_picture_again_and_again_is_refused():
    data = packed(halves(), "JPEG", progressive=True)
    assert near(decode(data)[16, 4], RED, 30)
    last = data.rindex(b"\xff\xda")
    scan = data[last:-2]
    with pytest.raises(PictureError, match=f"more than {MAX_SCANS} scans"):
        decode(data[:last] + scan * 2 * MAX_SCANS + data[-2:])


def test_a_file_of_countless_pieces_is_refused_before_they_are_counted():
    photo, drawing = packed(halves(), "JPEG"), packed(halves(), "PNG")
    end_of_head = drawing.index(b"IDAT") - 4
    for made in (
        photo[:2] + b"\xff\xfe\0\2" * (MAX_PIECES + 1) + photo[2:],
        photo[:2] + b"\xff" * 10_000 + photo[2:],
        photo[:2] + b"\xff\xd0" * 10_000 + photo[2:],
        b"\xff\xd8" + b"\xff\0" * 10_000,
        drawing[:end_of_head] + chunk(b"IDAT", b"") * MAX_PIECES + drawing[end_of_head:],
    ):
        with pytest.raises(PictureError, match=r"save it|send the whole file"):
            refuse_slow(made)
    for fine in (photo, drawing, packed(halves(), "WEBP"), b"", b"hello"):
        refuse_slow(fine)


def test_frames_are_fitted_and_what_is_none_is_refused():
    frame = np.asarray(halves(size=(1280, 720)))
    assert fit(frame).shape == (360, 640, 3)
    small = np.asarray(halves())
    assert fit(small) is small
    for wrong in (small[..., 0], small.astype(np.float32), small[:4], small[..., :2]):
        with pytest.raises(PictureError):
            fit(wrong)


def test_a_digest_names_what_is_shown_and_in_which_shape():
    rgb = np.asarray(halves())
    assert digest_of(rgb) == digest_of(rgb.copy())
    assert len(digest_of(rgb)) == 16
    others = (rgb[:, ::-1], rgb.reshape(48, 32, 3))
    assert len({digest_of(rgb), *(digest_of(other) for other in others)}) == 3
