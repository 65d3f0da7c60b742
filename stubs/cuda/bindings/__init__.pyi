"""The part of cuda-bindings that minitorch uses; the library ships no types of its own."""
