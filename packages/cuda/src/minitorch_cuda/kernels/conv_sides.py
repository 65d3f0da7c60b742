"""Windows of images as the operands of a matrix product, none of them ever built.

    correlation         rows: channels of the result; columns: its places, image by image;
                        k: channels of the source times taps. a: weights, b: the source
    weights' gradient   rows: channels of the result; columns: channels of the source times taps;
                        k: places, image by image. a: the result's gradient, b: the source

Where an element of a window lies is computed when it is fetched: a column or a k is divided into
image, place, channel and tap. The taps are constants of the text, so their divisions are
multiplications. An element of the padding is 0 and not read. The numbers along each dimension are
those of `conv_phases.Line`.

Source: Chetlur et al., cuDNN: Efficient Primitives for Deep Learning,
https://arxiv.org/abs/1410.0759
"""

from __future__ import annotations

import math

from minitorch_cuda.kernels.matmul_choice import Tile
from minitorch_cuda.kernels.matmul_sides import Way, put
from minitorch_cuda.kernels.matmul_tiles import Side, indented
from minitorch_tensor.layout import Shape


def along(name: str, rank: int) -> tuple[str, ...]:
    """A number for each dimension: name0, name1, ..."""
    return tuple(f"{name}{d}" for d in range(rank))


def divided(value: str, sizes: tuple[str, ...], names: tuple[str, ...]) -> list[str]:
    """Statements that divide a number into indices, the last one the fastest.

    >>> divided("p", ("3", "5"), ("u", "v"))
    ['v = I(p % 5)', 'u = I(p // 5)']
    """
    lines = []
    for d in range(len(sizes) - 1, 0, -1):
        lines.append(f"{names[d]} = I({value} % {sizes[d]})")
        rest = names[0] if d == 1 else "rest"
        lines.append(f"{rest} = I({value} // {sizes[d]})")
        value = rest
    return lines or [f"{names[0]} = I({value})"]


def tap_of(value: str, taps: Shape) -> list[str]:
    """Statements that divide a number into `channel` and the tap `u0`, `u1`, ..."""
    kernel = math.prod(taps)
    names = along("u", len(taps))
    if kernel == 1:
        return [f"channel = I({value})", *(f"{name} = I(0)" for name in names)]
    return [
        f"channel = I({value} // {kernel})",
        f"tap = I({value} - channel * {kernel})",
        *divided("tap", tuple(str(n) for n in taps), names),
    ]


def source(rank: int) -> list[str]:
    """The place in the source, from where its window begins (`b_c<d>`) and the tap."""
    return [f"s{d} = J(b_c{d} + J(u{d}) * spread{d})" for d in range(rank)]


def inside(rank: int) -> str:
    """Whether that place exists, and is no padding."""
    return " and ".join(f"s{d} >= 0 and s{d} < size{d}" for d in range(rank))


def place(rank: int) -> str:
    """Its position in the plane."""
    text = "s0"
    for d in range(1, rank):
        text = f"({text}) * size{d} + s{d}"
    return text


def joined(lines: list[str]) -> str:
    """Statements as text."""
    return "\n".join(lines)


def _begin(name: str, way: Way) -> list[str]:
    corner, bound = ("row0", "m") if name == "a" else ("column0", "n")
    return [f"{name}_l = {way.l}", f"{name}_d = {way.d}", f"{name}_room = I({bound} - {corner})"]


SOURCE = ("b_image_step", "b_group_step", "b_plane")
"""Numbers of a source: from image to image, from group to group, from channel to channel."""


def source_numbers(rank: int) -> tuple[str, ...]:
    """The signed numbers of a source, in the order of the dimensions."""
    return tuple(
        name for word in ("step", "origin", "spread", "size") for name in along(word, rank)
    )


def windows_by_place(tile: Tile, taps: Shape) -> Side:
    """b of a correlation: neighbours are places of the result, which is how the source lies."""
    rank = len(taps)
    way = Way(tile, tile.columns, deep=False)
    begin = [
        *_begin("b", way),
        "column = I(column0 + b_l)",
        "b_image = I(column // positions)",
        "p = I(column - b_image * positions)",
        *divided("p", along("count", rank), along("q", rank)),
        *(f"b_c{d} = J(origin{d} + J(q{d}) * step{d})" for d in range(rank)),
        "b_at = I(b_image * b_image_step + batch * b_group_step)",
    ]
    fetch = [
        f"for i in range({way.loads}):",
        f"    kk = I(k + b_d + i * {way.hop})",
        f"    {indented(joined(tap_of('kk', taps)), 1)}",
        f"    {indented(joined(source(rank)), 1)}",
        "    b_next[i] = T(0)",
        f"    if b_l < b_room and kk < stop and {inside(rank)}:",
        f"        b_next[i] = L(b[I(b_at + channel * b_plane + {place(rank)})])",
    ]
    return Side(
        (*SOURCE, "positions", *along("count", rank)), joined(begin), joined(fetch), put("b", way)
    )


def weights_by_tap(tile: Tile, taps: Shape) -> Side:
    """a of a gradient of the input: some taps of a kernel, which lie apart."""
    rank = len(taps)
    way = Way(tile, tile.rows, deep=True)
    begin = [
        *_begin("a", way),
        "a_at = I(batch * a_group_step + I(row0 + a_l) * a_row_step + a_first)",
        f"a_hop = I({way.hop} * a_row_step)",
    ]
    steps = "".join(f" + u{d} * a_tap{d}" for d in range(rank))
    fetch = [
        "kk = I(k + a_d)",
        *tap_of("kk", taps),
        f"at = I(a_at + channel * a_channel_step{steps})",
        f"for i in range({way.loads}):",
        "    a_next[i] = T(0)",
        f"    if {way.inside('a')}:",
        "        a_next[i] = L(a[I(at + i * a_hop)])",
    ]
    names = ("a_group_step", "a_row_step", "a_channel_step", "a_first", *along("a_tap", rank))
    return Side(names, joined(begin), joined(fetch), put("a", way))


