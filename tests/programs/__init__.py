"""Ordinary PyTorch programs, of which one line says which library runs them: its import.

They are written as PyTorch's users write: what such a program needs and minitorch lacks is a fault
of minitorch. Each has `main(device)`, which trains and returns the model and its numbers (50 losses
first), and, where there is a model to save, `build()` and `predict(model, device)`, its answer to
a fixed input. `tests/test_programs.py` runs each on both libraries and compares.

Rates and initial weights are such that PyTorch agrees with itself to 1e-6 or so after its initial
weights were moved by 1e-7 of themselves. A program for which that is not so says nothing: a unit
at the corner of its ReLU, a bias in front of a batch norm (its gradient is rounding alone, which
Adam and RMSprop make as large as any other), and a line search at its end amplify any rounding.
"""
