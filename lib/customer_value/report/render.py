"""From an executed notebook to one page of the report.

Markdown and code are converted with the filters of nbconvert; the page around them is our own
template, with no script, nothing from outside, and a content security policy that forbids both.
Every template escapes what it is given; the only markup taken as it is comes from the text cells of
notebooks and from the objects of `customer_value.display`, which escape their own text.
"""

from __future__ import annotations

import base64
import html
import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from nbconvert.filters.ansi import strip_ansi
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

__all__ = ["Figure", "Heading", "Link", "Page", "figures", "filled", "name_and_title", "page_html"]

_NOTE = '<div class="cv-note">'
INJECTED, HEADLINE = "injected-parameters", "headline"


@dataclass(frozen=True)
class Link:
    """An entry of the navigation: a page of the report."""

    file: str
    number: str
    title: str


@dataclass(frozen=True)
class Heading:
    """An entry of a page's table of contents."""

    anchor: str
    text: str


@dataclass(frozen=True)
class Figure:
    """A picture with its text alternative; ``source`` is a data address, sizes are in pixels."""

    source: str
    alt: str
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True)
class Block:
    """A piece of a page: prose, code, an output in HTML, a plain text, or a figure."""

    kind: str
    body: Markup | str = ""
    figure: Figure | None = None
    label: str = ""


@dataclass(frozen=True)
class Page:
    """What a notebook says, ready for the template."""

    title: str
    headings: tuple[Heading, ...]
    blocks: tuple[Block, ...]


def name_and_title(name: str, notebook: NotebookNode) -> Link:
    """The navigation entry of a notebook: its file, its number, its first heading without the number.

    Examples
    --------
    >>> from nbformat.v4 import new_markdown_cell, new_notebook
    >>> name_and_title("02_pareto", new_notebook(cells=[new_markdown_cell("# 2 Who pays?")]))
    Link(file='02_pareto.html', number='2', title='Who pays?')
    """
    number, _, rest = name.partition("_")
    number = number.lstrip("0")
    title = _title(notebook).removeprefix(f"{number} ") or rest.replace("_", " ").capitalize()
    return Link(f"{name}.html", number, title)


def page_html(notebook: NotebookNode, here: Link, links: Sequence[Link], report: str) -> str:
    """One page of the report.

    Parameters
    ----------
    notebook
        The executed notebook.
    here
        Its navigation entry, one of ``links``.
    links
        All pages in order.
    report
        The report's title.

    Returns
    -------
    str
        A whole HTML document; the same notebook gives the same text.
    """
    place = list(links).index(here)
    return filled(
        "notebook.html.j2",
        page=_page(notebook),
        here=here,
        links=links,
        before=links[place - 1] if place else None,
        after=links[place + 1] if place + 1 < len(links) else None,
        report=report,
    )


