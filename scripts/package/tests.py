"""Tests of the packaging scripts that need no binary and no network: python3 scripts/package/tests.py"""

import copy
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zipfile
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "deb")]

import archive  # noqa: E402
import crates  # noqa: E402
import describe  # noqa: E402
import libraries  # noqa: E402
import npm  # noqa: E402
import readme  # noqa: E402
import sbom  # noqa: E402
import sbom_check  # noqa: E402
import third_party  # noqa: E402

os.environ["SOURCE_DATE_EPOCH"] = "1700000001"


class Scratch(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name, text="text", mode=0o644):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path


class Licences(unittest.TestCase):
    def test_one_way_through_an_expression_is_enough(self):
        for expression, is_accepted in [
            ("MIT", True),
            ("GPL-3.0-only", False),
            ("GPL-3.0-only OR MIT", True),
            ("MIT AND GPL-3.0-only", False),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", True),
            ("Apache-2.0 WITH LLVM-exception", True),
            ("GPL-2.0-only WITH Classpath-exception-2.0", False),
            ("MIT OR Apache-2.0 AND GPL-3.0-only", True),
            ("(MIT OR Apache-2.0) AND GPL-3.0-only", False),
        ]:
            self.assertEqual(crates.is_accepted(expression), is_accepted, expression)

    def test_an_old_way_of_writing_is_understood(self):
        self.assertEqual(crates.expression("MIT / Apache-2.0"), "MIT OR Apache-2.0")
        self.assertIsNone(crates.expression(None))

    def test_a_licence_that_nobody_accepted_stops_the_packaging_and_is_named(self):
        crate = type("Crate", (), {"name": "viral", "version": "1.0.0", "licence": "AGPL-3.0-only"})
        with self.assertRaisesRegex(SystemExit, "viral 1.0.0: AGPL-3.0-only"):
            crates.check_licences([crate])
        crate.licence = None
        with self.assertRaisesRegex(SystemExit, "viral 1.0.0: no licence"):
            crates.check_licences([crate])


class ThirdParty(Scratch):
    def test_equal_texts_stand_once_with_all_their_users(self):
        text = third_party.render("x", [
            ("b 1.0.0", "MIT", "", ["Copyright B\n\nsame  words\n"]),
            ("a 1.0.0", "MIT", "https://a.example", ["Copyright B\nsame words\n", "NOTICE of a\n"]),
        ])
        self.assertEqual(text.count("Copyright B"), 1)
        self.assertIn("For a 1.0.0, b 1.0.0:", text)
        self.assertIn("For a 1.0.0:\n\nNOTICE of a", text)

    def test_texts_are_found_where_crates_keep_them_and_not_in_their_tests(self):
        for name in ["LICENSE-MIT", "vendor/COPYING", "vendor/inner/LICENSE.md", "NOTICE.txt", "tests/LICENSE", "src/license.rs"]:
            self.write(name)
        found = [path.relative_to(self.folder).as_posix() for path in third_party.texts_below(self.folder)]
        self.assertEqual(found, ["LICENSE-MIT", "NOTICE.txt", "vendor/COPYING", "vendor/inner/LICENSE.md"])

    def test_what_has_no_text_and_no_template_stops_the_packaging(self):
        self.assertIn("Copyright (c) Ann", third_party.from_template("a", "MIT OR Apache-2.0", "Ann"))
        with self.assertRaisesRegex(SystemExit, "b .Zlib. brings no licence text"):
            third_party.from_template("b", "Zlib", "Ben")


