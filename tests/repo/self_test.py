#!/usr/bin/python3
"""Shows that every check of this folder can fail: each is given a small repository that keeps the rules and finds
nothing, then one that breaks a rule in one place and names that place."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import built  # noqa: E402
import edges  # noqa: E402
import formats  # noqa: E402
import sources  # noqa: E402
import tutorial  # noqa: E402
from tree import Tree, first_comment, without_comments  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent

GOOD = {
    "README.md": "# thing\nSee `rtl/spec/fixed.hpp`, [the rules](rtl/rules) and `{rtl,sim}/README.md`; `build/x.cpp` is made.\n",
    "rtl/README.md": "# rtl\n",
    "rtl/spec/README.md": "# spec: `fixed.hpp`\n",
    "rtl/spec/fixed.hpp": "#pragma once\n",
    "rtl/rules/README.md": "# rules\n",
    "rtl/rules/rule.hpp": '#pragma once\n#include "rtl/spec/fixed.hpp"\n',
    "rtl/rules/hebb/README.md": "# hebb\n",
    "rtl/rules/hebb/descriptor.cpp": '#include "rtl/rules/rule.hpp"\nint make_hebb();\n',
    "rtl/rules/hebb/reference.cpp": "#include <vector>\n",
    "rtl/rules/hebb/test.cpp": "TEST_CASE()\n",
    "rtl/rules/hebb/hebb_post.sv": "// module other\nmodule hebb_post (input logic clk);\nendmodule\n",
    "sim/README.md": "# sim\n",
    "sim/rtl/README.md": "# rtl\n",
    "sim/rtl/arithmetic.cpp": '#include "rtl/rules/rule.hpp"\n#include "Vhebb_post.h"\n',
    "host/README.md": "# host\n",
    "host/cli/README.md": "# cli\n",
    "host/cli/codes.cpp": 'families = {{"TF-NET", "a network", ""}};\n',
    "host/cli/main.cpp": 'int main() { say("TF-NET-001"); }  // the session ends here\n',
    "host/examples/digits-hebb.toml": 'rule = "hebb"\n',
    "tests/README.md": "| label | asks |\n|---|---|\n| unit | a |\n| repo | b |\n",
    "sim/rtl/CMakeLists.txt": "add_library(trifactor_sim_rtl a.cpp)\ntarget_link_libraries(trifactor_sim_rtl PUBLIC trifactor_spec)\n",
    "dev": "#!/bin/sh\n",
}
LINKS = ["rtl/spec|trifactor_spec|", "rtl/units|trifactor_lane|trifactor_spec", "rtl/rules|trifactor_rules|trifactor_spec",
         "rtl/core|trifactor_golden|trifactor_lane", "sim/rtl|trifactor_sim_rtl|trifactor_spec", "sim/rtl|trifactor_rtl_x|",
         "sim/rtl|trifactor_sim_rtl|trifactor_rtl_x", "host/cli|trifactor|trifactor_sim_rtl"]


class ChecksCanFail(unittest.TestCase):
    def findings(self, check, changes=None, links=None, **more):
        """Findings of `check` on the good repository with files replaced, added, or removed (None)."""
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for path, text in {**GOOD, **(changes or {})}.items():
                if text is not None:
                    (root / path).parent.mkdir(parents=True, exist_ok=True)
                    (root / path).write_text(text)
            (root / "build").mkdir()
            if links != "none":
                (root / "build/target_links.txt").write_text("\n".join(links or LINKS) + "\n")
            return [str(f) for f in check(Tree(root), root / "build", **more)]

    def assert_clean(self, check, changes=None, **more):
        self.assertEqual(self.findings(check, changes, **more), [])

    def assert_finds(self, check, changes, *parts, **more):
        found = self.findings(check, changes, **more)
        self.assertTrue(any(all(part in line for part in parts) for line in found), f"{parts} not in {found}")

    def test_includes(self):
        check = edges.check_folders
        self.assert_clean(check)
        up = {"rtl/spec/fixed.hpp": '#pragma once\n\n#include "rtl/rules/rule.hpp"\n'}
        self.assert_finds(check, up, "rtl/spec/fixed.hpp:3:", "rtl/spec must not use rtl/rules", "it may use: nothing else")
        self.assert_finds(check, {"runtime/wire/a.hpp": '#include "compiler/passes/p.hpp"\n'}, "runtime/wire/a.hpp:1:", "compiler")
        self.assert_finds(check, {"compiler/a.cpp": '#include "runtime/session/s.hpp"\n'}, "runtime/session", "runtime/layout, runtime/wire")
        self.assert_finds(check, {"sysc/a.cpp": '#include "runtime/layout/layout.hpp"\n'}, "sysc must not use runtime/layout")
        self.assert_finds(check, {"sim/a.cpp": '#include "host/cli/x.hpp"\n'}, "sim must not use host")
        self.assert_finds(check, {"runtime/device/a.hpp": "#include <systemc>\n"}, "runtime must never see systemc")
        self.assert_finds(check, {"sysc/a.cpp": "#include <verilated.h>\n"}, "sysc must never see verilated.h")
        self.assert_finds(check, {"sysc/a.cpp": '#include "Vlane.h"\n'}, "sysc must never see Vlane.h")
        self.assert_finds(check, {"runtime/layout/a.cpp": "#include <toml++/toml.h>\n"}, "runtime must never see toml++")
        self.assert_finds(check, {"sim/a.cpp": "#include <hdf5.h>\n"}, "sim must never see hdf5.h")
        self.assert_finds(check, {"sim/a.cpp": '#include "rtl/spec/gone.hpp"\n'}, "there is no rtl/spec/gone.hpp")
        self.assert_finds(check, {"rtl/spec/b.hpp": '#include "fixed.hpp"\n'}, "from the repository root")
        self.assert_clean(check, {"sysc/a.cpp": '// #include "host/x.hpp"\n'})
        self.assert_finds(check, {path: None for path in GOOD if path.endswith((".hpp", ".cpp"))}, "looked at nothing")

    def test_links(self):
        check = edges.check_links
        self.assert_clean(check)
        wrong = LINKS + ["sim/rtl|trifactor_sim_rtl|trifactor_layout", "runtime/layout|trifactor_layout|"]
        cmake = {"sim/rtl/CMakeLists.txt": "add_library(trifactor_sim_rtl a.cpp)\n\ntarget_link_libraries(trifactor_sim_rtl\n"
                                           "  PUBLIC trifactor_spec\n  trifactor_layout)\n"}
        self.assert_finds(check, cmake, "sim/rtl/CMakeLists.txt:5:", "trifactor_sim_rtl -> trifactor_layout", "it may use", links=wrong)
        self.assert_finds(check, {}, "runtime must never see PkgConfig::SYSTEMC",
                          links=["runtime/layout|trifactor_layout|PkgConfig::SYSTEMC"])
        self.assert_finds(check, {}, "sysc must never see trifactor_rtl_y",
                          links=LINKS + ["sysc/core|trifactor_tile|trifactor_rtl_y"])
        wire = ["runtime|trifactor_wire|", "sysc/chip|trifactor_chip|trifactor_wire"]
        self.assert_clean(check, {"runtime/wire/frame.hpp": ""}, links=wire)
        self.assert_finds(check, {}, "configure with CMake first", links="none")
        self.assert_finds(check, {}, "looked at nothing", links=["|a|b"])

    def test_rules(self):
        check = sources.check_rules
        self.assert_clean(check)
        self.assert_finds(check, {"host/cli/run.cpp": '\nif (rule == "hebb") run();\n'}, "host/cli/run.cpp:2:", "hebb")
        self.assert_finds(check, {"sim/CMakeLists.txt": "verilate(hebb_post)\n"}, "sim/CMakeLists.txt:1:")
        self.assert_clean(check, {"host/cli/run.cpp": "// like hebb\nint hebbian;\n", "host/cli/test_run.cpp": '"hebb"',
                                  "host/cli/README.md": "hebb", "sim/rtl/test/a.cpp": '"hebb"'})
        gold = {"rtl/rules/hebb/reference.cpp": '\n#include "rtl/rules/hebb/golden.hpp"\n'}
        self.assert_finds(check, gold, "rtl/rules/hebb/reference.cpp:2:", "golden.hpp")
        around = {"rtl/rules/hebb/reference.cpp": '#include "rtl/rules/shared.hpp"\n',
                  "rtl/rules/shared.hpp": '#include "rtl/units/lane/golden.hpp"\n'}
        self.assert_finds(check, around, "rtl/rules/shared.hpp:1:", "rtl/units/lane/golden.hpp")
        self.assert_finds(check, {"rtl/rules/hebb/reference.cpp": None}, "has no reference.cpp")
        self.assert_finds(check, {"rtl/rules/hebb/descriptor.cpp": None}, "looked at nothing")
        self.assert_finds(check, {"rtl/rules/hebb/test.cpp": None}, "rtl/rules/hebb:", "has no test")
        self.assert_finds(check, {"rtl/rules/hebb/hebb_test.cpp": ""}, "rtl/rules/hebb/hebb_test.cpp:", "never run")

    def test_length(self):
        check = sources.check_length
        self.assert_clean(check)
        body = "int x;\n" * 501
        self.assert_finds(check, {"sim/a.cpp": body}, "sim/a.cpp:1:", "501 lines")
        self.assert_finds(check, {"sim/a.cpp": "// What it does.\n" + body}, "502 lines")
        self.assert_finds(check, {"sim/a.cpp": "// What it does.\n\n" + body + "// long because it is\n"}, "504 lines")
        self.assert_clean(check, {"sim/a.cpp": "// One file of 501 lines because it is one table.\n" + body})
        self.assert_clean(check, {"sim/a.cpp": "int x;\n" * 500})
        self.assert_finds(check, {"tools/a.py": '"""A tool."""\n' + "x = 1\n" * 500}, "tools/a.py:1:")
        self.assert_clean(check, {"tools/a.py": '"""A tool; long because of its cases."""\n' + "x = 1\n" * 500})

    def test_readme(self):
        check = sources.check_readme
        self.assert_clean(check)
        self.assert_finds(check, {"sim/rtl/README.md": None}, "sim/rtl:", "no README.md")
        self.assert_finds(check, {"host/README.md": None}, "host:", "no README.md")
        self.assert_finds(check, {"rtl/rules/hebb/README.md": None}, "rtl/rules/hebb:")
        self.assert_finds(check, {"README.md": "a\n`rtl/spec/gone.hpp`\n"}, "README.md:2:", "rtl/spec/gone.hpp")
        self.assert_finds(check, {"README.md": "[x](docs/a.md)\n"}, "README.md:1:", "docs/a.md")
        self.assert_finds(check, {"README.md": "`rtl/{spec,gone}`\n"}, "rtl/gone")
        self.assert_finds(check, {"README.md": "`rtl/*/gone.hpp`\n"}, "rtl/*/gone.hpp")
        self.assert_finds(check, {"rtl/spec/README.md": "`wrong.hpp`\n"}, "rtl/spec/README.md:1:", "wrong.hpp")
        self.assert_clean(check, {"README.md": "`a/b` is a quotient, `x.y`, <https://a.b/c.md> and [w](https://a.b/c), `rtl/spec/fixed.hpp:3`\n"
                                               "```\nrtl/spec/gone.hpp\n```\n"})

    def test_words(self):
        check = sources.check_words
        self.assert_clean(check)
        for text in ("// TO" "DO: later", "/* FIX" "ME */", "a st" "ub for now", "# X" "XX"):
            self.assert_finds(check, {"sim/rtl/arithmetic.cpp": "\n" + text + "\n"}, "sim/rtl/arithmetic.cpp:2:")
        for text in ("see iss" "ue 3", "done in the last sess" "ion", "as the br" "ief says", "in /wo" "rk/main", "../sha" "red/design.md",
                     "written by Cla" "ude"):
            self.assert_finds(check, {"sim/README.md": "# sim\n" + text + "\n"}, "sim/README.md:2:")
        once = "data=../sha" "red/data\n"
        self.assert_clean(check, {"dev": once})
        self.assert_finds(check, {"dev": once + once}, "dev:2:")
        self.assert_finds(check, {".ci/run": once}, ".ci/run:1:")

    def test_systemverilog(self):
        check = sources.check_systemverilog
        self.assert_clean(check)
        self.assert_finds(check, {"rtl/units/a.sv": "\nmodule b;\nendmodule\n"}, "rtl/units/a.sv:2:", "declares b")
        self.assert_finds(check, {"rtl/units/a.sv": "module a;\nendmodule\nmodule b;\nendmodule\n"}, "declares a, b")
        self.assert_clean(check, {"rtl/units/a_pkg.sv": "package a_pkg;\nendpackage\n"})
        self.assert_finds(check, {path: None for path in GOOD if path.endswith(".sv")}, "looked at nothing")

    def test_labels(self):
        check = built.check_labels
        self.assert_clean(check, tests=[("a", ["unit"]), ("b", ["repo"])])
        self.assert_finds(check, {}, "test a", "(none)", "repo, unit", tests=[("a", [])])
        self.assert_finds(check, {}, "test a", "fast", tests=[("a", ["fast"])])
        self.assert_finds(check, {}, "test a", tests=[("a", ["unit", "repo"])])
        self.assert_finds(check, {}, "looked at nothing", tests=[])
        self.assert_finds(check, {"tests/README.md": "# no table\n"}, "no table", tests=[("a", ["unit"])])

    def test_parameters(self):
        check = built.check_parameters
        eta = {"name": "eta", "default": 0.01, "low": 1e-9, "high": 64}
        word = {"name": "error", "default": "hinge", "choices": ["hinge", "none"]}
        rules = [{"name": "hebb", "parameters": [eta], "eval_parameters": [word]}]

        def table(default="0.01", limits="1e-9 to 64", more="| `error` | – | – | `hinge` | `hinge`, `none` |\n"):
            return {"rtl/rules/hebb/README.md": f"| parameter | unit | symbol | default | range |\n|---|---|---|---|---|\n| `eta` | 1 | η | {default} | {limits} |\n{more}"}
        self.assert_clean(check, table(), rules=rules)
        self.assert_clean(check, table(default="1/100: small", limits="1e-9 to 64; on the chip 2 to 8"), rules=rules)
        self.assert_finds(check, {}, "rtl/rules/hebb/README.md:", "no row | `eta`", rules=rules)
        self.assert_finds(check, table(default="0.1"), "README.md:3:", "default 0.1, not 0.01", rules=rules)
        self.assert_finds(check, table(limits="1e-9 to 65"), "README.md:3:", "range 1e-9 to 65, not 1e-09 to 64", rules=rules)
        self.assert_finds(check, table(limits=""), "range", rules=rules)
        self.assert_finds(check, table(more="| `error` | – | – | `none` | `hinge`, `none` |\n"), "default `none`, not `hinge`", rules=rules)
        self.assert_finds(check, table(more="| `error` | – | – | `hinge` | `hinge` |\n"), "choices", rules=rules)
        self.assert_finds(check, table(more="| `sigma` | 1 | σ | 1 | 0 to 1 |\n"), "README.md:4:", "no parameter sigma", rules=rules)
        self.assert_finds(check, {}, "looked at nothing", rules=[])
        self.assert_finds(check, {}, "is not built")

    def test_tutorial(self):
        check = tutorial.check_tutorial
        good = {"rtl/rules/TUTORIAL.md": "```cpp a.cpp\nint a;\n```\n", "rtl/rules/oja/a.cpp": "int a;\n"}
        self.assert_clean(check, good)
        self.assert_finds(check, {**good, "rtl/rules/oja/a.cpp": "int b;\n"}, "TUTORIAL.md:1:", "differs")
        self.assert_finds(check, {**good, "rtl/rules/oja/b.sv": "x\n"}, "b.sv", "does not show")
        self.assert_finds(check, {**good, "rtl/rules/oja/a.cpp": None}, "there is no rtl/rules/oja/a.cpp")
        example = {**good, "rtl/rules/TUTORIAL.md": good["rtl/rules/TUTORIAL.md"] + "```toml host/examples/o.toml\na = 1\n```\n", "host/examples/o.toml": "a = 1\n"}
        self.assert_clean(check, example)
        self.assert_finds(check, {**example, "host/examples/o.toml": "a = 2\n"}, "differs from host/examples/o.toml")

    def test_codes(self):
        check = sources.check_codes
        self.assert_clean(check)
        self.assert_finds(check, {"host/cli/run.cpp": '\nthrow Error("TF-NETS-001");\n'}, "host/cli/run.cpp:2:", "TF-NETS")
        self.assert_finds(check, {"host/cli/main.cpp": ""}, "looked at nothing")
        self.assert_finds(check, {"host/cli/codes.cpp": None}, "is not there")

    def test_rtl_engine(self):
        check = built.check_rtl_engine
        self.assert_clean(check)
        for name in ("trifactor_lane", "trifactor_rules", "trifactor_golden"):
            self.assert_finds(check, {}, f"trifactor_sim_rtl -> {name}", links=LINKS + [f"sim/rtl|trifactor_sim_rtl|{name}"])
        around = LINKS + ["sim/rtl|trifactor_sim_rtl|helper", "sim|helper|trifactor_golden"]
        self.assert_finds(check, {}, "trifactor_sim_rtl -> helper -> trifactor_golden", links=around)
        self.assert_finds(check, {}, "looked at nothing", links=LINKS[:4])
        call = {"sim/rtl/arithmetic.cpp": "\nauto r = lane_update(c, 1);\n"}
        self.assert_finds(check, call, "sim/rtl/arithmetic.cpp:2:", "lane_update")
        golden = [({"trifactor::update_rows(int)", "main"}, set())]
        found = built.symbol_findings((set(), {"trifactor::update_rows(int)"}), golden)
        self.assertIn("needs the golden unit trifactor::update_rows(int)", str(found[0]))
        found = built.symbol_findings(({"trifactor::update_rows(int)"}, set()), golden)
        self.assertIn("contains the golden unit", str(found[0]))
        self.assertEqual(built.symbol_findings(({"trifactor::x()"}, {"main"}), golden), [])

    def test_format(self):
        check = formats.check_format
        good = {"rtl/spec/image.hpp": "template <class V>\nvoid visit(V& v, Slice& s) {\n  v(s.core, s.rows,\n    s.bias);\n}\n",
                "runtime/layout/FORMAT.md": "# format\n\n**Slice**: core u32, rows u32,\nbias bool.\n\nEnd.\n"}
        self.assert_clean(check, good)
        self.assert_finds(check, {**good, "runtime/layout/FORMAT.md": "**Slice**: core u32, bias bool.\n"}, "Slice: rows is missing")
        self.assert_finds(check, {**good, "runtime/layout/FORMAT.md": "**Slice**: rows u32, core u32, bias bool.\n"}, "Slice: rows")
        self.assert_finds(check, {**good, "runtime/layout/FORMAT.md": "# format\n"}, "does not describe Slice")
        more = good["runtime/layout/FORMAT.md"] + "\n**Other**: a u32.\n"
        self.assert_finds(check, {**good, "runtime/layout/FORMAT.md": more}, "describes Other")
        self.assert_finds(check, {**good, "rtl/spec/image.hpp": ""}, "looked at nothing")
        self.assert_finds(check, {**good, "runtime/layout/FORMAT.md": None}, "is not there")

    def test_symbols_of_archives(self):
        with tempfile.TemporaryDirectory() as folder:
            build = pathlib.Path(folder)
            (build / "target_links.txt").write_text("\n".join(LINKS) + "\n")

            def archive(name, code):
                (build / "a.cpp").write_text(code)
                subprocess.run(["g++", "-c", "a.cpp", "-o", f"{name}.o"], cwd=build, check=True)
                subprocess.run(["ar", "rcs", f"lib{name}.a", f"{name}.o"], cwd=build, check=True)

            for path, text in GOOD.items():
                (build / "tree" / path).parent.mkdir(parents=True, exist_ok=True)
                (build / "tree" / path).write_text(text)
            archive("trifactor_lane", "namespace trifactor { void update_rows(int) {} }")
            archive("trifactor_sim_rtl", "namespace trifactor { void other() {} }")
            self.assertEqual(built.check_rtl_engine(Tree(build / "tree"), build), [])
            archive("trifactor_sim_rtl", "namespace trifactor { void update_rows(int); void other() { update_rows(1); } }")
            self.assertIn("needs the golden unit trifactor::update_rows(int)",
                          str(built.check_rtl_engine(Tree(build / "tree"), build)[0]))

    def test_parts(self):
        self.assertEqual(without_comments('a // "b"\n"// c" /* d\n */ e'), 'a       \n"// c"     \n    e')
        self.assertEqual(first_comment("a.sh", "#!/bin/sh\n# why\nx"), "# why\n")
        self.assertEqual(first_comment("a.hpp", "#include <a>\n// late\n"), "")
        self.assertEqual(sources.alternatives("a/{b,c}/{d,e}"), ["a/b/d", "a/b/e", "a/c/d", "a/c/e"])

    def test_every_check_is_here_and_registered(self):
        import run
        tested = pathlib.Path(__file__).read_text()
        registered = (HERE / "CMakeLists.txt").read_text()
        for name, check in run.CHECKS.items():
            self.assertIn(f".{check.__name__}\n", tested)
            self.assertRegex(registered, rf"set\(repo_checks[^)]*\b{name}\b")


if __name__ == "__main__":
    unittest.main()
