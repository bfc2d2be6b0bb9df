"""The documents of every zip, made from the catalog: data dictionary, diagram, load scripts; and each zip's README."""

from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.extract.documents.data_dictionary import data_dictionary_csv
from nibrs_pipeline.extract.documents.diagram import diagram_svg
from nibrs_pipeline.extract.documents.load_scripts import postgres_load, postgres_setup, sqlite_load, sqlite_setup

#: The file name of the diagram.
DIAGRAM = "nibrs_erd.svg"


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
