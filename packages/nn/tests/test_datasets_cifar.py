"""CIFAR-10: pickles as Python 2 wrote them, read without running them, packed and unpacked."""

import hashlib
import io
import os
import pickle
import struct
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from minitorch.datasets import CIFAR10, DatasetError
from minitorch.datasets.batches import read_batch

PIXELS = np.random.default_rng(0).integers(0, 256, (4, 3, 32, 32)).astype(np.uint8)
LABELS = [6, 9, 9, 4]


def text(value: bytes) -> bytes:
    """A string of Python 2."""
    if len(value) < 256:
        return b"U" + bytes([len(value)]) + value
    return b"T" + struct.pack("<i", len(value)) + value


def number(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def array(pixels: bytes, shape: bytes, kind: bytes = b"u1", fortran: bytes = b"\x89") -> bytes:
    """An array as NumPy pickled it for Python 2: made empty, then given its state."""
    dtype = b"cnumpy\ndtype\n" + text(kind) + b"K\x00K\x01\x87R"
    dtype += b"(K\x03" + text(b"|") + b"NNN" + number(-1) + number(-1) + b"K\x00tb"
    made = (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + text(b"b") + b"\x87R"
    )
    return made + b"(K\x01" + shape + dtype + fortran + text(pixels) + b"tb"


def shape(n: int, width: int = 3072) -> bytes:
    return number(n) + number(width) + b"\x86"


def listed(values: list[int]) -> bytes:
    return b"](" + b"".join(b"K" + bytes([value]) for value in values) + b"e"


def batch(data: bytes = array(PIXELS.tobytes(), shape(4)), labels: bytes = listed(LABELS)) -> bytes:
    """A batch as the published ones: protocol 2, with two entries that are not needed."""
    entries = text(b"batch_label") + text(b"training batch 1 of 5")
    entries += text(b"labels") + labels + text(b"data") + data
    entries += text(b"filenames") + b"](" + text(b"leptodactylus_pentadactylus_s_000004.png") + b"e"
    return b"\x80\x02}(" + entries + b"u."


GOOD = batch()


def test_a_batch_is_what_python_reads_in_it() -> None:
    found = pickle.loads(GOOD, encoding="latin1")  # the definition of what these bytes mean
    np.testing.assert_array_equal(found["data"], PIXELS.reshape(4, 3072))
    pixels, labels = read_batch(GOOD, "batch")
    np.testing.assert_array_equal(pixels, PIXELS.transpose(0, 2, 3, 1))
    assert pixels.dtype == np.uint8
    assert labels == found["labels"] == LABELS


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "damaged, no pickle of a batch"),
        (b"<html>", "damaged, no pickle of a batch"),
        (b"\x80\x02}.", "expected a dictionary with 'data' and 'labels'"),
        (b"\x80\x02](K\x01e.", "expected a dictionary"),
        (batch(data=text(b"bytes")), "'data' must be an array of NumPy's"),
        (batch(data=array(PIXELS.tobytes(), shape(5))), r"the shape is \(5, 3072\), and 12288"),
        (batch(data=array(PIXELS.tobytes(), shape(-4, -3072))), "expected images of 3072"),
        (batch(data=array(PIXELS.tobytes(), shape(8, 1536))), "expected images of 3072"),
        (batch(data=array(b"", shape(2**31 - 1))), "and 0 bytes are there"),
        (batch(data=array(PIXELS.tobytes(), shape(4), b"O8")), "must be of type u1"),
        (batch(data=array(PIXELS.tobytes(), shape(4), fortran=b"\x88")), "must be an array"),
        (batch(labels=listed([6, 9, 9])), "4 images, but 3 labels"),
        (batch(labels=listed([6, 9, 9, 10])), "labels must be integers from 0 to 9"),
        (batch(labels=b"](K\x06K\x09K\x09\x88e"), "labels must be integers from 0 to 9"),
        (batch(labels=text(b"6994")), "'labels' must be a list"),
    ],
)
def test_what_is_no_batch_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        read_batch(content, "batch")


