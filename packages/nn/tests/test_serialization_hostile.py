"""Files made to do harm: nothing in them runs, and no number in them takes memory."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import sys
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError

import numpy as np
import pytest

import minitorch as torch
from minitorch.serialization import pickle_machine

TENSOR = b"ctorch._utils\n_rebuild_tensor_v2\n"
MAGIC = 0x1950A86A20F9469CFC6C
ORDERED = b"ccollections\nOrderedDict\n)R"


def text(value: str) -> bytes:
    return pickle.BINUNICODE + struct.pack("<I", len(value)) + value.encode()


def number(value: int) -> bytes:
    raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return pickle.LONG1 + bytes([len(raw)]) + raw


def numbers(*values: int) -> bytes:
    return b"(" + b"".join(map(number, values)) + b"t"


def storage(kind: str = "FloatStorage", key: str = "0", size: int = 4, place: str = "cpu") -> bytes:
    names = text("storage") + f"ctorch\n{kind}\n".encode() + text(key) + text(place)
    return b"(" + names + number(size) + b"tQ"


def tensor(
    memory: bytes,
    offset: int = 0,
    shape: tuple[int, ...] = (4,),
    strides: tuple[int, ...] = (1,),
    grad: bytes = pickle.NEWFALSE,
) -> bytes:
    laid = number(offset) + numbers(*shape) + numbers(*strides)
    return TENSOR + b"(" + memory + laid + grad + ORDERED + b"tR"


def dumps(value: object) -> bytes:
    return pickle.dumps(value, 2)


def program(value: bytes) -> bytes:
    """{"x": value}."""
    return b"\x80\x02}" + text("x") + value + b"s."


def archive(value: bytes, **records: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("archive/data.pkl", program(value))
        for name, content in {"data/0": bytes(16), **records}.items():
            file.writestr(f"archive/{name}", content)
        file.writestr("archive/version", "3\n")
    return stream.getvalue()


def load(content: bytes) -> dict[str, object]:
    return torch.load(io.BytesIO(content), "numpy")


@contextmanager
def little_memory(limit: float = 5e6) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit
    finally:
        tracemalloc.stop()


def test_the_builder_builds_what_is_read() -> None:
    found = load(archive(tensor(storage(), 1, (1, 2), (5, 2))))["x"]
    assert isinstance(found, torch.Tensor)
    assert (found.shape, found.stride(), found.storage_offset()) == ((1, 2), (5, 2), 1)


@pytest.mark.parametrize("place", ["cuda:3", "mps", "xla:0", ""])
def test_where_a_tensor_was_does_not_matter(place: str) -> None:
    found = load(archive(tensor(storage(place=place))))["x"]
    assert isinstance(found, torch.Tensor)
    assert found.device.type == "numpy"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (b"cos\nsystem\n" + text("touch ran") + b"\x85R", "os.system"),
        (b"cposix\nsystem\n" + text("touch ran") + b"\x85R", "posix.system"),
        (b"cbuiltins\neval\n" + text("1") + b"\x85R", "builtins.eval"),
        (b"c__builtin__\ngetattr\n)R", "builtins.getattr"),
        (b"cminitorch.serialization\nload\n)R", "minitorch.serialization.load"),
        (b"ctorch._utils\n_rebuild_tensor_v2.__globals__\n)R", r"torch.*_v2.__globals__"),
        (b"ccollections\nOrderedDict.fromkeys\n)R", "collections.OrderedDict.fromkeys"),
        (text("os") + text("system") + b"\x93)R", "os.system"),
        (b"ctorch\nload\n)R", "torch.load"),
        (b"c" + b"a" * 10_000 + b"\nb\n)R", "a{200}(?!a)"),
    ],
)  # fmt: skip
def test_nothing_is_run(
    value: bytes, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        UnpicklingError, match=rf"load: the given stream holds {name}.*; loading it would run code"
    ):
        load(archive(value))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (text("print") + b")R", "a call of str; that is no function"),
        (storage() + b")R", "a call of a storage; that is no function"),
        (b"ctorch\nFloatStorage\n)R", "a call of torch.FloatStorage; that is no function"),
        (b"ctorch\nfloat32\n)R", "a call of DType; that is no function"),
        (b"ctorch\nFloatStorage\n", "torch.FloatStorage as a value"),
        (b"](ctorch\nFloatStorage\ne", "torch.FloatStorage as a value"),
        (b"ctorch\nFloatStorage\n\x85", "torch.FloatStorage as a value"),
        (b"ctorch\nFloatStorage\n\x85\x85\x85", "torch.FloatStorage as a value"),
        (storage(), "a storage as a value"),
        (b"N" + storage() + b"\x86", "a storage as a value"),
        (b"}}" + text("a") + b"NsNb", "a state for dict"),
        (ORDERED + b"}" + text("items") + b"Nsb", "a state for OrderedDict"),
        (tensor(storage()) + b"}b", "a state for Tensor"),
        (b"ctorch\ndevice\n" + text("mars") + b"\x85R", "the device 'mars'; no backend"),
    ],
)  # fmt: skip
def test_what_is_allowed_is_allowed_only_in_its_place(value: bytes, message: str) -> None:
    with pytest.raises(UnpicklingError, match=rf"holds {message}"):
        load(archive(value))


BIG = 2**62


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (tensor(storage(), 1), "reaches outside its storage of 4 elements"),
        (tensor(storage(), 0, (5,)), "reaches outside"),
        (tensor(storage(), 0, (2, 2), (3, 1)), "reaches outside"),
        (tensor(storage(), 5, (0,)), "reaches outside"),
        (tensor(storage(), -1), "goes backwards"),
        (tensor(storage(), 3, (4,), (-1,)), "goes backwards"),
        (tensor(storage(), 0, (-4,)), "goes backwards"),
        (tensor(storage(), 0, (4,), (1, 1)), "no proper dimensions"),
        (tensor(storage(), 0, (1,) * 65, (1,) * 65), "no proper dimensions"),
        (tensor(storage(), 0, (BIG,), (0,)), "is too large"),
        (tensor(storage(), 0, (0, BIG, BIG), (1, 1, 1)), "is too large"),
        (tensor(storage(), 0, (2**200,), (0,)), "is too large"),
        (tensor(storage(), 0, (1,), (BIG,)), "too large a stride"),
        (tensor(storage(), 2**80, (0,)), "reaches outside"),
        (tensor(storage(size=BIG)), "has 16 bytes, but 4611686018427387904 elements"),
        (tensor(storage(size=-4)), "storage '0' has -4 elements"),
        (tensor(storage(size=3), 0, (3,)), "has 16 bytes, but 3 elements"),
        (tensor(storage(key="1")), "no record 'data/1'"),
        (tensor(storage(key="../version")), "no record 'data/../version'"),
        (tensor(storage(kind="device")), "torch.device is no type of a storage"),
        (tensor(storage("LongStorage", size=2), 0, (2,), grad=pickle.NEWTRUE), "requires grad"),
        (b"(" + tensor(storage()) + tensor(storage("IntStorage")) + b"t", "float32 and of"),
        (tensor(storage(), grad=b"N"), "requires grad is no bool"),
        (tensor(storage(), grad=b"\x88\x88\x88"), "is wrong"),
        (tensor(text("0")), "lies over no storage"),
        (text("0") + b"Q", "is no storage"),
        (TENSOR + b")R", "is wrong"),
        (TENSOR + b"]R", "with no tuple"),
        (b"ctorch._utils\n_rebuild_parameter\n(NNNtR", "a parameter in it has no tensor"),
    ],
)  # fmt: skip
def test_tensors_stay_inside_their_storage(value: bytes, message: str) -> None:
    with little_memory(), pytest.raises(RuntimeError, match=rf"as a file of PyTorch's.*{message}"):
        load(archive(value))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (b"", "takes what is not there"),
        (b"00000", "takes what is not there"),
        (b"X\xff\xff\xff\xffabc", "ends too soon"),
        (b"\x8e" + b"\xff" * 8 + b"abc", "ends too soon"),  # BINBYTES8
        (b"\x8b\xff\xff\xff\x7f", "ends too soon"),  # LONG4
        (b"h\x07", "memo 7 of its pickle is unknown"),
        (b"I12\n", "instruction or memo 73"),  # a text instruction: torch.save writes none
        (b"\x82\x01", "instruction or memo 130"),  # EXT1
        (b"\x80\x09N", "protocol 9"),
        (b"cos", "name in its pickle has no end"),
        (b"X\x01\x00\x00\x00\xff", "is wrong: 'utf-8'"),
        (b"}(K\x01u", "key without a value"),
        (b"}(]K\x01u", "a key of type list"),
        (b"}(" + tensor(storage()) + b"K\x01u", "a key of type Tensor"),
        (b"K\x01(K\x02e", "appends to a int"),
        (b"](K\x02\x90", "adds to a list"),
        (b"]K\x01K\x02s", "sets items of a list"),
        (b"K\x01K\x01\x93", "a name that is no string"),
        (b"ctorch\nSize\n" + text("abc") + b"\x85R", "no whole numbers"),
        (b"ccollections\nOrderedDict\n" + text("abc") + b"\x85R", ""),
        (b"ccollections\nOrderedDict\n](]K\x01\x86e\x85R", "a key of type list"),
        (b"c__builtin__\nset\n](]e\x85R", "a key of type list"),
        (b"c__builtin__\nset\nK\x01\x85R", "not made of a list"),
        (b"c__builtin__\nbytearray\n" + number(2**40) + b"\x85R", "not made of bytes"),
        (b"c_codecs\nencode\n" + text("a") + text("rot13") + b"\x86R", "not written as latin1"),
        (b"ccollections\nCounter\n}K\x01Ns\x85R", "does not count"),
    ],
)  # fmt: skip
def test_pickles_that_are_none(value: bytes, message: str) -> None:
    with little_memory(), pytest.raises(RuntimeError, match=rf"as a file of PyTorch's.*{message}"):
        load(archive(value))


def test_a_memo_of_any_number_takes_no_memory() -> None:
    value = b"Nr\xff\xff\xff\xffj\xff\xff\xff\xff\x86"  # put at 2**32 - 1, and got from there
    with little_memory():
        assert load(archive(value))["x"] == (None, None)


def test_depth_is_no_matter() -> None:
    deep = 100_000
    found = load(archive(b"]" * deep + b"a" * (deep - 1)))["x"]
    for _ in range(deep - 1):
        assert isinstance(found, list)
        found = found[0]
    assert found == []
    for value in (b")" + b"\x85" * deep, b"(" * deep + b"t" * deep):
        load(archive(value))
    with pytest.raises(RuntimeError, match="a key of type tuple"):  # its hash would recurse
        load(archive(b"})" + b"\x85" * deep + b"Ns"))


@pytest.mark.parametrize("made", [b"(", b"\x8f", b"]", b"}", ORDERED])
def test_the_containers_that_a_small_file_makes_are_counted(
    made: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pickle_machine, "_CONTAINERS_LIMIT", 1000)
    assert load(archive(b"](" + b"]" * 997 + b"e"))
    with pytest.raises(RuntimeError, match="too many"):
        load(archive(b"](" + made * 999 + b"e"))


def test_shared_values_are_not_multiplied() -> None:
    bomb = (
        b"]("
        + b"K\x01" * 10
        + b"e"
        + b"".join(
            pickle.BINPUT + bytes([i]) + b"0](" + (pickle.BINGET + bytes([i])) * 10 + b"e"
            for i in range(100)
        )
    )
    with little_memory():
        assert isinstance(load(archive(bomb))["x"], list)  # 10**101 numbers, when written out


def zip_damage(edit: Callable[[bytearray], None]) -> bytes:
    content = bytearray(archive(tensor(storage())))
    edit(content)
    return bytes(content)


def directory(content: bytearray, name: bytes) -> int:
    """Where the entry of a record begins in the directory of the archive."""
    at = content.index(b"PK\x01\x02")
    while content[at + 46 : at + 46 + len(name)] != name:
        at = content.index(b"PK\x01\x02", at + 4)
    return at


def lie_about_size(content: bytearray) -> None:
    at = directory(content, b"archive/data/0")
    content[at + 20 : at + 28] = struct.pack("<2I", 2**31, 2**31)


def lie_about_compression(content: bytearray) -> None:
    content[directory(content, b"archive/data/0") + 10] = 8


def lie_about_place(content: bytearray) -> None:
    at, other = (directory(content, b"archive/" + name) for name in (b"data/0", b"version"))
    content[at + 42 : at + 46] = content[other + 42 : other + 46]


def encrypt(content: bytearray) -> None:
    content[directory(content, b"archive/data/0") + 8] |= 1


def change_numbers(content: bytearray) -> None:
    at = content.index(bytes(16), content.index(b"archive/data/0"))
    content[at] = 1


def cut(content: bytearray) -> None:
    del content[-60:]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lie_about_size, "lies over another|into the directory"),
        (lie_about_compression, "is compressed, which torch.save never does"),
        (lie_about_place, "is not where the directory says"),
        (encrypt, "is encrypted"),
        (change_numbers, "wrong checksum"),
        (cut, "directory cannot be read"),
    ],
)
def test_archives_that_lie(edit: Callable[[bytearray], None], message: str) -> None:
    with little_memory(), pytest.raises(RuntimeError, match=message):
        load(zip_damage(edit))


def test_a_compressed_bomb_is_not_unpacked() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("archive/data.pkl", program(tensor(storage(size=2**22), 0, (2**22,))))
        file.writestr("archive/data/0", bytes(2**24))
    assert len(stream.getvalue()) < 1e5
    with little_memory(), pytest.raises(RuntimeError, match="is compressed"):
        load(stream.getvalue())


def test_records_that_share_their_bytes_are_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("archive/data.pkl", program(b"N"))
        file.writestr("archive/data/0", bytes(10_000))
        whole = file.getinfo("archive/data/0")
        inner = zipfile.ZipInfo("archive/data/0")
        for name in ("file_size", "compress_size", "CRC", "header_offset", "compress_type"):
            setattr(inner, name, getattr(whole, name))
        file.filelist.append(inner)
    with pytest.raises(RuntimeError, match="two records 'data/0'"):
        load(stream.getvalue())


def test_unknown_orders_of_bytes_are_refused() -> None:
    with pytest.raises(RuntimeError, match="its order of bytes is b'middle'"):
        load(archive(tensor(storage()), byteorder=b"middle"))


def test_a_bool_is_0_or_1_whatever_the_byte() -> None:
    value = tensor(storage("BoolStorage", size=16), 0, (3,))
    found = load(archive(value, **{"data/0": bytes([0, 1, 2, *range(13)])}))["x"]
    assert isinstance(found, torch.Tensor)
    assert found.tolist() == [False, True, True]
    assert found.storage.host().view(np.uint8).max() == 1  # NumPy takes a bool of 2 for none


def test_formats_of_old_are_named(tmp_path: Path) -> None:
    import tarfile

    with tarfile.open(tmp_path / "x.pt", "w") as file:
        file.addfile(tarfile.TarInfo("storages"))
    with pytest.raises(UnpicklingError, match=r"a tar archive of PyTorch's before 0\.1\.10;"):
        torch.load(tmp_path / "x.pt")
    with pytest.raises(
        UnpicklingError, match=r"a program of torch.jit; in PyTorch, save the state"
    ):
        load(archive(b"N", **{"constants.pkl": b""}))


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((0, 1001, {}, {}, []), "its version is unknown"),
        ((MAGIC, 1002, {}, {}, []), "its version is unknown"),
        ((MAGIC, 10**9000, {}, {}, []), "its version is unknown"),
        ((MAGIC, 1001, {}, {}, {}), "no list of strings"),
        ((MAGIC, 1001, {}, {}, [10**9000]), "no list of strings"),
        ((MAGIC, 1001, {}, {}, ["1"]), "storage '1' belongs to nothing"),
        ((MAGIC, 1001, {}, {}), "ends too soon"),
    ],
)
def test_streams_that_lie(parts: tuple[object, ...], message: str) -> None:
    content = b"".join(pickle.dumps(part, 2) for part in (MAGIC, *parts[1:]))
    if parts[0] != MAGIC:
        content = pickle.dumps(MAGIC, 2)[:-1] + b"0K\x00." + content[len(pickle.dumps(MAGIC, 2)) :]
    with little_memory(), pytest.raises(RuntimeError, match=rf"PyTorch's before 1.6.*{message}"):
        load(content)


@pytest.mark.parametrize(
    ("keys", "data", "message"),
    [
        ([], b"", "storages .* are missing"),
        (["0"], b"", "8 bytes at .* are wanted"),
        (["0"], struct.pack("<q", 5) + bytes(20), "has 5 elements, not 4"),
        (["0"], struct.pack("<q", -1) + bytes(16), "has -1 elements, not 4"),
        (["0"], struct.pack("<q", 4) + bytes(15), "16 bytes at .* are wanted"),
        (["0", "0"], struct.pack("<q", 4) + bytes(60), "'0' belongs to nothing, or comes twice"),
    ],
)
def test_storages_of_streams_that_lie(keys: list[str], data: bytes, message: str) -> None:
    head = b"".join(map(dumps, (MAGIC, 1001, {})))
    whole = head + program(tensor(storage())) + pickle.dumps(keys, 2) + data
    with little_memory(), pytest.raises(RuntimeError, match=message):
        load(whole)


def test_messages_are_short() -> None:
    for content in (archive(tensor(storage(key="a" * 100_000))), tensors({"a" * 10**6: 1})):
        with pytest.raises(RuntimeError) as caught:
            load(content)
        assert len(str(caught.value)) < 1000


# ---- safetensors ------------------------------------------------------------------------------


def tensors(header: object, data: bytes = bytes(16)) -> bytes:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + data


def entry(start: int = 0, end: int = 16, shape: object = (4,), dtype: object = "F32") -> object:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def test_the_other_builder_builds_what_is_read() -> None:
    assert list(load(tensors({"a": entry(0, 8, [2]), "b": entry(8, 16, [2])}))) == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"1234567", "header too small"),
        (struct.pack("<Q", 10**13) + b"{}", "header too large"),
        (struct.pack("<Q", 2**64 - 1) + b"{}", "header too large"),
        (tensors(b"[]", b""), "invalid JSON in header"),
        (tensors(b"{ ", b""), "invalid JSON in header"),
        (tensors(b"\xff\xff", b""), "invalid UTF-8 in header"),
        (tensors(b'{"a":' * 100_000), "recursion limit exceeded"),
        (tensors(b'{"a": NaN}'), "invalid JSON in header"),
        (tensors(b'{"a": ' + b"9" * 5000 + b"}"), "invalid JSON in header"),
        (tensors(b'{"a": 1, "a": 1}'), "invalid JSON in header"),
        (tensors({"__metadata__": {"a": 1}}, b""), "invalid JSON in header"),
        (tensors({"__metadata__": []}, b""), "invalid JSON in header"),
        (tensors({"a": []}), "invalid JSON in header"),
        (tensors({"a": {"dtype": "F32", "shape": [4]}}), "invalid JSON in header"),
        (tensors({"a": entry(0, 16, [2], "C64")}), "'a' is of dtype 'C64', which"),
        (tensors({"a": entry(dtype=[])}), "invalid JSON in header"),
        (tensors({"a": entry(0, 16, "4")}), "invalid JSON in header"),
        (tensors({"a": entry(0, 16, [4.0])}), "invalid JSON in header"),
        (tensors({"a": entry(0, 16, [True])}), "invalid JSON in header"),
        (tensors({"a": entry(0, 16, [-4])}), "invalid JSON in header"),
        (tensors({"a": entry(0, 16, [2**61, 8])}), "overflow"),
        (tensors({"a": entry(0, 0, [0, 2**62, 2**62])}, b""), "is too large"),
        (tensors({"a": entry(0, 10**13, [10**13 // 4])}), "file not fully covered"),
        (tensors({"a": entry(16, 0)}), "invalid offset for tensor `a`"),
        (tensors({"a": entry(0, 8)}), "invalid shape, data type, or offset"),
        (tensors({"a": entry(), "b": entry()}), "invalid offset for tensor `[ab]`"),
        (tensors({"a": entry(4, 20)}, bytes(20)), "invalid offset for tensor `a`"),
        (tensors({"a": entry()}, bytes(20)), "file not fully covered"),
        (tensors({"a": entry()}, bytes(12)), "file not fully covered"),
        (tensors({"__metadata__": {"minitorch": "{"}}, b""), "the tree in its metadata is none"),
        (tensors({"__metadata__": {"minitorch": "3"}}, b""), "it holds no dictionary"),
        (tensors({"__metadata__": {"minitorch": '{"list": [' * 50_000}}, b""), "the tree in its"),
        (tensors({"__metadata__": {"minitorch": '{"tensor": "a"}'}}, b""), "the tree in its"),
        (tensors({"__metadata__": {"minitorch": '{"a": 1, "b": 2}'}}, b""), "the tree in its"),
        (tensors({"__metadata__": {"minitorch": '{"dict": [[{"dict": []}, 1]]}'}}, b""), "the"),
    ],
)  # fmt: skip
def test_files_of_safetensors_that_lie(content: bytes, message: str, tmp_path: Path) -> None:
    expected = pytest.raises(RuntimeError, match=rf"as safetensors \(.*{message}")
    with little_memory(2e7), expected:
        load(content)
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    for mapped in (False, True):
        with little_memory(2e7), pytest.raises(RuntimeError, match=r"as safetensors \("):
            torch.load(path, "numpy", mmap=mapped)


@pytest.mark.skipif(
    sys.platform == "win32", reason="a file that is mapped cannot be replaced there"
)
@pytest.mark.parametrize("name", ["x.pt", "x.safetensors"])
def test_mapped_tensors_are_private_and_outlive_the_file(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    values = {"x": torch.arange(5000.0, device="numpy"), "b": torch.ones(3, device="numpy") > 0}
    torch.save(values, path)
    before = path.read_bytes()
    loaded = torch.load(path, "numpy", mmap=True)
    x, mask = loaded["x"], loaded["b"]
    assert isinstance(x, torch.Tensor)
    assert isinstance(mask, torch.Tensor)
    x += 1
    mask.logical_not_()
    assert path.read_bytes() == before
    torch.save({}, path)  # another file under the same name
    os.unlink(path)
    assert x.tolist() == [float(i + 1) for i in range(5000)]
    assert mask.tolist() == [False] * 3


def test_without_mmap_the_file_may_be_cut_short(tmp_path: Path) -> None:
    for name in ("x.pt", "x.safetensors"):
        path = tmp_path / name
        torch.save({"x": torch.ones(100_000, device="numpy")}, path)
        x = torch.load(path, "numpy")["x"]
        os.truncate(path, 10)
        assert isinstance(x, torch.Tensor)
        assert x.sum().item() == 100_000


def test_mapping_takes_no_memory_until_it_is_used(tmp_path: Path) -> None:
    for name in ("x.pt", "x.safetensors"):
        torch.save({"x": torch.ones(2_000_000, device="numpy")}, tmp_path / name)
        with little_memory(1e6):
            x = torch.load(tmp_path / name, "numpy", mmap=True)["x"]
        assert isinstance(x, torch.Tensor)
        assert x.sum().item() == 2_000_000
        with little_memory(1.4 * 8e6):  # once in memory, not twice
            torch.load(tmp_path / name, "numpy")


def test_only_paths_are_mapped(tmp_path: Path) -> None:
    stream = io.BytesIO()
    torch.save({}, stream)
    stream.seek(0)
    with pytest.raises(ValueError, match="f must be a file path in order to use the mmap argument"):
        torch.load(stream, mmap=True)
    (tmp_path / "empty").touch()
    with pytest.raises(RuntimeError, match=r"cannot be read as safetensors \(8 bytes at 0"):
        torch.load(tmp_path / "empty", mmap=True)
