"""Only whether tqdm is there is asked: pooch draws with it."""
