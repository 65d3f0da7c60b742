"""Transforms beside PyTorch: the same draws in the same order, the same numbers.

torchvision is not needed: what it draws and computes with torch is written out here.
"""

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

import minitorch
from minitorch import transforms
from minitorch.transforms import InterpolationMode as Mode
from minitorch.transforms import functional as F

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.parity

SEEDS = range(25)
X = np.random.default_rng(0).random((3, 20, 30), dtype=np.float32)


def ours(array: object) -> minitorch.Tensor:
    return minitorch.from_numpy(np.array(array)).to("numpy")


def as_floats(x: minitorch.Tensor) -> NDArray[np.float64]:
    return x.numpy().astype(np.float64)


def seed(number: int) -> None:
    torch.manual_seed(number)
    minitorch.manual_seed(number)


def same_state() -> bool:
    """Whether both have drawn equally much: the next number is the same."""
    return bool(torch.rand(1).item() == minitorch.rand(1).item())


def test_every_byte_divided_by_255() -> None:
    array = np.arange(256, dtype=np.uint8).reshape(16, 16)
    expected = torch.from_numpy(array).float().div(255)
    assert F.to_tensor(array)[0].tolist() == expected.tolist()
    x = torch.from_numpy(array).float().div(255)
    cut = np.asarray(x.mul(255).byte())
    image = pytest.importorskip("PIL.Image")
    assert isinstance(F.to_pil_image(F.to_tensor(array)), image.Image)
    np.testing.assert_array_equal(np.asarray(F.to_pil_image(F.to_tensor(array))), cut)


@pytest.mark.parametrize("number", SEEDS)
def test_crops_are_where_torchvision_has_them(number: int) -> None:
    seed(number)
    top = torch.randint(0, 20 - 12 + 1, size=(1,)).item()
    left = torch.randint(0, 30 - 12 + 1, size=(1,)).item()
    found = transforms.RandomCrop(12)(ours(X))
    np.testing.assert_array_equal(found.numpy(), X[:, top : top + 12, left : left + 12])
    assert same_state()


@pytest.mark.parametrize("number", SEEDS)
def test_chances_and_angles(number: int) -> None:
    for p in (0.3, 0.5, 0.7):
        seed(number)
        flipped = bool(torch.rand(1) < p)
        found = transforms.RandomHorizontalFlip(p)(ours(X)).numpy()
        np.testing.assert_array_equal(found, X[:, :, ::-1] if flipped else X)
        left_out = bool(p < torch.rand(1))
        assert transforms.RandomApply([lambda _: 1], p)(0) == (0 if left_out else 1)
        angle = torch.empty(1).uniform_(-10.0, 10.0).item()
        assert transforms.RandomRotation.get_params([-10.0, 10.0]) == angle
        assert same_state()


def area_and_proportion(low: float, high: float, ratio: tuple[float, float]) -> tuple[float, float]:
    logarithms = torch.log(torch.tensor(ratio))
    area = 20 * 30 * torch.empty(1).uniform_(low, high).item()
    return area, torch.exp(torch.empty(1).uniform_(logarithms[0], logarithms[1])).item()


@pytest.mark.parametrize("number", SEEDS)
def test_parts_of_any_area(number: int) -> None:
    seed(number)
    expected = None
    for _ in range(10):
        area, aspect = area_and_proportion(0.08, 1.0, (3 / 4, 4 / 3))
        width, height = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < width <= 30 and 0 < height <= 20:
            top = torch.randint(0, 20 - height + 1, size=(1,)).item()
            left = torch.randint(0, 30 - width + 1, size=(1,)).item()
            expected = (top, left, height, width)
            break
    found = transforms.RandomResizedCrop.get_params(ours(X), (0.08, 1.0), (3 / 4, 4 / 3))
    assert found == (expected or found)
    assert same_state()


@pytest.mark.parametrize("number", SEEDS)
def test_erased_parts_and_their_noise(number: int) -> None:
    seed(number)
    expected = torch.from_numpy(X.copy())
    if torch.rand(1) < 0.8:
        for _ in range(10):
            area, aspect = area_and_proportion(0.02, 0.33, (0.3, 3.3))
            height, width = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
            if height < 20 and width < 30:
                noise = torch.empty([3, height, width], dtype=torch.float32).normal_()
                top = torch.randint(0, 20 - height + 1, size=(1,)).item()
                left = torch.randint(0, 30 - width + 1, size=(1,)).item()
                expected[..., top : top + height, left : left + width] = noise
                break
    found = transforms.RandomErasing(0.8, value="random")(ours(X))
    np.testing.assert_allclose(as_floats(found), expected.numpy(), rtol=1e-5, atol=1e-6)
    assert same_state()


@pytest.mark.parametrize("number", SEEDS)
def test_colours_in_any_order(number: int) -> None:
    seed(number)
    order = torch.randperm(4).tolist()
    factors = [torch.empty(1).uniform_(low, high).item() for low, high in ((0.5, 1.5), (0.9, 1.1))]
    jitter = transforms.ColorJitter(brightness=0.5, saturation=(0.9, 1.1))
    found = jitter.get_params(jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue)
    assert found == (order, factors[0], None, factors[1], None)
    assert same_state()


