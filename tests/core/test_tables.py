"""Data files: what is read of them, and what is said of one that is wrong."""

import io
import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import tables
from core.errors import DataError
from core.tables import text


def read(tmp_path, content, inputs=None, targets=None, name="points.csv"):
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return tables.read(path, inputs, targets)


def saved(save, *arrays, **named):
    file = io.BytesIO()
    save(file, *arrays, **named)
    return file.getvalue()


PLAIN = ([[1.5, 2], [3, -4e-3]], [[0.5], [1]])
"""The x and y of two rows."""

SAME = {
    "with a header": "x1,x2,y\n1.5,2,0.5\n3,-4e-3,1\n",
    "without a header": "1.5,2,0.5\n3,-4e-3,1\n",
    "without a line's end": "x1,x2,y\n1.5,2,0.5\n3,-4e-3,1",
    "with tabs": "x1\tx2\ty\n1.5\t2\t0.5\n3\t-4e-3\t1\n",
    "with semicolons": "x1;x2;y\n1.5;2;0.5\n3;-4e-3;1\n",
    "of a german spreadsheet": "\ufeffx1;x2;y\r\n1,5;2;0,5\r\n3;-4e-3;1\r\n",
    "of a german spreadsheet without a header": "1,5;2;0,5\r\n3;-0,004;1\r\n",
    "with tabs and decimal commas": "x1\tx2\ty\n1,5\t2\t,5\n3\t-4e-3\t1\n",
    "of a spreadsheet": '\ufeffx1,x2,y\r\n1.5,2,0.5\r\n"3",-4e-3,1\r\n',
    "of a german spreadsheet with commas and quotes": 'x1,x2,y\n"1,5",2,"0,5"\n3,"-0,004",1\n',
    "of a german spreadsheet with commas and no header": '"1,5",2,"0,5"\n3,"-0,004",1\n',
    "as Excel's unicode text": "x1\tx2\ty\r\n1,5\t2\t0,5\r\n3\t-0,004\t1\r\n".encode("utf-16"),
    "in the other byte order": b"\xfe\xff" + "x1;x2;y\n1.5;2;0.5\n3;-4e-3;1\n".encode("utf-16-be"),
    "in Windows-1252": "Höhe;x2;y\r\n1,5;2;0,5\r\n3;-0,004;1\r\n".encode("cp1252"),
    "with Excel's word on the separator": "sep=;\r\nx1;x2;y\r\n1,5;2;0,5\r\n3;-0,004;1\r\n",
    "of an old macintosh": "x1,x2,y\r1.5,2,0.5\r3,-4e-3,1\r",
    "with quoted names": '"x, first","x ""2""",y\n1.5,2,0.5\n3,-4e-3,1\n',
    "with a name of two lines": '"x\n# 1",x2,y\n1.5,2,0.5\n3,-4e-3,1\n',
    "with comments": "# points\n\nx1,x2,y\n1.5,2,0.5\n  # it's \"half\n#N or so\n3,-4e-3,1\n",
    "with blank lines": "\nx1,x2,y\n\n1.5,2,0.5\n3,-4e-3,1\n\n  \n\n",
    "with rows of empty cells": "x1,x2,y\n1.5,2,0.5\n3,-4e-3,1\n,,\n,,\n",
    "with a column of nothing": "x1,x2,y,\n1.5,2,0.5,\n3,-4e-3,1,\n",
    "with spaces": " x1 , x2 , y \n 1.5 , 2 , 0.5 \n 3 , -4e-3 , 1 \n",
    "of pandas": ",x1,x2,y\n0,1.5,2,0.5\n1,3.0,-0.004,1.0\n",
    "of pandas without an index": "x1,x2,y\n1.5,2.0,0.5\n3.0,-0.004,1.0\n",
    "of pandas without names": ",0,1,2\n0,1.5,2.0,0.5\n1,3.0,-0.004,1.0\n",
    "of pandas without names and index": "0,1,2\n1.5,2.0,0.5\n3.0,-0.004,1.0\n",
    "of numpy": "# x1,x2,y\n1.500e+00,2.0e+00,5.0e-01\n3.0e+00,-4.0e-03,1.0e+00\n",
    "as an npy": saved(np.save, np.array([[1.5, 2, 0.5], [3, -4e-3, 1]])),
    "as an npy by columns": saved(np.save, np.asfortranarray([[1.5, 2, 0.5], [3, -4e-3, 1]])),
    "as an npz": saved(np.savez, x=np.array(PLAIN[0]), y=np.array([0.5, 1])),
    "as a compressed npz of columns": saved(
        np.savez_compressed, x1=np.array([1.5, 3]), x2=np.array([2, -4e-3], ">f8"), y=np.array([[0.5], [1]])
    ),
}


