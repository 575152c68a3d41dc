"""Where rows come from: files and databases, one lazy table per input, and how they are written."""

from customer_value.sources.amounts import number_column
from customer_value.sources.dates import date_column
from customer_value.sources.identifiers import id_and_written, id_column
from customer_value.sources.offers import Offer, offers
from customer_value.sources.opening import open_source, open_table
from customer_value.sources.source import Reading, Source, SourceFile, find_place, find_rows

__all__ = [
    "Offer",
    "Reading",
    "Source",
    "SourceFile",
    "date_column",
    "find_place",
    "find_rows",
    "id_and_written",
    "id_column",
    "number_column",
    "offers",
    "open_source",
    "open_table",
]