def gradients_by_place(tile: Tile, fours: bool) -> Side:
    """a of a weights' gradient: planes of the result's gradient, along k."""
    way = Way(tile, tile.rows, deep=True, each=4 if fours else 1)
    begin = [
        *_begin("a", way),
        "kk = I(start + a_d)",
        "a_image = I(kk // positions)",
        "a_p = I(kk - a_image * positions)",
        "a_at = I(I(I(batch * m) + row0 + a_l) * positions)",
        f"a_hop = I({way.hop} * positions)",
    ]
    read = ["    a_next[i] = T(0)", f"    if {way.inside('a')}:"]
    read.append("        a_next[i] = L(a[I(at + i * a_hop)])")
    if fours:
        read = [
            "    p, q, r, s = ZERO, ZERO, ZERO, ZERO",
            f"    if {way.inside('a')}:",
            "        p, q, r, s = load4(a, I(at + i * a_hop))",
            *(f"    a_next[4 * i + {lane}] = L({x})" for lane, x in enumerate("pqrs")),
        ]
    fetch = [
        "at = I(a_at + a_image * a_image_step + a_p)",
        f"for i in range({way.loads}):",
        *read,
        f"a_p = I(a_p + {tile.depth})",
        "while a_p >= positions:",
        "    a_p = I(a_p - positions)",
        "    a_image = I(a_image + 1)",
    ]
    return Side(("a_image_step",), joined(begin), joined(fetch), put("a", way))


def windows_by_tap(tile: Tile, taps: Shape) -> Side:
    """b of a weights' gradient: neighbours are places, along k; a column is a channel and a tap."""
    rank = len(taps)
    way = Way(tile, tile.columns, deep=True)
    last = rank - 1
    begin = [
        *_begin("b", way),
        "kk = I(start + b_d)",
        "b_image = I(kk // positions)",
        "rest = I(kk - b_image * positions)",
        *divided("rest", along("count", rank), along("b_q", rank)),
    ]
    carry = [f"b_q{last} = I(b_q{last} + {tile.depth})"]
    for d in range(last, -1, -1):
        outer = f"b_q{d - 1}" if d else "b_image"
        carry += [
            f"while b_q{d} >= count{d}:",
            f"    b_q{d} = I(b_q{d} - count{d})",
            f"    {outer} = I({outer} + 1)",
        ]
    fetch = [
        "at = I(b_image * b_image_step + batch * b_group_step)",
        *(f"b_c{d} = J(origin{d} + J(b_q{d}) * step{d})" for d in range(rank)),
        f"for i in range({way.loads}):",
        f"    column = I(column0 + b_l + i * {way.hop})",
        f"    {indented(joined(tap_of('column', taps)), 1)}",
        f"    {indented(joined(source(rank)), 1)}",
        "    b_next[i] = T(0)",
        f"    if {way.inside('b')} and {inside(rank)}:",
        f"        b_next[i] = L(b[I(at + channel * b_plane + {place(rank)})])",
        *carry,
    ]
    return Side(
        (*SOURCE, "positions", *along("count", rank)), joined(begin), joined(fetch), put("b", way)
    )


def finish_places(
    tile: Tile, rank: int, biased: bool, whole: bool, vector: bool, parts: bool
) -> str:
    """The sums into the planes of the result.

    Args:
        tile: the kernel's.
        rank: the number of dimensions.
        biased: whether each row has a bias.
        whole: whether these are all places of the result, and not those of one phase.
        vector: whether four neighbours are written at once; then they are of one image.
        parts: whether another launch adds results, which then stay in the computing type.
    """
    convert = "T" if parts else "S"
    more = " + L(bias[I(I(batch * m) + row)])" if biased else ""
    at = [
        "image = I(column // positions)",
        "p = I(column - image * positions)",
    ]
    within = "p"
    if not whole:
        at += divided("p", along("count", rank), along("q", rank))
        within = "out_first" + "".join(f" + q{d} * out_step{d}" for d in range(rank))
    at.append(
        f"to = I(I(split * out_size) + image * out_image + I(batch * m) * out_plane + {within})"
    )
    row = f"I(row0 + ty * 4 + i // 4 * {tile.rows // (tile.down // 4)} + i % 4)"
    first = f"column0 + tx * 4 + j * {tile.columns // (tile.across // 4)}"
    cell = f"c[i * {tile.across} + j * 4 + {{}}]"
    if vector:
        numbers = ", ".join(f"{convert}({cell.format(lane)}{more})" for lane in range(4))
        write, lanes = f"store4(out, I(to + row * out_plane), {numbers})", range(1)
    else:
        write, lanes = "out[I(to + row * out_plane)] = {}", range(4)
    lines = [f"for j in range({tile.across // 4}):"]
    for lane in lanes:
        text = write if vector else write.format(f"{convert}({cell.format(lane)}{more})")
        lines += [
            f"    column = I({first} + {lane})",
            "    if column < n:",
            *(f"        {line}" for line in at),
            f"        for i in range({tile.down}):",
            f"            row = {row}",
            "            if row < m:",
            f"                {text}",
        ]
    return joined(lines)


def result_numbers(rank: int, whole: bool) -> tuple[str, ...]:
    """The numbers that `finish_places` uses."""
    phase = () if whole else ("out_first", *along("out_step", rank))
    return ("out_size", "out_image", "out_plane", *phase)