def test_a_batch_cut_anywhere_is_refused() -> None:
    cuts = [*range(200), *range(len(GOOD) - 200, len(GOOD))]
    for length in cuts:
        with pytest.raises(DatasetError, match="batch: "):
            read_batch(GOOD[:length], "batch")


class Hostile:
    """A pickle that runs a function when it is read."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self.what = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.what


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_nothing_in_a_batch_is_run(tmp_path: Path, protocol: int) -> None:
    trace = tmp_path / "trace"
    for hostile in (
        Hostile(os.mkdir, str(trace)),
        Hostile(eval, f"open({str(trace)!r}, 'w')"),
        Hostile(np.load, "no.npy"),
    ):
        content = pickle.dumps({"data": hostile, "labels": []}, protocol=protocol)
        with pytest.raises(
            DatasetError, match="refused: the file names " if protocol else "instruction .* unknown"
        ):
            read_batch(content, "batch")
    assert not trace.exists()


@pytest.mark.parametrize(
    ("attack", "message"),
    [
        (b"cnumpy\nndarray\nK\x00\x85R.", "refused: a call of numpy.ndarray"),
        (b"cnumpy\ndtype\n)R)R.", "refused: a call of _Made"),
        (b"cnumpy.core.multiarray\nscalar\n.", "names numpy.core.multiarray.scalar"),
        (b"cnumpy\ndtype\n}U\x01xK\x01sb.", "refused: a state for Function"),
        (b"(iposix\nsystem\n.", "instruction or memo 105 .* is unknown"),
        (b"\x82\x01.", "instruction or memo 130 .* is unknown"),
        (b"Pother\n.", "instruction or memo 80 .* is unknown"),
        (b"K\x01Q.", "refused: the file names something outside"),
        (b"K\x01r\xff\xff\xff\x7f.", "expected a dictionary"),  # a memo of 2**31 places
        (b"T\xff\xff\xff\x7f.", "no pickle of a batch"),
        (b"\x96\xff\xff\xff\xff\xff\xff\xff\x7f.", "no pickle of a batch"),
        (b"(" * 100_000 + b"t" * 100_000 + b".", "expected a dictionary"),
        (b"}" + b")" + b"\x85" * 100_000 + b"K\x01s.", "a key of type tuple"),  # to be hashed
        (b"}](K\x01es.", "no pickle of a batch"),
        (b"}.more", "something follows its end"),
    ],
)
def test_attacks_on_the_reader_end_in_its_error(attack: bytes, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        read_batch(b"\x80\x02" + attack, "batch")
    assert read_batch(GOOD, "batch").labels == LABELS  # and the reader is as it was


def test_random_damage_never_gives_anything_but_a_batch_or_its_error() -> None:
    rng = np.random.default_rng(0)
    small = batch(array(b"", shape(0)), listed([]))
    for _ in range(500):
        damaged = bytearray(small)
        for position in rng.integers(0, len(small), rng.integers(1, 4)):
            damaged[position] = rng.integers(0, 256)
        try:
            pixels, labels = read_batch(bytes(damaged), "batch")
        except DatasetError:
            continue
        assert pixels.shape == (len(labels), 32, 32, 3)


# ---- the data set ----------------------------------------------------------------------------


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


NAMES = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]


def contents() -> dict[str, bytes]:
    found = {}
    for i, name in enumerate(NAMES):
        pixels = np.roll(PIXELS, i, axis=0)
        found[name] = batch(array(pixels.tobytes(), shape(4)), listed([i] * 4))
    return found


def tar(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an archive as the published one, but small."""
    files = contents()
    sums = [(name, md5(content)) for name, content in files.items()]
    monkeypatch.setattr(CIFAR10, "train_list", sums[:5])
    monkeypatch.setattr(CIFAR10, "test_list", sums[5:])
    archive = tar({f"cifar-10-batches-py/{name}": content for name, content in files.items()})
    monkeypatch.setattr(CIFAR10, "tgz_md5", md5(archive))
    (tmp_path / CIFAR10.filename).write_bytes(archive)
    return tmp_path


