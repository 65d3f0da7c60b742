"""Pictures become what the model was trained on, whatever their colours, size and ground."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from minitorch_classifier.data import InputSpec, load_digits
from minitorch_classifier.errors import UserError
from minitorch_classifier.predict import read_image

DIGITS = load_digits()
SPEC = DIGITS.spec()
MNIST = InputSpec(28, 28, 0.13, 0.31)
SEVEN = DIGITS.test.pixels[7]  # (8, 8), bright ink on dark ground


def bytes_of(image: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.round(image * 255).astype(np.uint8)


def save(path: Path, image: Image.Image) -> Path:
    image.save(path)
    return path


def drawing(size: tuple[int, int] = (120, 90), dark_ink: bool = True) -> Image.Image:
    """A vertical stroke, 10 wide and 60 high, left of the middle."""
    array = np.zeros(size[::-1], dtype=np.uint8)
    array[15:75, 20:30] = 255
    return Image.fromarray(255 - array if dark_ink else array)


def test_a_picture_of_the_models_size_is_taken_as_it_is(tmp_path: Path) -> None:
    path = save(tmp_path / "seven.png", Image.fromarray(bytes_of(SEVEN)))
    np.testing.assert_allclose(read_image(path, SPEC), SEVEN, atol=1 / 255)


def test_every_digit_of_the_package_is_seen_as_bright_ink(tmp_path: Path) -> None:
    for pixels in DIGITS.test.pixels[:40]:
        path = save(tmp_path / "digit.png", Image.fromarray(bytes_of(pixels)))
        np.testing.assert_allclose(read_image(path, SPEC), pixels, atol=1 / 255)


def test_dark_ink_is_made_bright(tmp_path: Path) -> None:
    path = save(tmp_path / "seven.png", Image.fromarray(255 - bytes_of(SEVEN)))
    for ink in ("auto", "dark"):
        np.testing.assert_allclose(read_image(path, SPEC, ink), SEVEN, atol=1 / 255)
    np.testing.assert_allclose(read_image(path, SPEC, "bright"), 1 - SEVEN, atol=1 / 255)


SAME: dict[str, Callable[[Image.Image], Image.Image]] = {
    "grey.png": lambda image: image,
    "colour.png": lambda image: image.convert("RGB"),
    "palette.png": lambda image: image.convert("P"),
    "two-levels.png": lambda image: image.convert("1"),
    "photo.jpg": lambda image: image,
    "photo.bmp": lambda image: image,
    "sixteen-bit.png": lambda image: Image.fromarray(np.asarray(image).astype(np.uint16) * 257),
}


@pytest.mark.parametrize("name", SAME)
@pytest.mark.parametrize("dark_ink", [True, False])
def test_all_kinds_of_files_give_the_same_image(tmp_path: Path, name: str, dark_ink: bool) -> None:
    expected = read_image(save(tmp_path / "plain.png", drawing(dark_ink=dark_ink)), MNIST)
    found = read_image(save(tmp_path / name, SAME[name](drawing(dark_ink=dark_ink))), MNIST)
    np.testing.assert_allclose(found, expected, atol=0.05)  # JPEG is not exact


@pytest.mark.parametrize("colour", ["black", "navy"])
def test_transparent_parts_are_paper(tmp_path: Path, colour: str) -> None:
    picture = Image.new("RGBA", (120, 90), (0, 0, 0, 0))
    picture.paste(colour, (20, 15, 30, 75))
    found = read_image(save(tmp_path / "drawn.png", picture), MNIST)
    expected = read_image(save(tmp_path / "plain.png", drawing()), MNIST)
    np.testing.assert_allclose(found, expected, atol=0.01)


def test_ink_is_centred_with_the_margin_of_mnist(tmp_path: Path) -> None:
    found = read_image(save(tmp_path / "stroke.png", drawing()), MNIST)
    assert found.shape == (28, 28)
    assert found.dtype == np.float32
    rows, columns = (np.flatnonzero((found > 0.5).any(axis=axis)) for axis in (1, 0))
    assert (rows[0], rows[-1]) == (4, 23)
    assert found.max() == 1
    y, x = (np.average(np.arange(28) + 0.5, weights=found.sum(axis=axis)) for axis in (1, 0))
    assert (y, x) == pytest.approx((14, 14), abs=0.3)
    assert 2 <= len(columns) <= 5


def test_ink_fills_the_rows_of_a_small_image(tmp_path: Path) -> None:
    found = read_image(save(tmp_path / "stroke.png", drawing()), SPEC)
    assert found.shape == (8, 8)
    assert (found.max(axis=1) > 0.9).all()


@pytest.mark.parametrize("size", [(31, 90), (120, 76), (400, 90), (120, 800)])
def test_the_size_of_the_paper_does_not_matter(tmp_path: Path, size: tuple[int, int]) -> None:
    expected = read_image(save(tmp_path / "a.png", drawing()), MNIST)
    found = read_image(save(tmp_path / "b.png", drawing(size)), MNIST)
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize(("size", "ink"), [((1, 1), "bright"), ((9, 1), "auto"), ((1, 9), "auto")])
def test_very_small_pictures_are_read_or_refused(
    tmp_path: Path, size: tuple[int, int], ink: str
) -> None:
    array = np.zeros(size, dtype=np.uint8)
    array[0, 0] = 255
    path = save(tmp_path / "dot.png", Image.fromarray(array))
    if array.size == 1:
        with pytest.raises(UserError, match="nothing is drawn"):
            read_image(path, SPEC, ink)
    else:
        assert read_image(path, SPEC, ink).shape == (8, 8)


def test_the_wrong_ink_is_named(tmp_path: Path) -> None:
    path = save(tmp_path / "stroke.png", drawing())
    with pytest.raises(UserError, match=r"no bright ink stands out .*; try --ink dark"):
        read_image(path, MNIST, "bright")
    with pytest.raises(UserError, match="no --ink 'red'; there are: auto, dark, bright"):
        read_image(path, MNIST, "red")


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_a_blank_picture_is_refused(tmp_path: Path, grey: int) -> None:
    path = save(tmp_path / "blank.png", Image.new("L", (30, 30), grey))
    with pytest.raises(UserError, match=r"blank.png: nothing is drawn on it"):
        read_image(path, SPEC)


def test_a_file_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.png"
    path.write_text("not a picture")
    with pytest.raises(UserError, match=r"text.png: no picture \(PNG, JPEG, "):
        read_image(path, SPEC)
    with pytest.raises(UserError, match=r"cannot read .*: it is a folder"):
        read_image(tmp_path, SPEC)
    with pytest.raises(UserError, match=r"cannot read .*nowhere.png: No such file or directory"):
        read_image(tmp_path / "nowhere.png", SPEC)


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "GIF", "BMP", "TIFF"])
def test_a_damaged_picture_is_read_or_refused_in_one_line(tmp_path: Path, format_: str) -> None:
    buffer = io.BytesIO()
    drawing().save(buffer, format=format_)
    whole, path = buffer.getvalue(), tmp_path / "damaged"
    rng = np.random.default_rng(0)
    for trial in range(60):
        damaged = bytearray(whole[: rng.integers(1, len(whole))] if trial % 2 else whole)
        for _ in range(3):
            damaged[rng.integers(len(damaged))] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            assert read_image(path, SPEC).shape == (8, 8)
        except UserError as error:
            message = str(error)
            assert "damaged" in message  # the name of the file


def test_a_picture_of_too_many_pixels_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(tmp_path / "huge.png", drawing())
    for limit in (9000, 3000):  # Pillow warns above the limit, raises above twice the limit
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        with pytest.raises(UserError, match=r"huge.png: too large"):
            read_image(path, SPEC)