@pytest.mark.parametrize("content", SAME.values(), ids=SAME)
def test_the_same_table_is_read_however_it_is_written(tmp_path, content):
    table = read(tmp_path, content)

    assert (table.x.tolist(), table.y.tolist()) == PLAIN
    assert (table.x.dtype, table.y.dtype, table.labels) == (np.float64, np.float64, None)


def test_columns_are_taken_by_name_in_the_order_that_is_asked_for(tmp_path):
    table = read(tmp_path, "a,b,c,d\n1,2,3,4\n5,6,7,8\n", ("c", "a"), ("d", "b"))

    assert (table.x.tolist(), table.y.tolist()) == ([[3, 1], [7, 5]], [[4, 2], [8, 6]])
    assert (table.inputs, table.targets) == (("c", "a"), ("d", "b"))


def test_columns_are_taken_by_number_from_zero_with_a_header_or_without(tmp_path):
    for content in ("1,2,3\n4,5,6\n", "a,b,c\n1,2,3\n4,5,6\n"):
        table = read(tmp_path, content, (2, 0), (1,))
        assert (table.x.tolist(), table.y.tolist()) == ([[3, 1], [6, 4]], [[2], [5]])


def test_numbers_are_names_where_they_are_asked_for_as_such(tmp_path):
    table = read(tmp_path, "2019,2020,2021\n1,2,3\n", ("2020",), ("2019",))

    assert (table.x.tolist(), table.y.tolist()) == ([[2]], [[1]])


def test_what_is_left_out_is_the_last_column_and_all_others(tmp_path):
    content = "a,b,c\n1,2,3\n"

    assert read(tmp_path, content, ("a",)).y.tolist() == [[3]]
    assert read(tmp_path, content, None, ("b",)).x.tolist() == [[1, 3]]


def test_columns_that_are_not_asked_for_may_hold_anything(tmp_path):
    table = read(tmp_path, "day,x,y\n2024-01-01,1,2\n,3,4\n", ("x",), ("y",))

    assert (table.x.tolist(), table.y.tolist()) == ([[1], [3]], [[2], [4]])


def test_an_autoencoder_has_the_same_columns_on_both_ends(tmp_path):
    table = read(tmp_path, "a,b\n1,2\n", ("a", "b"), ("a", "b"))

    assert table.x.tolist() == table.y.tolist() == [[1, 2]]


@pytest.mark.parametrize("header", ["x,kind\n", ""])
def test_texts_are_labels_in_sorted_order_whatever_the_rows_order(tmp_path, header):
    table = read(tmp_path, header + '1,tulip\n2,"oxeye, daisy"\n3, iris \n4,tulip\n')

    assert table.labels == ("iris", "oxeye, daisy", "tulip")
    assert table.y.tolist() == [[2], [1], [0], [2]]


@pytest.mark.parametrize("name", ["none", "-", "?", "True"])
def test_a_class_may_be_called_almost_anything(tmp_path, name):
    assert read(tmp_path, f"x,kind\n1,{name}\n2,some\n").labels == (name, "some")


def test_text_labels_are_read_from_an_npz(tmp_path):
    content = saved(np.savez, x=np.arange(6).reshape(3, 2), y=np.array(["b", "a", "b"]))

    table = read(tmp_path, content, name="points.npz")

    assert (table.labels, table.y.tolist()) == (("a", "b"), [[1], [0], [1]])


def test_images_in_an_npz_are_laid_out_pixel_by_pixel(tmp_path):
    content = saved(np.savez, images=np.arange(8, dtype=np.uint8).reshape(2, 2, 2), digit=np.array([7, 9]))

    table = read(tmp_path, content)

    assert table.x.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert (table.inputs[1], table.targets) == ("images[1]", ("digit",))


