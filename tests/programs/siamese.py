"""A siamese net: one encoder with shared weights sees an anchor, one alike and one different."""

import minitorch as torch

nn, F = torch.nn, torch.nn.functional

STEPS = 50
CLASSES = 6

Triplet = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


class Encoder(nn.Module):
    """Signals (n, 1, 24) to points (n, 8) on the unit sphere."""

    def __init__(self, channels: int = 8, embedding: int = 8) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv1d(1, channels, 5, padding="same", padding_mode="circular", bias=False),
            nn.BatchNorm1d(channels),
            nn.PReLU(),
            nn.MaxPool1d(2),
            nn.Conv1d(channels, 2 * channels, 3, padding=1),
            nn.GroupNorm(4, 2 * channels),
            nn.PReLU(2 * channels),
            nn.AdaptiveAvgPool1d(4),
        )
        self.head = nn.Linear(8 * channels, embedding)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.normalize(self.head(self.features(x).flatten(1)), dim=1)


class SiameseNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.dropout = nn.Dropout1d(0.1)

    def forward(
        self, anchor: torch.Tensor, positive: torch.Tensor, negative: torch.Tensor
    ) -> Triplet:
        return (
            self.encoder(self.dropout(anchor)),
            self.encoder(self.dropout(positive)),
            self.encoder(self.dropout(negative)),
        )


class Signals(torch.utils.data.Dataset[Triplet]):
    """Shifted noisy waves of several shapes; each item draws its partners at random."""

    def __init__(self, count: int) -> None:
        self.labels = torch.randint(0, CLASSES, (count,))
        time = torch.linspace(0.0, 6.28318, 24)
        phase = torch.rand(count, 1) * 6.28318
        frequency = (self.labels % 3 + 1).unsqueeze(1)
        waves = torch.sin(frequency * time + phase)
        square = (self.labels >= 3).unsqueeze(1)
        waves = torch.where(square, waves.sign(), waves)
        self.signals = (waves + 0.1 * torch.randn(count, 24)).unsqueeze(1)

    def __len__(self) -> int:
        return len(self.labels)

    def _draw(self, choices: torch.Tensor) -> torch.Tensor:
        (places,) = torch.nonzero(choices, as_tuple=True)
        return self.signals[places[torch.randint(len(places), (1,))]].squeeze(0)

    def __getitem__(self, index: int) -> Triplet:
        same = self.labels == self.labels[index]
        return self.signals[index], self._draw(same), self._draw(~same)


def build() -> SiameseNet:
    return SiameseNet()


@torch.no_grad()
def predict(model: SiameseNet, device: str) -> torch.Tensor:
    torch.manual_seed(0)
    model.eval()
    return model.encoder(Signals(6).signals.to(device))


def main(device: str = "cpu") -> tuple[SiameseNet, list[float]]:
    torch.manual_seed(50)
    model = build().to(device)
    dataset = Signals(160)
    loader = torch.utils.data.DataLoader(dataset, batch_size=16, shuffle=True, drop_last=True)
    criterion = nn.TripletMarginLoss(margin=0.5, swap=True)
    optimizer = torch.optim.RMSprop(model.parameters(), lr=5e-4, momentum=0.5)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.8)
    losses: list[float] = []
    while len(losses) < STEPS:
        model.train()
        for batch in loader:
            anchor, positive, negative = (x.to(device) for x in batch)
            optimizer.zero_grad()
            loss = criterion(*model(anchor, positive, negative))
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        scheduler.step()

    model.eval()
    with torch.no_grad():
        codes = model.encoder(dataset.signals[:20].to(device))
        distances = torch.cdist(codes, codes)
        alike = F.cosine_similarity(codes[:10], codes[10:])
    return model, [*losses, distances.mean().item(), alike.square().mean().item()]


if __name__ == "__main__":
    model, numbers = main()
    print(model, *numbers, sep="\n")
