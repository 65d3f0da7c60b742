"""A DCGAN: two networks with an optimizer each; what one draws is detached for the other."""

import minitorch as torch

nn = torch.nn

STEPS = 50
LATENT = 8


class Generator(nn.Module):
    """(n, LATENT, 1, 1) to pictures (n, 1, 8, 8)."""

    def __init__(self, features: int = 8) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(LATENT, features * 2, 2, 1, 0, bias=False),
            nn.BatchNorm2d(features * 2),
            nn.ReLU(True),
            nn.ConvTranspose2d(features * 2, features, 4, 2, 1, bias=False),
            nn.BatchNorm2d(features),
            nn.ReLU(True),
            nn.ConvTranspose2d(features, 1, 4, 2, 1, bias=False),
            nn.Tanh(),
        )

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return self.main(input)


class Discriminator(nn.Module):
    """Pictures (n, 1, 8, 8) to how probably each is a real one (n,)."""

    def __init__(self, features: int = 8) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(1, features, 4, 2, 1, bias=False),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(features, features * 2, 4, 2, 1, bias=False),
            nn.BatchNorm2d(features * 2),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(features * 2, 1, 2, 1, 0, bias=False),
        )

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.main(input)).view(-1, 1).squeeze(1)


class GAN(nn.Module):
    """Both, to be saved in one file."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = Generator()
        self.discriminator = Discriminator()
        self.apply(weights_init)


def weights_init(m: nn.Module) -> None:
    if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(m.weight, 0.0, 0.1)
    elif isinstance(m, nn.BatchNorm2d) and m.weight is not None and m.bias is not None:
        nn.init.normal_(m.weight, 1.0, 0.02)
        nn.init.zeros_(m.bias)


def discs(count: int) -> torch.Tensor:
    """Pictures of bright discs, from -1 to 1."""
    row, column = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij")
    centre = 2 + 3 * torch.rand(count, 2, 1, 1)
    distance = ((row - centre[:, 0]) ** 2 + (column - centre[:, 1]) ** 2).sqrt()
    return torch.tanh(2.5 - distance).unsqueeze(1)


def build() -> GAN:
    return GAN()


@torch.no_grad()
def predict(model: GAN, device: str) -> torch.Tensor:
    torch.manual_seed(0)
    model.eval()
    drawn = model.generator(torch.randn(4, LATENT, 1, 1).to(device))
    return torch.cat((drawn.flatten(), model.discriminator(drawn)))


def main(device: str = "cpu") -> tuple[GAN, list[float]]:
    torch.manual_seed(30)
    model = build().to(device)
    netG, netD = model.generator, model.discriminator
    dataset = torch.utils.data.TensorDataset(discs(80))
    loader = torch.utils.data.DataLoader(dataset, batch_size=16, shuffle=True)
    criterion = nn.BCELoss()
    optimizerD = torch.optim.Adam(netD.parameters(), lr=2e-3, betas=(0.5, 0.999))
    optimizerG = torch.optim.Adam(netG.parameters(), lr=2e-3, betas=(0.5, 0.999))
    losses: list[float] = []
    while len(losses) < 2 * STEPS:
        for (real,) in loader:
            real = real.to(device)
            batch_size = real.size(0)

            # Maximise log(D(x)) + log(1 - D(G(z))).
            netD.zero_grad()
            label = torch.full((batch_size,), 1.0, device=device)
            errD_real = criterion(netD(real), label)
            errD_real.backward()
            noise = torch.randn(batch_size, LATENT, 1, 1, device=device)
            fake = netG(noise)
            label.fill_(0.0)
            errD_fake = criterion(netD(fake.detach()), label)
            errD_fake.backward()
            errD = errD_real + errD_fake
            optimizerD.step()

            # Maximise log(D(G(z))).
            netG.zero_grad()
            label.fill_(1.0)
            errG = criterion(netD(fake), label)
            errG.backward()
            optimizerG.step()
            losses += [errD.item(), errG.item()]
    return model, losses


if __name__ == "__main__":
    model, numbers = main()
    print(model, *numbers, sep="\n")
