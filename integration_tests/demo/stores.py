"""The demo's estate: one DuckDB file per store, always the same, as production would have it.

Every store was opened at another time and by another team, so their tables drifted apart:

- customers: some stores have a loyalty tier, one is older and has no city;
- orders: some stores number them with integers, some with bigints; two keep four decimals; one does
  not know the channel;
- items: one store has never had the table.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb

OPENING = datetime(2026, 3, 2, 8)
PRODUCTS = {
    "espresso": "2.40", "flat white": "3.60", "filter coffee": "2.90", "cinnamon bun": "3.20",
    "rye sandwich": "6.80", "soup of the day": "7.50", "beans, 250 g": "9.90", "tea": "2.70",
}  # fmt: skip
NAMES = (
    "Ada", "Bram", "Chloé", "Dirk", "Elin", "Femke", "Guro", "Hugo", "Inês", "Jonas", "Kaja",
    "Lotte", "Mateus", "Nora", "Ole", "Paula", "Quinten", "Rui", "Siobhán", "Tuva",
)  # fmt: skip


@dataclass(frozen=True)
class Store:
    """One shard: a store, and how its tables differ from those of the others."""

    name: str
    has_tier: bool = False
    has_city: bool = True
    has_channel: bool = True
    has_items: bool = True
    id_type: str = "integer"
    money_type: str = "decimal(10, 2)"
    customers: int = 40
    orders: int = 200

    @property
    def database(self) -> str:
        """The name under which its database is attached."""
        return f"store_{self.name}"


STORES = (
    Store("bergen", has_tier=True),
    Store("bruges"),
    Store("cork"),
    Store("ghent", has_tier=True, money_type="decimal(14, 4)"),
    Store("lille", has_channel=False),
    Store("lyon", id_type="bigint", customers=70, orders=420),
    Store("malmo"),
    Store("nantes", has_items=False),
    Store("oslo", has_tier=True, id_type="bigint", customers=90, orders=510),
    Store("porto", has_city=False),
    Store("turku", money_type="decimal(14, 4)", orders=90),
    Store("vigo", orders=130),
)
NEW_STORE = Store("delft", has_tier=True, id_type="bigint", customers=25, orders=60)

# Where the next day brings new orders, and how many; one old order is changed as well.
NEXT_DAY = {"bergen": 12, "lyon": 31, "oslo": 27}


def create_store(folder: Path, store: Store) -> None:
    """Write the database of a store."""
    dice = random.Random(store.name)
    customers = list(_customers(store, dice))
    times = [OPENING + timedelta(minutes=37 * n) for n in range(store.orders)]
    with duckdb.connect(str(folder / f"{store.database}.duckdb")) as connection:
        for statement in _tables(store):
            connection.execute(statement)
        _insert(connection, "customers", customers)
        _trade(connection, store, dice, 1, times)


def trade_another_day(folder: Path, store: Store, orders: int) -> None:
    """Add orders that are newer than all others, and change an old one."""
    day = OPENING + timedelta(days=30)
    times = [day + timedelta(minutes=11 * n) for n in range(orders)]
    with duckdb.connect(str(folder / f"{store.database}.duckdb")) as connection:
        dice = random.Random(f"{store.name}, another day")
        _trade(connection, store, dice, store.orders + 1, times)
        connection.execute(
            "update orders set status = 'refunded', updated_at = ? where order_id = 7", [day]
        )


def create_books(warehouse: Path) -> None:
    """Write what is in the warehouse beside dbt: the books of the months, and their budgets."""
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create table budgets (store varchar, amount decimal(10, 2))")
        connection.execute(
            "create table month_ends (store varchar, month_start date, revenue decimal(14, 4), "
            "budget decimal(10, 2) not null, primary key (store, month_start))"
        )
    for store in STORES:
        set_budget(warehouse, store)


def set_budget(warehouse: Path, store: Store) -> None:
    """Give a store a budget."""
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("insert into budgets values (?, ?)", [store.name, 20 * store.orders])


def _tables(store: Store) -> Iterator[str]:
    tier = ", loyalty_tier varchar" if store.has_tier else ""
    city = ", city varchar" if store.has_city else ""
    channel = ", channel varchar" if store.has_channel else ""
    number, money = store.id_type, store.money_type
    yield f"create table customers (customer_id integer, name varchar{city}{tier})"
    yield (
        f"create table orders (order_id {number}, customer_id integer, status varchar{channel}, "
        f"total {money}, updated_at timestamp)"
    )
    if store.has_items:
        yield (
            f"create table items (order_id {number}, line smallint, product varchar, "
            f"quantity smallint, price {money})"
        )


def _customers(store: Store, dice: random.Random) -> Iterator[list[object]]:
    for n in range(1, store.customers + 1):
        row: list[object] = [n, dice.choice(NAMES)]
        if store.has_city:
            row.append(store.name.title())
        if store.has_tier:
            row.append(dice.choice(["bronze", "silver", "gold"]))
        yield row


def _trade(
    connection: duckdb.DuckDBPyConnection,
    store: Store,
    dice: random.Random,
    first: int,
    times: Sequence[datetime],
) -> None:
    """Insert an order for each time, numbered from the first, and its items."""
    orders: list[list[object]] = []
    items: list[list[object]] = []
    for n, at in enumerate(times, start=first):
        total = Decimal(0)
        products = dice.sample(list(PRODUCTS.items()), dice.randint(1, 4))
        for line, (product, price) in enumerate(products, start=1):
            quantity = dice.randint(1, 3)
            total += quantity * Decimal(price)
            items.append([n, line, product, quantity, Decimal(price)])
        order: list[object] = [n, dice.randint(1, store.customers), "paid"]
        if store.has_channel:
            order.append(dice.choice(["counter", "counter", "app"]))
        orders.append([*order, total, at])
    _insert(connection, "orders", orders)
    if store.has_items:
        _insert(connection, "items", items)


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Sequence[object]]
) -> None:
    """Insert rows in one statement, which is much quicker than one by one."""
    marks = ", ".join("(" + ", ".join("?" * len(row)) + ")" for row in rows)
    connection.execute(
        f"insert into {table} values {marks}", [value for row in rows for value in row]
    )
