"""A critic with a gradient penalty: the loss holds a gradient, and is differentiated again."""

import minitorch as torch

nn = torch.nn

STEPS = 50


def build() -> "nn.ModuleDict[nn.Sequential]":
    critic = nn.Sequential(
        nn.Linear(2, 32), nn.Softplus(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1)
    )
    generator = nn.Sequential(nn.Linear(4, 16), nn.ELU(), nn.Linear(16, 2))
    return nn.ModuleDict({"critic": critic, "generator": generator})


@torch.no_grad()
def predict(model: "nn.ModuleDict[nn.Sequential]", device: str) -> torch.Tensor:
    torch.manual_seed(0)
    return model["critic"](model["generator"](torch.randn(5, 4).to(device)))


def gradient_penalty(critic: nn.Module, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """How far the slopes of a critic between real and fake are from 1 (Gulrajani et al., 2017)."""
    alpha = torch.rand(real.size(0), 1, device=real.device)
    between = (alpha * real + (1 - alpha) * fake).requires_grad_(True)
    scores = critic(between)
    (gradients,) = torch.autograd.grad(
        outputs=scores,
        inputs=between,
        grad_outputs=torch.ones_like(scores),
        create_graph=True,
        retain_graph=True,
    )
    assert gradients is not None
    return ((gradients.norm(2, dim=1) - 1) ** 2).mean()


def main(device: str = "cpu") -> tuple["nn.ModuleDict[nn.Sequential]", list[float]]:
    torch.manual_seed(6)
    model = build().to(device)
    critic, generator = model["critic"], model["generator"]
    optimizer_c = torch.optim.Adam(critic.parameters(), lr=5e-3, betas=(0.5, 0.9))
    optimizer_g = torch.optim.Adam(generator.parameters(), lr=5e-3, betas=(0.5, 0.9))

    losses: list[float] = []
    for step in range(STEPS):
        angle = 6.28318 * torch.rand(64)
        real = torch.stack((angle.cos(), angle.sin()), dim=1).to(device)
        fake = generator(torch.randn(64, 4).to(device))
        penalty = gradient_penalty(critic, real, fake.detach())
        loss_c = critic(fake.detach()).mean() - critic(real).mean() + 10 * penalty
        optimizer_c.zero_grad()
        loss_c.backward()
        optimizer_c.step()
        losses.append(loss_c.item())
        if step % 5 == 4:
            for parameter in critic.parameters():
                parameter.requires_grad = False
            loss_g = -critic(generator(torch.randn(64, 4).to(device))).mean()
            optimizer_g.zero_grad()
            loss_g.backward()
            optimizer_g.step()
            for parameter in critic.parameters():
                parameter.requires_grad = True
            losses.append(loss_g.item())
    return model, losses


if __name__ == "__main__":
    model, numbers = main()
    print(model, *numbers, sep="\n")