def test_arrays_that_are_not_asked_for_are_not_read(tmp_path):
    content = saved(np.savez, x=np.ones((2, 1)), y=np.ones(2), objects=np.array([{}, {}], dtype=object))

    assert read(tmp_path, content, ("x",), ("y",)).x.tolist() == [[1], [1]]


def test_a_row_is_named_by_the_line_that_it_begins_on(tmp_path):
    table = read(tmp_path, '# one\nx,note,y\n\n1,"two\nlines",2\n# three\n3,,4\n', ("x",), ("y",))

    assert table.lines.tolist() == [4, 7]
    assert table.place(1, "x") == f"{tmp_path / 'points.csv'}: line 7, column x"


TEXT_ERRORS = {
    "nothing": ("", "points.csv: is empty"),
    "blank lines": ("\n\n  \n", "is empty"),
    "comments": ("# x,y\n", "is empty"),
    "a header alone": ("\nx,y\n", "line 2: has a header and no row below it"),
    "a missing value": ("x,y\n1,2\n\n,3\n", "line 4, column x: a missing value; expected a number"),
    "a missing target": ("x,y\n1,2\n2,\n", "line 3, column y: a missing value"),
    "a missing label": ("x,y\n1,a\n2,\n", "line 3, column y: a missing value; expected the name of a class"),
    "pandas' missing value": ("x,y\n1,2\nNaN,3\n", "line 3, column x: a missing value"),
    "a spreadsheet's missing value": ("x,y\n1,2\n#N/A,2\n", "line 3, column x: a missing value (#N/A)"),
    "R's missing value": ("x,y\n1,2\nNA,3\n", "line 3, column x: a missing value (NA)"),
    "a spreadsheet's error": ("x,y\n1,2\n#DIV/0!,2\n", "line 3, column x: '#DIV/0!' is text where a number belongs"),
    "a german spreadsheet's missing value": ("x;y\n1;2\n#NV;2\n", "line 3, column x: a missing value (#NV)"),
    "a text": ("x,y\n1,2\n3,2\none,3\n", "line 4, column x: 'one' is text where a number belongs"),
    "a text in numbers": ("x,y\n1,2\n3,two\n", "line 3, column y: 'two' is text where a number belongs"),
    "a text without a header": ("1,2\none,3\n", "line 2, column 0: 'one' is text"),
    "a digit group": ("x,y\n1_000,2\n", "line 2, column x: '1_000' is text"),
    "thousands": ('x,y\n"1,234",2\n"2",3\n', "line 2, column x: 1,234 may be 1.234 or 1234; expected a decimal point"),
    "thousands with tabs": ("x\ty\n5\t2\n-12,345\t2\n", "line 3, column x: -12,345 may be -12.345 or -12345"),
    "thousands and a point": ('x,y\n"1,234.5",2\n', "line 2, column x: '1,234.5' is text where a number belongs"),
    "thousands beside a point": ('x,y\n"1,234",0.5\n', "line 2, column y: 0.5 has a decimal point, other numbers a"),
    "millions": ('x,y\n"1,234,567",2\n', "line 2, column x: '1,234,567' is text"),
    "a digit of elsewhere": ("x,y\n１,2\n", "line 2, column x: '１' is text"),
    "a terminal's code": ("x,y\n\x1b[2J,2\n", "line 2, column x: '\\x1b[2J' is text"),
    "infinity": ("x,y\n1,2\n-inf,3\n", "line 3, column x: -inf is not finite"),
    "more than float64 holds": ("x,y\n1,2\n3,1e999\n", "line 3, column y: inf is not finite"),
    "a row too short": ("x,y,z\n1,2,3\n1,2\n", "line 3: has 2 columns; expected 3, as the first row has"),
    "a row too long": ("x,y\n1,2\n1,2,3\n", "line 3: has 3 columns; expected 2"),
    "a row of one": ("x,y\n1,2\n1\n", "line 3: has 1 column; expected 2"),
    "a single column": ("y\n1\n2\n", "has no column but the target; expected columns parted by commas"),
    "a quote that never closes": ('x,y\n1,2\n"3,4\n5,6\n', "line 3: is no row (unexpected end of data)"),
    "a quote in the middle": ('x,y\n1,2\n"3"4,4\n', "line 3: is no row ("),
    "point and comma": ("x;y\n1,5;2\n2.5;3\n", "line 3, column x: 2.5 has a decimal point, other numbers a comma"),
    "no letter of any kind": (b"x,y\n1,2\ncaf\x81,3\n", "line 3: is not UTF-8 text; expected UTF-8"),
    "an unprintable label": ("x,y\n1,a\n2,\x1b[2J\n", "line 3, column y: '\\x1b[2J' is no name of a class"),
    "an endless label": (f"x,y\n1,{'a' * 81}\n", "is no name of a class; expected at most 80"),
    "utf-16 cut short": ("x,y\n1,2\n".encode("utf-16")[:-1], "points.csv: is not UTF-16 text; expected UTF-8"),
    "utf-16 without its mark": ("x,y\n1,2\n".encode("utf-16-le"), "is no text; expected a table: CSV"),
    "a binary": (b"\x7fELF\0\0\0", "is no text; expected a table: CSV or TSV in UTF-8, NPZ or NPY"),
}


