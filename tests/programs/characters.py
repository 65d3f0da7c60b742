"""A language model of characters: embeddings of the last few, an MLP, and a text drawn from it."""

# Users' programs are not typed.
# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, allow-subclassing-any
# mypy: allow-incomplete-defs, disable-error-code=name-defined

from pathlib import Path
from types import ModuleType

STEPS = 30
CONTEXT = 4
TEXT = """she sells sea shells by the sea shore. the shells she sells are sea shells, i am sure.
so if she sells shells on the sea shore, then i am sure she sells sea shore shells."""


def run(torch: ModuleType, device: str, folder: Path) -> list[float]:
    nn, F = torch.nn, torch.nn.functional
    alphabet = sorted(set(TEXT))
    stoi = {c: i for i, c in enumerate(alphabet)}
    data = torch.tensor([stoi[c] for c in TEXT], dtype=torch.long)

    class CharacterModel(nn.Module):
        def __init__(self, vocabulary: int, width: int = 8, hidden: int = 48) -> None:
            super().__init__()
            self.embedding = nn.Embedding(vocabulary, width)
            self.position = nn.Parameter(torch.zeros(CONTEXT, width))
            self.layers = nn.ModuleList(
                [nn.Linear(CONTEXT * width, hidden), nn.Linear(hidden, hidden)]
            )
            self.norm = nn.LayerNorm(hidden)
            self.head = nn.Linear(hidden, vocabulary, bias=False)

        def forward(self, idx, targets=None):
            b, t = idx.shape
            h = (self.embedding(idx) + self.position[:t]).view(b, -1)
            for layer in self.layers:
                h = torch.tanh(layer(h))
            logits = self.head(self.norm(h))
            if targets is None:
                return logits, None
            return logits, F.cross_entropy(logits, targets)

    def get_batch(size: int = 24):
        ix = torch.randint(len(data) - CONTEXT, (size,))
        x = torch.stack([data[i : i + CONTEXT] for i in ix])
        y = torch.stack([data[i + CONTEXT] for i in ix])
        return x.to(device), y.to(device)

    @torch.no_grad()
    def estimate_loss(model) -> float:
        model.eval()
        losses = torch.zeros(5)
        for k in range(5):
            _, loss = model(*get_batch())
            losses[k] = loss.item()
        model.train()
        return float(losses.mean())

    @torch.no_grad()
    def generate(model, length: int) -> list[int]:
        idx = data[:CONTEXT].unsqueeze(0)  # (1, CONTEXT)
        for _ in range(length):
            logits, _ = model(idx[:, -CONTEXT:].to(device))
            probabilities = F.softmax(logits / 0.8, dim=-1).cpu()
            following = torch.multinomial(probabilities, num_samples=1)
            idx = torch.cat((idx, following), dim=1)
        return [int(i) for i in idx[0]]

    torch.manual_seed(5)
    model = CharacterModel(len(alphabet)).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.01)
    losses: list[float] = []
    for step in range(STEPS):
        _, loss = model(*get_batch())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if step % 10 == 9:
            losses.append(estimate_loss(model))
    return [*losses, *generate(model, 20)]
