import base64
import struct

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from customer_value.report.render import Link, figures, name_and_title, page_html

LINKS = (Link("01_a.html", "1", "First"), Link("02_b.html", "2", "Second & last"))
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 1040, 520) + b"rest").decode()


def page(*cells: nbformat.NotebookNode, here: Link = LINKS[1]) -> str:
    return page_html(new_notebook(cells=list(cells)), here, LINKS, "Acme & <Sons>")


def shown(
    data: dict[str, str], metadata: dict[str, object] | None = None, *tags: str
) -> nbformat.NotebookNode:
    output = new_output("display_data", data=data, metadata=metadata or {})
    return new_code_cell("show()", outputs=[output], metadata={"tags": list(tags)})


def test_first_heading_is_the_title_and_is_not_repeated() -> None:
    html = page(new_markdown_cell("# Who *pays*?\n\nWords."))
    assert html.count("<h1>") == 1
    assert "<h1>Second &amp; last</h1>" in html
    assert (
        name_and_title("02_b", new_notebook(cells=[new_markdown_cell("# Who *pays*?")])).title == "Who pays?"
    )


def test_page_without_a_heading_is_named_after_its_file() -> None:
    assert name_and_title("05_loyalty_matrix", new_notebook()) == Link(
        "05_loyalty_matrix.html", "5", "Loyalty matrix"
    )


def test_contents_lists_second_level_headings_with_anchors_of_their_own() -> None:
    html = page(new_markdown_cell("## Why?\n\n### Detail\n\n## Why?\n\n## 客户"))
    for anchor in ("why", "why-2", "客户"):
        assert f'<h2 id="{anchor}">' in html
        assert f'<a href="#{anchor}">' in html
    assert '<a href="#detail">' not in html


def test_every_page_links_to_every_page_and_marks_itself() -> None:
    html = page()
    assert '<a href="index.html">Summary</a>' in html
    assert '<a href="01_a.html">First</a>' in html
    assert '<a href="02_b.html" aria-current="page">Second &amp; last</a>' in html


def test_last_page_has_no_next_one() -> None:
    assert 'rel="next"' in page(here=LINKS[0])
    assert 'rel="next"' not in page(here=LINKS[1])


def test_picture_carries_its_text_alternative_escaped_and_its_size() -> None:
    metadata = {"image/png": {"alt": 'Bars of "A" & <B>', "width": 520}}
    html = page(shown({"image/png": PNG, "text/plain": "x"}, metadata))
    assert 'alt="Bars of &#34;A&#34; &amp; &lt;B&gt;" width="520" height="260"' in html


def test_vector_picture_is_an_image_and_never_markup() -> None:
    html = page(shown({"image/svg+xml": "<svg onload='alert(1)'/>", "text/plain": "a drawing"}))
    assert "onload" not in html
    assert 'alt="a drawing"' in html


def test_plain_text_and_standard_output_are_escaped() -> None:
    stream = new_output("stream", name="stdout", text="<i>printed</i>")
    html = page(shown({"text/plain": "<b>plain</b>"}), new_code_cell("f()", outputs=[stream]))
    assert "&lt;b&gt;plain&lt;/b&gt;" in html
    assert "&lt;i&gt;printed&lt;/i&gt;" in html


@pytest.mark.parametrize("kind", ["application/javascript", "text/latex", "text/markdown"])
def test_other_kinds_of_output_show_their_plain_text(kind: str) -> None:
    html = page(shown({kind: "SPECIAL", "text/plain": "plain"}))
    assert "plain" in html
    assert "SPECIAL" not in html


def test_a_note_is_not_repeated_unless_something_else_was_said() -> None:
    note, table = '<div class="cv-note"><p>Too few customers.</p></div>', "<table></table>"

    def said(*outputs: str) -> str:
        return page(
            *(
                shown({"text/html": output, "text/plain": "x"})
                if "<" in output
                else new_markdown_cell(output)
                for output in outputs
            )
        )

    assert said(note, note).count("Too few customers.") == 1
    assert said(note, "And now:", note).count("Too few customers.") == 2
    assert said(note, table, note).count("Too few customers.") == 2
    assert said(table, table).count("<table>") == 2


def test_standard_error_stays_out_of_the_page() -> None:
    stream = new_output("stream", name="stderr", text="/home/me/lib.py: DeprecationWarning")
    assert "DeprecationWarning" not in page(new_code_cell("f()", outputs=[stream]))


def test_page_forbids_scripts_and_everything_from_outside() -> None:
    html = page(new_markdown_cell("Sum $x$ of $5."))
    assert "default-src 'none'" in html
    assert "<script" not in html
    assert "://" not in html


def test_values_that_papermill_put_in_are_labelled() -> None:
    cell = new_code_cell('# Parameters\nconfig = "my.yml"\n', metadata={"tags": ["injected-parameters"]})
    html = page(cell)
    assert "Parameters of this run" in html
    assert "# Parameters" not in html


def test_headline_pictures_are_those_of_tagged_cells() -> None:
    metadata = {"image/png": {"alt": "one"}}
    cells = [
        shown({"image/png": PNG}, metadata, "headline"),
        shown({"image/png": PNG}, {"image/png": {"alt": "two"}}),
    ]
    assert [figure.alt for figure in figures(new_notebook(cells=cells))] == ["one"]


def test_same_notebook_gives_the_same_page_whatever_its_cell_ids() -> None:
    assert page(new_markdown_cell("## A")) == page(new_markdown_cell("## A"))
