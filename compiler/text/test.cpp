#include <algorithm>
#include <limits>

#include "compiler/text/test_support.hpp"
#include "compiler/text/toml_document.hpp"

using namespace trifactor;
using namespace trifactor::testing;

namespace {

const std::string sample = R"(title = "x"
[box]
lanes = 8
width = 2.5
open = true
kind = "round"
sizes = [1, 2, 3]
words = ["a", "b"]
inner = { depth = 4 }
[[part]]
name = "first"
n = 1
[[part]]
name = "second"
n = 2
)";

/// Reads every key of `sample`, as a strict reader does; returns a digest of what it saw.
std::string read_sample(const std::string& text, const std::vector<std::string>& overrides = {}) {
  TomlDocument document = TomlDocument::parse(text, "f");
  Mistakes mistakes;
  document.apply(overrides, mistakes);
  TomlTable root = document.root(mistakes);
  std::string seen;
  if (root.need("title")) seen += root.text("title").value_or("?");
  if (root.need("box"))
    if (auto box = root.table("box")) {
      if (box->need("lanes")) seen += "," + std::to_string(box->integer("lanes", 1, 64).value_or(-1));
      seen += "," + std::to_string(box->number("width", 0, 10).value_or(-1));
      seen += box->boolean("open").value_or(false) ? ",open" : ",shut";
      seen += "," + std::to_string(box->choice("kind", {"square", "round"}).value_or(9));
      for (const auto n : box->integers("sizes", 1, 9, 1, 3).value_or(std::vector<std::int64_t>{}))
        seen += "," + std::to_string(n);
      for (const auto& word : box->texts("words").value_or(std::vector<PlacedText>{}))
        seen += "," + word.text;
      if (auto inner = box->table("inner")) {
        seen += "," + std::to_string(inner->integer("depth", 0, 9).value_or(-1));
        inner->finish();
      }
      box->finish();
    }
  for (TomlTable& part : root.tables("part")) {
    seen += "," + part.text("name").value_or("?") + std::to_string(part.integer("n", 0, 100).value_or(-1));
    part.finish();
  }
  root.finish();
  mistakes.throw_if_any();
  return seen;
}

std::vector<std::string> codes_of(const std::string& text, const std::vector<std::string>& overrides = {}) {
  return codes(refused([&] { read_sample(text, overrides); }));
}

using Codes = std::vector<std::string>;

}  // namespace

TEST_CASE("a good document is read as it is written") {
  CHECK(read_sample(sample) == "x,8,2.500000,open,1,1,2,3,a,b,4,first1,second2");
}

