"""Transforms of tensors and of Pillow's images: both kinds alike, and each as it is defined."""

import math
import pickle
import subprocess
import sys
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

import minitorch as torch
from minitorch import nn, transforms
from minitorch.transforms import InterpolationMode as Mode
from minitorch.transforms import functional as F

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (9, 12)).astype(np.uint8)
COLOUR = RNG.integers(0, 256, (9, 12, 3)).astype(np.uint8)


def tensor(pixels: object, dtype: type[np.generic] | None = None) -> torch.Tensor:
    return torch.from_numpy(np.array(pixels, dtype=dtype)).to("numpy")


def planes(pixels: NDArray[np.uint8]) -> torch.Tensor:
    """An array (height, width[, channels]) as the tensor (channels, height, width)."""
    return tensor(pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1))


def assert_close(found: torch.Tensor, expected: object, atol: float = 1e-6) -> None:
    values = expected.numpy() if isinstance(expected, torch.Tensor) else expected
    target = np.asarray(values, dtype=np.float64)
    np.testing.assert_allclose(found.double().numpy().astype(float), target, 1e-6, atol)


class Unchecked:
    """A module, of whose functions a type checker knows nothing: they are to be called wrongly."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module

    def __getattr__(self, name: str) -> Callable[..., object]:
        function: Callable[..., object] = getattr(self.module, name)
        return function


def both(pixels: NDArray[np.uint8], function: Callable[..., object]) -> NDArray[np.uint8]:
    """What a function makes of the tensor, after it has made the same of Pillow's image."""
    image_module = pytest.importorskip("PIL.Image")
    of_tensor = function(planes(pixels))
    assert isinstance(of_tensor, torch.Tensor)
    assert of_tensor.device == torch.device("numpy")
    result: NDArray[np.uint8] = of_tensor.numpy().transpose(1, 2, 0).astype(np.uint8)
    of_image = np.asarray(function(image_module.fromarray(pixels)))
    np.testing.assert_array_equal(of_image.reshape(result.shape), result)
    return result[..., 0] if pixels.ndim == 2 else result


# ---- conversions ------------------------------------------------------------------------------


@pytest.mark.parametrize("pixels", [GREY, COLOUR], ids=["grey", "colour"])
def test_to_tensor_divides_bytes_by_255_and_puts_channels_first(pixels: NDArray[np.uint8]) -> None:
    found = transforms.ToTensor()(pixels)
    assert found.dtype is torch.float32
    expected = (pixels if pixels.ndim == 3 else pixels[..., None]).transpose(2, 0, 1) / 255
    np.testing.assert_array_equal(found.numpy(), expected.astype(np.float32))
    assert found.is_contiguous()
    image = pytest.importorskip("PIL.Image").fromarray(pixels)
    np.testing.assert_array_equal(transforms.ToTensor()(image).numpy(), found.numpy())
    np.testing.assert_array_equal(F.pil_to_tensor(image).numpy(), planes(pixels).numpy())
    np.testing.assert_array_equal(np.asarray(F.to_pil_image(found)), pixels)
    np.testing.assert_array_equal(np.asarray(F.to_pil_image(pixels)), pixels)


def test_to_tensor_keeps_other_numbers_and_copies() -> None:
    numbers = np.arange(6.0).reshape(2, 3)
    found = F.to_tensor(numbers)
    numbers[:] = 0
    assert found.dtype is torch.float64
    assert found.tolist() == [[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]]


def test_to_tensor_gives_the_default_dtype() -> None:
    torch.set_default_dtype(torch.float64)
    try:
        assert F.to_tensor(GREY).dtype is torch.float64
        np.testing.assert_array_equal(F.to_tensor(GREY)[0].numpy(), GREY / 255)
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize(
    ("mode", "dtype"),
    [("1", "uint8"), ("I", "int32"), ("F", "float32"), ("LA", "uint8"), ("CMYK", "uint8")],
)
def test_other_modes_of_pillow(mode: str, dtype: str) -> None:
    image_module = pytest.importorskip("PIL.Image")
    image = image_module.fromarray(COLOUR).convert("L").convert(mode)
    found = F.to_tensor(image)
    if dtype == "uint8":
        assert found.dtype is torch.float32
        assert set(np.unique(found.numpy())) <= set((np.arange(256) / 255).astype(np.float32))
        if mode == "1":
            assert set(np.unique(found.numpy())) == {0.0, 1.0}
    else:
        assert found.dtype is getattr(torch, dtype)
        np.testing.assert_array_equal(found[0].numpy(), np.asarray(image))
    if mode != "1":
        assert found.shape == (len(image.getbands()), 9, 12)
        back = F.to_pil_image(F.pil_to_tensor(image), mode)
        assert (back.mode, back.tobytes()) == (mode, image.tobytes())


