"""The pictures of the pages: those that eastwest draws are what it draws now, and each has a text for who does not see it."""
import pathlib
import re
import xml.etree.ElementTree as tree

import pytest

import pictures

DOCS = pathlib.Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", pictures.FLEETS)
def test_a_picture_of_the_concepts_is_what_eastwest_draws(name):
    drawn = pictures.draw(name)
    assert pictures.path(name).read_text() == drawn, "run: python tests/wire/pictures.py"
    titles = [each.text for each in tree.fromstring(drawn).iter("{http://www.w3.org/2000/svg}title")]
    assert any("prod/web calls" in title and title.endswith(f": {name}") for title in titles), titles


def test_every_picture_has_a_text_and_every_file_is_shown():
    shown = {}
    for page in [DOCS.parent / "README.md", *DOCS.rglob("*.md")]:
        for text, file in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", page.read_text()):
            shown[(page.parent / file).resolve()] = text
    assert all(len(text.split()) > 5 for text in shown.values()), shown
    assert set(shown) == set((DOCS / "pictures").iterdir()), shown
