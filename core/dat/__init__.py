"""Dumps: the numbers of one epoch of one engine as a text file that people, gnuplot and NumPy read."""

from core.dat.format import FORMAT, Dump, dump_of, read, render, write

__all__ = ["FORMAT", "Dump", "dump_of", "read", "render", "write"]
