"""Sorting rows, and looking up values in sorted ones.

Elements are sorted as pairs of a key and a place: the key is a whole number that is ordered as the
elements are (a nan last, -0 like 0, all turned round for a descending order), the place makes equal
keys different. So any sort of pairs is stable, and there is one order for every dtype.

    sort_blocks   a block sorts SIZE pairs in shared memory, by a network of comparisons (bitonic):
                  which pairs meet does not depend on the values, so all threads go in step
    merge_runs    sorted runs two by two: where an element goes is its own place in its run, plus
                  how many of the other run come before it, found by halving
    take_sorted   from places to values

Of the first k only, each block keeps its k first, and the rest is sorted again, until one block has
all that is left.

Source: Batcher, Sorting networks and their applications, AFIPS 1968; Satish, Harris and Garland,
Designing efficient sorting algorithms for manycore GPUs, IPDPS 2009
"""

from __future__ import annotations

from minitorch_cuda import dsl as cuda
from minitorch_cuda.instructions import double_bits, float_bits
from minitorch_cuda.simulator import Pointer, SharedArray

# The template parameters.
T: cuda.ValueType = cuda.float32  # what an element is as a number
L: cuda.ValueType = cuda.float32  # loads
S: cuda.ValueType = cuda.float32  # stores
K = cuda.int32  # a key
SIZE = 32  # of what a block sorts: a power of two
LAST = 0x7FFFFFFF  # the largest key
DESCENDING = 0
RIGHT = 0


def key_of_single(x: float) -> int:
    """Of a float32: its bits, turned round where the sign is set."""
    if x != x:
        return LAST
    bits = float_bits(cuda.float32(x + cuda.float32(0)))  # -0 becomes 0
    size = cuda.int32(bits & 0x7FFFFFFF)
    return cuda.int32(-size if bits >> 31 else size)


def key_of_double(x: float) -> int:
    """Of a float64, likewise."""
    if x != x:
        return LAST
    bits = double_bits(cuda.float64(x + cuda.float64(0)))
    size = cuda.int64(bits & 0x7FFFFFFFFFFFFFFF)
    return cuda.int64(-size if bits >> 63 else size)


def key_of_integer(x: float) -> int:
    """Of an integer, which it is itself."""
    return K(x)


KEY = key_of_single


def key(x: float) -> int:
    """The key of an element in the order that is asked for."""
    k = KEY(L(x))
    return K(-1 - k) if DESCENDING else K(k)


def comes_after(k: float, place: float, other: float, other_place: float) -> bool:
    """Whether one pair belongs behind another."""
    return k > other or (k == other and place > other_place)


def sort_pairs(keys: SharedArray[float], places: SharedArray[float]) -> None:
    """Sort SIZE pairs in shared memory: runs of 2, 4, 8, ... go up and down by turns."""
    run = 2
    while run <= SIZE:
        apart = run // 2
        while apart > 0:
            t = cuda.threadIdx.x
            while t < SIZE // 2:
                i = 2 * t - (t & (apart - 1))  # the t-th whose partner is `apart` further on
                j = i + apart
                up = (i & run) == 0
                if comes_after(keys[i], places[i], keys[j], places[j]) == up:
                    k = keys[i]
                    p = places[i]
                    keys[i] = keys[j]
                    places[i] = places[j]
                    keys[j] = k
                    places[j] = p
                t += cuda.blockDim.x
            cuda.syncthreads()
            apart = apart // 2
        run = run * 2


def sort_blocks(
    keys_to: Pointer[int],
    places_to: Pointer[int],
    x: Pointer[float],
    n: int,
    blocks: int,
    kept: int,
) -> None:
    """Sort each SIZE elements of rows of n, and keep the first of them: `kept` of each block."""
    keys = cuda.shared.array(SIZE, K)
    places = cuda.shared.array(SIZE, cuda.int32)
    row = cuda.blockIdx.x // blocks
    first = cuda.blockIdx.x % blocks * SIZE
    t = cuda.threadIdx.x
    while t < SIZE:
        inside = first + t < n
        keys[t] = key(x[row * n + first + t]) if inside else K(LAST)
        places[t] = cuda.int32(first + t)
        t += cuda.blockDim.x
    cuda.syncthreads()
    sort_pairs(keys, places)
    t = cuda.threadIdx.x
    while t < kept and first + t < n:
        to = cuda.blockIdx.x % blocks * kept + t
        at = row * room(n, blocks, kept) + to
        keys_to[at] = K(keys[t])
        places_to[at] = cuda.int32(places[t])
        t += cuda.blockDim.x


