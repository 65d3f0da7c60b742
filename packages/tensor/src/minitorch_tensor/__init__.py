"""Storage, strides, the Backend contract, Tensor and all differentiable functions."""