def test_dtypes_are_converted_on_their_scales() -> None:
    convert = F.convert_image_dtype
    bytes_ = tensor([0, 1, 127, 255], np.uint8)
    floats = convert(bytes_)
    assert floats.tolist() == pytest.approx([0, 1 / 255, 127 / 255, 1])
    assert convert(floats, torch.uint8).tolist() == [0, 1, 127, 255]
    assert convert(bytes_, torch.int16).tolist() == [0, 128, 127 * 128, 255 * 128]
    assert convert(convert(bytes_, torch.int16), torch.uint8).tolist() == [0, 1, 127, 255]
    assert convert(bytes_, torch.uint8) is bytes_
    assert convert(floats, torch.float64).dtype is torch.float64
    with pytest.raises(RuntimeError, match=r"cast from .*float32 to .*int32 cannot be"):
        convert(floats, torch.int32)
    assert transforms.ConvertImageDtype(torch.float64)(bytes_).dtype is torch.float64


def test_normalize_is_for_each_channel() -> None:
    x = torch.rand(2, 3, 4, 5, device="numpy")
    mean, std = (0.1, 0.2, 0.3), (0.5, 0.25, 2.0)
    found = transforms.Normalize(mean, std)(x)
    expected = (x.numpy() - np.reshape(mean, (3, 1, 1))) / np.reshape(std, (3, 1, 1))
    assert_close(found, expected)
    assert transforms.Normalize(mean, std, inplace=True)(x) is x
    np.testing.assert_array_equal(x.numpy(), found.numpy())


# ---- places -----------------------------------------------------------------------------------


@pytest.mark.parametrize("pixels", [GREY, COLOUR], ids=["grey", "colour"])
def test_flips_crops_and_borders_are_the_same_for_both_kinds(pixels: NDArray[np.uint8]) -> None:
    np.testing.assert_array_equal(both(pixels, F.hflip), pixels[:, ::-1])
    np.testing.assert_array_equal(both(pixels, F.vflip), pixels[::-1])
    np.testing.assert_array_equal(both(pixels, lambda i: F.crop(i, 2, 3, 4, 5)), pixels[2:6, 3:8])
    rest = ((0, 0),) * (pixels.ndim - 2)
    for box in ((-2, -3, 6, 7), (5, 8, 9, 9), (-1, -1, 12, 15), (-9, 0, 5, 5), (20, 20, 3, 3)):
        top, left, height, width = box
        wide = np.pad(pixels, ((20, 20), (20, 20), *rest))
        expected = wide[20 + top : 20 + top + height, 20 + left : 20 + left + width]
        np.testing.assert_array_equal(both(pixels, lambda i, b=box: F.crop(i, *b)), expected)
    pad: Callable[..., NDArray[np.uint8]] = np.pad
    for mode in ("constant", "edge", "reflect", "symmetric"):
        found = both(pixels, lambda i, m=mode: F.pad(i, [1, 2, 3, 4], padding_mode=m))
        padded = pad(pixels, ((2, 4), (1, 3), *rest), mode)
        np.testing.assert_array_equal(found, padded)
        cut = both(pixels, lambda i, m=mode: F.pad(i, [-1, 2, -3, 0], padding_mode=m))
        padded = pad(pixels[:, 1:-3], ((2, 0), (0, 0), *rest), mode)
        np.testing.assert_array_equal(cut, padded)


def test_borders_have_their_fill() -> None:
    found = both(GREY, lambda i: F.pad(i, 1, fill=7))
    assert (found[0] == 7).all()
    assert (found[1:-1, 1:-1] == GREY).all()
    image = pytest.importorskip("PIL.Image").fromarray(COLOUR)
    assert F.pad(image, [2], fill=(1, 2, 3)).getpixel((0, 0)) == (1, 2, 3)
    floats = F.pad(tensor(np.zeros((1, 2, 2))), (1, 0), fill=0.5)
    assert floats.tolist() == [[[0.5, 0.0, 0.0, 0.5]] * 2]


