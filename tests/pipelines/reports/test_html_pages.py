"""Pages are self-contained, show their contents and nothing else, and are accessible."""

import dataclasses
import re
from html.parser import HTMLParser

import numpy as np
import pytest

import tfvae
from tfvae.pipelines.reports.html_pages import write_page
from tfvae.pipelines.reports.run_report import render
from tfvae.pipelines.reports.run_report_contents import Outliers, RunReportContents
from tfvae.pipelines.reports.table_row import Row

HEADINGS = [
    "Results", "Reconstructions", "Samples", "Latent traversals", "Latent space", "Anomaly scores",
    "Training", "Exports", "Configuration",
]  # fmt: skip


class Page(HTMLParser):
    """What a page holds: elements with their attributes, headings, ids."""

    VOID = ("meta", "img", "link", "br")

    def __init__(self, html):
        super().__init__()
        self.elements, self.text, self.open = [], [], []
        self.feed(html)
        self.close()
        assert not self.open, "every element is closed"

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append((self.open[-1] if self.open else "", data))

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def texts(self, tag):
        return [data.strip() for name, data in self.text if name == tag]


def headings(html):
    return Page(html).texts("h2")


def test_all_contents_have_their_section(full):
    assert headings(render(full)) == HEADINGS


def test_the_page_refers_to_nothing_outside_itself(full):
    html = render(full)
    page = Page(html)
    assert not re.search(r"https?:", html)
    assert not page.all("script")
    assert not page.all("link")
    for _, attributes in page.elements:
        assert not any(name.startswith("on") for name in attributes)
        assert attributes.get("src", "data:image/png;base64,").startswith("data:image/png;base64,")
        assert attributes.get("href", "#").startswith("#")
        assert not any("//" in (value or "") for name, value in attributes.items() if name != "src")
    assert not re.search(r"url\((?!#)", html)
    assert "@import" not in html


def test_ids_are_unique_and_references_resolve(full):
    page = Page(render(full))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    used = {attributes["href"][1:] for _, attributes in page.elements if "href" in attributes}
    clips = set(re.findall(r"url\(#([^)]+)\)", render(full)))
    assert used
    assert used | clips <= set(ids)


def test_images_and_charts_have_descriptions(full):
    page = Page(render(full))
    assert all(len(image["alt"]) > 10 for image in page.all("img"))
    drawings = page.all("svg")
    assert all(drawing["role"] == "img" and len(drawing["aria-label"]) > 10 for drawing in drawings)
    assert len(drawings) == 1 + 2 + 3  # latent map, histogram and ROC, three curves


def test_charts_take_their_colors_from_the_page(full):
    html = render(full)
    assert "prefers-color-scheme: dark" in html
    assert "#0102" not in html  # no placeholder is left
    for name in ("ink", "muted", "grid", "first", "second"):
        assert html.count(f"--{name}:") == 2, "one value in light, one in dark"
        assert f"var(--{name})" in html
    assert not re.search(
        r"(fill|stroke): #(000|fff)", re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    )


@pytest.mark.parametrize(
    ("without", "heading"),
    [
        ({"results": ()}, "Results"),
        ({"originals": None}, "Reconstructions"),
        ({"originals": np.zeros((0, 8, 8, 1)), "reconstructions": np.zeros((0, 8, 8, 1))}, "Reconstructions"),
        ({"samples": None}, "Samples"),
        ({"traversals": {}}, "Latent traversals"),
        ({"latent": None}, "Latent space"),
        ({"scores": None}, "Anomaly scores"),
        ({"metrics": ()}, "Training"),
        ({"metrics": ({"epoch": 1, "seconds": 2.0},)}, "Training"),
        ({"exports": {}}, "Exports"),
        ({"configuration": ()}, "Configuration"),
    ],
)
def test_missing_contents_have_no_section(full, without, heading):
    found = headings(render(dataclasses.replace(full, **without)))
    assert found == [other for other in HEADINGS if other != heading]


def test_a_title_alone_makes_a_page():
    html = render(RunReportContents("Nothing yet"))
    assert Page(html).texts("h1") == ["Nothing yet"]
    assert headings(html) == []


def test_without_outliers_there_is_no_roc_curve(full):
    html = render(dataclasses.replace(full, outliers={}))
    assert "ROC" not in html
    assert "all higher scores" not in html


def test_text_from_outside_is_escaped(full):
    evil = "<script>alert('x')</script>\"&"
    page = dataclasses.replace(
        full,
        title=evil,
        summary=evil,
        results=(Row(evil, evil, evil),),
        cautions=(evil,),
        configuration=(Row(evil, evil),),
        part=evil,
        traversals={evil: full.traversals["z[0]"]},
        labels=np.array([evil, "b"] * 20),
        outliers={evil: dataclasses.replace(full.outliers["noise"], description=evil)},
        exports={evil: full.exports["SavedModel"]},
    )
    html = render(page)
    parsed = Page(html)
    assert not parsed.all("script")
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 10


def test_tables_have_scatter_charts_instead_of_images():
    generator = np.random.default_rng(1)
    original = generator.normal(size=(50, 13))
    contents = RunReportContents(
        "A table",
        originals=original,
        reconstructions=original + 0.1 * generator.normal(size=original.shape),
        samples=generator.normal(size=(60, 13)),
        scores=generator.normal(size=50),
        outliers={"others": Outliers("Other rows.", generator.normal(2, 1, size=50))},
    )
    html = render(contents)
    assert headings(html) == ["Reconstructions", "Anomaly scores"]
    assert not Page(html).all("img")
    assert len(Page(html).all("svg")) == 6 + 2


def test_numbers_are_shown_unchanged_with_a_minus_sign(full):
    html = render(full)
    assert "\N{MINUS SIGN}12.50 nats" in html
    assert "\N{MINUS SIGN}log p(x)" in html
    assert "beta-2" in html  # a hyphen stays one
    assert "1,235 kB" in html
    assert "0.42 ms" in html
    assert "2.0e-06" in html


def test_the_same_contents_give_the_same_page(full):
    assert render(full) == render(full)


def test_a_page_is_written_whole(full, tmp_path):
    path = tmp_path / "new" / "report.html"
    assert write_page(render(full), path) == path
    assert path.read_text(encoding="utf-8") == render(full)
    assert path.stat().st_size < 2_000_000
    with pytest.raises(UnicodeEncodeError):
        write_page("half of a surrogate pair: \ud800", path)
    assert path.read_text(encoding="utf-8") == render(full)
    assert [entry.name for entry in path.parent.iterdir()] == ["report.html"]


def test_more_outliers_than_colors_are_rejected(full):
    sets = {str(index): full.outliers["noise"] for index in range(3)}
    with pytest.raises(tfvae.InvalidInput, match="^outliers: expected at most two sets, received 3"):
        dataclasses.replace(full, outliers=sets)
