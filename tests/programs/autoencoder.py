"""An autoencoder with a mean squared error: convolutions down, a bottleneck, linear layers up."""

# Users' programs are not typed.
# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, allow-subclassing-any
# mypy: allow-incomplete-defs, disable-error-code=name-defined

from pathlib import Path
from types import ModuleType

STEPS = 30


def run(torch: ModuleType, device: str, folder: Path) -> list[float]:
    nn = torch.nn

    class Autoencoder(nn.Module):
        def __init__(self, bottleneck: int = 6) -> None:
            super().__init__()
            self.encoder = nn.Sequential(
                nn.Conv2d(1, 8, 3, stride=2, padding=1),
                nn.GELU(),
                nn.Conv2d(8, 8, 3, stride=2, padding=1, bias=False),
                nn.SiLU(),
                nn.Flatten(),
                nn.Linear(8 * 2 * 2, bottleneck),
            )
            self.decoder = nn.Sequential(
                nn.Linear(bottleneck, 32),
                nn.Tanh(),
                nn.Linear(32, 64),
                nn.Sigmoid(),
            )
            self.register_buffer("mean", torch.full((1, 8, 8), 0.5))

        def forward(self, x):
            code = self.encoder(x - self.mean)
            return self.decoder(code).reshape(-1, 1, 8, 8), code

    torch.manual_seed(3)
    model = Autoencoder().to(device)
    rows = torch.linspace(0, 3.14159, 8)
    phase = torch.rand(96, 2) * 3
    waves = torch.sin(rows + phase[:, :1]).unsqueeze(2) * torch.cos(rows + phase[:, 1:])[:, None, :]
    images = ((waves + 1) / 2).unsqueeze(1).clamp(0, 1).to(device)  # (96, 1, 8, 8)

    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2, betas=(0.9, 0.99))
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=STEPS)
    criterion = nn.MSELoss()
    losses: list[float] = []
    for step in range(STEPS):
        permutation = torch.randperm(images.size(0))[:32]
        batch = images[permutation.to(device)]
        noisy = batch + 0.1 * torch.randn(batch.shape).to(device)
        reconstruction, code = model(noisy)
        loss = criterion(reconstruction, batch) + 1e-4 * code.abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(float(loss.detach()))
        if step == STEPS // 2:  # freeze the first layer
            for parameter in model.encoder[0].parameters():
                parameter.requires_grad_(False)
                parameter.grad = None

    model.eval()
    with torch.inference_mode():
        reconstruction, _ = model(images)
        worst = ((reconstruction - images) ** 2).flatten(1).mean(dim=1).max()
    psnr = 10 * torch.log10(1 / worst)
    return [*losses, psnr.item()]
