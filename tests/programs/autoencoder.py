"""A denoising autoencoder: convolutions down to a bottleneck, transposed convolutions up again."""

import minitorch as torch

nn = torch.nn

STEPS = 50


class Autoencoder(nn.Module):
    mean: torch.Tensor

    def __init__(self, bottleneck: int = 6) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 8, 3, stride=2, padding=1),
            nn.GELU(),
            nn.Conv2d(8, 16, 3, stride=2, padding=1, bias=False),
            nn.SiLU(),
            nn.Flatten(),
            nn.Linear(16 * 2 * 2, bottleneck),
        )
        self.decoder = nn.Sequential(
            nn.Linear(bottleneck, 16 * 2 * 2),
            nn.Unflatten(1, (16, 2, 2)),
            nn.ConvTranspose2d(16, 8, 3, stride=2, padding=1, output_padding=1),
            nn.ELU(),
            nn.ConvTranspose2d(8, 8, 2, stride=2, groups=2, bias=False),
            nn.Tanh(),
            nn.ConvTranspose2d(8, 1, 3, padding=2, dilation=2),
            nn.Sigmoid(),
        )
        self.register_buffer("mean", torch.full((1, 8, 8), 0.5))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        code = self.encoder(x - self.mean)
        return self.decoder(code), code


def pictures(count: int) -> torch.Tensor:
    """Waves of any phase (count, 1, 8, 8), from 0 to 1."""
    rows = torch.linspace(0, 3.14159, 8)
    phase = torch.rand(count, 2) * 3
    waves = torch.sin(rows + phase[:, :1]).unsqueeze(2) * torch.cos(rows + phase[:, 1:])[:, None, :]
    return ((waves + 1) / 2).unsqueeze(1).clamp(0, 1)


def build() -> Autoencoder:
    return Autoencoder()


@torch.no_grad()
def predict(model: Autoencoder, device: str) -> torch.Tensor:
    torch.manual_seed(0)
    restored, code = model(pictures(4).to(device))
    return torch.cat((restored.flatten(), code.flatten()))


def main(device: str = "cpu") -> tuple[Autoencoder, list[float]]:
    torch.manual_seed(3)
    model = build().to(device)
    images = pictures(96).to(device)
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
    return model, [*losses, psnr.item()]


if __name__ == "__main__":
    model, numbers = main()
    print(model, *numbers, sep="\n")
