#!/usr/bin/env python3
"""Makes rows.csv.gz: 20,000 rows for the test of whole and cut gzip files. Python 3.11, zlib 1.2.13.

usage: make.py    writes rows.csv.gz beside itself
"""
import gzip
import os

HERE = os.path.dirname(os.path.abspath(__file__))
rows = ["u,t,n,v,p,r"]
rows += [f"u{i % 97},2024-01-01,B,{i},p,2024-01-01" for i in range(20000)]
with open(os.path.join(HERE, "rows.csv.gz"), "wb") as file:
    file.write(gzip.compress(("\n".join(rows) + "\n").encode(), 9, mtime=0))