def test_a_palette_survives_a_border() -> None:
    image = pytest.importorskip("PIL.Image").fromarray(COLOUR).quantize(8)
    for mode in ("constant", "edge"):
        padded = F.pad(image, 2, padding_mode=mode)
        inner = np.asarray(padded.convert("RGB"))[2:-2, 2:-2]
        np.testing.assert_array_equal(inner, np.asarray(image.convert("RGB")))


@pytest.mark.parametrize(
    ("height", "width"), [(4, 5), (6, 5), (9, 12), (5, 4), (11, 12), (12, 15), (3, 20)]
)
def test_the_part_in_the_middle(height: int, width: int) -> None:
    found = both(COLOUR, transforms.CenterCrop((height, width)))
    assert found.shape == (height, width, 3)
    if height <= 9 and width <= 12:
        top, left = round((9 - height) / 2), round((12 - width) / 2)
        np.testing.assert_array_equal(found, COLOUR[top : top + height, left : left + width])
    else:
        assert found.sum() == both(COLOUR, transforms.CenterCrop((min(height, 9), width))).sum()


@pytest.mark.parametrize(
    ("size", "max_size", "expected"),
    [
        ((5, 6), None, (5, 6)),
        (6, None, (6, 8)),
        ([6], None, (6, 8)),
        (9, None, (9, 12)),
        (18, 20, (15, 20)),
        (None, 6, (4, 6)),
    ],
)
def test_sizes_after_resizing(
    size: int | list[int] | tuple[int, int] | None, max_size: int | None, expected: tuple[int, int]
) -> None:
    image = pytest.importorskip("PIL.Image").fromarray(GREY)
    resize = transforms.Resize(size, max_size=max_size)
    assert resize(image).size == expected[::-1]
    assert resize(planes(GREY)).shape[1:] == expected
    if not isinstance(size, tuple):  # one number is for the shorter side, whichever that is
        assert resize(planes(GREY).transpose(1, 2)).shape[1:] == expected[::-1]


def test_pillow_resizes_its_images_itself() -> None:
    image_module = pytest.importorskip("PIL.Image")
    image = image_module.fromarray(COLOUR)
    for mode in Mode:
        expected = image.resize((5, 4), mode.resampling)
        assert F.resize(image, [4, 5], mode).tobytes() == expected.tobytes()
    assert F.resize(image, [4, 5], 3).tobytes() == F.resize(image, [4, 5], Mode.BICUBIC).tobytes()


@pytest.mark.parametrize("mode", [Mode.BILINEAR, Mode.BICUBIC])
@pytest.mark.parametrize("size", [(4, 5), (20, 30)])
def test_a_tensor_is_resized_as_pillow_does_it(mode: Mode, size: tuple[int, int]) -> None:
    image = pytest.importorskip("PIL.Image").fromarray(COLOUR)
    found = F.resize(planes(COLOUR), size, mode)
    assert found.dtype is torch.uint8
    expected = np.asarray(F.resize(image, size, mode)).transpose(2, 0, 1)
    # Pillow cuts to bytes between its two passes, which matters where cubic curves overshoot.
    close = np.abs(found.numpy().astype(int) - expected) <= 1
    assert close.mean() > (0.9 if mode is Mode.BICUBIC else 0.999)


def test_a_batch_is_resized_like_its_images() -> None:
    batch = torch.rand(2, 3, 9, 12, device="numpy")
    found = F.resize(batch, [4, 5])
    assert_close(found[1], F.resize(batch[1], [4, 5]))
    assert F.resize(batch[0, 0], [4, 5]).shape == (4, 5)
    assert F.resize(batch, [9, 12]) is batch
    assert F.resize(planes(GREY), [3, 4], Mode.NEAREST)[0].tolist() == GREY[::3, ::3].tolist()


@pytest.mark.parametrize("quarters", range(-1, 5))
@pytest.mark.parametrize("mode", [Mode.NEAREST, Mode.BILINEAR])
def test_quarter_turns_of_a_square(quarters: int, mode: Mode) -> None:
    square = COLOUR[:, :9]
    found = both(square, lambda i: F.rotate(i, 90.0 * quarters, mode))
    np.testing.assert_array_equal(found, np.rot90(square, quarters))