class Archives(Scratch):
    def tree(self, name, reverse=False):
        names = [("tandem", 0o755), ("b/README.md", 0o640), ("a.txt", 0o600)]
        for file, mode in reversed(names) if reverse else names:
            self.write(f"{name}/tandem-1/{file}", file, mode)
        return self.folder / name / "tandem-1"

    def test_order_times_and_permissions_of_the_machine_do_not_count(self):
        first, second = self.tree("one"), self.tree("two", reverse=True)
        os.utime(second / "a.txt", (1, 1))
        (second / "b").chmod(0o700)
        for ending, pack in [(".tar.gz", archive.pack_tar), (".zip", archive.pack_zip)]:
            outs = [self.folder / f"{name}{ending}" for name in ("first", "second")]
            for tree, out in zip([first, second], outs):
                pack(tree, out)
            self.assertEqual(outs[0].read_bytes(), outs[1].read_bytes(), ending)

    def test_a_program_stays_one_and_all_belongs_to_root(self):
        out = self.folder / "x.tar.gz"
        archive.pack_tar(self.tree("one"), out)
        with tarfile.open(out) as packed:
            modes = {member.name: member.mode for member in packed.getmembers()}
            owners = {(member.uid, member.gid, member.uname, member.mtime) for member in packed.getmembers()}
        self.assertEqual(modes, {"tandem-1": 0o755, "tandem-1/a.txt": 0o644, "tandem-1/b": 0o755,
                                 "tandem-1/b/README.md": 0o644, "tandem-1/tandem": 0o755})
        self.assertEqual(owners, {(0, 0, "root", 1700000001)})
        zipped = self.folder / "x.zip"
        archive.pack_zip(self.tree("two"), zipped)
        with zipfile.ZipFile(zipped) as packed:
            self.assertEqual(packed.getinfo("tandem-1/tandem").external_attr >> 16 & 0o777, 0o755)
            self.assertEqual(packed.getinfo("tandem-1/a.txt").date_time, (2023, 11, 14, 22, 13, 20))

    def test_a_vsix_gets_its_licences_and_says_what_they_are(self):
        def vsix(name, order):
            path = self.folder / name
            contents = {
                "[Content_Types].xml": '<Types><Default Extension=".js" ContentType="application/javascript"/></Types>',
                "extension/main.js": "x",
                "extension/bin/linux-x64/tandem": "y",
            }
            with zipfile.ZipFile(path, "w") as packed:
                for entry in order(contents):
                    info = zipfile.ZipInfo(entry)
                    info.external_attr = (0o100755 if "bin" in entry else 0o100600) << 16
                    packed.writestr(info, contents[entry])
            out = self.folder / f"out-{name}"
            archive.repack_vsix(path, out, self.write("THIRD-PARTY.txt", "licences"))
            return out

        first, second = vsix("a.vsix", sorted), vsix("b.vsix", lambda names: sorted(names, reverse=True))
        self.assertEqual(first.read_bytes(), second.read_bytes())
        with zipfile.ZipFile(first) as packed:
            self.assertEqual(packed.read("extension/THIRD-PARTY.txt"), b"licences")
            self.assertIn(b'Extension=".txt"', packed.read("[Content_Types].xml"))
            self.assertEqual(packed.getinfo("extension/bin/linux-x64/tandem").external_attr >> 16 & 0o777, 0o755)
        without = self.folder / "without.vsix"
        archive.repack_vsix(self.folder / "a.vsix", without)
        with zipfile.ZipFile(without) as packed:
            self.assertEqual(packed.namelist(), ["[Content_Types].xml", "extension/bin/linux-x64/tandem", "extension/main.js"])
            self.assertNotIn(b".txt", packed.read("[Content_Types].xml"))

    def test_sums_are_those_that_sha256sum_takes(self):
        self.write("b", "b")
        self.write("a", "a")
        archive.write_sums(self.folder)
        archive.write_sums(self.folder)
        self.assertEqual(
            (self.folder / "SHA256SUMS").read_text(),
            "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb  a\n"
            "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d  b\n",
        )


class Readme(unittest.TestCase):
    def test_links_lead_to_the_repository_at_this_version(self):
        base = readme.repository()
        for text, expected in [
            ("[a](docs/x.md#top)", f"[a]({base}/blob/v1.2.3/docs/x.md#top)"),
            ("![p](docs/p.png)", f"![p]({base}/raw/v1.2.3/docs/p.png)"),
            ("[`a[0]`](LICENSE-MIT)", f"[`a[0]`]({base}/blob/v1.2.3/LICENSE-MIT)"),
            ("[a](#below) [b](https://b.example/x)", "[a](#below) [b](https://b.example/x)"),
        ]:
            self.assertEqual(readme.absolute(text, "1.2.3"), expected)
        nested = readme.absolute("[a](../../docs/x.md)", "1.2.3", "editors/neovim")
        self.assertEqual(nested, f"[a]({base}/blob/v1.2.3/docs/x.md)")


