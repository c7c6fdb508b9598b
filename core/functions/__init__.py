"""Activations and losses, each function with its derivative, in a table."""
