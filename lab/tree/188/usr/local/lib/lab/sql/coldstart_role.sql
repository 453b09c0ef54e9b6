-- docs/privileges.md, word for word: the role that coldstart asks with.
CREATE ROLE coldstart LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 4;
