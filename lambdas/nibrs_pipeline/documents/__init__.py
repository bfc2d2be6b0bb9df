"""The documents of every zip, made from the catalog: README, data dictionary, diagram, load scripts."""

from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.documents.data_dictionary import data_dictionary_csv
from nibrs_pipeline.documents.diagram import diagram_svg
from nibrs_pipeline.documents.load_scripts import postgres_load, postgres_setup, sqlite_load, sqlite_setup
from nibrs_pipeline.documents.readme import readme_html, readme_markdown

#: The names of the documents, which tests and the code that reads zips need to tell them from tables.
DIAGRAM = "nibrs_erd.svg"


def documents(catalog: Catalog) -> dict[str, bytes]:
    """Contents by name, in the order in which a zip holds them."""
    diagram = diagram_svg(catalog)
    markdown = readme_markdown(catalog)
    texts = {
        "README.md": markdown,
        "README.html": readme_html(catalog, markdown, diagram),
        "data_dictionary.csv": data_dictionary_csv(catalog),
        DIAGRAM: diagram,
        "postgres_setup.sql": postgres_setup(catalog),
        "postgres_load.sql": postgres_load(catalog),
        "sqlite_setup.sql": sqlite_setup(catalog),
        "sqlite_load.sql": sqlite_load(catalog),
    }
    return {name: text.encode() for name, text in texts.items()}
