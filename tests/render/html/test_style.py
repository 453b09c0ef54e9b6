"""The colours can be told from their ground by everybody (WCAG 2.2, 1.4.3 and 1.4.11), by day and by night."""

import re

import pytest

from coldstart.render.html.page import stylesheet

TEXT, GRAPHIC = 4.5, 3.0
WORDS = ("text", "quiet", "link", "pass", "warn", "blocked", "held", "none")
BARS = ("command", "http", "login", "net", "path")


def schemes():
    light, dark = re.findall(r":root \{\s*color-scheme[^}]*\}", stylesheet())
    by_day = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})\b", light))
    return {"light": by_day, "dark": by_day | dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})\b", dark))}


def luminance(colour):
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["bg", "card", "sunk"])
@pytest.mark.parametrize("word", WORDS)
def test_words_can_be_read_on_every_ground(word, ground, scheme):
    colours = schemes()[scheme]
    assert contrast(colours[word], colours[ground]) >= TEXT


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["pass", "warn", "blocked", "held"])
def test_a_gate_of_the_picture_can_be_read_and_told_from_the_page(kind, scheme):
    colours = schemes()[scheme]
    assert contrast(colours["text" if kind != "held" else "quiet"], colours[f"{kind}-soft"]) >= TEXT
    assert contrast(colours["quiet"], colours[f"{kind}-soft"]) >= TEXT
    assert contrast(colours[kind], colours["bg"]) >= GRAPHIC


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("bar", BARS)
def test_a_bar_can_be_told_from_the_page(bar, scheme):
    colours = schemes()[scheme]
    assert contrast(colours[bar], colours["bg"]) >= GRAPHIC


def test_paper_is_never_dark():
    assert "@media screen and (prefers-color-scheme: dark)" in stylesheet()
    assert 1 == stylesheet().count("prefers-color-scheme")
