"""The two data sets: sizes, splits, and folders in which something is wrong."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from minitorch_classifier.data import InputSpec, load, load_digits
from minitorch_classifier.errors import UserError

from .conftest import blocks, idx


def test_the_digits_are_real_scaled_and_split_by_class() -> None:
    dataset = load_digits()
    assert (len(dataset.train), len(dataset.test)) == (1433, 364)
    counts = np.bincount(dataset.test.labels) / np.bincount(
        np.concatenate([dataset.train.labels, dataset.test.labels])
    )
    assert counts == pytest.approx([0.2] * 10, abs=0.01)
    for images in (dataset.train, dataset.test):
        assert images.pixels.dtype == np.float32
        assert images.labels.dtype == np.int64
        assert float(images.pixels.min()) == 0.0
        assert float(images.pixels.max()) == 1.0


def test_a_spec_scales_the_training_pixels_to_mean_0_and_deviation_1() -> None:
    dataset = load_digits()
    scaled = dataset.spec().apply(dataset.train.pixels)
    assert scaled.shape == (1433, 1, 8, 8)
    assert scaled.dtype == np.float32
    assert abs(scaled.mean(dtype=np.float64)) < 1e-6
    assert scaled.std(dtype=np.float64) == pytest.approx(1)


def test_images_of_one_grey_have_a_spec_too(tmp_path: Path) -> None:
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx(np.zeros((10, 4, 4), np.uint8)))
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(idx(np.zeros(10, np.uint8)))
    assert load("mnist", tmp_path).spec() == InputSpec(4, 4, mean=0.0, std=1.0)


def test_mnist_is_read_from_train_and_t10k(mnist: Path) -> None:
    dataset = load("mnist", mnist)
    assert (len(dataset.train), len(dataset.test)) == (80, 20)
    assert dataset.train.pixels.max() == 1


def test_where_only_the_test_files_are_there_their_last_fifth_is_the_test(mnist: Path) -> None:
    for path in mnist.glob("train-*"):
        path.unlink()
    images, labels = blocks(20)
    dataset = load("mnist", mnist)
    assert (len(dataset.train), len(dataset.test)) == (16, 4)
    np.testing.assert_array_equal(dataset.test.labels, labels[16:])
    np.testing.assert_allclose(dataset.test.pixels, images[16:] / 255, rtol=1e-6)


def test_names_with_a_dot_are_found(mnist: Path) -> None:
    for path in mnist.iterdir():
        path.rename(mnist / path.name.replace("-idx", ".idx"))
    assert len(load("mnist", mnist).train) == 80


def broken_folder(mnist: Path, what: str) -> None:
    if what == "labels missing":
        (mnist / "train-labels-idx1-ubyte").unlink()
    elif what == "all missing":
        for path in mnist.iterdir():
            path.unlink()
    elif what == "fewer labels":
        (mnist / "train-labels-idx1-ubyte").write_bytes(idx(np.zeros(79, np.uint8)))
    elif what == "a label of 12":
        (mnist / "t10k-labels-idx1-ubyte").write_bytes(idx(np.full(20, 12, np.uint8)))
    elif what == "no images":
        empty = gzip.compress(idx(np.zeros((0, 8, 8), np.uint8)))
        (mnist / "train-images-idx3-ubyte.gz").write_bytes(empty)
        (mnist / "train-labels-idx1-ubyte").write_bytes(idx(np.zeros(0, np.uint8)))
    elif what == "two sizes":
        larger = gzip.compress(idx(np.zeros((20, 9, 8), np.uint8)))
        (mnist / "t10k-images-idx3-ubyte.gz").write_bytes(larger)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("labels missing", "neither train-labels-idx1-ubyte nor train-labels-idx1-ubyte.gz"),
        ("all missing", "neither t10k-images-idx3-ubyte nor t10k-images-idx3-ubyte.gz is there"),
        ("fewer labels", "has 80 images, .* 79 labels"),
        ("a label of 12", "label 12, but labels must be 0 to 9"),
        ("no images", r"no images, the header says \(0, 8, 8\)"),
        ("two sizes", "training images are 8x8, test images 9x8; all must have one size"),
    ],
)
def test_a_folder_in_which_something_is_wrong_is_refused(
    mnist: Path, what: str, message: str
) -> None:
    broken_folder(mnist, what)
    with pytest.raises(UserError, match=message):
        load("mnist", mnist)


def test_options_that_do_not_go_together_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--dataset mnist needs --data-dir"):
        load("mnist")
    with pytest.raises(UserError, match=r"--data-dir belongs to --dataset mnist"):
        load("digits", tmp_path)
    with pytest.raises(UserError, match=r"no data set 'cifar'; there are: digits, mnist"):
        load("cifar")
    with pytest.raises(UserError, match=r"--data-dir .*nowhere: no such folder"):
        load("mnist", tmp_path / "nowhere")
