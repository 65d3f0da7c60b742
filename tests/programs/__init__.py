"""Ordinary PyTorch programs, each a function of the library that runs it.

They are written as PyTorch's users write: what such a program needs and minitorch lacks is a fault
of minitorch. `tests/test_programs.py` runs each on both and compares the numbers it returns.
"""
