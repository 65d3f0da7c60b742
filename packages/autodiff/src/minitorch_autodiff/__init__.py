"""One reverse-mode engine, generic over the value, and Scalar."""