class Libraries(unittest.TestCase):
    DYNAMIC = "\n".join(f" 0x1 (NEEDED)  Shared library: [{name}]" for name in
                        ["libstdc++.so.6", "libgcc_s.so.1", "libm.so.6", "libc.so.6", "ld-linux-x86-64.so.2"])

    def test_the_newest_symbols_decide(self):
        versions = "Name: GLIBC_2.9\nName: GLIBC_2.34\nName: GLIBCXX_3.4.21\nName: GLIBCXX_3.4.29\nName: GLIBC_2.2.5"
        self.assertEqual(libraries.depends(self.DYNAMIC, versions), "libc6 (>= 2.34), libgcc-s1, libstdc++6 (>= 11)")

    def test_an_unknown_library_stops_the_packaging(self):
        with self.assertRaisesRegex(SystemExit, "libnew.so.3"):
            libraries.depends(self.DYNAMIC + "\n (NEEDED) Shared library: [libnew.so.3]", "")
        with self.assertRaisesRegex(SystemExit, "GLIBCXX_3.4.99"):
            libraries.depends(self.DYNAMIC, "GLIBCXX_3.4.99")


class Npm(Scratch):
    LOCK = {"packages": {
        "": {"name": "x", "version": "1.0.0", "license": "MIT", "dependencies": {"a": "1"}},
        "node_modules/a": {"version": "1.0.0", "license": "MIT", "integrity": "sha512-" + "A" * 86 + "==", "dependencies": {"@s/b": "2"}},
        "node_modules/a/node_modules/@s/b": {"version": "2.0.0", "license": "ISC", "integrity": "sha512-" + "B" * 86 + "=="},
        "node_modules/@s/b": {"version": "1.0.0", "license": "ISC", "dev": True},
    }}

    def test_what_only_developers_need_is_not_in_it(self):
        lock = self.write("package-lock.json", json.dumps(self.LOCK))
        found = npm.packages(lock)
        self.assertEqual([package.purl for package in found], ["pkg:npm/%40s/b@2.0.0", "pkg:npm/a@1.0.0"])
        self.assertEqual(found[1].sha512, "0" * 128)

    def test_the_bill_of_the_extension_holds_together(self):
        given = type("Given", (), {"lock": self.write("package-lock.json", json.dumps(self.LOCK)), "vsix": self.write("x.vsix")})
        bill = sbom.of_extension(given)
        self.assertEqual(sbom_check.problems(bill), [])
        links = {link["ref"]: link["dependsOn"] for link in bill["dependencies"]}
        self.assertEqual(links["pkg:npm/a@1.0.0"], ["pkg:npm/%40s/b@2.0.0"])
        self.assertEqual(sbom.of_extension(given), bill)


class Bills(unittest.TestCase):
    def bill(self):
        one = sbom.component("library", "a", "1", "MIT", "pkg:cargo/a@1", hashes=sbom.hashes("SHA-256", "0" * 64))
        own = sbom.component("application", "x", "1", "MIT OR Apache-2.0", "pkg:cargo/x@1", hashes=sbom.hashes("SHA-256", "1" * 64))
        return copy.deepcopy(sbom.bill(own, [one], {"pkg:cargo/x@1": ["pkg:cargo/a@1"], "pkg:cargo/a@1": []}))

    def test_a_good_one_is_good(self):
        self.assertEqual(sbom_check.problems(self.bill()), [])

    def test_each_rule_fires(self):
        def broken(change):
            bill = self.bill()
            change(bill)
            return " ".join(sbom_check.problems(bill))

        for change, words in [
            (lambda bill: bill.update(specVersion="1.4"), "1.5 or later"),
            (lambda bill: bill.update(serialNumber="7"), "no UUID"),
            (lambda bill: bill["metadata"].pop("component"), "what it is of"),
            (lambda bill: bill["components"].clear(), "nothing is in it"),
            (lambda bill: bill["components"].append(bill["components"][0]), "another component"),
            (lambda bill: bill["components"][0].update(purl="a"), "no package URL"),
            (lambda bill: bill["components"][0].pop("licenses"), "no licence"),
            (lambda bill: bill["components"][0].pop("hashes"), "no hash"),
            (lambda bill: bill["components"][0]["hashes"][0].update(content="0"), "no SHA-256"),
            (lambda bill: bill["dependencies"].pop(0), "not told once"),
            (lambda bill: bill["dependencies"][1]["dependsOn"].append("pkg:cargo/b@1"), "not in the bill"),
            (lambda bill: bill["dependencies"][1]["dependsOn"].clear(), "nothing depends on"),
        ]:
            self.assertIn(words, broken(change))


