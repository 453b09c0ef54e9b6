-- K3s's datastore: kine's own schema, and what a cluster keeps there that nobody in the lab serves.
CREATE ROLE k3s LOGIN;
CREATE DATABASE k3s_datastore OWNER k3s ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0;
\connect k3s_datastore
SET ROLE k3s;
CREATE TABLE kine (
    id serial PRIMARY KEY,
    name varchar(630),
    created integer,
    deleted integer,
    create_revision integer,
    prev_revision integer,
    lease integer,
    value bytea,
    old_value bytea
);
CREATE INDEX kine_name_index ON kine (name);
CREATE INDEX kine_name_id_index ON kine (name, id);
CREATE INDEX kine_id_deleted_index ON kine (id, deleted);
CREATE INDEX kine_prev_revision_index ON kine (prev_revision);
CREATE UNIQUE INDEX kine_name_prev_revision_uindex ON kine (name, prev_revision);

INSERT INTO kine (name, created, deleted, create_revision, prev_revision, lease, value, old_value)
    VALUES ('compact_rev_key', 1, 0, 0, 0, 0, '', ''), ('/registry/health', 1, 0, 0, 0, 0, '{"health":"true"}', '');
INSERT INTO kine (name, created, deleted, create_revision, prev_revision, lease, value, old_value)
    SELECT format('/registry/%s/%s', lower(kind) || 's', rule), 1, 0, 0, 0, 0,
        convert_to(json_build_object('apiVersion', 'rbac.authorization.k8s.io/v1', 'kind', kind,
            'metadata', json_build_object('name', rule))::text, 'UTF8'), ''
    FROM unnest(ARRAY['ClusterRole', 'ClusterRoleBinding']) AS kind,
        (SELECT format('system:controller:%s-%s', one, two) AS rule
            FROM unnest(ARRAY['attachdetach', 'certificate', 'cronjob', 'daemon-set', 'deployment', 'disruption',
                'endpoint', 'endpointslice', 'expand', 'generic-garbage-collector', 'job', 'namespace', 'node',
                'pod-garbage-collector', 'pv-protection', 'replicaset', 'resourcequota', 'route', 'service',
                'statefulset', 'ttl']) AS one,
            generate_series(1, 10) AS two) AS rules;
RESET ROLE;

-- docs/privileges.md, word for word.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE TEMPORARY ON DATABASE k3s_datastore FROM PUBLIC;
GRANT CONNECT ON DATABASE k3s_datastore TO coldstart;
GRANT USAGE ON SCHEMA public TO coldstart;
GRANT SELECT ON TABLE public.kine TO coldstart;

VACUUM ANALYZE kine;
