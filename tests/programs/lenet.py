"""LeNet on images of digits: interrupted, saved, and resumed from the file in a new model."""

import minitorch as torch

nn, F = torch.nn, torch.nn.functional

STEPS = 50
BATCH = 16


class LeNet(nn.Module):
    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, kernel_size=5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.fc1 = nn.Linear(16 * 2 * 2, 60)
        self.fc2 = nn.Linear(60, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(torch.tanh(self.conv2(x)))
        x = x.view(x.size(0), -1)
        x = F.relu(self.fc1(x))
        return self.fc2(x)


class Digits(torch.utils.data.Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """A bright square whose place is the class, in noise."""

    def __init__(self, count: int) -> None:
        self.labels = torch.randint(0, 10, (count,))
        self.images = 0.3 * torch.randn(count, 1, 16, 16)
        for image, label in zip(self.images, self.labels, strict=True):
            row, column = divmod(int(label), 4)
            image[0, 5 * row : 5 * row + 4, 4 * column : 4 * column + 3] += 1.0

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        return self.images[index], self.labels[index]


def build() -> LeNet:
    return LeNet()


@torch.no_grad()
def predict(model: LeNet, device: str) -> torch.Tensor:
    torch.manual_seed(0)
    return model(Digits(6).images.to(device))


def main(device: str = "cpu") -> tuple[LeNet, list[float]]:
    def start() -> tuple[LeNet, torch.optim.SGD]:
        model = build().to(device)
        return model, torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)

    torch.manual_seed(1)
    train, test = torch.utils.data.random_split(Digits(240), [200, 40])
    train_loader = torch.utils.data.DataLoader(train, batch_size=BATCH, shuffle=True)
    test_loader = torch.utils.data.DataLoader(test, batch_size=BATCH)
    criterion = nn.CrossEntropyLoss()
    model, optimizer = start()

    losses: list[float] = []
    epoch = 0
    while len(losses) < STEPS:
        if epoch == 2:  # go on in a model made anew, from the file
            model, optimizer = start()
            checkpoint = torch.load("lenet.pt")
            model.load_state_dict(checkpoint["model"])
            optimizer.load_state_dict(checkpoint["optimizer"])
            assert checkpoint["epoch"] == epoch
        for images, labels in train_loader:
            images, labels = images.to(device), labels.to(device)
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        epoch += 1
        torch.save(
            {
                "epoch": epoch,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            },
            "lenet.pt",
        )

    model.eval()
    correct = total = 0.0
    with torch.no_grad():
        for images, labels in test_loader:
            outputs = model(images.to(device))
            _, predicted = torch.max(outputs.data, 1)
            total += labels.size(0)
            correct += (predicted == labels.to(device)).sum().item()
    return model, [*losses, correct / total]


if __name__ == "__main__":
    model, numbers = main()
    print(model, *numbers, sep="\n")