class Build(Scratch):
    """With a `cargo` that writes down how it is called."""

    def build(self, **variables):
        cargo = self.write("bin/cargo", '#!/bin/sh\nprintf "%s|" "$@" "${SOURCE_DATE_EPOCH-no time}" "$CARGO_ENCODED_RUSTFLAGS"\n', 0o755)
        environment = {"PATH": f"{cargo.parent}:/usr/bin:/bin", "HOME": "/ann", **variables}
        script = '. scripts/package/common.sh; exe=; build_binary; printf "%s" "$binary"'
        done = subprocess.run(["sh", "-euc", script], cwd=crates.ROOT, env=environment, capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.split("|")

    def test_a_release_is_built_as_locked_and_names_no_path_of_this_machine(self):
        *arguments, moment, flags, binary = self.build(SOURCE_DATE_EPOCH="1700000001")
        # llama.cpp takes a time as a wish for the slowest processor.
        self.assertEqual(moment, "no time")
        self.assertEqual(arguments, ["build", "--locked", "--bin", "tandem", "--profile", "release"])
        # What cargo takes flags apart at, so that paths may have blanks in them.
        self.assertEqual(flags.split("\x1f"), [f"--remap-path-prefix={crates.ROOT}=tandem", "--remap-path-prefix=/ann/.cargo=cargo"])
        self.assertEqual(binary, "target/release/tandem")

    def test_features_target_and_profile_are_passed_on(self):
        *arguments, _, flags, binary = self.build(FEATURES="--features vulkan", TARGET="x86_64-apple-darwin", PROFILE="dev", RUSTFLAGS="-C a=b", CARGO_HOME="/a b")
        self.assertEqual(arguments[5:], ["dev", "--features", "vulkan", "--target", "x86_64-apple-darwin"])
        self.assertEqual(flags.split("\x1f")[:2], ["-C", "a=b"])
        self.assertEqual(flags.split("\x1f")[-1], "--remap-path-prefix=/a b=cargo")
        self.assertEqual(binary, "target/x86_64-apple-darwin/debug/tandem")


class Debian(Scratch):
    def test_a_package_describes_itself(self):
        for name in ["usr/bin/tandem", "usr/share/man/man1/tandem.1", "usr/share/doc/tandem-vulkan/THIRD-PARTY.txt", "DEBIAN/x"]:
            self.write(name, "x" * 2000)
        subprocess.run(
            [sys.executable, HERE / "deb/describe.py", "--package", "tandem-vulkan", "--version", "1.2.3", "--architecture", "amd64",
             "--depends", "libc6 (>= 2.34)", "--features", "cloud", "--tree", self.folder], check=True)
        control = (self.folder / "DEBIAN/control").read_text()
        fields = dict(line.split(": ", 1) for line in control.splitlines() if line[:1] != " ")
        self.assertEqual((fields["Package"], fields["Version"], fields["Conflicts"]), ("tandem-vulkan", "1.2.3-1", "tandem"))
        self.assertIn("with Vulkan", fields["Description"])
        self.assertLess(len(fields["Description"]), 80)
        self.assertIn("no llama.cpp", control)
        self.assertNotIn("\n\n", control)
        sums = (self.folder / "DEBIAN/md5sums").read_text().splitlines()
        self.assertIn("usr/share/man/man1/tandem.1.gz", [line.split("  ")[1] for line in sums])
        copyright = (self.folder / "usr/share/doc/tandem-vulkan/copyright").read_text()
        self.assertIn("License: MIT or Apache-2.0", copyright)

    def test_sizes_are_rounded_up_for_each_file(self):
        self.write("usr/a", "x")
        self.write("usr/b/c", "x" * 1025)
        # One for each of the files' started kilobytes (1 and 2), and one for the folder.
        self.assertEqual(describe.installed_size(self.folder), 4)


if __name__ == "__main__":
    unittest.main()