def test_a_quarter_turn_of_a_rectangle_expands() -> None:
    even = COLOUR[:8]  # of odd sides a tensor gets half a pixel more on each side
    found = both(even, lambda i: F.rotate(i, 90, expand=True))
    np.testing.assert_array_equal(found, np.rot90(even))


@pytest.mark.parametrize("angle", [0.0, 10.0, -33.0, 45.0, 117.5])
@pytest.mark.parametrize(
    ("expand", "center"),
    [(False, None), (False, (2, 3)), (True, None)],  # with both, Pillow's result lies elsewhere
)
def test_any_turn_is_nearly_that_of_pillow(
    angle: float, expand: bool, center: tuple[int, int] | None
) -> None:
    smooth = np.add.outer(np.arange(20) * 5, np.arange(30) * 4).astype(np.uint8)
    image = pytest.importorskip("PIL.Image").fromarray(smooth)
    of_tensor = F.rotate(planes(smooth), angle, Mode.NEAREST, expand, center, [9])
    of_image = np.asarray(F.rotate(image, angle, Mode.NEAREST, expand, center, 9))
    assert of_tensor.shape == (1, *of_image.shape)
    close = np.abs(of_tensor[0].numpy().astype(int) - of_image) <= 5
    assert close.mean() > 0.97


def test_what_comes_from_beyond_the_image_is_filled() -> None:
    ones = torch.ones(2, 5, 5, device="numpy")
    assert F.rotate(ones, 45)[:, 0, 0].tolist() == [0.0, 0.0]
    assert F.rotate(ones, 45, fill=[3.0, 4.0])[:, 0, 0].tolist() == [3.0, 4.0]
    smooth = F.rotate(ones, 45, Mode.BILINEAR, fill=[0.5, 1.0])
    share = F.rotate(ones, 45, Mode.BILINEAR)
    for channel, colour in enumerate((0.5, 1.0)):
        expected = share[channel] * share[channel] + (1 - share[channel]) * colour
        assert_close(smooth[channel], expected)


def test_a_part_is_erased() -> None:
    x = torch.ones(2, 4, 4, device="numpy")
    found = F.erase(x, 1, 2, 2, 1, tensor([[[5.0]], [[6.0]]], np.float32))
    assert found[0, 1:3, 2].tolist() == [5.0, 5.0]
    assert float(found[1].sum().item()) == 14 + 12
    assert float(x.sum().item()) == 32
    assert F.erase(x, 0, 0, 1, 1, torch.zeros(1, 1, 1, device="numpy"), inplace=True) is x


# ---- colours ----------------------------------------------------------------------------------


def test_colours_are_nearly_those_of_pillow() -> None:
    image = pytest.importorskip("PIL.Image").fromarray(COLOUR)
    x = planes(COLOUR)

    def difference(function: Callable[..., object]) -> int:
        of_tensor, of_image = function(x), np.asarray(function(image))
        assert isinstance(of_tensor, torch.Tensor)
        if of_image.ndim == 2:
            of_image = of_image[..., None]
        return int(np.abs(of_tensor.numpy().astype(int) - of_image.transpose(2, 0, 1)).max())

    for factor in (0.0, 0.4, 1.0, 1.7):
        assert difference(lambda i, f=factor: F.adjust_brightness(i, f)) <= 1
        assert difference(lambda i, f=factor: F.adjust_contrast(i, f)) <= 2
        assert difference(lambda i, f=factor: F.adjust_saturation(i, f)) <= 2
    for channels in (1, 3):
        assert difference(lambda i, c=channels: F.rgb_to_grayscale(i, c)) <= 1
    assert difference(lambda i: F.adjust_hue(i, 0.0)) <= 10  # Pillow's hues are bytes


def test_hues_go_round_in_a_circle() -> None:
    red = tensor([[[1.0]], [[0.0]], [[0.0]]], np.float32)
    for part, expected in ((0.0, [1, 0, 0]), (1 / 3, [0, 1, 0]), (-1 / 3, [0, 0, 1])):
        found = F.adjust_hue(red, part).numpy().ravel()
        assert found == pytest.approx(expected, abs=1e-5)
    x = torch.rand(3, 5, 6, device="numpy")
    assert_close(F.adjust_hue(x, 0.0), x)
    there_and_back = F.adjust_hue(F.adjust_hue(x, 0.3), -0.3)
    assert_close(there_and_back, x, atol=1e-5)
    grey = torch.full((3, 1, 1), 0.5, device="numpy")
    assert F.adjust_hue(grey, 0.2).tolist() == grey.tolist()