@pytest.mark.parametrize("size", [(7, 9), (20, 11), (40, 50)])
@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "bilinear", "bicubic"])
def test_tensors_are_resized_by_interpolate(
    size: tuple[int, int], antialias: bool, mode: str
) -> None:
    smooth = mode in ("bilinear", "bicubic")
    options = {"align_corners": False, "antialias": antialias} if smooth else {}
    for array in (X, (X * 255).astype(np.uint8)):
        images = torch.from_numpy(array)[None].float()
        expected = torch.nn.functional.interpolate(images, size, mode=mode, **options)[0]
        found = F.resize(ours(array), size, Mode(mode), antialias=antialias)
        if array.dtype == np.uint8:
            expected = expected.clamp(0, 255).round().to(torch.uint8)
            difference = np.abs(found.numpy().astype(int) - expected.numpy().astype(int))
            assert difference.max() <= 1
            assert difference.mean() < 0.01
        else:
            np.testing.assert_allclose(as_floats(found), expected.numpy(), 1e-5, 1e-5)


def rotated(x: np.ndarray, angle: float, mode: str, expand: bool, center: list[float]) -> object:
    """What torchvision computes: a grid of places, in float32."""
    height, width = x.shape[1:]
    turn = math.radians(-angle)
    cos, sin = math.cos(turn), math.sin(turn)
    cx, cy = center
    matrix = [cos, sin, cx - cos * cx - sin * cy, -sin, cos, cy + sin * cx - cos * cy]
    theta = torch.tensor(matrix, dtype=torch.float32).reshape(1, 2, 3)
    new_height, new_width = height, width
    if expand:
        half = torch.tensor([0.5 * width, 0.5 * height])
        signs = torch.tensor([[-1.0, -1.0], [-1.0, 1.0], [1.0, 1.0], [1.0, -1.0]])
        corners = torch.cat([signs * half, torch.ones(4, 1)], dim=1) @ theta[0].T
        low, high = corners.min(dim=0).values + half, corners.max(dim=0).values + half
        sizes = torch.ceil((high / 1e-4).trunc() * 1e-4) - torch.floor((low / 1e-4).trunc() * 1e-4)
        new_width, new_height = int(sizes[0]), int(sizes[1])
    base = torch.empty(1, new_height, new_width, 3)
    base[..., 0] = torch.linspace(-new_width * 0.5 + 0.5, new_width * 0.5 - 0.5, new_width)
    ys = torch.linspace(-new_height * 0.5 + 0.5, new_height * 0.5 - 0.5, new_height)
    base[..., 1] = ys.unsqueeze(-1)
    base[..., 2] = 1
    scaled = theta.transpose(1, 2) / torch.tensor([0.5 * width, 0.5 * height])
    grid = base.view(1, -1, 3).bmm(scaled).view(1, new_height, new_width, 2)
    images = torch.from_numpy(x)[None]
    return torch.nn.functional.grid_sample(
        images, grid, mode=mode, padding_mode="zeros", align_corners=False
    )[0].numpy()


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
@pytest.mark.parametrize("expand", [False, True])
@pytest.mark.parametrize("angle", [0, 7.5, -90, 133, 300])
@pytest.mark.parametrize("center", [None, [3, 14]])
def test_tensors_are_rotated_by_grid_sample(
    mode: str, expand: bool, angle: float, center: list[float] | None
) -> None:
    from_middle = [0.0, 0.0] if center is None else [center[0] - 15.0, center[1] - 10.0]
    expected = np.asarray(rotated(X, angle, mode, expand, from_middle))
    found = F.rotate(ours(X), angle, Mode(mode), expand, center).numpy()
    assert found.shape == expected.shape
    close = np.abs(found - expected) <= 1e-4  # of equally near pixels either may be the nearest
    assert close.mean() > (0.97 if mode == "nearest" else 0.9999)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
def test_colours_are_computed_alike(dtype: type[np.generic]) -> None:
    scale = 255 if dtype is np.uint8 else 1
    x = (X * scale).astype(dtype)
    theirs = torch.from_numpy(x)
    red, green, blue = theirs.unbind(-3)
    grey = (0.2989 * red + 0.587 * green + 0.114 * blue).to(theirs.dtype)[None]

    def blend(other: object, ratio: float) -> object:
        mixed = ratio * theirs + torch.as_tensor(other) * (1.0 - ratio)
        return mixed.clamp(0, scale).to(theirs.dtype).numpy()

    wide = theirs.dtype if theirs.is_floating_point() else torch.float32
    cases: list[tuple[Callable[..., minitorch.Tensor], object]] = [
        (F.adjust_brightness, torch.zeros_like(theirs)),
        (F.adjust_contrast, grey.to(wide).mean(dim=(-3, -2, -1), keepdim=True)),
        (F.adjust_saturation, grey),
    ]
    for function, other in cases:
        for ratio in (0.3, 1.6):
            found = function(ours(x), ratio).numpy().astype(float)
            expected = np.asarray(blend(other, ratio)).astype(float)
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1 if scale > 1 else 1e-6)
    found = F.rgb_to_grayscale(ours(x)).numpy().astype(float)
    np.testing.assert_allclose(found, grey.numpy().astype(float), rtol=1e-5, atol=scale // 255)
