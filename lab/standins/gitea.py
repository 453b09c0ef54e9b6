"""Stands in for Gitea: answers when its database (SQLite, on its volume) can be read, as Gitea does."""

import sqlite3

from .http_service import HTML, JSON, Answer, serve

DATABASE = "/data/gitea/gitea.db"


def answer(path: str, _: bytes) -> Answer:
    """Answer with the number of repositories: so every page has been to the database."""
    with sqlite3.connect(DATABASE, timeout=1) as database:
        (count,) = database.execute("SELECT count(*) FROM repository").fetchone()
    if path.startswith("/api/healthz"):
        return Answer(200, '{"status":"pass"}\n', JSON)
    page = f"<!DOCTYPE html><title>Gitea</title><p>{count} repositories\n"
    return Answer(200, page, HTML)


def prepare() -> None:
    """Make the database where there is none."""
    with sqlite3.connect(DATABASE) as database:
        database.execute("CREATE TABLE IF NOT EXISTS repository (id INTEGER PRIMARY KEY, name TEXT UNIQUE)")
        database.execute("INSERT OR IGNORE INTO repository (name) VALUES ('wooo/awoooi')")


if __name__ == "__main__":
    prepare()
    serve(3001, answer)