def unpack(root: Path) -> Path:
    folder = root / "cifar-10-batches-py"
    folder.mkdir()
    for name, content in contents().items():
        (folder / name).write_bytes(content)
    (root / CIFAR10.filename).unlink()
    return folder


@pytest.mark.parametrize("unpacked", [False, True])
def test_the_set_is_read_packed_or_as_torchvision_unpacks_it(root: Path, unpacked: bool) -> None:
    if unpacked:
        unpack(root)
    before = sorted(root.rglob("*"))
    data = CIFAR10(root, download=True)  # it is there: nothing to download
    assert (len(data), data.data.shape) == (20, (20, 32, 32, 3))
    assert data.data.dtype == np.uint8
    assert data.targets == [0] * 4 + [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4
    assert data.class_to_idx["frog"] == 6
    expected: NDArray[np.uint8] = PIXELS.transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(data.data[:4], expected)
    np.testing.assert_array_equal(data.data[5], expected[0])
    assert CIFAR10(root, train=False).targets == [5] * 4
    assert sorted(root.rglob("*")) == before
    assert repr(data) == (
        "Dataset CIFAR10\n    Number of datapoints: 20\n"
        f"    Root location: {root}\n    Split: Train"
    )


def test_items_are_images_in_colour(root: Path) -> None:
    image_class = pytest.importorskip("PIL.Image").Image
    image, target = CIFAR10(root)[1]
    assert isinstance(image, image_class)
    assert (image.mode, image.size, target) == ("RGB", (32, 32), 0)
    np.testing.assert_array_equal(np.asarray(image), PIXELS[1].transpose(1, 2, 0))


def test_a_file_with_another_checksum_is_not_read(root: Path) -> None:
    folder = unpack(root)
    evil = pickle.dumps(Hostile(os.mkdir, str(root / "trace")))
    (folder / "data_batch_3").write_bytes(evil)
    with pytest.raises(DatasetError, match=f"data_batch_3: damaged, its md5 is {md5(evil)}"):
        CIFAR10(root)
    assert not (root / "trace").exists()
    assert len(CIFAR10(root, train=False)) == 4


def test_an_archive_with_another_checksum_is_not_even_opened(root: Path) -> None:
    (root / CIFAR10.filename).write_bytes(tar({"cifar-10-batches-py/test_batch": GOOD}))
    with pytest.raises(DatasetError, match=f"damaged, its md5 is not {CIFAR10.tgz_md5}; use down"):
        CIFAR10(root, train=False)


def test_a_damaged_archive_is_refused_and_nothing_is_written(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = root / CIFAR10.filename
    whole = path.read_bytes()
    for content, message in (
        (whole[: len(whole) // 2], "damaged archive"),
        (b"no archive", "damaged archive"),
        (tar({"elsewhere/data_batch_1": b""}), "not in the archive: cifar-10-batches-py/data_bat"),
        (tar({f"cifar-10-batches-py/{name}": b"x" for name in NAMES}), "data_batch_1: damaged"),
        (tar({"../evil": b"x", "/tmp/evil": b"x"}), "not in the archive"),
    ):
        path.write_bytes(content)
        monkeypatch.setattr(CIFAR10, "tgz_md5", md5(content))
        with pytest.raises(DatasetError, match=message):
            CIFAR10(root)
        assert sorted(root.parent.rglob("evil")) == []
        assert os.listdir(root) == [CIFAR10.filename]


def test_a_set_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"^Dataset not found or corrupted\. You can use downl"):
        CIFAR10(tmp_path)
