#!/usr/bin/env python3
"""Goal:   tools/tidy.py finds a fault of each of its rules, and nothing in a clean tree.
Method: a small clean tree; then, for each case, one file changed so that it has one fault, which
        must be found at its line by the rule named, and by no other."""
import importlib.util
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
SPEC = importlib.util.spec_from_file_location(
    "tidy", os.path.join(HERE, "..", "..", "tools", "tidy.py"))
tidy = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(tidy)

LAYERS = """# a comment
layer base
layer data math
layer model explain
layer journey
layer cli
use explain model/tree.h
stages model explain
third src/base/zip.c zlib.h
allow src/data/yaml.c free
"""

HEADER = """/* What a tree is. */
#ifndef WL_MODEL_TREE_H
#define WL_MODEL_TREE_H
#include "base/zip.h"

#define WL_TREE(x) \\
    wl_tree_grow(x)

struct wl_tree {
    int depth; /* printf("in a comment") is no call */
};

/* wl_tree_grow - one level more. wl_tree_cut - one level less. */
int wl_tree_grow(struct wl_tree *tree);
int wl_tree_cut(struct wl_tree *tree,
                int n_levels);

/* wl_tree_width - leaves of the widest level. */
static inline int wl_tree_width(const struct wl_tree *tree)
{
    return 1 << tree->depth;
}

#endif
"""

BODY = """/* Growing trees. */
#include "model/tree.h"

#include <stdio.h>

static const char text[] = "exit(1), malloc(2) and strcpy(3) are only words";

static int twice(int x)
{
    return 2 * x;
}

int wl_tree_grow(struct wl_tree *tree)
{
    return tree->exit(twice(tree->depth)); // exit(1) in a comment
}
"""

CLEAN = {
    "tools/layers.txt": LAYERS,
    "src/base/zip.h": "/* Zip. */\n#ifndef WL_BASE_ZIP_H\n#define WL_BASE_ZIP_H\n#endif\n",
    "src/base/zip.c": "/* Zip. */\n#include <zlib.h>\n\nint main(void)\n{\n    exit(1);\n}\n",
    "src/base/alloc.c": "/* Heap. */\nstatic void *get(void)\n{\n    return malloc(1);\n}\n",
    "src/data/yaml.c": "/* Yaml. */\nstatic void give(void *p)\n{\n    free(p);\n}\n",
    "src/model/tree.h": HEADER,
    "src/model/tree.c": BODY,
    "src/model/README.md": "# model\n",
    "src/explain/shap.c": '/* Shap. */\n#include "model/tree.h"\n',
    "src/explain/README.md": "# explain\n",
    "src/journey.c": '/* Contents. */\n#include "explain/shap.h"\n#include "model/tree.h"\n',
    "src/cli/main.c": '/* Words. */\n#include "journey.h"\nstatic void say(void)\n{\n'
                      '    printf("%ld", (long)time(0));\n}\n',
    "tests/unit/test_tree.c": "/* Goal: x.\n * Method: y. */\n",
}

LONG_FUNCTION = "static void f(void)\n{\n" + "    x();\n" * 69 + "}\n"
LINE_OF_BODY = BODY.count("\n") + 1
LINE_OF_HEADER = HEADER.count("\n")  # where a declaration is planted, before #endif

