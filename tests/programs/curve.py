"""LBFGS fits a damped wave to noisy points: a closure, asked several times a step."""

import minitorch as torch

nn = torch.nn

STEPS = 50


class DampedWave(nn.Module):
    """A network for the trend, and a wave whose numbers mean something."""

    def __init__(self, hidden: int = 6) -> None:
        super().__init__()
        self.amplitude = nn.Parameter(torch.tensor(1.0))
        self.decay = nn.Parameter(torch.tensor(0.1))
        self.frequency = nn.Parameter(torch.tensor(2.5))
        self.phase = nn.Parameter(torch.zeros(()))
        self.trend = nn.Sequential(nn.Linear(1, hidden), nn.Tanh(), nn.Linear(hidden, 1))

    def forward(self, t: torch.Tensor) -> torch.Tensor:
        wave = torch.cos(self.frequency * t + self.phase)
        return self.amplitude * torch.exp(-self.decay * t) * wave + self.trend(t)


def build() -> DampedWave:
    return DampedWave().double()


@torch.no_grad()
def predict(model: DampedWave, device: str) -> torch.Tensor:
    return model(torch.linspace(-0.5, 4.5, 11, dtype=torch.float64, device=device).unsqueeze(1))


def main(device: str = "cpu") -> tuple[DampedWave, list[float]]:
    torch.manual_seed(60)
    t = torch.linspace(0.0, 4.0, 64, dtype=torch.float64).unsqueeze(1)
    y = 1.5 * torch.exp(-0.4 * t) * torch.cos(3.0 * t + 0.5) + 0.2 * t.sqrt()
    y += 0.05 * torch.randn_like(y)
    t, y = t.to(device), y.to(device)
    model = build().to(device)
    criterion = nn.MSELoss()
    optimizer = torch.optim.LBFGS(
        model.parameters(), lr=0.5, max_iter=3, history_size=10, line_search_fn="strong_wolfe"
    )

    losses: list[float] = []
    for _ in range(STEPS):

        def closure() -> torch.Tensor:
            optimizer.zero_grad()
            loss = criterion(model(t), y)
            loss.backward()
            return loss

        loss = optimizer.step(closure)
        losses.append(loss.item())
    return model, [*losses, model.frequency.item(), model.decay.item()]


if __name__ == "__main__":
    model, numbers = main()
    print(model, *numbers, sep="\n")
