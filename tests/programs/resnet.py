"""ResNet-20 for small pictures (He et al., 2015): batch norms, shortcuts of option A, SGD."""

import minitorch as torch

nn, F = torch.nn, torch.nn.functional

STEPS = 50
SIDE = 8


def _weights_init(m: nn.Module) -> None:
    if isinstance(m, nn.Conv2d):
        nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
    elif isinstance(m, BasicBlock) and m.bn2.weight is not None:
        nn.init.zeros_(m.bn2.weight)  # a block begins as the identity (Goyal et al., 2017)


class BasicBlock(nn.Module):
    def __init__(self, in_planes: int, planes: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_planes, planes, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride=1, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.padding = (planes - in_planes) // 2

    def shortcut(self, x: torch.Tensor) -> torch.Tensor:
        """Option A: every second pixel, and channels of zeros around those there are."""
        if self.padding == 0:
            return x
        return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.padding, self.padding), "constant", 0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += self.shortcut(x)
        return F.relu(out)


class ResNet(nn.Module):
    def __init__(self, num_blocks: tuple[int, int, int], num_classes: int = 10) -> None:
        super().__init__()
        self.in_planes = 16
        self.conv1 = nn.Conv2d(1, 16, kernel_size=3, stride=1, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = self._make_layer(16, num_blocks[0], stride=1)
        self.layer2 = self._make_layer(32, num_blocks[1], stride=2)
        self.layer3 = self._make_layer(64, num_blocks[2], stride=2)
        self.linear = nn.Linear(64, num_classes)
        self.apply(_weights_init)

    def _make_layer(self, planes: int, num_blocks: int, stride: int) -> nn.Sequential:
        layers = []
        for step in [stride] + [1] * (num_blocks - 1):
            layers.append(BasicBlock(self.in_planes, planes, step))
            self.in_planes = planes
        return nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.layer3(self.layer2(self.layer1(out)))
        out = F.avg_pool2d(out, (out.size(2), out.size(3)))
        return self.linear(out.view(out.size(0), -1))


def pictures(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Waves in noise; the class is how often they go up and down."""
    labels = torch.randint(0, 10, (count,))
    down = (labels % 5 + 1).float().view(-1, 1, 1, 1)
    across = (labels // 5 + 1).float().view(-1, 1, 1, 1)
    place = torch.arange(SIDE).float() / SIDE * 3.14159
    waves = torch.cos(down * place.view(SIDE, 1)) * torch.cos(across * place)
    return waves + 0.3 * torch.randn(count, 1, SIDE, SIDE), labels


def build() -> ResNet:
    return ResNet((3, 3, 3))


@torch.no_grad()
def predict(model: ResNet, device: str) -> torch.Tensor:
    torch.manual_seed(0)
    images, _ = pictures(6)
    model.eval()
    return model(images.to(device))


def main(device: str = "cpu") -> tuple[ResNet, list[float]]:
    torch.manual_seed(20)
    model = build().to(device)
    images, labels = pictures(80)
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(images, labels), batch_size=8, shuffle=True
    )
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[3, 4], gamma=0.1)
    losses: list[float] = []
    while len(losses) < STEPS:
        model.train()
        for x, target in loader:
            x, target = x.to(device), target.to(device)
            output = model(x)
            loss = criterion(output, target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        scheduler.step()
    return model, losses


if __name__ == "__main__":
    model, numbers = main()
    print(model, *numbers, sep="\n")
