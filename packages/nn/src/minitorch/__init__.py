"""PyTorch you can read: nn, optim, data."""
