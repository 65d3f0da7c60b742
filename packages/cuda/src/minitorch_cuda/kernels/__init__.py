"""The kernels, one family a module; `practice` has the first steps, written for reading."""
