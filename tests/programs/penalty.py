"""A critic with a gradient penalty: the loss holds a gradient, and is differentiated again."""

# Users' programs are not typed.
# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, allow-subclassing-any
# mypy: allow-incomplete-defs, disable-error-code=name-defined

from pathlib import Path
from types import ModuleType

STEPS = 30


def run(torch: ModuleType, device: str, folder: Path) -> list[float]:
    nn = torch.nn
    torch.manual_seed(6)
    critic = nn.Sequential(
        nn.Linear(2, 32), nn.Softplus(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1)
    ).to(device)
    generator = nn.Sequential(nn.Linear(4, 16), nn.ELU(), nn.Linear(16, 2)).to(device)
    optimizer_c = torch.optim.Adam(critic.parameters(), lr=5e-3, betas=(0.5, 0.9))
    optimizer_g = torch.optim.Adam(generator.parameters(), lr=5e-3, betas=(0.5, 0.9))

    def gradient_penalty(real, fake):
        alpha = torch.rand(real.size(0), 1).to(device)
        between = (alpha * real + (1 - alpha) * fake).requires_grad_(True)
        scores = critic(between)
        (gradients,) = torch.autograd.grad(
            outputs=scores,
            inputs=between,
            grad_outputs=torch.ones_like(scores),
            create_graph=True,
            retain_graph=True,
        )
        return ((gradients.norm(2, dim=1) - 1) ** 2).mean()

    losses: list[float] = []
    for step in range(STEPS):
        angle = 6.28318 * torch.rand(64)
        real = torch.stack((angle.cos(), angle.sin()), dim=1).to(device)
        fake = generator(torch.randn(64, 4).to(device))
        penalty = gradient_penalty(real, fake.detach())
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
    return losses
