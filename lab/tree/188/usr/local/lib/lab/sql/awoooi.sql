-- Where the AWOOOI API records the alerts that it receives.
CREATE ROLE awoooi LOGIN;
CREATE DATABASE awoooi OWNER awoooi ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0;
\connect awoooi
SET ROLE awoooi;
CREATE TABLE alerts (
    id bigserial PRIMARY KEY,
    received_at timestamptz NOT NULL DEFAULT now(),
    node text,
    body jsonb NOT NULL
);