TEST_CASE("each mistake has its code, line and column") {
  CHECK(codes_of(with(sample, "lanes = 8", "lanse = 8")) == Codes{"TF-TOML-012 f:2:1", "TF-TOML-010 f:3:1"});
  CHECK(codes_of(with(sample, "lanes = 8", "lanes = \"8\"")) == Codes{"TF-TOML-011 f:3:9"});
  CHECK(codes_of(with(sample, "lanes = 8", "lanes = 8.0")) == Codes{"TF-TOML-011 f:3:9"});
  CHECK(codes_of(with(sample, "lanes = 8", "lanes = 0")) == Codes{"TF-TOML-013 f:3:9"});
  CHECK(codes_of(with(sample, "lanes = 8", "lanes = 65")) == Codes{"TF-TOML-013 f:3:9"});
  CHECK(codes_of(with(sample, "lanes = 8", "lanes = 1")).empty());
  CHECK(codes_of(with(sample, "lanes = 8", "lanes = 64")).empty());
  CHECK(codes_of(with(sample, "2.5", "nan")) == Codes{"TF-TOML-014 f:4:9"});
  CHECK(codes_of(with(sample, "2.5", "-inf")) == Codes{"TF-TOML-014 f:4:9"});
  CHECK(codes_of(with(sample, "2.5", "10.01")) == Codes{"TF-TOML-013 f:4:9"});
  CHECK(codes_of(with(sample, "2.5", "10")).empty());
  CHECK(codes_of(with(sample, "true", "1")) == Codes{"TF-TOML-011 f:5:8"});
  CHECK(codes_of(with(sample, "\"round\"", "\"roudn\"")) == Codes{"TF-TOML-015 f:6:8"});
  CHECK(codes_of(with(sample, "\"round\"", "7")) == Codes{"TF-TOML-011 f:6:8"});
  CHECK(codes_of(with(sample, "[1, 2, 3]", "[1, 2, 3, 4]")) == Codes{"TF-TOML-016 f:7:9"});
  CHECK(codes_of(with(sample, "[1, 2, 3]", "[]")) == Codes{"TF-TOML-016 f:7:9"});
  CHECK(codes_of(with(sample, "[1, 2, 3]", "[1, 20, 3]")) == Codes{"TF-TOML-013 f:7:13"});
  CHECK(codes_of(with(sample, "[1, 2, 3]", "[1, 2, \"3\"]")) == Codes{"TF-TOML-011 f:7:16"});
  CHECK(codes_of(with(sample, "[\"a\", \"b\"]", "[\"a\", 1979-05-27]")) == Codes{"TF-TOML-011 f:8:15"});
  CHECK(codes_of(with(sample, "{ depth = 4 }", "4")) == Codes{"TF-TOML-011 f:9:9"});
  CHECK(codes_of(with(sample, "{ depth = 4 }", "{ depth = 4, dept = 5 }")) == Codes{"TF-TOML-010 f:9:22"});
  CHECK(codes_of(with(sample, "\"x\"", "\"\"")) == Codes{"TF-TOML-017 f:1:9"});
  CHECK(codes_of("title = \"x\"\n") == Codes{"TF-TOML-012 f:1:1"});
  CHECK(codes_of("title = \"x\"\nbox = {lanes = 1}\npart = 3\n") == Codes{"TF-TOML-011 f:3:8"});
  CHECK(codes_of("title = \"x\"\nbox = {lanes = 1}\npart = []\n") == Codes{"TF-TOML-011 f:3:8"});
  CHECK(codes_of("title = \"x\"\n[box]\nlanes = = 1\n") == Codes{"TF-TOML-005 f:3:9"});
  CHECK(codes_of("title = \"x\"\ntitle = \"y\"\n").front().starts_with("TF-TOML-005 f:2:"));
}

TEST_CASE("all mistakes come at once, in the order of the file, with a suggestion") {
  std::string text = with(sample, "lanes = 8", "lanse = 8");
  text = with(text, "2.5", "\"wide\"");
  text = with(text, "n = 2", "m = 2");
  const auto items = refused([&] { read_sample(text); });
  CHECK(codes(items) ==
        Codes{"TF-TOML-012 f:2:1", "TF-TOML-010 f:3:1", "TF-TOML-011 f:4:9", "TF-TOML-010 f:15:1"});
  CHECK(items[1].hint == "did you mean 'lanes'?");
  CHECK(items[2].found == "box.width is a string");
  CHECK(items[2].expected == "a number from 0 to 10");
  CHECK(items[3].found == "unknown key 'm' in part.second");
}

TEST_CASE("overrides take TOML values and fall back to text") {
  const std::string rest = ",1,2,3,a,b,4,first1,second2";
  CHECK(read_sample(sample, {"box.lanes=16"}) == "x,16,2.500000,open,1" + rest);
  CHECK(read_sample(sample, {" box.lanes = 16 "}) == "x,16,2.500000,open,1" + rest);
  CHECK(read_sample(sample, {"box.kind=square"}) == "x,8,2.500000,open,0" + rest);
  CHECK(read_sample(sample, {"box.kind=\"square\""}) == "x,8,2.500000,open,0" + rest);
  CHECK(read_sample(sample, {"box.lanes=3", "box.lanes=4"}) == "x,4,2.500000,open,1" + rest);
  CHECK(read_sample(sample, {"part.second.n=7", "box.inner.depth=9", "title=two words"}) ==
        "two words,8,2.500000,open,1,1,2,3,a,b,9,first1,second7");
  CHECK(read_sample(sample, {"box.sizes=[4]"}) == "x,8,2.500000,open,1,4,a,b,4,first1,second2");
  // A key that the file leaves out may be set; so may one in a table that it leaves out.
  CHECK(read_sample(with(sample, "inner = { depth = 4 }\n", ""), {"box.inner.depth=2"}) ==
        "x,8,2.500000,open,1,1,2,3,a,b,2,first1,second2");
  CHECK(read_sample(sample, {"title=a\nb = 3"}) == "a\nb = 3,8,2.500000,open,1" + rest);
}