# (rule, file, line, text appended)
APPENDED = [
    ("include", "src/model/tree.c", LINE_OF_BODY, '#include "explain/shap.h"\n'),
    ("include", "src/model/tree.c", LINE_OF_BODY, '#include "cli/main.h"\n'),
    ("include", "src/model/tree.c", LINE_OF_BODY, '#include "journey.h"\n'),
    ("include", "src/model/tree.c", LINE_OF_BODY, '#include "elsewhere/x.h"\n'),
    ("include", "src/base/zip.h", 5, '#include "data/yaml.h"\n'),
    ("include", "src/data/yaml.c", 6, '#include "math/stats.h"\n'),
    ("third", "src/model/tree.c", LINE_OF_BODY, "#include <zlib.h>\n"),
    ("third", "src/model/tree.c", LINE_OF_BODY, "#include <gsl/gsl_cdf.h>\n"),
    ("function_lines", "src/model/tree.c", LINE_OF_BODY + 1, LONG_FUNCTION),
    ("file_lines", "src/model/tree.c", 1, "// line\n" * 800),
    ("world", "src/model/tree.c", LINE_OF_BODY, "int x = exit(1);\n"),
    ("world", "src/model/tree.c", LINE_OF_BODY, "int x = fprintf(stderr, y);\n"),
    ("world", "src/journey.c", 4, "int x = getenv(y);\n"),
    ("world", "src/data/yaml.c", 6, "int x = time (0);\n"),
    ("heap", "src/model/tree.c", LINE_OF_BODY, "int x = free(y);\n"),
    ("heap", "src/cli/main.c", 7, "int x = realloc(y, 2);\n"),
    ("heap", "src/data/yaml.c", 6, "int x = malloc(2);\n"),
    ("left_over", "src/model/tree.c", LINE_OF_BODY, "// TO" "DO: later\n"),
    ("left_over", "src/model/README.md", 2, "FIX" "ME\n"),
    ("machine", "src/model/tree.c", LINE_OF_BODY, "// see /ho" "me/somebody\n"),
    ("machine", "src/model/README.md", 2, "from py" "pi.org\n"),
    ("columns", "src/model/tree.c", LINE_OF_BODY, "// " + "x" * 98 + "\n"),
    ("space", "src/model/tree.c", LINE_OF_BODY, "int x; \n"),
    ("space", "src/model/README.md", 2, "no line end"),
    ("name", "src/model/tree.c", LINE_OF_BODY, "int tree_size(void)\n{\n}\n"),
    ("name", "src/model/tree.c", LINE_OF_BODY, "static int wl_tree_size(void)\n{\n}\n"),
] + [("banned", "src/model/tree.c", LINE_OF_BODY, "int x = %s(y);\n" % word)
     for word in (tidy.BANNED + " " + tidy.SHELL).split()]

# (rule, file, line, old text, new text)
CHANGED = [
    ("guard", "src/model/tree.h", 1, "WL_MODEL_TREE_H", "WL_TREE_H"),
    ("opening", "src/model/tree.c", 1, "/* Growing trees. */\n", ""),
    ("opening", "tests/unit/test_tree.c", 1, "Method", "How"),
    ("doc", "src/model/tree.h", LINE_OF_HEADER, "#endif\n", "int wl_tree_new(void);\n\n#endif\n"),
    ("doc", "src/model/tree.h", LINE_OF_HEADER + 1, "#endif\n",
     "/* wl_tree_old - no. */\nint wl_tree_new(void);\n\n#endif\n"),
    ("doc", "src/model/tree.h", LINE_OF_HEADER + 1, "#endif\n",
     "/* wl_tree_gone - no. */\n\n#endif\n"),
    ("doc", "src/model/tree.h", LINE_OF_HEADER + 13, "#endif\n",
     "/* wl_tree_0 - many. */\n" + "".join("int wl_tree_%d(void);\n" % i for i in range(13))
     + "\n#endif\n"),
]


def found_in(files):
    """(path, line, rule) of all faults of a tree of these files."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        return [fault[:3] for fault in tidy.faults(root)]


def main():
    failures, rules_seen = 0, set()
    cases = [((path, line, rule), {path: CLEAN[path] + text})
             for rule, path, line, text in APPENDED]
    cases += [((path, line, rule), {path: CLEAN[path].replace(old, new)})
              for rule, path, line, old, new in CHANGED]
    cases.append((("src/explain/tree.c", 1, "unique"), {"src/explain/tree.c": "/* Twice. */\n"}))
    cases.append((("src/model/", 1, "readme"), {"src/model/README.md": None}))
    cases.append((None, {}))
    cases.append((None, {"build/made.c": "x \n", "demo/made.md": "x \n"}))
    for want, changes in cases:
        files = dict(CLEAN, **changes)
        found = found_in({path: text for path, text in files.items() if text is not None})
        if want is not None and want[2] == "unique":
            found = [(found[0][0].replace("model", "explain"),) + found[0][1:]] if found else []
        if found != ([want] if want is not None else []):
            failures += 1
            print("want %s, got %s" % (want, found), file=sys.stderr)
        rules_seen.update(rule for _, _, rule in found)
    all_rules = {rule.__name__[5:] for rule in tidy.C_RULES + tidy.TEXT_RULES}
    for rule in sorted((all_rules | {"unique", "readme"}) - rules_seen):
        failures += 1
        print("no planted fault for the rule %s" % rule, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
