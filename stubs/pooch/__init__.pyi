"""The part of pooch that minitorch uses; the library ships no types of its own."""

import os

class HTTPDownloader:
    def __init__(
        self, progressbar: bool = False, chunk_size: int = 1024, *, timeout: float = 30.0
    ) -> None: ...

def retrieve(
    url: str,
    known_hash: str | None = None,
    fname: str | None = None,
    path: str | os.PathLike[str] | None = None,
    *,
    downloader: HTTPDownloader | None = None,
) -> str: ...
