"""Somebody's own backward pass: their file, run in a process of its own, within limits of time and memory."""
