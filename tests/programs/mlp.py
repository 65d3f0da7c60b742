"""An MLP with dropout and batch norm, Nesterov momentum, and rates that fall in steps."""

import minitorch as torch

nn = torch.nn

STEPS = 50


def init_weights(module: nn.Module) -> None:
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        nn.init.zeros_(module.bias)


def build() -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(20, 64),
        nn.BatchNorm1d(64),
        nn.ReLU(inplace=True),
        nn.Dropout(p=0.3),
        nn.Linear(64, 32),
        nn.BatchNorm1d(32),
        nn.LeakyReLU(0.1),
        nn.Dropout(),
        nn.Linear(32, 4),
    ).apply(init_weights)


@torch.no_grad()
def predict(model: nn.Sequential, device: str) -> torch.Tensor:
    torch.manual_seed(0)
    model.eval()  # running statistics, no dropout
    return torch.softmax(model(torch.randn(10, 20).to(device)), dim=-1)


def main(device: str = "cpu") -> tuple[nn.Sequential, list[float]]:
    torch.manual_seed(2)
    model = build().to(device)

    x = torch.randn(320, 20)
    y = torch.stack([x[:, :5].sum(1), x[:, 5:10].sum(1), x[:, 10:15].sum(1), x[:, 15:].sum(1)], 1)
    y = y.argmax(dim=1)
    dataset = torch.utils.data.TensorDataset(x, y)
    loader = torch.utils.data.DataLoader(dataset, batch_size=32, shuffle=True, drop_last=True)

    decay = [p for p in model.parameters() if p.dim() > 1]
    no_decay = [p for p in model.parameters() if p.dim() <= 1]
    optimizer = torch.optim.SGD(
        [{"params": decay, "weight_decay": 1e-3}, {"params": no_decay}],
        lr=0.1,
        momentum=0.9,
        nesterov=True,
    )
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)

    losses: list[float] = []
    rates: list[float] = []
    for _ in range(STEPS // len(loader)):
        model.train()
        for xb, yb in loader:
            xb, yb = xb.to(device), yb.to(device)
            loss = criterion(model(xb), yb)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
            optimizer.step()
            losses.append(loss.item())
        scheduler.step()
        rates += [scheduler.get_last_lr()[0], optimizer.param_groups[1]["lr"]]
    count = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return model, [*losses, *rates, count]


if __name__ == "__main__":
    model, numbers = main()
    print(model, *numbers, sep="\n")