TEST_CASE("wrong overrides are located by what was typed") {
  CHECK(codes_of(sample, {"box.lanes"}) == Codes{"TF-TOML-020 override box.lanes"});
  CHECK(codes_of(sample, {"=3"}) == Codes{"TF-TOML-020 override =3"});
  CHECK(codes_of(sample, {""}) == Codes{"TF-TOML-020 override "});
  CHECK(codes_of(sample, {"box..lanes=3"}) == Codes{"TF-TOML-020 override box..lanes=3"});
  CHECK(codes_of(sample, {"box.lanes.=3"}) == Codes{"TF-TOML-020 override box.lanes.=3"});
  CHECK(codes_of(sample, {"part.third.n=3"}) == Codes{"TF-TOML-021 override part.third.n=3"});
  CHECK(codes_of(sample, {"part.first=3"}) == Codes{"TF-TOML-022 override part.first=3"});
  CHECK(codes_of(sample, {"title.n=3"}) == Codes{"TF-TOML-022 override title.n=3"});
  CHECK(codes_of(sample, {"box.lanse=3"}) == Codes{"TF-TOML-010 override box.lanse=3"});
  CHECK(codes_of(sample, {"bxo.lanes=3"}) == Codes{"TF-TOML-010 override bxo.lanes=3"});
  CHECK(codes_of(sample, {"box.lanes=many"}) == Codes{"TF-TOML-011 override box.lanes=many"});
  CHECK(codes_of(sample, {"box.lanes=99", "box.width=nan"}) ==
        Codes{"TF-TOML-013 override box.lanes=99", "TF-TOML-014 override box.width=nan"});
  CHECK(codes_of(sample, {"box.sizes=[1, 2, true]"}) == Codes{"TF-TOML-011 override box.sizes=[1, 2, true]"});
  CHECK(codes_of(sample, {"box.inner={depth=\"x\"}"}) ==
        Codes{"TF-TOML-011 override box.inner={depth=\"x\"}"});
  CHECK(codes_of(sample, {"part=3"}) == Codes{"TF-TOML-011 override part=3"});
  // A mistake of the file keeps its place when something else is overridden.
  CHECK(codes_of(with(sample, "2.5", "99"), {"box.lanes=3"}) == Codes{"TF-TOML-013 f:4:9"});
  const auto items = refused([&] { read_sample(sample, {"part.secnod.n=3"}); });
  CHECK(items.at(0).hint == "did you mean 'second'?");
}

