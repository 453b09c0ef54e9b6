import shlex

from hypothesis import given
from hypothesis import strategies as st

from coldstart.render.wrap import width_of, wrapped, wrapped_command

TEXT = st.text(alphabet="ab ，。「」中文字é🙂-/", max_size=120)
WORD = st.text(alphabet="abc/-_.", min_size=1, max_size=12)


@given(TEXT, st.integers(4, 40))
def test_wrapping_loses_and_adds_no_character_but_spaces(text, width):
    assert text.replace(" ", "") == "".join(wrapped(text, width)).replace(" ", "")


@given(TEXT, st.integers(4, 40))
def test_folded_lines_never_stand_over(text, width):
    assert [] == [line for line in wrapped(text, width, fold=True) if width_of(line) > width]


@given(st.lists(WORD | st.just("two words"), min_size=1, max_size=20), st.integers(10, 60))
def test_a_wrapped_command_is_the_same_command_to_a_shell(words, width):
    text = " ".join(f"'{word}'" if " " in word else word for word in words)
    assert words == shlex.split("\n".join(wrapped_command(text, width)).replace("\\\n", ""))


def test_a_long_word_keeps_its_line_and_stays_whole():
    assert ["see", "https://example.test/a/b", "for it"] == wrapped("see https://example.test/a/b for it", 10)


def test_chinese_breaks_between_characters_and_never_before_a_full_stop():
    assert ["重建索引不", "刪資料。"] == wrapped("重建索引不刪資料。", 10)
    assert ["一二三四", "五。六"] == wrapped("一二三四五。六", 10)
    assert ["一二三", "「四」"] == wrapped("一二三「四」", 8)


def test_a_line_break_in_the_text_stays_one():
    assert ["a", "b"] == wrapped("a\nb", 80)
