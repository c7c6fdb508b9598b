"""Dumps: the numbers of one epoch of one engine as a text file that people, gnuplot and NumPy read."""

from core.dat.format import FORMAT, DataFile, Dump, dump_of, in_the_way, render, write
from core.dat.names import DUMP_STEMS, dump_name, parse_dump_name
from core.dat.strict import read

__all__ = [
    "DUMP_STEMS",
    "FORMAT",
    "DataFile",
    "Dump",
    "dump_name",
    "dump_of",
    "in_the_way",
    "parse_dump_name",
    "read",
    "render",
    "write",
]
