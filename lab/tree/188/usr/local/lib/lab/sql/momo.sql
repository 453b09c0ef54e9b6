-- momo's two sales tables (SOP 13.7). momo_store.py fills them.
CREATE TABLE daily_sales_snapshot (
    id bigserial PRIMARY KEY,
    snapshot_date date NOT NULL,
    product_id text NOT NULL,
    quantity integer NOT NULL,
    amount numeric(12, 2) NOT NULL
);
CREATE INDEX daily_sales_snapshot_date ON daily_sales_snapshot (snapshot_date);
CREATE TABLE realtime_sales_monthly (
    id bigserial PRIMARY KEY,
    "日期" date NOT NULL,
    "商品編號" text NOT NULL,
    "數量" integer NOT NULL,
    "金額" numeric(12, 2) NOT NULL
);
CREATE INDEX realtime_sales_monthly_date ON realtime_sales_monthly ("日期");

-- docs/privileges.md, word for word.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE TEMPORARY ON DATABASE momo FROM PUBLIC;
GRANT CONNECT ON DATABASE momo TO coldstart;
GRANT USAGE ON SCHEMA public TO coldstart;
GRANT SELECT ON TABLE public.daily_sales_snapshot, public.realtime_sales_monthly TO coldstart;