def room(n: int, blocks: int, kept: int) -> int:
    """How many pairs a row leaves: of each block `kept`, of the last perhaps fewer."""
    rest = n - (blocks - 1) * SIZE
    return (blocks - 1) * kept + (rest if rest < kept else kept)


def sort_again(
    keys_to: Pointer[int],
    places_to: Pointer[int],
    keys_from: Pointer[int],
    places_from: Pointer[int],
    n: int,
    blocks: int,
    kept: int,
) -> None:
    """The same of pairs that were sorted before, in smaller blocks."""
    keys = cuda.shared.array(SIZE, K)
    places = cuda.shared.array(SIZE, cuda.int32)
    row = cuda.blockIdx.x // blocks
    first = cuda.blockIdx.x % blocks * SIZE
    t = cuda.threadIdx.x
    while t < SIZE:
        if first + t < n:
            keys[t] = keys_from[row * n + first + t]
            places[t] = places_from[row * n + first + t]
        else:
            keys[t] = K(LAST)
            places[t] = cuda.int32(0x7FFFFFFF)
        t += cuda.blockDim.x
    cuda.syncthreads()
    sort_pairs(keys, places)
    t = cuda.threadIdx.x
    while t < kept and first + t < n:
        at = row * room(n, blocks, kept) + cuda.blockIdx.x % blocks * kept + t
        keys_to[at] = K(keys[t])
        places_to[at] = cuda.int32(places[t])
        t += cuda.blockDim.x


def merge_runs(
    keys_to: Pointer[int],
    places_to: Pointer[int],
    keys_from: Pointer[int],
    places_from: Pointer[int],
    count: int,
    n: int,
    run: int,
) -> None:
    """Merge runs of a length in rows of n, two by two: a thread an element."""
    e = cuda.grid(1)
    while e < count:
        row = e // n * n
        i = e - row
        mine = i // run * run
        start = i // (2 * run) * (2 * run)
        other = start + run if mine == start else start
        low = other if other < n else n
        high = other + run if other + run < n else n
        k = keys_from[e]
        place = places_from[e]
        while low < high:
            middle = (low + high) // 2
            if comes_after(k, place, keys_from[row + middle], places_from[row + middle]):
                low = middle + 1
            else:
                high = middle
        before = low - other if other < n else 0
        to = row + start + (i - mine) + before
        keys_to[to] = k
        places_to[to] = place
        e += cuda.gridsize(1)


def take_sorted(
    values: Pointer[float],
    indices: Pointer[int],
    x: Pointer[float],
    places: Pointer[int],
    count: int,
    n: int,
    k: int,
    found: int,
) -> None:
    """The first k of each row of n, by their places, of which `found` were sorted."""
    e = cuda.grid(1)
    while e < count:
        row = e // k
        place = places[row * found + e % k]
        values[e] = x[row * n + place]
        indices[e] = place
        e += cuda.gridsize(1)


def take_rank(
    values: Pointer[float],
    indices: Pointer[int],
    x: Pointer[float],
    places: Pointer[int],
    rows: int,
    n: int,
    found: int,
    rank: int,
    ignore_nan: int,
) -> None:
    """The element of a rank of each row, of which `found` are sorted; rank -1 is the median."""
    row = cuda.grid(1)
    while row < rows:
        at = rank
        if rank < 0:
            low = cuda.int64(0)
            high = cuda.int64(n)
            while low < high:  # the first nan
                middle = (low + high) // 2
                y = L(x[row * n + places[row * n + middle]])
                if y == y:
                    low = middle + 1
                else:
                    high = middle
            at = low if low < n else (n - 1) // 2
            if ignore_nan:
                at = (low - 1) // 2 if low > 0 else cuda.int64(0)
        place = places[row * found + at]
        values[row] = x[row * n + place]
        indices[row] = place
        row += cuda.gridsize(1)


def search(
    out: Pointer[int],
    sequence: Pointer[float],
    x: Pointer[float],
    count: int,
    n: int,
    m: int,
    shared: int,
) -> None:
    """Where each of m values of a row would be inserted into its sorted sequence of n."""
    e = cuda.grid(1)
    while e < count:
        v = L(x[e])
        base = 0 if shared else e // m * n
        low = cuda.int64(0)
        high = cuda.int64(n)
        while low < high:
            middle = (low + high) // 2
            s = L(sequence[base + middle])
            before = s > v if RIGHT else s >= v
            if before:
                high = middle
            else:
                low = middle + 1
        out[e] = low
        e += cuda.gridsize(1)