# ---- the classes ------------------------------------------------------------------------------


def test_texts_are_those_of_torchvision() -> None:
    texts = {
        transforms.Resize((4, 5), Mode.NEAREST): (
            "Resize(size=(4, 5), interpolation=nearest, max_size=None, antialias=True)"
        ),
        transforms.RandomResizedCrop(224): (
            "RandomResizedCrop(size=(224, 224), scale=(0.08, 1.0), ratio=(0.75, 1.3333), "
            "interpolation=bilinear, antialias=True)"
        ),
        transforms.RandomRotation((-5, 10), center=(1, 2), fill=(1, 2, 3)): (
            "RandomRotation(degrees=[-5.0, 10.0], interpolation=nearest, expand=False, "
            "center=(1, 2), fill=(1, 2, 3))"
        ),
        transforms.RandomHorizontalFlip(): "RandomHorizontalFlip(p=0.5)",
        transforms.RandomVerticalFlip(0.1): "RandomVerticalFlip(p=0.1)",
        transforms.RandomGrayscale(): "RandomGrayscale(p=0.1)",
        transforms.Normalize((0.5,), [0.25]): "Normalize(mean=(0.5,), std=[0.25])",
        transforms.PILToTensor(): "PILToTensor()",
        transforms.ToPILImage(): "ToPILImage()",
        transforms.ToPILImage("L"): "ToPILImage(mode=L)",
        transforms.ConvertImageDtype(torch.uint8): "ConvertImageDtype()",
        transforms.ColorJitter(0.2, hue=(-0.1, 0.1)): (
            "ColorJitter(brightness=(0.8, 1.2), contrast=None, saturation=None, hue=(-0.1, 0.1))"
        ),
        transforms.RandomApply([transforms.CenterCrop(3)], p=0.3): (
            "RandomApply(\n    p=0.3\n    CenterCrop(size=(3, 3))\n)"
        ),
        transforms.Compose([transforms.ToTensor(), transforms.Lambda(str)]): (
            "Compose(\n    ToTensor()\n    Lambda()\n)"
        ),
    }
    assert {repr(transform): text for transform, text in texts.items()} == {
        text: text for text in texts.values()
    }


def test_a_pipeline_from_an_image_to_a_tensor() -> None:
    image = pytest.importorskip("PIL.Image").fromarray(COLOUR)
    torch.manual_seed(0)
    pipeline = transforms.Compose(
        [
            transforms.RandomCrop(8, padding=2),
            transforms.RandomHorizontalFlip(),
            transforms.ColorJitter(0.1, 0.1, 0.1, 0.1),
            transforms.RandomRotation(5),
            transforms.ToTensor(),
            transforms.Normalize((0.5,) * 3, (0.5,) * 3),
            transforms.RandomErasing(p=1),
        ]
    )
    copy = pickle.loads(pickle.dumps(pipeline))
    torch.manual_seed(0)
    found = pipeline(image)
    assert isinstance(found, torch.Tensor)
    assert found.shape == (3, 8, 8)
    assert -1 <= float(found.numpy().min()) <= float(found.numpy().max()) <= 1
    torch.manual_seed(0)
    assert copy(image).tolist() == found.tolist()


def test_transforms_are_modules_in_a_row() -> None:
    crop = nn.Sequential(transforms.CenterCrop(4), transforms.Normalize((0.5,), (0.5,)))
    assert crop(torch.ones(1, 9, 9, device="numpy")).shape == (1, 4, 4)
    several = transforms.RandomApply(nn.ModuleList([transforms.CenterCrop(4)]), p=1.0)
    result = several(torch.ones(1, 9, 9, device="numpy"))
    assert isinstance(result, torch.Tensor)
    assert result.shape == (1, 4, 4)


