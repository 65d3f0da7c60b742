"""Train an image classifier on real digits."""
