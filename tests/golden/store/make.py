#!/usr/bin/env python3
"""Makes the two databases that the store must refuse. Python 3.11 sqlite3, SQLite 3.40.

usage: make.py    writes newer_v2.db and other.db beside itself
"""
import os
import sqlite3

HERE = os.path.dirname(os.path.abspath(__file__))


def make(name, *statements):
    path = os.path.join(HERE, name)
    if os.path.exists(path):
        os.remove(path)
    database = sqlite3.connect(path)
    database.execute("PRAGMA page_size = 512")
    for statement in statements:
        database.execute(statement)
    database.commit()
    database.close()


make("newer_v2.db",
     "CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID",
     "CREATE TABLE segment(id INTEGER PRIMARY KEY)",
     "INSERT INTO meta VALUES('schema_version', 2)")
make("other.db", "CREATE TABLE song(title)")
