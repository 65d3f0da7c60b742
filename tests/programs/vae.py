"""A variational autoencoder: noise goes through the reparameterisation; binary pictures of bars."""

import minitorch as torch

nn, F = torch.nn, torch.nn.functional

STEPS = 50
SIDE = 8


class VAE(nn.Module):
    def __init__(self, pixels: int = SIDE * SIDE, hidden: int = 48, latent: int = 4) -> None:
        super().__init__()
        self.fc1 = nn.Linear(pixels, hidden)
        self.fc21 = nn.Linear(hidden, latent)
        self.fc22 = nn.Linear(hidden, latent)
        self.fc3 = nn.Linear(latent, hidden)
        self.fc4 = nn.Linear(hidden, pixels)

    def encode(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        h = F.relu(self.fc1(x))
        return self.fc21(h), self.fc22(h)

    def reparameterize(self, mu: torch.Tensor, logvar: torch.Tensor) -> torch.Tensor:
        std = torch.exp(0.5 * logvar)
        eps = torch.randn_like(std)
        return mu + eps * std

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z))))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        mu, logvar = self.encode(x.view(-1, SIDE * SIDE))
        z = self.reparameterize(mu, logvar)
        return self.decode(z), mu, logvar


class Bars(torch.utils.data.Dataset[torch.Tensor]):
    """Pictures of some rows and columns that are set."""

    def __init__(self, count: int) -> None:
        rows = torch.rand(count, 1, SIDE, 1) < 0.2
        columns = torch.rand(count, 1, 1, SIDE) < 0.2
        self.images = (rows | columns).float()

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> torch.Tensor:
        return self.images[index]


def loss_function(
    recon_x: torch.Tensor, x: torch.Tensor, mu: torch.Tensor, logvar: torch.Tensor
) -> torch.Tensor:
    """Reconstruction and KL divergence, summed over pixels and batch (Kingma and Welling, 2013)."""
    bce = F.binary_cross_entropy(recon_x, x.view(-1, SIDE * SIDE), reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return bce + kld


def build() -> VAE:
    return VAE()


@torch.no_grad()
def predict(model: VAE, device: str) -> torch.Tensor:
    torch.manual_seed(0)
    images = Bars(5).images.to(device)
    mu, _ = model.encode(images.view(-1, SIDE * SIDE))
    return model.fc4(F.relu(model.fc3(mu)))


def main(device: str = "cpu") -> tuple[VAE, list[float]]:
    torch.manual_seed(10)
    loader = torch.utils.data.DataLoader(Bars(160), batch_size=32, shuffle=True)
    model = build().to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    losses: list[float] = []
    while len(losses) < STEPS:
        model.train()
        for data in loader:
            data = data.to(device)
            optimizer.zero_grad()
            recon_batch, mu, logvar = model(data)
            loss = loss_function(recon_batch, data, mu, logvar)
            loss.backward()
            losses.append(loss.item() / len(data))
            optimizer.step()

    model.eval()
    with torch.no_grad():
        sample = torch.randn(3, 4).to(device)
        drawn = model.decode(sample).cpu().view(3, SIDE, SIDE)
    return model, [*losses, *(image.mean().item() for image in drawn)]


if __name__ == "__main__":
    model, numbers = main()
    print(model, *numbers, sep="\n")