def test_chances_are_as_often_as_they_say() -> None:
    torch.manual_seed(0)
    x = tensor([[0, 1]], np.uint8)
    for p in (0.0, 0.25, 1.0):
        flip = transforms.RandomHorizontalFlip(p)
        count = sum(flip(x).tolist() == [[1, 0]] for _ in range(400))
        assert count == pytest.approx(400 * p, abs=40 * math.ceil(p % 1))
        apply = transforms.RandomApply([lambda _: 1], p)
        count = sum(apply(0) == 1 for _ in range(400))
        assert count == pytest.approx(400 * p, abs=40 * math.ceil(p % 1))


def test_a_crop_is_anywhere_and_a_small_image_gets_a_border() -> None:
    torch.manual_seed(0)
    x = tensor(np.arange(12).reshape(1, 3, 4))
    seen = {int(transforms.RandomCrop(2)(x)[0, 0, 0].item()) for _ in range(200)}
    assert seen == {0, 1, 2, 4, 5, 6}
    assert transforms.RandomCrop((5, 6), pad_if_needed=True)(x).shape == (1, 5, 6)
    assert transforms.RandomCrop((3, 4))(x).tolist() == x.tolist()


def test_a_rectangle_is_erased_within_its_bounds() -> None:
    torch.manual_seed(0)
    x = torch.zeros(3, 20, 30, device="numpy")
    for value, distinct in ((1, {1.0}), ([1.0, 2.0, 3.0], {1.0, 2.0, 3.0}), ("random", None)):
        for _ in range(20):
            found = transforms.RandomErasing(1.0, value=value)(x).numpy()
            rows, columns = np.nonzero(found.any(axis=0))
            height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
            assert height * width == len(rows)
            assert 0.01 < height * width / 600 < 0.36
            if distinct is not None:
                assert set(np.unique(found)) == {0.0, *distinct}


def test_nothing_here_imports_pillow() -> None:
    code = (
        "import sys; sys.modules['PIL'] = None\n"
        "import minitorch as torch; from minitorch import transforms as t\n"
        "x = torch.ones(3, 8, 8, device='numpy')\n"
        "p = t.Compose([t.RandomCrop(6, padding=1), t.Resize(4), t.RandomRotation(5)])\n"
        "print(p(x).shape)\n"
        "try: t.ToPILImage()(x)\n"
        "except ImportError as error: print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout.splitlines() == [
        "torch.Size([3, 4, 4])",
        'to_pil_image needs the library PIL; run: pip install "minitorch[datasets]"',
    ]