TEST_CASE("what is no TOML file is refused with one clear message") {
  const std::filesystem::path folder = std::filesystem::temp_directory_path();
  CHECK(codes(refused([&] { TomlDocument::read(folder); })) == Codes{"TF-TOML-002 " + folder.string()});
  CHECK(codes(refused([&] { TomlDocument::read(folder / "no-such.toml"); })) ==
        Codes{"TF-TOML-001 " + (folder / "no-such.toml").string()});
  CHECK(codes(refused([&] { TomlDocument::read(""); })).size() == 1);
  const TemporaryFile file("a = 1\n");
  CHECK(
      codes(refused([&] { TomlDocument::read(file.path() / "below"); })).front().starts_with("TF-TOML-001"));
  CHECK_NOTHROW(TomlDocument::read(file.path()));
  CHECK(codes(refused([&] { TomlDocument::read("/dev/zero"); })) == Codes{"TF-TOML-004 /dev/zero"});

  Random random(7);
  std::string bytes(10 << 20, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  const TemporaryFile noise(bytes);
  CHECK(codes(refused([&] { TomlDocument::read(noise.path()); })) ==
        Codes{"TF-TOML-007 " + noise.path().string()});
  std::replace(bytes.begin(), bytes.end(), '\0', 'x');
  const TemporaryFile text_noise(bytes);
  CHECK(refused([&] { TomlDocument::read(text_noise.path()); }).size() == 1);

  const std::string full(TomlDocument::largest_file, '\n');
  const TemporaryFile largest(full), larger(full + "\n");
  CHECK_NOTHROW(TomlDocument::read(largest.path()));
  CHECK(codes(refused([&] { TomlDocument::read(larger.path()); })) ==
        Codes{"TF-TOML-004 " + larger.path().string()});
}

TEST_CASE("deep keys neither exhaust the stack nor are strings and comments taken for keys") {
  std::string key = "a";
  for (int i = 0; i < 1000000; ++i) key += ".a";
  CHECK(codes(refused([&] { TomlDocument::parse("\n" + key + " = 1\n", "f"); })) ==
        Codes{"TF-TOML-006 f:2:1"});
  CHECK(codes(refused([&] { TomlDocument::parse("[" + key + "]\n", "f"); })) == Codes{"TF-TOML-006 f:1:1"});
  const std::string dots(100, '.');
  for (const std::string& good :
       {"# " + dots, "a = \"" + dots + "\"", "a = '" + dots + "'", "a = \"\"\"\n" + dots + "\"\"\"",
        "a = '''" + dots + "\n" + dots + "''''", "a = \"\\\"" + dots + "\"", "a = \"\" # " + dots,
        "a = \"\"\"x\"\"\"\"\" # " + dots})
    CHECK_NOTHROW(TomlDocument::parse(good + "\n", "f"));
  for (const std::string& bad : std::vector<std::string>{
           "a = \"x\"\n" + key.substr(0, 101) + " = 1", "a = \"\"\n" + key.substr(0, 101) + " = 1",
           "a = ''''''\n" + key.substr(0, 101) + " = 1", "a = '\\'\n" + key.substr(0, 101) + " = 1",
           "a = \"\"\"\\\"\"\"\"\n" + key.substr(0, 101) + " = 1"})
    CHECK(codes(refused([&] { TomlDocument::parse(bad + "\n", "f"); })) == Codes{"TF-TOML-006 f:2:1"});
  // The deepest document that passes: every level of nesting adds as many parts as a line may hold.
  std::string deepest;
  for (int i = 0; i < 120; ++i) deepest += "[{" + key.substr(0, 65) + " =\n";
  CHECK(refused([&] { TomlDocument::parse("x = " + deepest, "f"); }).size() == 1);
  for (const char open : {'[', '{'})
    CHECK(codes(refused([&] { TomlDocument::parse("a = " + std::string(1 << 20, open), "f"); })).size() == 1);
  // An override is guarded too, and then is text.
  CHECK(read_sample(sample, {"title={" + key + "=1}"}).starts_with("{a.a.a"));
}

TEST_CASE("a flood of mistakes stays readable and quick") {
  std::string text = sample;
  for (int i = 0; i < 300000; ++i) text += "key" + std::to_string(i) + " = 1\n";
  const auto unknown = refused([&] { read_sample(text); });
  CHECK(unknown.size() == 21);
  CHECK(unknown.back().code == "TF-TOML-010");
  text = sample;
  for (int i = 0; i < 20000; ++i) text += "[[part]]\nn = -1\n";
  const auto many = refused([&] { read_sample(text); });
  CHECK(many.size() == 101);
  CHECK(many.back().code == "TF-TOML-099");
  CHECK(many.back().found == "19900 more mistakes");
}

TEST_CASE("messages show hostile text harmlessly") {
  CHECK(printable("a\x1b[31m\n") == "a\\x1b[31m\\x0a");
  CHECK(printable(std::string(1000, 'x')).size() == 83);
  CHECK(listed(std::vector<std::string>(50, "y")).ends_with(", ..."));
  CHECK(did_you_mean(std::string(1 << 20, 'x'), {"xx"}).empty());
  const auto items = refused([&] { read_sample("\"\\u001b[2J\" = 1\n" + sample); });
  CHECK(items.at(0).found == "unknown key '\\x1b[2J'");
  CHECK(to_string(SourcePlace{"f", 3, 4}) == "f:3:4");
  CHECK(to_string(SourcePlace{"override a=1", 0, 0}) == "override a=1");
}

TEST_CASE("no mutation of a document crashes or hangs the reader") {
  CHECK(fuzz(sample, 20000, [](const std::string& text) { read_sample(text); }) > 10000);
}
