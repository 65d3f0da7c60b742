"""Scalar functions on floats, each with its derivative rule."""
