"""A character LSTM: its state goes on from batch to batch; the text it writes at the end."""

from collections.abc import Iterator

import minitorch as torch

nn, F = torch.nn, torch.nn.functional

STEPS = 50
TEXT = """the wind and the sun argued which of them was the stronger, when a traveller came along
wrapped in a warm cloak. they agreed that the one who first made the traveller take the cloak off
should be the stronger of the two. then the wind blew as hard as it could, but the more it blew the
more closely did the traveller fold the cloak around him, and at last the wind gave up."""
ALPHABET = sorted(set(TEXT))
STOI = {c: i for i, c in enumerate(ALPHABET)}

State = tuple[torch.Tensor, torch.Tensor]


class CharLSTM(nn.Module):
    def __init__(self, vocabulary: int, width: int = 16, hidden: int = 32) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.lstm = nn.LSTM(width, hidden, num_layers=2, dropout=0.1, batch_first=True)
        self.norm = nn.LayerNorm(hidden)
        self.head = nn.Linear(hidden, vocabulary)

    def forward(self, x: torch.Tensor, state: State | None = None) -> tuple[torch.Tensor, State]:
        out, state = self.lstm(self.embedding(x), state)
        return self.head(self.norm(out)), state


def encode(text: str) -> torch.Tensor:
    return torch.tensor([STOI[c] for c in text], dtype=torch.long)


def batches(
    data: torch.Tensor, rows: int, steps: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Rows of text that go on from batch to batch."""
    length = (len(data) - 1) // rows
    x = data[: rows * length].view(rows, length)
    y = data[1 : rows * length + 1].view(rows, length)
    for start in range(0, length - steps + 1, steps):
        yield x[:, start : start + steps], y[:, start : start + steps]


@torch.no_grad()
def write(model: CharLSTM, device: str, start: str, length: int) -> list[int]:
    model.eval()
    x = encode(start).unsqueeze(0).to(device)
    state, found = None, []
    for _ in range(length):
        logits, state = model(x, state)
        x = logits[:, -1].argmax(-1, keepdim=True)
        found.append(int(x))
    return found


def build() -> CharLSTM:
    return CharLSTM(len(ALPHABET))


@torch.no_grad()
def predict(model: CharLSTM, device: str) -> torch.Tensor:
    model.eval()
    logits, _ = model(encode(TEXT[:20]).view(2, 10).to(device))
    return logits


def main(device: str = "cpu") -> tuple[CharLSTM, list[float]]:
    torch.manual_seed(7)
    data = encode(TEXT)
    model = build().to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    losses: list[float] = []
    while len(losses) < STEPS:
        state = None
        for x, y in batches(data, 6, 12):
            optimizer.zero_grad()
            logits, (h, c) = model(x.to(device), state)
            state = (h.detach(), c.detach())
            loss = F.cross_entropy(logits.transpose(1, 2), y.to(device))
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()
            losses.append(loss.item())
    return model, [*losses, *write(model, device, "the ", 12)]


if __name__ == "__main__":
    model, numbers = main()
    print(model, *numbers, sep="\n")