X = torch.ones(3, 8, 8, device="numpy")
CALLED, MADE = Unchecked(F), Unchecked(transforms)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: CALLED.to_tensor("x"),
            TypeError,
            "pic should be PIL Image or ndarray. Got <class 's",
        ),
        (lambda: CALLED.to_tensor(np.zeros(3)), ValueError, "2/3 dimensional. Got 1 dimensions."),
        (lambda: CALLED.pil_to_tensor(X), TypeError, "pic should be PIL Image. Got"),
        (lambda: CALLED.to_pil_image(3), TypeError, "pic should be Tensor or ndarray. Got"),
        (lambda: CALLED.to_pil_image(X[0, 0]), ValueError, "2/3 dimensional. Got 1 dimensions"),
        (
            lambda: CALLED.to_pil_image(np.zeros((2, 2, 5))),
            ValueError,
            "not have > 4 channels. Got 5",
        ),
        (lambda: CALLED.to_pil_image(X, "L"), ValueError, "Only modes .*'RGB', 'YCbCr'"),
        (lambda: CALLED.to_pil_image(X[:1], "RGB"), ValueError, r"Incorrect mode \(RGB\)"),
        (lambda: CALLED.to_pil_image(X.int()), TypeError, "Input type int32 is not supported"),
        (lambda: CALLED.normalize(3, [0], [1]), TypeError, "img should be Tensor Image. Got"),
        (lambda: CALLED.normalize(X.int(), [0], [1]), TypeError, "should be a float tensor. Got"),
        (lambda: CALLED.normalize(X[0], [0], [1]), ValueError, r"size \(..., C, H, W\). Got"),
        (lambda: CALLED.normalize(X, [0], [0]), ValueError, "std evaluated to zero"),
        (lambda: CALLED.normalize(X, [0], [1, 1, 1e-50]), ValueError, "std evaluated to zero"),
        (lambda: CALLED.hflip("x"), TypeError, "img should be PIL Image. Got <class 'str'>"),
        (lambda: CALLED.hflip(X[0, 0]), TypeError, "Tensor is not a torch image"),
        (lambda: CALLED.get_image_size(3), TypeError, "Unexpected type <class 'int'>"),
        (lambda: CALLED.pad(X, "1"), TypeError, "Got inappropriate padding arg"),
        (lambda: CALLED.pad(X, 1, "0"), TypeError, "Got inappropriate fill arg"),
        (lambda: CALLED.pad(X, (1, 2, 3)), ValueError, "1, 2, or 4 element tuple, not a 3 element"),
        (
            lambda: CALLED.pad(X, 1, padding_mode="x"),
            ValueError,
            "either constant, edge, reflect or",
        ),
        (lambda: CALLED.resize(X, [1, 2, 3]), ValueError, "1 or 2 element tuple/list, not a 3"),
        (
            lambda: CALLED.resize(X, 9, max_size=9),
            ValueError,
            "max_size = 9 must be strictly greater",
        ),
        (
            lambda: CALLED.resize(X, [3, 4], max_size=9),
            ValueError,
            "max_size should only be passed if",
        ),
        (lambda: CALLED.resize(X, 4, 17), TypeError, "InterpolationMode or a corresponding Pillow"),
        (lambda: CALLED.resize(X, 4, Mode.BOX), ValueError, "unsupported with Tensor input: box"),
        (lambda: CALLED.rotate(X, "9"), TypeError, "Argument angle should be int or float"),
        (lambda: CALLED.rotate(X, 9, center=(1,)), ValueError, "center should have two numbers"),
        (
            lambda: CALLED.rotate(X, 9, fill=[1, 2]),
            ValueError,
            r"number of channels of the image \(2 !=",
        ),
        (lambda: CALLED.rotate(X, 9, Mode.BICUBIC), ValueError, "unsupported with Tensor input"),
        (
            lambda: CALLED.adjust_hue(X, 0.6),
            ValueError,
            r"hue_factor \(0.6\) is not in \[-0.5, 0.5\]",
        ),
        (
            lambda: CALLED.adjust_contrast(X, -1),
            ValueError,
            r"contrast_factor \(-1\) is not non-neg",
        ),
        (
            lambda: CALLED.adjust_brightness(X[:2], 1),
            TypeError,
            r"values are \[1, 3\], but found 2",
        ),
        (lambda: CALLED.rgb_to_grayscale(X, 2), ValueError, "should be either 1 or 3"),
        (lambda: MADE.Lambda(3), TypeError, "Argument lambd should be callable, got 'int'"),
        (lambda: MADE.CenterCrop((1, 2, 3)), ValueError, r"two dimensions \(h, w\) for size"),
        (lambda: MADE.Resize([1, 2, 3]), ValueError, "it should have 1 or 2 values"),
        (lambda: MADE.Resize(3.5), TypeError, "Size should be int or sequence. Got"),
        (lambda: transforms.RandomCrop(9)(X), ValueError, r"size \(9, 9\) is larger than input im"),
        (lambda: MADE.RandomRotation(-1), ValueError, "single number, it must be positive"),
        (lambda: MADE.RandomRotation([1]), ValueError, "should be a sequence of length 2"),
        (lambda: MADE.RandomRotation(None), TypeError, "should be a sequence of length 2"),
        (lambda: MADE.RandomResizedCrop(4, scale=3), TypeError, "Scale should be a sequ"),
        (lambda: MADE.RandomResizedCrop(4, ratio=(2, 1)), ValueError, r"kind \(min, max\)"),
        (lambda: MADE.RandomErasing(value="x"), ValueError, "it should be 'random'"),
        (lambda: MADE.RandomErasing(p=2), ValueError, "probability should be between 0"),
        (lambda: MADE.RandomErasing(scale=(0.5, 2)), ValueError, "between 0 and 1"),
        (lambda: transforms.RandomErasing(1, value=[1, 2])(X), ValueError, "single value or 3"),
        (lambda: MADE.ColorJitter(-1), ValueError, "it must be non negative"),
        (lambda: MADE.ColorJitter(hue=0.6), ValueError, "hue values should be between"),
        (lambda: MADE.ColorJitter("x"), TypeError, "single number or a list/tuple"),
        (lambda: MADE.ConvertImageDtype("x"), TypeError, "should be of type torch.dtype"),
    ],
)
def test_what_does_not_fit_is_refused(
    call: Callable[[], object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        call()
