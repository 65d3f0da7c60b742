"""LeNet on images of digits: interrupted, saved, and resumed from the file in a new model."""

# Users' programs are not typed.
# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, allow-subclassing-any
# mypy: allow-incomplete-defs, disable-error-code=name-defined

from pathlib import Path
from types import ModuleType

STEPS = 30
BATCH = 16


def run(torch: ModuleType, device: str, folder: Path) -> list[float]:
    nn, F = torch.nn, torch.nn.functional

    class LeNet(nn.Module):
        def __init__(self, classes: int = 10) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 6, kernel_size=5, padding=2)
            self.conv2 = nn.Conv2d(6, 16, 5)
            self.pool = nn.MaxPool2d(2, 2)
            self.fc1 = nn.Linear(16 * 2 * 2, 60)
            self.fc2 = nn.Linear(60, classes)

        def forward(self, x):
            x = self.pool(F.relu(self.conv1(x)))
            x = self.pool(torch.tanh(self.conv2(x)))
            x = x.view(x.size(0), -1)
            x = F.relu(self.fc1(x))
            return self.fc2(x)

    class Digits(torch.utils.data.Dataset):
        """A bright square whose place is the class, in noise."""

        def __init__(self, count: int) -> None:
            self.labels = torch.randint(0, 10, (count,))
            self.images = 0.3 * torch.randn(count, 1, 16, 16)
            for image, label in zip(self.images, self.labels.tolist(), strict=True):
                row, column = divmod(label, 4)
                image[0, 5 * row : 5 * row + 4, 4 * column : 4 * column + 3] += 1.0

        def __len__(self) -> int:
            return len(self.labels)

        def __getitem__(self, index):
            return self.images[index], self.labels[index]

    def build():
        model = LeNet().to(device)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
        return model, optimizer

    def accuracy(model, loader) -> float:
        model.eval()
        correct = total = 0
        with torch.no_grad():
            for images, labels in loader:
                outputs = model(images.to(device))
                _, predicted = torch.max(outputs.data, 1)
                total += labels.size(0)
                correct += (predicted == labels.to(device)).sum().item()
        model.train()
        return float(correct / total)

    torch.manual_seed(1)
    dataset = Digits(200)
    train, test = torch.utils.data.random_split(dataset, [160, 40])
    train_loader = torch.utils.data.DataLoader(train, batch_size=BATCH, shuffle=True)
    test_loader = torch.utils.data.DataLoader(test, batch_size=BATCH)
    criterion = nn.CrossEntropyLoss()
    model, optimizer = build()

    losses: list[float] = []
    checkpoint = folder / "lenet.pt"
    for epoch in range(STEPS // len(train_loader)):
        if epoch == 1:  # go on in a model made anew, from the file
            state = torch.load(checkpoint)
            model, optimizer = build()
            model.load_state_dict(state["model"])
            optimizer.load_state_dict(state["optimizer"])
            assert state["epoch"] == epoch
        for images, labels in train_loader:
            images, labels = images.to(device), labels.to(device)
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        torch.save(
            {
                "epoch": epoch + 1,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            },
            checkpoint,
        )
    return [*losses, accuracy(model, test_loader)]
