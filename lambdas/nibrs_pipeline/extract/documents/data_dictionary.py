"""The data dictionary: every column of every published table."""

import csv
import io

from nibrs_pipeline.catalog import Catalog

HEADER = ("table", "position", "column", "type", "primary_key", "references", "description")


def data_dictionary_csv(catalog: Catalog) -> str:
    """One line per column; ``references`` names the table in which the column's values are found."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for table in catalog.published:
        for position, column in enumerate(table.columns, 1):
            writer.writerow(
                (
                    table.name,
                    position,
                    column.name,
                    column.type,
                    "yes" if column.primary_key else "no",
                    column.references,
                    column.description,
                )
            )
    return text.getvalue()
