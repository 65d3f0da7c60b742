"""A language model of characters: embeddings of the last few, an MLP, and a text drawn from it."""

import minitorch as torch

nn, F = torch.nn, torch.nn.functional

STEPS = 50
CONTEXT = 4
TEXT = """she sells sea shells by the sea shore. the shells she sells are sea shells, i am sure.
so if she sells shells on the sea shore, then i am sure she sells sea shore shells."""
ALPHABET = sorted(set(TEXT))
STOI = {c: i for i, c in enumerate(ALPHABET)}


class CharacterModel(nn.Module):
    def __init__(self, vocabulary: int, width: int = 8, hidden: int = 48) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.position = nn.Parameter(torch.zeros(CONTEXT, width))
        self.layers = nn.ModuleList([nn.Linear(CONTEXT * width, hidden), nn.Linear(hidden, hidden)])
        self.norm = nn.LayerNorm(hidden)
        self.head = nn.Linear(hidden, vocabulary, bias=False)

    def forward(self, idx: torch.Tensor) -> torch.Tensor:
        b, t = idx.shape
        h = (self.embedding(idx) + self.position[:t]).view(b, -1)
        for layer in self.layers:
            h = torch.tanh(layer(h))
        return self.head(self.norm(h))


def encode(text: str) -> torch.Tensor:
    return torch.tensor([STOI[c] for c in text], dtype=torch.long)


def build() -> CharacterModel:
    return CharacterModel(len(ALPHABET))


@torch.no_grad()
def predict(model: CharacterModel, device: str) -> torch.Tensor:
    return model(encode(TEXT[: 3 * CONTEXT]).view(3, CONTEXT).to(device))


@torch.no_grad()
def generate(model: CharacterModel, device: str, length: int) -> list[int]:
    idx = encode(TEXT[:CONTEXT]).unsqueeze(0).to(device)  # (1, CONTEXT)
    for _ in range(length):
        logits = model(idx[:, -CONTEXT:])
        probabilities = F.softmax(logits / 0.8, dim=-1)
        following = torch.multinomial(probabilities, num_samples=1)
        idx = torch.cat((idx, following), dim=1)
    return [int(i) for i in idx[0]]


def main(device: str = "cpu") -> tuple[CharacterModel, list[float]]:
    torch.manual_seed(5)
    data = encode(TEXT)
    model = build().to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.01)

    def get_batch(size: int = 24) -> tuple[torch.Tensor, torch.Tensor]:
        ix = torch.randint(len(data) - CONTEXT, (size,))
        x = torch.stack([data[i : i + CONTEXT] for i in ix])
        y = torch.stack([data[i + CONTEXT] for i in ix])
        return x.to(device), y.to(device)

    @torch.no_grad()
    def estimate_loss() -> float:
        model.eval()
        found = torch.zeros(5)
        for k in range(5):
            X, Y = get_batch()
            found[k] = F.cross_entropy(model(X), Y).item()
        model.train()
        return float(found.mean())

    losses: list[float] = []
    estimates: list[float] = []
    for step in range(STEPS):
        X, Y = get_batch()
        loss = F.cross_entropy(model(X), Y)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if step % 10 == 9:
            estimates.append(estimate_loss())
    return model, [*losses, *estimates, *generate(model, device, 20)]


if __name__ == "__main__":
    model, numbers = main()
    print(model, *numbers, sep="\n")
