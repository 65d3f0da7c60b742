"""Finding the forward line of what goes wrong in backward, as in `torch.autograd.anomaly_mode`."""

from minitorch_autodiff import detect_anomaly, set_detect_anomaly

__all__ = ["detect_anomaly", "set_detect_anomaly"]
