"""The course's toy trainings: one little network, three layers of the stack."""
