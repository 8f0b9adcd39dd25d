"""What the manual's commands print is compared between two commits, words, rows and columns."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).parent
RECORDED = HERE / "golden" / "manual_output.txt"

RANKING = """\
wines on 36 test examples
rank  title       balanced accuracy [95 %]  log loss  fit [s]  score [s]  members  tied
───────────────────────────────────────────────────────────────────────────────────────
   1  svm                    0.983 ± 0.016     0.084    1.372      0.001        5  yes
   2  lda                    0.975 ± 0.020         \N{EN DASH}  0.00012       12.5        5  yes

done in 5.9 s on 2026-11-21T07:37:43+00:00; wrote FOLDER/x.png, 12 kB
"""


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("manual_output", HERE / "manual_output.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


manual_output = _load()


def normal(text: str, folder: str = "/nowhere") -> list[str]:
    return list(manual_output.normal_lines(text, Path(folder)))


def differ(before: str, after: str, *, words: bool = False) -> bool:
    return bool(manual_output.differences(normal(before), normal(after), words=words))


@pytest.mark.parametrize(
    ("seconds", "others"),
    [("  1.372", " 31.372"), ("0.00012", "      7"), ("5.9 s", "61 s"), ("T07:37", "T17:01")],
)
def test_seconds_and_dates_make_no_difference(seconds, others):
    assert seconds in RANKING
    assert not differ(RANKING, RANKING.replace(seconds, others))


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("0.983", "0.984"),
        ("wines on", "wines at"),
        ("  tied", "  lost"),
        ("lda", "qda"),
        ("        5  yes", "        6  yes"),
        ("       \N{EN DASH}  0.0", "   0.100  0.0"),
    ],
)
def test_another_word_number_or_column_is_a_difference(text, other):
    assert differ(RANKING, RANKING.replace(text, other))


def test_another_order_of_rows_is_a_difference():
    lines = RANKING.splitlines()
    swapped = [*lines[:3], lines[4].replace("2", "1", 1), lines[3], *lines[5:]]
    assert differ(RANKING, "\n".join(swapped))


def test_in_words_numbers_and_the_order_of_ranks_do_not_count():
    lines = RANKING.replace("0.983", "0.952").splitlines()
    first, second = lines[4].replace("   2 ", "   1 "), lines[3].replace("   1 ", "   2 ")
    other = "\n".join([*lines[:3], first, second, *lines[5:]])
    assert not differ(RANKING, other, words=True)
    assert differ(RANKING, other.replace("lda", "qda"), words=True)
    assert differ(RANKING, "\n".join(lines[:4] + lines[5:]), words=True)


def test_seconds_in_csv_tables_make_no_difference():
    text = "rank,title,fit_seconds,score_seconds,tied\n1,svm,0.5,0.25,true\n"
    assert not differ(text, text.replace("0.5,0.25", "0.125,7"))
    assert differ(text, text.replace("svm", "lda"))


def test_the_machine_makes_no_difference():
    text = (
        "seed  fit seconds  host  device    key\n───────\n   0        0.010  here  AMD EPYC  32ed\n"
    )
    assert not differ(text, text.replace("here", "there").replace("AMD EPYC", "Intel"))
    assert differ(text, text.replace("32ed", "7629"))


def test_how_far_a_run_is_makes_no_difference():
    text = "wines: 5/35 members, 7 s, about 9 s left; running: svm 0% for 3 s\ndone\n"
    assert normal(text) == ["done"]


def test_the_folder_of_a_recording_makes_no_difference():
    assert normal("wrote /a/b/x.csv", "/a/b") == normal("wrote /c/x.csv", "/c")


def test_every_page_with_commands_is_recorded():
    root = HERE.parent
    pages = [root / "README.md", *sorted((root / "docs").glob("*.md"))]
    with_commands = {
        page.relative_to(root).as_posix()
        for page in pages
        for block in manual_output.blocks(page)
        for command in manual_output.shell_commands(block)
        if command.words[:2] not in manual_output.ENDLESS
    }
    assert with_commands == set(manual_output.MANUAL)


@pytest.mark.parametrize("page", manual_output.MANUAL)
def test_every_command_of_a_page_is_in_the_recording(page):
    text = RECORDED.read_text(encoding="utf-8")
    (part,) = (one for one in text.split("==== ") if one.startswith(f"{page}\n"))
    recorded = [line.split() for line in part.splitlines() if line.startswith("$ ")]
    shown = [
        command.words
        for block in manual_output.blocks(HERE.parent / page)
        for command in manual_output.shell_commands(block)
        if command.words[:2] not in manual_output.ENDLESS
    ]
    assert [line[1:3] for line in recorded] == [list(words[:2]) for words in shown]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_commands_print_what_was_recorded(tmp_path):
    recorded = RECORDED.read_text(encoding="utf-8").splitlines()
    now = list(manual_output.record([*manual_output.MANUAL, manual_output.HELP], tmp_path))
    assert not manual_output.differences(recorded, now, words=True)
