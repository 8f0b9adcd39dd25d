"""Comments, blank lines and the separator line of Excel before and within a table."""

import pytest

from sortal.data.readers.registry import TableOptions, open_file
from sortal.data.readers.text.lines import TextLayout
from sortal.data.readers.text.preamble import find_comment_sign, read_preamble


def read(path, text: str, **options):
    path.write_text(text)
    table = open_file(path, TableOptions(**options))
    return table.names, [
        list(r.values()) for b in table.batches(table.names, 9) for r in b.to_pylist()
    ]


@pytest.mark.parametrize(
    ("text", "comment", "skipped", "separator", "remarks"),
    [
        ("a,b\n1,2\n", None, 0, "", 0),
        ("\n \n# x\na,b\n", None, 3, "", 1),
        ("sep=;\na;b\n", None, 1, ";", 0),
        ('"SEP=|"\r\na|b\r\n', None, 1, "|", 0),
        ("sep=é\na,b\n", None, 0, "", 0),
        ("# x\na,b\n", "", 0, "", 0),
        ("% x\n%\na,b\n", "%", 2, "", 2),
        ("#1,2\n#2,3\n", None, 0, "", 0),
        ("# x\n", "#", 1, "", 1),
    ],
)
def test_the_lines_before_a_table_are_found(text, comment, skipped, separator, remarks):
    opening = read_preamble(text.splitlines(keepends=True), comment)
    assert (opening.skipped, opening.separator, opening.remarks) == (skipped, separator, remarks)


@pytest.mark.parametrize(
    ("name", "text", "names"),
    [
        ("a.csv", "# lep_pt,met\n1.0,2.0\n3,4\n", ("lep_pt", "met")),
        ("a.csv", "#id,pt\n7,2.0\n", ("id", "pt")),
        ("a.txt", "# a b c\n1.0 2.0 3\n", ("a", "b", "c")),
        ("a.csv", "# by hand\n# x,kind\n1,u\n2,v\n", ("x", "kind")),
        ("a.csv", "# by, hand\nx,kind\n1,u\n2,v\n", ("x", "kind")),
        ("a.csv", "# by, hand\nwave,400\n5,2\n6,3\n", ("wave", "400")),
        ("a.csv", "# a,a\nx,y\n1,2\n", ("x", "y")),
        ("a.csv", "#ra,dec,kind\n1.5,,A\n2.5,3.5,B\n,2.5,A\n4.0,1.0,B\n", ("ra", "dec", "kind")),
        ("a.txt", "# ra dec\n1.5 nan\n2.5 3.5\nnan 2.5\n", ("ra", "dec")),
        ("a.csv", "#ra,dec,kind\n1.5,,A\n2.5,3.5,B\n4.0,1.0,B\n", ("ra", "dec", "kind")),
        ("a.csv", "# x,note\n1,star\n2,\n3,17\n", ("x", "note")),
        ("a.csv", "# by,hand\n,kind\n0,u\n1,v\n", ("", "kind")),
        ("a.csv", "# by,hand\nx,kind\n0,u\n,v\n", ("x", "kind")),
    ],
)
def test_a_comment_names_the_columns_only_above_examples(tmp_path, name, text, names):
    assert read(tmp_path / name, text)[0] == names


def test_a_comment_that_names_the_columns_is_said(tmp_path):
    (tmp_path / "a.csv").write_text("# x,kind\n1,u\n2,v\n")
    assert "the columns are named by the line '# x,kind'" in open_file(tmp_path / "a.csv").notes[1]


@pytest.mark.parametrize(
    ("table", "told", "sign"),
    [
        ("a,b\n1,2\n# x\n3,4\n", False, "#"),
        ("a,b\n#1,2\n#2,3\n", False, ""),
        ("a,b\n# x\n#1,2\n3,4\n", False, ""),
        ("a,b\n#1,2\n3,4\n", True, "#"),
        ('a,b\n1,"two\n# lines"\n3,4\n', False, ""),
        ("a\n# x\n1\n", False, ""),
    ],
)
def test_a_row_that_begins_with_the_sign_is_no_comment(table, told, sign):
    lines = table.splitlines(keepends=True)
    opening = read_preamble(lines, "#" if told else None)
    assert find_comment_sign(lines, TextLayout(), opening, is_given=told) == sign


def test_ids_that_begin_with_the_sign_stay(tmp_path):
    assert read(tmp_path / "a.csv", "id,x\n#1,2\n#2,3\n")[1] == [["#1", "2"], ["#2", "3"]]
    assert read(tmp_path / "a.csv", "#1,2\n#2,3\n", header=False)[1] == [["#1", "2"], ["#2", "3"]]


def test_a_row_like_a_comment_far_down_a_file_stays(tmp_path):
    rows = "".join(f"n{number},{number},{number * 2}\n" for number in range(8000))
    text = f"name,x,y\n# made by me\n{rows}#77,1,2\n# the end\n"
    assert read(tmp_path / "a.csv", text)[1][-1] == ["#77", "1", "2"]
    assert read(tmp_path / "a.csv", text, comment="#")[1][-1] == ["n7999", "7999", "15998"]


def test_a_comment_behind_a_quote_within_a_field_goes(tmp_path):
    text = 'size,x\n# by hand\n5 in,1\n7",2\n# another\n# third\n6",3\n'
    assert read(tmp_path / "a.csv", text)[1] == [["5 in", "1"], ['7"', "2"], ['6"', "3"]]


def test_a_quoted_line_that_looks_like_a_comment_stays(tmp_path):
    text = 'x,kind\n1,"two\n% lines"\n% gone\n2,u\n'
    assert read(tmp_path / "a.csv", text, comment="%")[1] == [["1", "two\n% lines"], ["2", "u"]]


def test_a_quoted_line_like_a_comment_hides_no_separator(tmp_path):
    names, rows = read(tmp_path / "a.csv", '# by hand\nx;kind\n1,5;"two\n# lines"\n2,5;u\n')
    assert list(names) == ["x", "kind"]
    assert rows == [["1.5", "two\n# lines"], ["2.5", "u"]]
