"""A Transformer that learns to write a sequence backwards: masks, padding, smoothed labels."""

import math

import minitorch as torch

nn = torch.nn

STEPS = 50
PAD, BOS, EOS, SYMBOLS = 0, 1, 2, 13  # symbols are what follows EOS
LONGEST = 7


class PositionalEncoding(nn.Module):
    pe: torch.Tensor

    def __init__(self, emb_size: int, dropout: float, maxlen: int = 32) -> None:
        super().__init__()
        den = torch.exp(-torch.arange(0, emb_size, 2) * math.log(10000) / emb_size)
        pos = torch.arange(0, maxlen).reshape(maxlen, 1)
        pe = torch.zeros((maxlen, emb_size))
        pe[:, 0::2] = torch.sin(pos * den)
        pe[:, 1::2] = torch.cos(pos * den)
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("pe", pe.unsqueeze(0))

    def forward(self, token_embedding: torch.Tensor) -> torch.Tensor:
        return self.dropout(token_embedding + self.pe[:, : token_embedding.size(1)])


class Seq2SeqTransformer(nn.Module):
    def __init__(self, vocabulary: int, emb_size: int = 16, dropout: float = 0.1) -> None:
        super().__init__()
        self.transformer = nn.Transformer(
            d_model=emb_size,
            nhead=4,
            num_encoder_layers=1,
            num_decoder_layers=1,
            dim_feedforward=32,
            dropout=dropout,
            activation="gelu",
            batch_first=True,
        )
        self.generator = nn.Linear(emb_size, vocabulary)
        self.src_tok_emb = nn.Embedding(vocabulary, emb_size, padding_idx=PAD)
        self.tgt_tok_emb = nn.Embedding(vocabulary, emb_size, padding_idx=PAD)
        self.positional_encoding = PositionalEncoding(emb_size, dropout)
        self.scale = math.sqrt(emb_size)
        for p in self.transformer.parameters():
            if p.dim() > 1:
                nn.init.xavier_uniform_(p)

    def encode(self, src: torch.Tensor, padding: torch.Tensor) -> torch.Tensor:
        embedded = self.positional_encoding(self.src_tok_emb(src) * self.scale)
        return self.transformer.encoder(embedded, src_key_padding_mask=padding)

    def decode(
        self, tgt: torch.Tensor, memory: torch.Tensor, memory_padding: torch.Tensor
    ) -> torch.Tensor:
        tgt_mask = nn.Transformer.generate_square_subsequent_mask(tgt.size(1), device=tgt.device)
        out = self.transformer.decoder(
            self.positional_encoding(self.tgt_tok_emb(tgt) * self.scale),
            memory,
            tgt_mask=tgt_mask,
            memory_key_padding_mask=memory_padding,
        )
        return self.generator(out)

    def forward(self, src: torch.Tensor, tgt: torch.Tensor) -> torch.Tensor:
        size = tgt.size(1)
        causal = torch.triu(torch.ones(size, size, device=tgt.device), diagonal=1).bool()
        src_padding, tgt_padding = src == PAD, tgt == PAD
        out = self.transformer(
            self.positional_encoding(self.src_tok_emb(src) * self.scale),
            self.positional_encoding(self.tgt_tok_emb(tgt) * self.scale),
            tgt_mask=causal,
            src_key_padding_mask=src_padding,
            tgt_key_padding_mask=tgt_padding,
            memory_key_padding_mask=src_padding,
        )
        return self.generator(out)


Pair = tuple[torch.Tensor, torch.Tensor]


class Backwards(torch.utils.data.Dataset[Pair]):
    """Sequences of symbols of any length, each with the same one backwards between BOS and EOS."""

    def __init__(self, count: int) -> None:
        self.pairs: list[Pair] = []
        for length in torch.randint(2, LONGEST + 1, (count,)):
            src = torch.randint(EOS + 1, EOS + 1 + SYMBOLS, (int(length),))
            tgt = torch.cat([torch.tensor([BOS]), src.flip(0), torch.tensor([EOS])])
            self.pairs.append((src, tgt))

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> Pair:
        return self.pairs[index]


def collate_fn(batch: list[Pair]) -> Pair:
    src_batch, tgt_batch = zip(*batch, strict=True)
    pad_sequence = nn.utils.rnn.pad_sequence
    src = pad_sequence(src_batch, batch_first=True, padding_value=PAD)
    return src, pad_sequence(tgt_batch, batch_first=True, padding_value=PAD)


def build() -> Seq2SeqTransformer:
    return Seq2SeqTransformer(EOS + 1 + SYMBOLS)


@torch.no_grad()
def predict(model: Seq2SeqTransformer, device: str) -> torch.Tensor:
    torch.manual_seed(0)
    src, tgt = collate_fn(Backwards(4).pairs)
    model.eval()
    return model(src.to(device), tgt.to(device)[:, :-1])


@torch.no_grad()
def greedy_decode(model: Seq2SeqTransformer, src: torch.Tensor) -> list[int]:
    model.eval()
    padding = src == PAD
    memory = model.encode(src, padding)
    ys = torch.full((1, 1), BOS, dtype=torch.long, device=src.device)
    for _ in range(LONGEST + 1):
        next_word = model.decode(ys, memory, padding)[:, -1].argmax(dim=1, keepdim=True)
        ys = torch.cat([ys, next_word], dim=1)
        if next_word.item() == EOS:
            break
    return [int(word) for word in ys[0]]


def main(device: str = "cpu") -> tuple[Seq2SeqTransformer, list[float]]:
    torch.manual_seed(40)
    model = build().to(device)
    loader = torch.utils.data.DataLoader(
        Backwards(100), batch_size=10, shuffle=True, collate_fn=collate_fn
    )
    loss_fn = nn.CrossEntropyLoss(ignore_index=PAD, label_smoothing=0.1)
    optimizer = torch.optim.Adam(model.parameters(), lr=1.0, betas=(0.9, 0.98))

    def rate(step: int, warmup: int = 20) -> float:
        step += 1
        return 0.015 * min(1 / math.sqrt(step), step / (warmup * math.sqrt(warmup)))

    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lr_lambda=rate)
    losses: list[float] = []
    while len(losses) < STEPS:
        model.train()
        for src, tgt in loader:
            src, tgt = src.to(device), tgt.to(device)
            logits = model(src, tgt[:, :-1])
            optimizer.zero_grad()
            loss = loss_fn(logits.reshape(-1, logits.shape[-1]), tgt[:, 1:].reshape(-1))
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            losses.append(loss.item())
    src = torch.tensor([[3, 9, 5, 12]], device=device)
    return model, [*losses, *greedy_decode(model, src)]


if __name__ == "__main__":
    model, numbers = main()
    print(model, *numbers, sep="\n")
