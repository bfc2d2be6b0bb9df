"""The documents of every zip, made from the catalog: data dictionary, diagram, load scripts; and each zip's README."""

from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.extract.documents.data_dictionary import data_dictionary_csv
from nibrs_pipeline.extract.documents.diagram import diagram_svg
from nibrs_pipeline.extract.documents.load_scripts import postgres_load, postgres_setup, sqlite_load, sqlite_setup

#: The file name of the diagram.
DIAGRAM = "nibrs_erd.svg"
#: Scripts that create the tables of every zip, so that any zip can be loaded afterwards.
_SETUP = ("postgres_setup.sql", "sqlite_setup.sql")


def documents(catalog: Catalog) -> dict[str, bytes]:
    """What is the same in every zip: contents by name, in the order in which a zip holds them."""
    texts = {
        "data_dictionary.csv": data_dictionary_csv(catalog),
        DIAGRAM: diagram_svg(catalog),
        "postgres_setup.sql": postgres_setup(catalog),
        "postgres_load.sql": postgres_load(catalog),
        "sqlite_setup.sql": sqlite_setup(catalog),
        "sqlite_load.sql": sqlite_load(catalog),
    }
    return {name: text.encode() for name, text in texts.items()}


def own_documents(catalog: Catalog, of_all: Catalog) -> dict[str, bytes]:
    """The documents that differ in a zip without some tables: contents by name; none if it has all tables."""
    if catalog.published == of_all.published:
        return {}
    return {name: text for name, text in documents(catalog).items() if name not in _SETUP}
