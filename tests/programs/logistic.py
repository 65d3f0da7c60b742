"""Logistic regression from scratch: a weight, a bias, and updates by hand under no_grad."""

import minitorch as torch

STEPS = 50


def main(device: str = "cpu") -> tuple[torch.Tensor, list[float]]:
    torch.manual_seed(4)
    n, features = 200, 5
    truth = torch.tensor([[1.5], [-2.0], [0.5], [0.0], [3.0]])
    x = torch.randn(n, features)
    y = (x @ truth + 0.3 * torch.randn(n, 1) > 0.2).float()
    mean, std = x.mean(dim=0, keepdim=True), x.std(dim=0, keepdim=True)
    x = ((x - mean) / std).to(device)
    y = y.to(device)

    w = torch.zeros(features, 1, requires_grad=True, device=device)
    b = torch.zeros(1, requires_grad=True, device=device)
    velocity = [torch.zeros_like(w), torch.zeros_like(b)]
    lr, momentum = 0.5, 0.8

    losses: list[float] = []
    for step in range(STEPS):
        logits = x @ w + b
        p = 1 / (1 + torch.exp(-logits))
        loss = -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()
        loss = loss + 1e-3 * (w**2).sum()
        loss.backward()
        with torch.no_grad():
            for parameter, v in zip((w, b), velocity, strict=True):
                assert parameter.grad is not None
                v.mul_(momentum).add_(parameter.grad)
                parameter -= lr * v
                parameter.grad.zero_()
            if step % 10 == 9:
                w.clamp_(-2.0, 2.0)
        losses.append(loss.item())

    with torch.no_grad():
        predicted = torch.sigmoid(x @ w + b) > 0.5
        accuracy = (predicted == y.bool()).float().mean()
        wrong = x[(predicted != y.bool()).squeeze(1)]
    weights = [value.item() for value in w.detach().squeeze()]
    return w, [*losses, accuracy.item(), float(len(wrong)), *weights]


if __name__ == "__main__":
    print(*main()[1], sep="\n")