def refusal(*arguments, **named):
    with pytest.raises(DataError) as caught:
        read(*arguments, **named)
    line = str(caught.value)
    assert "\n" not in line
    assert "points." in line
    return line


@pytest.mark.parametrize(("content", "said"), TEXT_ERRORS.values(), ids=TEXT_ERRORS)
def test_what_is_wrong_in_a_text_is_told_with_its_line_and_column(tmp_path, content, said):
    assert said in refusal(tmp_path, content)


COLUMN_ERRORS = {
    "misspelt": (("lenght",), None, "inputs: column lenght is not there; expected length?"),
    "unlike any": (("q",), None, "inputs: column q is not there; expected one of length, width, kind"),
    "a number too large": (None, (3,), "targets: column 3 is not there; expected a number from 0 to 2"),
    "twice": (("width", "width"), None, "inputs: column width is named twice"),
    "the default target": (("kind",), None, "the last column is an input; expected `targets` to name others"),
    "no inputs left": (None, ("length", "width", "kind"), "has no column but the target"),
}


@pytest.mark.parametrize(("inputs", "targets", "said"), COLUMN_ERRORS.values(), ids=COLUMN_ERRORS)
def test_a_column_that_cannot_be_had_is_told_with_the_nearest(tmp_path, inputs, targets, said):
    assert said in refusal(tmp_path, "length,width,kind\n1,2,3\n", inputs, targets)


def test_a_name_that_two_columns_have_is_refused(tmp_path):
    assert "column x is there twice; expected its number" in refusal(tmp_path, "x,x,y\n1,2,3\n", ("x",))


def test_a_name_without_a_header_is_refused(tmp_path):
    line = refusal(tmp_path, "1,2\n3,4\n", ("x",))

    assert "column x is not there, as the file names none; expected a number from 0 to 1" in line


def npz_with(name, content):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, content)
    return file.getvalue()


def npy_claiming(shape, descr="<f8"):
    head = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00\x76\x00" + head.encode() + b"\0" * 64


GOOD = saved(np.save, np.arange(6.0).reshape(3, 2))

