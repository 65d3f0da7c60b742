"""The loops of sort, topk, kthvalue and searchsorted.

An element becomes a whole number, its key, that is ordered as the element is; a key of 32 bits and
the element's place together are one word of 64 bits. Words are all different, so the order is
stable whatever the method: radix sort for many, insertion for few, a partition for one rank.

Keys of floats are their bits, of which those of negative numbers are turned round; every nan has
the largest key, and -0.0 that of 0.0.
"""

from __future__ import annotations

from minitorch_fast.loops import Bits, Floats, Ints, choose


def key32(b: int, floating: int, low: int, descending: int) -> int:
    """The key of an element with these bits: a float32, or an integer of low to low + 2**32."""
    m = b & 0x7FFFFFFF
    f = choose(m > 0x7F800000, 0x7FFFFFFF, choose(m == 0, 0, b ^ ((b >> 31) & 0x7FFFFFFF)))
    key = choose(floating == 1, f, b - low)
    return choose(descending == 1, -1 - key, key)


def key64(b: int, floating: int, descending: int) -> int:
    """The key of an element with these bits: a float64 or any int64."""
    m = b & 0x7FFFFFFFFFFFFFFF
    f = b ^ ((b >> 63) & 0x7FFFFFFFFFFFFFFF)
    f = choose(m > 0x7FF0000000000000, 0x7FFFFFFFFFFFFFFF, choose(m == 0, 0, f))
    key = choose(floating == 1, f, b)
    return choose(descending == 1, -1 - key, key)


def insert_words(w: Ints, a: int, n: int) -> None:
    """Sort a few words at a."""
    for i in range(a + 1, a + n):
        v = w[i]
        j = i
        while j > a and w[j - 1] > v:
            w[j] = w[j - 1]
            j -= 1
        w[j] = v


