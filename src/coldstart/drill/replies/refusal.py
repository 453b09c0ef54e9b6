"""What a tool says of words that it does not understand: never a success."""

from coldstart.drill.view import Said


def unknown_option(tool: str, word: str) -> Said:
    """As GNU getopt_long(3) complains of an option, and coreutils of a word too many."""
    what = "unrecognized option" if word.startswith("-") else "extra operand"
    return Said(stderr=f"{tool}: {what} '{word}'\nTry '{tool} --help' for more information.\n", status=1)


def missing_operand(tool: str) -> Said:
    """As coreutils complain of nothing to work on."""
    return Said(stderr=f"{tool}: missing operand\nTry '{tool} --help' for more information.\n", status=1)


def unexpected(tool: str, words: tuple[str, ...]) -> Said:
    """The complaint of an argv that `tool` is never asked with: it names its first word."""
    return unknown_option(tool, words[0]) if words else missing_operand(tool)
