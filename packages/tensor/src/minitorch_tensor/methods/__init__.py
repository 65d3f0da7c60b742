"""Functions that are methods too: a mixin class for each family, one function a line.

The functions are plain ones, in the modules that these files name; here they only get to be
methods. Each class has no slots and no code, and its first argument is always a `Tensor`.
"""
