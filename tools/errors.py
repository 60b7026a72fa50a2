#!/usr/bin/env python3
"""Writes docs/errors.md from the status table in include/wanliu/wanliu.h.

usage: errors.py [--check]    --check: write nothing, exit 1 when the page is not what it should be
"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HEADER = os.path.join(ROOT, "include/wanliu/wanliu.h")
PAGE = os.path.join(ROOT, "docs/errors.md")

INTRODUCTION = """# Errors

Every call that can fail returns a `wl_status`: 0 is success, all others are negative. The numbers
are part of the binary interface: none is ever changed or used again. Beside the status a call may
fill a `wl_error`, whose message names the values that were wrong.

This page is made by `tools/errors.py` from `WL_STATUS_MAP` in `include/wanliu/wanliu.h`.

| class | who can do something about it |
|---|---|
"""


def page(header):
    """The page as text."""
    classes = re.findall(r"#define WL_CLASS_(\w+)\s+\d+ /\* (.*?) \*/", header)
    rows = re.findall(r'X\((WL_\w+), (-?\d+), WL_CLASS_(\w+), "([^"]+)"\)', header)
    numbers = [int(number) for _, number, _, _ in rows]
    if not classes or numbers != sorted(set(numbers), reverse=True):
        raise SystemExit("errors.py: the status table of wanliu.h cannot be read")
    lines = ["| %s | %s |" % (name.lower(), text) for name, text in classes]
    lines += ["", "| status | number | class | meaning |", "|---|---:|---|---|"]
    lines += ["| `%s` | %s | %s | %s |" % (name, number, group.lower(), text)
              for name, number, group, text in rows]
    return INTRODUCTION + "\n".join(lines) + "\n"


def main():
    with open(HEADER, encoding="utf-8") as file:
        want = page(file.read())
    if "--check" in sys.argv[1:]:
        with open(PAGE, encoding="utf-8") as file:
            same = file.read() == want
        if not same:
            print("docs/errors.md is out of date: run tools/errors.py", file=sys.stderr)
        return 0 if same else 1
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(want)
    return 0


if __name__ == "__main__":
    sys.exit(main())
