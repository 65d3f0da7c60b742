"""A character LSTM: its state goes on from batch to batch; the text it writes at the end."""

# Users' programs are not typed.
# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, allow-subclassing-any
# mypy: allow-incomplete-defs, disable-error-code=name-defined

from pathlib import Path
from types import ModuleType

STEPS = 50
TEXT = """the wind and the sun argued which of them was the stronger, when a traveller came along
wrapped in a warm cloak. they agreed that the one who first made the traveller take the cloak off
should be the stronger of the two. then the wind blew as hard as it could, but the more it blew the
more closely did the traveller fold the cloak around him, and at last the wind gave up."""


def run(torch: ModuleType, device: str, folder: Path) -> list[float]:
    nn, F = torch.nn, torch.nn.functional
    alphabet = sorted(set(TEXT))
    stoi = {c: i for i, c in enumerate(alphabet)}

    class CharLSTM(nn.Module):
        def __init__(self, vocabulary: int, width: int = 16, hidden: int = 32) -> None:
            super().__init__()
            self.embedding = nn.Embedding(vocabulary, width)
            self.lstm = nn.LSTM(width, hidden, num_layers=2, dropout=0.1, batch_first=True)
            self.norm = nn.LayerNorm(hidden)
            self.head = nn.Linear(hidden, vocabulary)

        def forward(self, x, state=None):
            out, state = self.lstm(self.embedding(x), state)
            return self.head(self.norm(out)), state

    def batches(data, rows: int, steps: int):
        """Rows of text that go on from batch to batch."""
        length = (len(data) - 1) // rows
        x = data[: rows * length].view(rows, length)
        y = data[1 : rows * length + 1].view(rows, length)
        for start in range(0, length - steps + 1, steps):
            yield x[:, start : start + steps], y[:, start : start + steps]

    @torch.no_grad()
    def write(model, start: str, length: int) -> list[int]:
        model.eval()
        x = torch.tensor([[stoi[c] for c in start]], device=device)
        state, found = None, []
        for _ in range(length):
            logits, state = model(x, state)
            x = logits[:, -1].argmax(-1, keepdim=True)
            found.append(int(x))
        return found

    torch.manual_seed(7)
    data = torch.tensor([stoi[c] for c in TEXT], dtype=torch.long)
    model = CharLSTM(len(alphabet)).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    losses: list[float] = []
    while len(losses) < STEPS:
        state = None
        for x, y in batches(data, 6, 12):
            optimizer.zero_grad()
            logits, state = model(x.to(device), state)
            state = tuple(s.detach() for s in state)
            loss = F.cross_entropy(logits.transpose(1, 2), y.to(device))
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()
            losses.append(loss.item())
    return [*losses[:STEPS], *write(model, "the ", 12)]