ARRAY_ERRORS = {
    "a pickle": (saved(np.save, np.array([[{}]], dtype=object)), "holds Python objects, which are pickled"),
    "a pickle in an npz": (saved(np.savez, x=np.array([{}]), y=np.ones(1)), "array x: holds Python objects"),
    "one dimension": (saved(np.save, np.ones(3)), "has an array of shape (3,) of float64"),
    "complex numbers": (saved(np.save, np.ones((2, 2), complex)), "has an array of shape (2, 2) of complex128"),
    "no rows": (saved(np.save, np.ones((0, 2))), "has no row"),
    "no columns": (saved(np.savez, x=np.ones((2, 0)), y=np.ones(2)), "array x: has no column"),
    "a single column": (saved(np.save, np.ones((3, 1))), "has no column but the target"),
    "a nan": (saved(np.save, np.array([[1, 2], [np.nan, 3]])), "row 1, column 0: a missing value"),
    "an infinity": (saved(np.savez, x=np.ones((2, 2)), y=np.array([1, np.inf])), "row 1, column y: inf is not finite"),
    "rows that differ": (saved(np.savez, x=np.ones((3, 2)), y=np.ones(2)), "array y: has 2 rows; expected 3"),
    "a single number": (saved(np.savez, x=np.ones(1), y=np.float64(1)), "array y: has shape ()"),
    "texts for inputs": (saved(np.savez, x=np.array(["a"]), y=np.ones(1)), "array x: is text where numbers belong"),
    "dates": (saved(np.savez, x=np.array(["2024-01-01"], "M8[D]"), y=np.ones(1)), "array x: has shape (1,) and type"),
    "an npy cut short": (GOOD[:-8], "is cut short: shape (3, 2) takes 48 bytes"),
    "an npy's head alone": (GOOD[:20], "can't be read ("),
    "a billion numbers": (npy_claiming((1 << 15, 1 << 15)), "which is too large; expected at most 100,000,000"),
    "more than fits": (npy_claiming((1 << 40, 1 << 40)), "which is too large"),
    "a negative shape": (npy_claiming((-1, 2)), "can't be read ("),
    "long texts": (npy_claiming((2, 2), "<U500000000"), "which is too large"),
    "an npz cut short": (saved(np.savez, x=np.ones(3), y=np.ones(3))[:-30], "can't be read (BadZipFile"),
    "an empty npz": (saved(np.savez), "the last column is an input"),
    "a spreadsheet": (npz_with("xl/workbook.xml", "<x/>"), "is a zip file with xl/workbook.xml in it"),
    "no npy in an npz": (npz_with("x.npy", "1,2"), "has no column but the target"),
}


@pytest.mark.parametrize(("content", "said"), ARRAY_ERRORS.values(), ids=ARRAY_ERRORS)
def test_what_is_wrong_in_numpys_files_is_told(tmp_path, content, said):
    assert said in refusal(tmp_path, content, name="points.npz")


def test_folders_pipes_devices_and_missing_files_are_told_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, said in (
        (tmp_path, "is no regular file"),
        (tmp_path / "pipe", "is no regular file"),
        (type(tmp_path)("/dev/zero"), "is no regular file"),
        (tmp_path / "missing.csv", "can't be read (No such file or directory)"),
        (tmp_path / ("a" * 300), "can't be read (File name too long)"),
        (type(tmp_path)("a\0b"), "can't be read (embedded null byte)"),
    ):
        with pytest.raises(DataError, match="expected a table") as caught:
            tables.read(path, None, None)
        assert said in str(caught.value)


def test_a_file_too_large_is_refused_unread(tmp_path):
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(tables.MOST_BYTES + 1)

    with pytest.raises(DataError, match="is too large; expected at most 256 MB"):
        tables.read(path, None, None)


def test_a_file_of_more_lines_than_samples_can_be_had_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "MOST_LINES", 3)

    assert read(tmp_path, "1,2\n\n3,4\n").x.tolist() == [[1], [3]]
    assert "has too many lines; expected at most 3" in refusal(tmp_path, "1,2\n\n\n3,4\n")


@given(
    st.integers(1, 3).flatmap(
        lambda width: st.lists(
            st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=width + 1, max_size=width + 1),
            min_size=1,
            max_size=5,
        )
    ),
    st.sampled_from([",", ";", "\t"]),
    st.booleans(),
)
def test_numbers_come_back_to_the_bit(tmp_path_factory, rows, delimiter, comma):
    rows = [*rows, [0.5] * len(rows[0])]  # so that a comma is a decimal one for sure
    names = delimiter.join(f"c{at}" for at in range(len(rows[0])))
    cells = [[f'"{value!r}"'.replace(".", ",") if comma else repr(value) for value in row] for row in rows]

    table = read(tmp_path_factory.mktemp("t"), "\n".join([names, *map(delimiter.join, cells)]))

    assert np.hstack([table.x, table.y]).tobytes() == np.array(rows).tobytes()


def test_labels_in_windows_1252_keep_their_letters(tmp_path):
    assert read(tmp_path, "x;Art\r\n1;Löwe\r\n2;Bär\r\n".encode("cp1252")).labels == ("Bär", "Löwe")


def test_reading_text_loads_no_reader_but_the_standard_librarys():
    program = "import sys, core.experiment_file; print([name in sys.modules for name in ('numpy', 'csv')])"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout == "[False, False]\n"