def sort_words(w: Ints, counts: Ints, a: int, b: int, n: int) -> int:
    """Sort words at a by their keys, with room for as many at b; returns where the result is.

    Radix sort, byte by byte from the lowest: each pass moves a word behind those of a smaller byte
    and keeps the order of equal ones. Bytes that are the same in all words are passed over. One
    pass counts them all.
    """
    if n <= 48:
        insert_words(w, a, n)
        return a
    for j in range(1024):
        counts[j] = 0
    for i in range(n):
        v = w[a + i] >> 32
        counts[v & 255] += 1
        counts[256 + ((v >> 8) & 255)] += 1
        counts[512 + ((v >> 16) & 255)] += 1
        counts[768 + (((v >> 24) & 255) ^ 128)] += 1  # the sign
    for d in range(4):
        shift = 32 + 8 * d
        flip = 128 * (d // 3)
        base = 256 * d
        if counts[base + (((w[a] >> shift) & 255) ^ flip)] < n:
            total = 0
            for j in range(256):
                count = counts[base + j]
                counts[base + j] = total
                total += count
            for i in range(n):
                v = w[a + i]
                p = base + (((v >> shift) & 255) ^ flip)
                w[b + counts[p]] = v
                counts[p] += 1
            c = a
            a = b
            b = c
    return a


def sort_rows(
    y: Bits, places: Ints, x: Bits, w: Ints, counts: Ints, first: int, last: int, n: int,
    descending: int, floating: int, low: int,
) -> None:  # fmt: skip
    """Rows first to last of x, of n elements, in order; keys have 32 bits."""
    for i in range(first, last):
        at = i * n
        for k in range(n):
            w[k] = (key32(x[at + k], floating, low, descending) << 32) | k
        a = sort_words(w, counts, 0, n, n)
        for k in range(n):
            p = w[a + k] & 0xFFFFFFFF
            places[at + k] = p
            y[at + k] = x[at + p]


def sort_rows_wide(
    y: Bits, places: Ints, x: Bits, w: Ints, counts: Ints, first: int, last: int, n: int,
    descending: int, floating: int,
) -> None:  # fmt: skip
    """The same with keys of 64 bits, whose places go beside them: w has room for 4 * n."""
    for i in range(first, last):
        at = i * n
        for j in range(2048):
            counts[j] = 0
        for k in range(n):
            key = key64(x[at + k], floating, descending)
            w[k] = key
            w[2 * n + k] = k
            for d in range(8):
                counts[256 * d + ((key >> (8 * d)) & 255)] += 1
        a = 0
        b = n
        for d in range(8):
            shift = 8 * d
            flip = 128 * (d // 7)
            base = 256 * d
            if counts[base + ((w[a] >> shift) & 255)] < n:
                total = 0
                for j in range(256):
                    p = base + (j ^ flip)
                    count = counts[p]
                    counts[p] = total
                    total += count
                for k in range(n):
                    v = w[a + k]
                    p = base + ((v >> shift) & 255)
                    t = counts[p]
                    counts[p] = t + 1
                    w[b + t] = v
                    w[2 * n + b + t] = w[2 * n + a + k]
                c = a
                a = b
                b = c
        for k in range(n):
            p = w[2 * n + a + k]
            places[at + k] = p
            y[at + k] = x[at + p]


def select_word(w: Ints, n: int, rank: int) -> None:
    """Reorder n words: that of a rank takes its place, all smaller ones come before it.

    By partitions around the middle one of three words, without branches (Lomuto). What is left at
    the end, or if the partitions do not get anywhere, is sorted: by insertion, at distances that
    halve (Shell).
    """
    low = 0
    high = n - 1
    rounds = 0
    while high - low > 32 and rounds < 60:
        middle = (low + high) // 2
        a = min(w[low], w[high])
        b = max(w[low], w[high])
        pivot = max(a, min(w[middle], b))
        at = choose(pivot == w[low], low, choose(pivot == w[high], high, middle))
        w[at] = w[high]
        w[high] = pivot
        s = low
        for j in range(low, high):
            v = w[j]
            w[j] = w[s]
            w[s] = v
            s += choose(v < pivot, 1, 0)
        w[high] = w[s]
        w[s] = pivot
        if rank == s:
            return
        if rank < s:
            high = s - 1
        else:
            low = s + 1
        rounds += 1
    gap = high - low
    if gap <= 32:
        gap = 1
    while gap > 0:
        for i in range(low + gap, high + 1):
            v = w[i]
            j = i
            while j >= low + gap and w[j - gap] > v:
                w[j] = w[j - gap]
                j -= gap
            w[j] = v
        gap //= 2


def rank_rows(
    y: Bits, places: Ints, x: Bits, w: Ints, first: int, last: int, n: int, rank: int,
    ignore_nan: int, floating: int, low: int,
) -> None:  # fmt: skip
    """The element of a rank in each row; for rank -1 the median, or the first nan."""
    for i in range(first, last):
        at = i * n
        numbers = 0
        for k in range(n):
            key = key32(x[at + k], floating, low, 0)
            numbers += choose((floating == 1) & (key == 0x7FFFFFFF), 0, 1)
            w[k] = (key << 32) | k
        r = rank
        if rank < 0:
            r = choose(numbers == n, (n - 1) // 2, numbers)
            if ignore_nan == 1:
                r = max(numbers - 1, 0) // 2
        select_word(w, n, r)
        p = w[r] & 0xFFFFFFFF
        places[i] = p
        y[i] = x[at + p]


def leading_rows(
    y: Bits, places: Ints, x: Bits, w: Ints, counts: Ints, first: int, last: int, n: int,
    top: int, largest: int, floating: int, low: int,
) -> None:  # fmt: skip
    """The `top` elements that come first in each row.

    A few are kept in order while the row is gone through; most elements are not even as good as the
    last of them. More are set apart and sorted.
    """
    for i in range(first, last):
        at = i * n
        a = 0
        if top * top <= n:
            for k in range(top):
                w[k] = (key32(x[at + k], floating, low, largest) << 32) | k
            insert_words(w, 0, top)
            for begin in range(top, n, 256):
                count = min(256, n - begin)
                for k in range(count):
                    key = key32(x[at + begin + k], floating, low, largest)
                    w[top + k] = (key << 32) | (begin + k)
                for k in range(count):
                    v = w[top + k]
                    if v < w[top - 1]:
                        j = top - 1
                        while j > 0 and w[j - 1] > v:
                            w[j] = w[j - 1]
                            j -= 1
                        w[j] = v
        else:
            for k in range(n):
                w[k] = (key32(x[at + k], floating, low, largest) << 32) | k
            if top < n:
                # Those up to the last one again, in their own order: radix sort starts from that.
                select_word(w, n, top - 1)
                end = w[top - 1]
                s = 0
                for k in range(n):
                    v = (key32(x[at + k], floating, low, largest) << 32) | k
                    w[s] = v
                    s += choose(v <= end, 1, 0)
            a = sort_words(w, counts, 0, n, top)
        for k in range(top):
            p = w[a + k] & 0xFFFFFFFF
            places[i * top + k] = p
            y[i * top + k] = x[at + p]


def leading_rows_wide(
    y: Bits, places: Ints, x: Bits, w: Ints, first: int, last: int, n: int, top: int,
    largest: int, floating: int,
) -> None:  # fmt: skip
    """The same for a few elements and keys of 64 bits, whose places are kept beside them."""
    for i in range(first, last):
        at = i * n
        for k in range(n):
            v = key64(x[at + k], floating, largest)
            if k < top or v < w[top - 1]:
                j = min(k, top - 1)
                while j > 0 and w[j - 1] > v:
                    w[j] = w[j - 1]
                    w[top + j] = w[top + j - 1]
                    j -= 1
                w[j] = v
                w[top + j] = k
        for k in range(top):
            p = w[top + k]
            places[i * top + k] = p
            y[i * top + k] = x[at + p]


def bisect_rows(
    places: Ints, sequence: Floats, values: Floats, w: Ints, first: int, last: int, n: int, m: int,
    shared: int, right: int, steps: int,
) -> None:  # fmt: skip
    """Where values first to last go among n sorted elements: those of their row of m, or of all.

    Thirty-two values take each step together: a value alone would wait for a guess which half it
    goes to, and that is wrong every other time.
    """
    for begin in range(first, last, 32):
        count = min(32, last - begin)
        for j in range(count):
            w[j] = 0
            w[32 + j] = n
            w[64 + j] = choose(shared == 1, 0, (begin + j) // m * n)
        for _ in range(steps):
            for j in range(count):
                low = w[j]
                high = w[32 + j]
                v = values[begin + j]
                middle = (low + high) >> 1
                e = sequence[w[64 + j] + min(middle, n - 1)]
                before = ((right == 1) & (e > v)) | ((right == 0) & (e >= v))
                up = (low < high) & (not before)
                w[j] = choose(up, middle + 1, low)
                w[32 + j] = choose(up, high, middle)
        for j in range(count):
            places[begin + j] = w[j]
