"""momo's data in momo-db: the connection, and the import that fills both sales tables (SOP 9, 13.7).

As a program it is what SOP 9 has done by hand, ``run_auto_import_task()``.
"""

import psycopg2  # type: ignore[import-untyped]  # Debian's, on the hosts only

ADDRESS = "host=/run/postgresql dbname=momo user=momo connect_timeout=3 options='-c statement_timeout=3000'"
"""The socket of the container momo-db, which is on a volume that momo's containers share."""

DAYS, PRODUCTS = 35, 20

# The second table gets what was new in the first, and nothing more: a day that was lost in it stays lost (SOP 13.7).
IMPORT = """
WITH imported AS (
    INSERT INTO daily_sales_snapshot (snapshot_date, product_id, quantity, amount)
    SELECT day::date, 'P' || product, 1 + product %% 7, 99.0 * product
    FROM generate_series(current_date - %(days)s + 1, current_date, interval '1 day') AS day,
        generate_series(1, %(products)s) AS product
    WHERE NOT EXISTS (SELECT FROM daily_sales_snapshot WHERE snapshot_date = day::date)
    RETURNING snapshot_date, product_id, quantity, amount
)
INSERT INTO realtime_sales_monthly ("日期", "商品編號", "數量", "金額") SELECT * FROM imported
"""


def connect() -> "psycopg2.extensions.connection":
    """Log in to momo-db. Raises psycopg2.OperationalError."""
    connection = psycopg2.connect(ADDRESS)
    connection.autocommit = True
    return connection


def run_auto_import_task() -> int:
    """Import the days up to today that are not there yet; returns the number of rows."""
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute(IMPORT, {"days": DAYS, "products": PRODUCTS})
        return int(cursor.rowcount)


if __name__ == "__main__":
    print(f"匯入 {run_auto_import_task()} 筆", flush=True)