def figures(notebook: NotebookNode, tag: str = HEADLINE) -> tuple[Figure, ...]:
    """The pictures of the cells that carry a tag; if none does, the first picture of the page."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    tagged = [cell for cell in code if tag in cell.metadata.get("tags", [])]
    found = [block.figure for cell in tagged or code for block in _outputs(cell) if block.figure]
    return tuple(found if tagged else found[:1])


def filled(template: str, **values: object) -> str:
    """A template of the report with its values, escaped wherever they are printed."""
    return str(_templates().get_template(template).render(**values))


class _Markdown(IPythonRenderer):  # type: ignore[misc]
    """Headings with stable anchors, collected on the way; tables that may scroll."""

    def __init__(self, taken: list[Heading]) -> None:
        super().__init__(escape=False, exclude_anchor_links=True)
        self.taken = taken
        self.title = ""

    def heading(self, text: str, level: int, **attributes: object) -> str:
        plain = html.unescape(re.sub(r"<[^>]+>", "", text)).strip()
        if level == 1 and not self.title:
            self.title = plain
            return ""
        anchor = _anchor(plain, [heading.anchor for heading in self.taken])
        if level == 2:
            self.taken.append(Heading(anchor, plain))
        return f'<h{level} id="{anchor}">{text}</h{level}>\n'

    def table(self, text: str) -> str:
        return _framed(f'<div class="cv-table"><table>{text}</table></div>\n')


def _framed(text: str) -> str:
    """Tables in frames that a keyboard can reach and scroll and that say what they hold; no heading without a word."""
    headed = re.sub(r"<th([^>]*)></th>", r"<td\1></td>", text)
    return re.sub(
        r'<div class="(cv-table[^"]*)">(<table>(?:<caption>(.*?)</caption>)?)',
        _frame,
        headed,
        flags=re.DOTALL,
    )


def _frame(found: re.Match[str]) -> str:
    name = re.sub(r"<[^>]+>", "", found[3] or "Table").replace('"', "&quot;")
    return f'<div class="{found[1]}" role="group" aria-label="{name}" tabindex="0">{found[2]}'


def _title(notebook: NotebookNode) -> str:
    """The first heading, without making the rest of the page."""
    markdown = _Markdown([])
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            MarkdownWithMath(renderer=markdown).render(cell.source)
        if markdown.title:
            break
    return markdown.title


def _page(notebook: NotebookNode) -> Page:
    headings: list[Heading] = []
    markdown = _Markdown(headings)
    said = (block for cell in notebook.cells for block in _blocks(cell, markdown))
    blocks = tuple(_without_echoes(said))
    return Page(markdown.title, tuple(headings), blocks)


def _without_echoes(blocks: Iterable[Block]) -> Iterator[Block]:
    """Leave out a note that says again what the one just before it said, as of a chart and of its table."""
    said: Block | None = None
    for block in blocks:
        if block.kind != "code":
            if block == said and str(block.body).startswith(_NOTE):
                continue
            said = block
        yield block


def _blocks(cell: NotebookNode, markdown: _Markdown) -> Iterator[Block]:
    if cell.cell_type == "markdown":
        body = MarkdownWithMath(renderer=markdown).render(cell.source).strip()
        if body:
            yield Block("prose", Markup(body))
    elif cell.cell_type == "code":
        injected = INJECTED in cell.metadata.get("tags", [])
        source = cell.source.removeprefix("# Parameters\n") if injected else cell.source
        if source.strip():
            yield Block("code", Markup(_highlight()(source)), label="Parameters of this run" * injected)
        yield from _outputs(cell)


def _outputs(cell: NotebookNode) -> Iterator[Block]:
    for output in cell.outputs:
        if output.output_type == "stream":
            if output.name == "stdout":
                yield Block("text", strip_ansi(output.text))
        elif output.output_type != "error":
            yield from _display(output)


def _display(output: NotebookNode) -> Iterator[Block]:
    data = output.data
    for kind in ("image/png", "image/jpeg", "image/svg+xml"):
        if kind in data:
            yield Block("figure", figure=_figure(kind, data, output.metadata))
            return
    if "text/html" in data:
        yield Block("html", Markup(_framed(data["text/html"])))
    elif "text/plain" in data:
        yield Block("text", strip_ansi(data["text/plain"]))


def _figure(kind: str, data: dict[str, str], metadata: dict[str, Any]) -> Figure:
    about = metadata.get(kind, {})
    alt = about.get("alt") or data.get("text/plain", "Figure")
    content = data[kind]
    if kind == "image/svg+xml":
        content = base64.b64encode(content.encode("utf-8")).decode("ascii")
    source = f"data:{kind};base64,{content.replace(chr(10), '')}"
    size = _png_size(content) if kind == "image/png" else None
    width = about.get("width") or (size[0] if size else None)
    height = round(width * size[1] / size[0]) if size and width else None
    return Figure(source, alt, width, height)


def _png_size(content: str) -> tuple[int, int] | None:
    head = base64.b64decode(content[:44])
    return struct.unpack(">II", head[16:24]) if head[12:16] == b"IHDR" else None


def _anchor(text: str, taken: Sequence[str]) -> str:
    base = re.sub(r"\W+", "-", text.lower()).strip("-") or "section"
    anchor, copies = base, 1
    while anchor in taken:
        copies += 1
        anchor = f"{base}-{copies}"
    return anchor


@cache
def _highlight() -> Highlight2HTML:
    return Highlight2HTML(pygments_lexer="ipython3")


@cache
def _templates() -> Environment:
    folder = Path(__file__).parent / "templates"
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["style"] = Markup((folder / "style.css").read_text(encoding="utf-8"))
    return environment
