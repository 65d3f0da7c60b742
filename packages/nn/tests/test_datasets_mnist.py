"""MNIST and its relatives: from a folder, over a network that fails in many ways, and hostile."""

import gzip
import hashlib
import os
import pickle
import struct
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import minitorch as torch
from minitorch.datasets import CIFAR10, KMNIST, MNIST, DatasetError, Digits, FashionMNIST
from minitorch.datasets.download import download
from minitorch.utils.data import DataLoader

Files = dict[str, bytes]


def idx(array: NDArray[np.uint8]) -> bytes:
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


def make_files() -> Files:
    """Four archives as the published ones, of 20 and 5 images."""
    rng = np.random.default_rng(0)
    files = {}
    for part, n in (("train", 20), ("t10k", 5)):
        images = rng.integers(0, 256, (n, 28, 28)).astype(np.uint8)
        labels = (np.arange(n) % 10).astype(np.uint8)
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            files[f"{part}-{kind}-ubyte.gz"] = gzip.compress(idx(array), mtime=0)
    return files


FILES = make_files()


class Server(ThreadingHTTPServer):
    """Serves `files`; paths in `broken` are cut in the middle, as often as it says."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: Files = dict(FILES)
        self.broken: dict[str, int] = {}
        self.asked: list[str] = []
        self.ranges: list[tuple[str, int]] = []  # what was asked for from the middle on
        self.resumes = True  # whether it can do that

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        name = self.path.strip("/")
        server.asked.append(name)
        if name not in server.files:
            self.send_error(404)
            return
        body = server.files[name]
        begin = int((self.headers["Range"] or "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        if begin:
            server.ranges.append((name, begin))
        if begin and server.resumes:
            if begin >= len(body):
                self.send_error(416)
                return
            body = body[begin:]
        self.send_response(206 if begin and server.resumes else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if server.broken.get(name, 0) > 0:
            server.broken[name] -= 1
            body = body[: len(body) // 2]
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    pytest.importorskip("pooch")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server() as server:
        thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.01))
        thread.start()
        monkeypatch.setattr(MNIST, "mirrors", [server.url])
        monkeypatch.setattr(MNIST, "resources", [(n, md5(body)) for n, body in FILES.items()])
        yield server
        server.shutdown()
        thread.join()


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder as torchvision leaves it: archives, and what was in them."""
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name, content in FILES.items():
        (raw / name).write_bytes(content)
        (raw / name.removesuffix(".gz")).write_bytes(gzip.decompress(content))
    return tmp_path


@pytest.mark.parametrize("kept", ["-ubyte", ".gz", ""])
def test_a_folder_of_torchvision_is_read_whichever_files_it_kept(root: Path, kept: str) -> None:
    for path in (root / "MNIST" / "raw").iterdir():
        if not path.name.endswith(kept):
            path.unlink()
    data = MNIST(root)
    assert len(data) == 20
    assert data.data.shape == (20, 28, 28)
    assert data.data.dtype is torch.uint8
    assert data.targets.dtype is torch.int64
    assert data.targets.tolist() == [*range(10), *range(10)]
    images = gzip.decompress(FILES["train-images-idx3-ubyte.gz"])[16:]
    assert data.data.numpy().tobytes() == images


def test_items_are_images_of_pillow_and_ints(root: Path) -> None:
    image_class = pytest.importorskip("PIL.Image").Image
    data = MNIST(str(root), train=False)
    image, target = data[3]
    assert isinstance(image, image_class)
    assert (image.mode, image.size, target) == ("L", (28, 28), 3)
    np.testing.assert_array_equal(np.asarray(image), data.data[3].numpy())
    assert data[-1][1] == 4
    with pytest.raises(IndexError):
        data[5]


def test_transforms_take_the_image_and_the_target(root: Path) -> None:
    pytest.importorskip("PIL")
    data = MNIST(root, transform=lambda image: image.size, target_transform=lambda t: t + 100)
    assert data[7] == ((28, 28), 107)


def test_the_text_is_that_of_torchvision(root: Path) -> None:
    class Twice:
        def __call__(self, x: int) -> int:
            return 2 * x

        def __repr__(self) -> str:
            return "Twice(\n    x\n)"

    assert repr(MNIST(root, transform=Twice())) == (
        "Dataset MNIST\n"
        "    Number of datapoints: 20\n"
        f"    Root location: {root}\n"
        "    Split: Train\n"
        "    StandardTransform\n"
        "Transform: Twice(\n"
        "               x\n"
        "           )"
    )
    plain = repr(MNIST(root, train=False, target_transform=Twice()))
    assert plain.splitlines()[3:6] == [
        "    Split: Test", "    StandardTransform", "Target transform: Twice(",
    ]  # fmt: skip


