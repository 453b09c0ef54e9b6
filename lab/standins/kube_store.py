"""The objects of the cluster, in the table `kine` on 188: one row an object, its revision is the row's id."""

import json
from collections.abc import Callable
from typing import Any

from .kube_postgres import Away, Database

Object = dict[str, Any]

KINDS: dict[str, tuple[str, str, str, bool, tuple[str, ...]]] = {
    "nodes": ("", "v1", "Node", False, ("no",)),
    "namespaces": ("", "v1", "Namespace", False, ("ns",)),
    "pods": ("", "v1", "Pod", True, ("po",)),
    "services": ("", "v1", "Service", True, ("svc",)),
    "secrets": ("", "v1", "Secret", True, ()),
    "events": ("", "v1", "Event", True, ("ev",)),
    "leases": ("coordination.k8s.io", "v1", "Lease", True, ()),
    "deployments": ("apps", "v1", "Deployment", True, ("deploy",)),
    "endpointslices": ("discovery.k8s.io", "v1", "EndpointSlice", True, ()),
    "cronjobs": ("batch", "v1", "CronJob", True, ("cj",)),
    "jobs": ("batch", "v1", "Job", True, ()),
}
"""Group, version, kind, whether it lives in a namespace, and short names; by the plural that stands in a path."""


class Conflict(Exception):
    """The object is not as the writer believes: somebody else was faster, or it is (not) there."""


def key(plural: str, name: str, namespace: str = "") -> str:
    """Return the name of an object's row."""
    return "/".join(("/registry", plural, *([namespace] if KINDS[plural][3] else []), name))


def key_of(plural: str, one: Object) -> str:
    """Return the same for an object."""
    return key(plural, one["metadata"]["name"], one["metadata"].get("namespace", ""))


class Store:
    """Reads and writes objects. Every method raises `Away` when PostgreSQL on 188 does not answer."""

    def __init__(self, dsn: str) -> None:
        self._database = Database(dsn)

    def ready(self) -> None:
        """Raise `Away` unless the table can be read."""
        with self._database.transaction() as cursor:
            cursor.execute("SELECT count(*) FROM kine WHERE name LIKE '/registry/nodes/%'")
            cursor.fetchall()

    def list(self, plural: str, namespace: str = "") -> list[Object]:
        """Return all objects of a kind, or those of a namespace, ordered by name."""
        prefix = f"/registry/{plural}/" + (f"{namespace}/" if namespace and KINDS[plural][3] else "")
        with self._database.transaction() as cursor:
            cursor.execute(
                "SELECT id, value FROM kine WHERE starts_with(name, %s) AND deleted = 0 ORDER BY name", (prefix,)
            )
            return [_object(*row) for row in cursor.fetchall()]

    def get(self, at: str) -> Object | None:
        """Return one object."""
        with self._database.transaction() as cursor:
            cursor.execute("SELECT id, value FROM kine WHERE name = %s AND deleted = 0", (at,))
            row = cursor.fetchone()
        return _object(*row) if row else None

    def revision(self) -> int:
        """Return the revision of the whole."""
        with self._database.transaction() as cursor:
            cursor.execute("SELECT max(id) FROM kine")
            return int(cursor.fetchone()[0] or 0)

    def create(self, plural: str, one: Object) -> None:
        """Add an object. Raises `Conflict` if it is there already."""
        at = key_of(plural, one)
        with self._database.transaction() as cursor:
            cursor.execute(
                "INSERT INTO kine (name, created, deleted, create_revision, prev_revision, lease, value, old_value)"
                " SELECT %s, 1, 0, 0, 0, 0, %s, '' WHERE NOT EXISTS (SELECT FROM kine WHERE name = %s)",
                (at, _value(one), at),
            )
            added = cursor.rowcount
        if not added:
            raise Conflict(f"{at} is there already")

    def change(self, at: str, change: Callable[[Object], Object], revision: str = "") -> Object:
        """Replace an object by what `change` makes of it; the same object again writes nothing.

        Raises `Conflict` when it is not there, or (given a `revision`) not of that revision any more.
        """
        with self._database.transaction() as cursor:
            cursor.execute("SELECT id, value FROM kine WHERE name = %s AND deleted = 0 FOR UPDATE", (at,))
            row = cursor.fetchone()
            if row is not None and revision in ("", str(row[0])):
                old = _object(*row)
                new = change(json.loads(json.dumps(old)))
                if new == old:
                    return old
                cursor.execute(
                    "UPDATE kine SET id = nextval('kine_id_seq'), created = 0, prev_revision = id, old_value = value,"
                    " value = %s WHERE name = %s RETURNING id, value",
                    (_value(new), at),
                )
                return _object(*cursor.fetchone())
        if row is None:
            raise Conflict(f"{at} is not there")
        raise Conflict(f"{at} has been modified; please apply your changes to the latest version and try again")

    def delete(self, at: str) -> None:
        """Remove an object, if it is there."""
        with self._database.transaction() as cursor:
            cursor.execute("DELETE FROM kine WHERE name = %s", (at,))


def _object(revision: int, value: memoryview) -> Object:
    one: Object = json.loads(bytes(value))
    one["metadata"]["resourceVersion"] = str(revision)
    return one


def _value(one: Object) -> bytes:
    metadata = {name: value for name, value in one["metadata"].items() if name != "resourceVersion"}
    return json.dumps({**one, "metadata": metadata}, separators=(",", ":")).encode()


__all__ = ["KINDS", "Away", "Conflict", "Object", "Store", "key", "key_of"]
