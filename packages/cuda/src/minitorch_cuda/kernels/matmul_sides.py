"""How pieces of a matrix come from memory of any strides into registers, and to shared memory.

Each thread begins at one element of a piece; its others are a number of rows further on. So the
position of the first is computed once, and each of the others is one addition.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from minitorch_cuda.kernels.matmul_choice import Tile
from minitorch_cuda.kernels.matmul_tiles import Side, pitch, share

Access = Literal["deep", "deep4", "long", "long4"]
"""Along k or along the other dimension, one element at a time or four."""


@dataclass(frozen=True, slots=True)
class Way:
    """How the threads of a block go over a piece: in rows along k (`deep`), or across.

    A thread begins at (`l`, `d`), d counting along k; its further elements are `hop` apart in the
    other dimension. So whatever depends on the first one is computed once.

    Attributes:
        tile: the kernel's.
        long: rows (or columns) of the piece.
        deep: whether neighbours are neighbours along k.
        each: how many elements a thread takes at a time, 1 or 4.
    """

    tile: Tile
    long: int
    deep: bool
    each: int = 1

    @property
    def width(self) -> int:
        """Steps of a row."""
        width = (self.tile.depth if self.deep else self.long) // self.each
        assert width <= self.tile.threads
        return width

    @property
    def hop(self) -> int:
        """Rows from one element of a thread to its next."""
        return self.tile.threads // self.width

    @property
    def loads(self) -> int:
        """Elements, or fours, of a thread."""
        return share(self.tile, self.long) // self.each

    @property
    def l(self) -> str:  # noqa: E743
        """The row (or column) a thread begins at."""
        return self._far if self.deep else self._near

    @property
    def d(self) -> str:
        """The k it begins at."""
        return self._near if self.deep else self._far

    @property
    def _near(self) -> str:
        near = f"I(t % {self.width})"
        return near if self.each == 1 else f"I({near} * {self.each})"

    @property
    def _far(self) -> str:
        return f"I(t // {self.width})"

    def inside(self, name: str) -> str:
        """Whether element i of a thread is in the matrix: `<name>_room` rows are left of it."""
        hop = f" + i * {self.hop}"
        if self.deep:
            return f"{name}_l{hop} < {name}_room and k + {name}_d < stop"
        return f"{name}_l < {name}_room and k + {name}_d{hop} < stop"


def strided(name: str, tile: Tile, access: Access) -> Side:
    """An operand in memory; its rows (or columns) are `<name>_long` apart, `<name>_deep` along k.

    Args:
        name: `a` or `b`.
        tile: the kernel's.
        access: how it is read.
    """
    long = tile.rows if name == "a" else tile.columns
    each = 4 if access.endswith("4") else 1
    deep = access.startswith("deep")
    way = Way(tile, long, deep, each)
    names = dict(
        x=name, loads=way.loads, l=way.l, d=way.d, hop=way.hop, far="long" if deep else "deep",
        corner="row0" if name == "a" else "column0", bound="m" if name == "a" else "n",
        inside=way.inside(name), depth=tile.depth,
    )  # fmt: skip
    parameters = tuple(f"{name}_{part}" for part in ("batch", "long", "deep"))
    read = (_FOUR if each == 4 else _ONE) + _STEP
    return Side(parameters, _BEGIN.format(**names), read.format(**names), put(name, way))


_BEGIN = """\
{x}_l = {l}
{x}_d = {d}
{x}_room = I({bound} - {corner})
{x}_at = I(batch * {x}_batch + I({corner} + {x}_l) * {x}_long + I(start + {x}_d) * {x}_deep)
{x}_hop = I({hop} * {x}_{far})
{x}_step = I({depth} * {x}_deep)"""

_ONE = """\
for i in range({loads}):
    if {inside}:
        {x}_next[i] = L({x}[I({x}_at + i * {x}_hop)])
    else:
        {x}_next[i] = T(0)
"""

_FOUR = """\
for i in range({loads}):
    p, q, r, s = ZERO, ZERO, ZERO, ZERO
    if {inside}:
        p, q, r, s = load4({x}, I({x}_at + i * {x}_hop))
    {x}_next[4 * i] = L(p)
    {x}_next[4 * i + 1] = L(q)
    {x}_next[4 * i + 2] = L(r)
    {x}_next[4 * i + 3] = L(s)
"""

_STEP = "{x}_at = I({x}_at + {x}_step)"


def put(name: str, way: Way) -> str:
    """The registers of a thread into the piece in shared memory, where k is the slow dimension."""
    text = _PUT_ONE if way.each == 1 else _PUT_FOUR_ACROSS if way.deep else _PUT_FOUR
    return text.format(
        x=name, loads=way.loads, pitch=pitch(way.long),
        l_i=f"{name}_l + i * {way.hop}" if way.deep else f"{name}_l",
        d_i=f"{name}_d" if way.deep else f"({name}_d + i * {way.hop})",
    )  # fmt: skip


_PUT_ONE = """\
for i in range({loads}):
    {x}_tile[at_{x} + {d_i} * {pitch} + {l_i}] = {x}_next[i]"""

_PUT_FOUR = """\
for i in range({loads}):
    to = at_{x} + {d_i} * {pitch} + {l_i}
    shared_store4(
        {x}_tile, to, {x}_next[4 * i], {x}_next[4 * i + 1], {x}_next[4 * i + 2], {x}_next[4 * i + 3]
    )"""

_PUT_FOUR_ACROSS = """\
for i in range({loads}):
    for j in range(4):
        {x}_tile[at_{x} + ({d_i} + j) * {pitch} + {l_i}] = {x}_next[4 * i + j]"""


def access_of(strides: tuple[int, ...], n: int, k: int, offset: int) -> Access:
    """How to read an operand with these strides: along the smaller, by fours if all is aligned.

    Args:
        strides: from matrix to matrix, along n, along k.
        n: rows, or columns.
        k: the other size.
        offset: where it begins.

    >>> access_of((0, 64, 1), 10, 64, 0), access_of((0, 1, 10), 10, 64, 0)
    ('deep4', 'long')
    >>> access_of((0, 64, 1), 10, 64, 2)
    'deep'
    """
    batch, long, deep = strides
    if deep == 1 and k > 1:
        aligned = k % 4 == 0 and all(number % 4 == 0 for number in (batch, long, offset))
        return "deep4" if aligned else "deep"
    if long == 1:
        aligned = n % 4 == 0 and all(number % 4 == 0 for number in (batch, deep, offset))
        return "long4" if aligned else "long"
    return "deep" if deep < long else "long"