def test_classes_have_names_and_numbers() -> None:
    for kind in (MNIST, FashionMNIST, KMNIST, CIFAR10, Digits):
        assert len(set(kind.classes)) == 10
    data = Digits()
    assert data.class_to_idx == {str(digit): digit for digit in range(10)}


def test_the_published_checksums_are_nineteen_different_ones() -> None:
    sums = [md5 for kind in (MNIST, FashionMNIST, KMNIST) for _, md5 in kind.resources]
    sums += [md5 for _, md5 in (*CIFAR10.train_list, *CIFAR10.test_list)] + [CIFAR10.tgz_md5]
    assert len(set(sums)) == 19
    assert all(len(text) == 32 and int(text, 16) for text in sums)


def test_a_set_goes_into_a_loader_and_through_pickle(root: Path) -> None:
    pytest.importorskip("PIL")
    data = MNIST(root, transform=np.asarray)
    copy = pickle.loads(pickle.dumps(data))
    assert copy.targets.tolist() == data.targets.tolist()
    for size, batch in zip((8, 8, 4), DataLoader(data, batch_size=8), strict=True):
        assert isinstance(batch, list)
        assert [part.shape[0] for part in batch] == [size, size]


def test_the_home_folder_is_found(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(root.parent))
    monkeypatch.setenv("USERPROFILE", str(root.parent))
    assert len(MNIST(f"~/{root.name}")) == 20


# ---- the network ---------------------------------------------------------------------------------


def test_files_are_downloaded_once(tmp_path: Path, server: Server) -> None:
    data = MNIST(tmp_path, download=True)
    assert (len(data), len(MNIST(tmp_path, train=False, download=True))) == (20, 5)
    assert sorted(server.asked) == sorted(FILES)
    assert sorted(os.listdir(tmp_path / "MNIST" / "raw")) == sorted(FILES)


