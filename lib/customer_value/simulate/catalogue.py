"""The small world of the sample company: industries, regions, people, names and products.

Everything here is invented; a likeness to a real company or person would be chance.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "ACTIVITIES",
    "CATEGORIES",
    "COMPETITORS",
    "GIVEN_STEMS",
    "INDUSTRIES",
    "MANAGERS",
    "PRODUCTS",
    "REGIONS",
    "Category",
    "Industry",
    "Product",
]

COMPETITORS = ("Tessaly Trade", "Brackwater Depot")
"""The cheap one and the one with the good name."""


@dataclass(frozen=True)
class Industry:
    """A kind of account.

    ``size`` shifts the log of what it buys; ``seasons`` are twelve monthly factors of the order
    rate; ``wants`` weighs the product categories; ``quarters`` are those in which its seasonal
    accounts buy; ``endings`` are how its names end.
    """

    name: str
    share: float
    size: float
    regular: float
    seasonal: float
    contract: float
    seasons: tuple[float, ...]
    quarters: tuple[int, ...]
    wants: tuple[float, ...]
    endings: tuple[str, ...]


_FLAT = (1.0, 1.0, 1.05, 1.0, 1.0, 1.0, 0.9, 0.85, 1.05, 1.1, 1.1, 0.95)
_SUMMER = (0.6, 0.7, 0.9, 1.2, 1.4, 1.4, 1.3, 1.2, 1.0, 0.9, 0.7, 0.7)
_TERM = (1.1, 0.9, 0.9, 0.9, 0.9, 0.8, 1.1, 1.9, 1.3, 0.9, 0.8, 0.5)
_SITE = (0.5, 0.6, 1.0, 1.3, 1.3, 1.2, 1.1, 1.0, 1.3, 1.2, 0.9, 0.6)
_FIELD = (0.7, 0.9, 1.4, 1.5, 1.3, 1.0, 0.9, 1.0, 1.1, 0.9, 0.7, 0.6)

INDUSTRIES = (
    Industry("Workshop", 0.22, 0.0, 0.12, 0.0, 0.25, _FLAT, (2, 3), (4, 4, 1, 3, 1, 1, 2, 1),
             ("Metalworks", "Motors", "Machine Shop", "Joinery", "Tool & Die", "Repairs")),
    Industry("Builder", 0.18, 0.3, 0.06, 0.05, 0.32, _SITE, (2, 3), (5, 4, 1, 3, 1, 1, 1, 2),
             ("Construction", "Builders", "Roofing", "Civil Works", "Bau GmbH", "Scaffolding")),
    Industry("Hotel", 0.14, 0.1, 0.12, 0.20, 0.30, _SUMMER, (2, 3), (0.5, 1, 5, 0.5, 5, 2, 1, 1),
             ("Hotel", "Inn", "Palace Hotel", "Resort", "Guest House", "Hostel")),
    Industry("School", 0.12, 0.0, 0.08, 0.28, 0.50, _TERM, (3,), (1, 1, 4, 0.5, 3, 5, 1, 1),
             ("Primary School", "Grammar School", "College", "Academy", "Technical School")),
    Industry("Hospital", 0.08, 0.9, 0.45, 0.0, 0.60, _FLAT, (1, 2), (4, 1, 6, 0.5, 3, 2, 1, 1),
             ("Hospital", "Clinic", "Medical Centre", "Care Home", "Rehabilitation Centre")),
    Industry("Farm", 0.10, -0.4, 0.04, 0.20, 0.10, _FIELD, (1, 2), (3, 3, 1, 4, 1, 0.5, 2, 2),
             ("Farm", "Orchards", "Dairy", "Vineyards", "Growers")),
    Industry("Shop", 0.10, -0.4, 0.15, 0.03, 0.12, _FLAT, (4,), (1, 1, 2, 1, 2, 4, 4, 1),
             ("Stores", "Market", "Bakery", "Garden Centre", "Bookshop", "Bazaar")),
    Industry("Municipality", 0.06, 0.6, 0.30, 0.0, 0.60, _FLAT, (1, 2), (3, 3, 3, 2, 2, 3, 1, 4),
             ("Town Council", "Waterworks", "Fire Service", "Parks Office", "Harbour Office")),
)  # fmt: skip

REGIONS = ("North", "East", "South", "West", "Lakes", "Coast")

MANAGERS = (
    "Ingrid Solheim", "Tomás Villar", "Aisha Rahmani", "Piotr Zaleski", "Mei-Lin Zhou", "Declan Farrow",
    "Katarína Holubová", "Yusuf Demirel", "Clara Westerby", "Nuno Carvalhal", "Hanna Lindqvist", "Rajiv Menon",
)  # fmt: skip
"""Two to a region, in the order of the regions."""

GIVEN_STEMS = (
    "Aldermoor", "Brackenfold", "Cairnhollow", "Dunsmere", "Eastwick", "Fernleigh", "Glasswater", "Harrowgate",
    "Inverloch", "Juniper Hill", "Kestrel", "Larkspur", "Millbrook", "Netherby", "Oakhurst", "Pinecrest",
    "Quarry Lane", "Ravensworth", "Saltmarsh", "Thornbury", "Underhill", "Valemount", "Whitcombe", "Yarrow",
    "Ashgrove", "Blackfriars", "Copperfield", "Drummond", "Elmstead", "Foxglove", "Greywell", "Hollins",
    "Ironbridge", "Kingsmead", "Longacre", "Maplewood", "Northfield", "Old Mill", "Priory", "Riverside",
    "Kessler", "Lindholm", "Moreau", "Novák", "Okafor", "Pereira", "Rasmussen", "Schönfeld", "Takahashi", "Ulrich",
    "Vasquez", "Wójcik", "Yıldız", "Zeman", "Ångström", "Brännström", "Çelik", "D'Amico", "Echeverría", "Fiorelli",
    "Grünwald", "Horváth", "Ibáñez", "Jørgensen", "Kowalczyk", "Løvstad", "Müllner", "Nguyen", "Østergaard",
    "Papadakis", "Quiroga", "Rossetti", "Šimić", "Thorvaldsen", "Ueda", "van der Velde", "Włodarczyk", "Xu Brothers",
    "Zubiría", "Abernathy", "Bellamy", "Castellane", "Dvořák", "Ekström", "Ferreira", "Gallagher", "Haddad",
    "Iyer", "Jankauskas", "Kaplan", "Lefebvre", "Mendonça", "Nakamura", "Ó Briain", "Petrova", "Rahimi",
    "Sokolov", "Tanaka", "Vogt", "Whitlock", "St. Aldhelm", "St. Brigid", "Santa Eulalia", "San Telmo",
    "Notre-Dame du Lac", "Sankt Florian", "Bergkamp", "Halloran", "Mbeki Street", "Lakeview",
)  # fmt: skip


@dataclass(frozen=True)
class Category:
    """A group of products: code, share of the list price that the goods cost, and the products.

    Each product is a name and its list price in EUR at the opening.
    """

    code: str
    cost_share: float
    products: tuple[tuple[str, float], ...]


CATEGORIES = (
    Category("SAFE", 0.60, (
        ("Work gloves, leather, 12 pairs", 58.80), ("Nitrile gloves, 100", 11.40), ("Safety helmet", 21.60),
        ("Ear defenders", 17.80), ("Safety goggles", 9.20), ("Dust masks FFP2, 20", 18.60),
        ("High-visibility vest", 6.80), ("Safety boots", 74.00), ("Fall-arrest harness", 129.00),
        ("First-aid cabinet", 86.40), ("Spill kit 50 l", 98.00),
    )),
    Category("TOOL", 0.64, (
        ("Cordless drill 18 V", 189.00), ("Angle grinder 125", 112.00), ("Socket set 94 pieces", 139.00),
        ("Torque wrench", 96.00), ("Spirit level 60 cm", 28.40), ("Cable drum 25 m", 49.80),
        ("Work lamp LED", 64.60), ("Step ladder, 6 treads", 118.00), ("Workbench", 349.00),
        ("Hammer drill SDS", 264.00), ("Screwdriver set", 34.20),
    )),
    Category("CLEAN", 0.58, (
        ("Surface disinfectant 5 l", 24.80), ("Floor cleaner 10 l", 32.60), ("Hand soap 5 l", 14.20),
        ("Paper towels, carton", 29.80), ("Toilet tissue, carton", 31.40), ("Waste sacks 120 l, 250", 36.00),
        ("Mop system", 58.60), ("Cleaning trolley", 214.00), ("Microfibre cloths, 50", 39.00),
        ("Window set", 44.20),
    )),
    Category("FIX", 0.62, (
        ("Wood screws, 1000", 23.60), ("Anchor bolts M10, 50", 41.80), ("Cable ties, 1000", 16.40),
        ("Sealant, 12 cartridges", 52.80), ("Mounting foam, 12 cans", 68.40), ("Threaded rods M8, 25", 27.00),
        ("Hose clamps, 100", 33.40), ("Duct tape, 24 rolls", 79.20), ("Steel nails 5 kg", 18.80),
        ("Hinges, 20 pairs", 62.00),
    )),
    Category("ROOM", 0.66, (
        ("Bed linen set", 38.60), ("Bath towels, 10", 69.00), ("Mattress protector", 19.40),
        ("Blackout curtain", 54.80), ("Stacking chair", 47.20), ("Folding table", 89.60), ("Waste bin 50 l", 26.20),
        ("Coat stand", 58.00), ("Air freshener, 12", 34.80),
    )),
    Category("DESK", 0.65, (
        ("Copy paper, 5 reams", 22.40), ("Whiteboard 120 × 90", 98.60), ("Marker pens, 48", 41.20),
        ("Lever arch files, 25", 56.00), ("Desk lamp", 37.80), ("Label printer", 124.00), ("Toner, black", 79.80),
        ("Noticeboard", 44.60), ("Laminator A3", 148.00),
    )),
    Category("PACK", 0.61, (
        ("Carton boxes M, 50", 46.20), ("Carton boxes L, 25", 39.40), ("Stretch film, 6 rolls", 54.60),
        ("Packing tape, 36 rolls", 48.80), ("Bubble wrap 100 m", 35.60), ("Pallet truck", 389.00),
        ("Storage crates, 10", 84.00), ("Strapping set", 129.60),
    )),
    Category("SITE", 0.63, (
        ("Traffic cones, 10", 92.00), ("Barrier tape 500 m", 12.60), ("Tarpaulin 6 × 8 m", 78.40),
        ("Submersible pump", 218.00), ("Wheelbarrow", 88.80), ("Grit salt 25 kg", 9.80), ("Snow shovel", 24.20),
        ("Garden hose 50 m", 66.40), ("Hazard lamp", 31.80),
    )),
)  # fmt: skip


@dataclass(frozen=True)
class Product:
    """An article of the catalogue. ``launched`` and ``withdrawn`` are ISO dates or blank."""

    product_id: str
    name: str
    category: int
    list_price: float
    cost_share: float
    launched: str
    withdrawn: str


_LAUNCHED = {
    "SAFE-11": "2023-10-02",
    "TOOL-11": "2024-02-01",
    "CLEAN-09": "2024-02-01",
    "PACK-08": "2024-02-01",
}
_WITHDRAWN = {"FIX-10": "2023-12-29", "DESK-09": "2023-12-29", "ROOM-09": "2023-06-30"}


def _products() -> tuple[Product, ...]:
    articles = []
    for position, category in enumerate(CATEGORIES):
        for number, (name, price) in enumerate(category.products, start=1):
            code = f"{category.code}-{number:02d}"
            launched, withdrawn = _LAUNCHED.get(code, ""), _WITHDRAWN.get(code, "")
            articles.append(Product(code, name, position, price, category.cost_share, launched, withdrawn))
    return tuple(articles)


PRODUCTS = _products()

ACTIVITIES = (
    ("sales visit", 0.30, 1.2),
    ("support call", 0.25, 0.6),
    ("rush delivery", 0.22, 0.9),
    ("training", 0.08, 1.8),
    ("claims handling", 0.10, 0.8),
    ("special packaging", 0.05, 1.5),
)
"""What account service consists of: name, share of bookings, cost relative to the mean."""
