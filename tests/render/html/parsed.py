"""A page as a browser would take it apart, by the standard library's parser."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "hr", "img", "input"}
BLOCKS = {"span", "dt", "dd", "p", "li", "td", "th", "div", "summary", "h1", "h2", "h3", "h4"}


@dataclass
class Page(HTMLParser):
    """Every element with its attributes, all text outside <style>, and the style sheet; raises on bad nesting."""

    html: str
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    style: str = ""
    open: list[str] = field(default_factory=list)

    def __post_init__(self):
        super().__init__(convert_charrefs=True)
        self.feed(self.html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        assert len(attrs) == len(dict(attrs)), f"an attribute twice: {tag} {attrs}"
        self.elements.append((tag, dict(attrs)))
        if tag in BLOCKS:
            self.texts.append("\n")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert tag == self.open.pop()
        if tag in BLOCKS:
            self.texts.append("\n")

    def handle_data(self, data):
        if self.open[-1:] == ["style"]:
            self.style += data
        else:
            self.texts.append(data)

    @property
    def text(self):
        return "".join(self.texts)

    @property
    def words(self):
        return " ".join(self.text.split())

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def classed(self, name):
        return [(tag, at) for tag, at in self.elements if name in (at.get("class") or "").split()]
