"""The part of pooch that minitorch uses; the library ships no types of its own."""

import os
from collections.abc import Callable, Mapping
from typing import IO

class HTTPDownloader:
    def __init__(
        self,
        progressbar: bool = False,
        chunk_size: int = 1024,
        *,
        timeout: float = 30.0,
        headers: Mapping[str, str] = ...,
    ) -> None: ...
    def __call__(self, url: str, output_file: str | IO[bytes], pooch: object) -> None: ...

def retrieve(
    url: str,
    known_hash: str | None = None,
    fname: str | None = None,
    path: str | os.PathLike[str] | None = None,
    *,
    downloader: Callable[[str, str, object], None] | None = None,
) -> str: ...