def test_what_is_there_needs_neither_the_network_nor_pooch(
    root: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pooch", None)
    assert len(MNIST(root, download=True)) == 20
    for path in (root / "MNIST" / "raw").glob("*-ubyte"):
        path.unlink()
    assert len(MNIST(root, download=True)) == 20
    assert server.asked == []


def test_without_pooch_the_command_that_installs_it_is_named(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(ImportError, match=r'pooch; run: pip install "minitorch\[datasets\]"'):
        MNIST(tmp_path, download=True)


def test_the_next_mirror_is_tried_when_the_first_has_no_file(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MNIST, "mirrors", [server.url + "gone/", server.url])
    assert len(MNIST(tmp_path, download=True)) == 20
    assert len(server.asked) == 8  # what is not found is not asked for again


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has come is written so many bytes at a time; the rest of a chunk is lost."""
    monkeypatch.setattr(sys.modules["minitorch.datasets.download"], "CHUNK", 256)


@pytest.mark.parametrize("resumes", [True, False])
def test_a_transfer_that_breaks_off_goes_on(
    tmp_path: Path, server: Server, small_chunks: None, resumes: bool
) -> None:
    name = "train-images-idx3-ubyte.gz"
    server.broken[name], server.resumes = 1, resumes
    assert len(MNIST(tmp_path, download=True)) == 20
    ((asked, begin),) = server.ranges
    assert asked == name
    assert 0 < begin <= len(FILES[name]) // 2
    assert server.asked.count(name) == (2 if resumes else 3)  # or all of it once more
    assert not list(tmp_path.rglob("*.part"))


def test_a_transfer_goes_on_in_the_next_process(
    tmp_path: Path, server: Server, small_chunks: None
) -> None:
    name = "train-images-idx3-ubyte.gz"
    server.broken[name] = 1000
    with pytest.raises(DatasetError, match="cannot download"):
        MNIST(tmp_path, download=True)
    (part,) = tmp_path.rglob("*.part")
    got = part.stat().st_size
    assert 0 < got < len(FILES[name])
    server.broken.clear()
    server.ranges.clear()
    assert len(MNIST(tmp_path, download=True)) == 20
    assert server.ranges == [(name, got)]
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize("extra", [0, 7])
def test_a_part_that_is_too_long_is_begun_anew(tmp_path: Path, server: Server, extra: int) -> None:
    name = "train-images-idx3-ubyte.gz"
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    (raw / f"{name}.part").write_bytes(bytes(len(FILES[name]) + extra))
    assert len(MNIST(tmp_path, download=True)) == 20
    assert not list(tmp_path.rglob("*.part"))


def test_a_wrong_archive_in_the_folder_is_replaced(tmp_path: Path, server: Server) -> None:
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    name = "train-images-idx3-ubyte.gz"
    (raw / name).write_bytes(FILES[name][:100])
    assert len(MNIST(tmp_path, download=True)) == 20
    assert (raw / name).read_bytes() == FILES[name]


@pytest.mark.parametrize("how", ["cut", "wrong", "gone", "offline"])
def test_a_failed_download_says_what_to_do_and_leaves_nothing(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    name = "train-images-idx3-ubyte.gz"
    if how == "cut":
        server.broken[name] = 99
    elif how == "wrong":
        server.files[name] = FILES[name] + b"x"
    elif how == "gone":
        del server.files[name]
    else:
        monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:1/"])
    with pytest.raises(RuntimeError) as caught:
        MNIST(tmp_path, download=True)
    message = str(caught.value)
    assert message.startswith(f"cannot download {name}:\n  {MNIST.mirrors[0]}{name}: ")
    assert f"({'md5:' + md5(FILES[name])}) and put it here: " in message
    assert str(tmp_path / "MNIST" / "raw" / name) in message
    reason = {"cut": "IncompleteRead", "wrong": "hash of downloaded", "gone": "404"}
    assert reason.get(how, "refused") in message
    assert os.listdir(tmp_path / "MNIST" / "raw") == []


def test_a_bar_is_drawn_when_it_is_asked_for(
    tmp_path: Path, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tqdm")
    name, body = next(iter(FILES.items()))
    get = partial(download, name=name, urls=[server.url + name], checksum="md5:" + md5(body))
    get(tmp_path / "a", progress=True)
    assert "100%" in capsys.readouterr().err
    get(tmp_path / "b")
    assert "100%" not in capsys.readouterr().err  # which is no terminal here


def test_without_a_folder_data_sets_are_among_the_users_caches(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MINITORCH_DATA_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    assert len(MNIST(download=True)) == 20
    assert (tmp_path / "caches/minitorch/datasets/MNIST/raw").is_dir()
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with pytest.raises(DatasetError, match="not found"):
        MNIST()
    monkeypatch.setenv("MINITORCH_DATA_DIR", str(tmp_path / "caches/minitorch/datasets"))
    assert len(MNIST()) == 20


# ---- folders in which something is wrong ---------------------------------------------------------


def test_files_that_are_not_there_are_named(tmp_path: Path, root: Path) -> None:
    with pytest.raises(RuntimeError, match=r"^Dataset not found\. You can use download=True"):
        MNIST(tmp_path / "nowhere")
    for path in (root / "MNIST" / "raw").glob("train-labels*"):
        path.unlink()
    with pytest.raises(DatasetError, match="neither train-labels-idx1-ubyte nor train-labels"):
        MNIST(root)
    assert len(MNIST(root, train=False)) == 5


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("train-labels-idx1-ubyte", idx(np.zeros(19, np.uint8)), "has 20 images, .* 19 labels"),
        ("train-labels-idx1-ubyte", idx(np.full(20, 10, np.uint8)), "label 10, .* be 0 to 9"),
        ("train-labels-idx1-ubyte", b"<html>not found</html>", "wrong magic number 0x3c68746d"),
        ("train-images-idx3-ubyte", idx(np.zeros(20, np.uint8)), "expected 0x00000803"),
        ("train-images-idx3-ubyte", b"\x1f\x8b" + bytes(99), "damaged gzip file"),
    ],
)
def test_a_damaged_folder_is_refused(root: Path, name: str, content: bytes, message: str) -> None:
    (root / "MNIST" / "raw" / name).write_bytes(content)
    with pytest.raises(DatasetError, match=message):
        MNIST(root)


# ---- digits --------------------------------------------------------------------------------------


def test_the_digits_are_real_and_split_by_class() -> None:
    train, test = Digits(), Digits(train=False)
    assert (len(train), len(test)) == (1433, 364)
    tests = np.bincount(test.targets.numpy().astype(np.int64))
    counts = np.bincount(train.targets.numpy().astype(np.int64)) + tests
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert (tests / counts).tolist() == pytest.approx([0.2] * 10, abs=0.01)
    assert np.unique(train.data.numpy()).tolist() == [
        *(0, 16, 32, 48, 64, 80, 96, 112, 128, 143, 159, 175, 191, 207, 223, 239, 255)
    ]


def test_a_digit_is_an_image_too() -> None:
    pytest.importorskip("PIL")
    size, target = Digits(train=False, transform=lambda image: (image.mode, image.size))[1]
    assert (size, target) == (("L", (8, 8)), 1)


def test_without_pillow_the_command_that_installs_it_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    data = Digits()
    with pytest.raises(ImportError, match=r'PIL; run: pip install "minitorch\[datasets\]"'):
        data[0]
