// How projections connect: read as written, and refused where ends and keys do not fit.
#include "compiler/network/test_support.hpp"

using namespace trifactor;
using namespace trifactor::testing;

namespace {

/// An image, a map of it, the map pooled, a copy of that, and scores.
const std::string image_network = R"([network]
name = "image"
classes = 4
output = "scores"
[[population]]
name = "pixels"
kind = "input"
shape = [6, 5, 2]
[[population]]
name = "map"
shape = [6, 3, 3]
dropout = 0.25
[[population]]
name = "pooled"
shape = [3, 1, 3]
[[population]]
name = "again"
shape = [9]
[[population]]
name = "scores"
shape = [4]
[[projection]]
name = "see"
from = "pixels"
to = "map"
connect = "convolution"
kernel = [3, 3]
stride = [1, 2]
padding = [1]
bias = true
[[projection]]
name = "pool"
from = "map"
to = "pooled"
connect = "max_pool"
kernel = [3]
stride = [2]
[[projection]]
name = "copy"
from = "pooled"
to = "again"
connect = "identity"
weights = { bits = 12 }
[[projection]]
name = "read"
from = "again"
to = "scores"
mask = { density = 0.5 }
plasticity = { rule = "readout" }
)";

using Codes = std::vector<std::string>;

Codes found(const std::string& part, const std::string& replacement) {
  INFO(part << " -> " << replacement);
  Codes all;
  const std::string text = with(image_network, part, replacement);
  for (const Diagnostic& item : refused([&] { read_text(text); })) {
    CHECK_FALSE(item.expected.empty());
    all.push_back(item.code);
  }
  return all;
}

}  // namespace

TEST_CASE("connections are read as they are written") {
  const Network n = read_text(image_network);
  CHECK(n.projections[0].connect == Connect::convolution);
  CHECK(n.projections[0].window.kernel == std::array{3, 3});
  CHECK(n.projections[0].window.stride == std::array{1, 2});
  CHECK(n.projections[0].window.padding == std::array{1, 1});
  CHECK(n.projections[0].bias);
  CHECK(n.projections[1].connect == Connect::max_pool);
  CHECK(n.projections[1].window.kernel == std::array{3, 3});
  CHECK(n.projections[1].range == 2);  // of a weight of 1, which the end of a range is not
  CHECK(n.projections[2].connect == Connect::identity);
  CHECK(n.projections[2].bits == 12);
  CHECK(n.projections[3].density == 0.5);
  CHECK(n.projections[0].density == 1);
  CHECK(n.populations[1].dropout == 0.25);
  CHECK(n.populations[1].value_range == 8);  // 4, and room for what is handed on: times 4/3
  CHECK(n.populations[2].dropout == 0);
  CHECK(n.populations[2].value_range == 4);
  const Network average = read_text(with(image_network, "connect = \"max_pool\"\nkernel = [3]",
                                         "connect = \"average_pool\"\nkernel = [2, 4]"));
  CHECK(fixed_weight(average.projections[1]) == 1.0 / 8);
  CHECK(average.projections[1].range == 0.25);
}

TEST_CASE("constant weights lie in the least range that holds them, or in one that is given") {
  const auto copy = [](const std::string& weights) {
    return read_text(with(image_network, "weights = { bits = 12 }", "weights = { " + weights + " }"))
        .projections[2];
  };
  CHECK(fixed_weight(copy("bits = 12")) == 1);
  for (const auto& [value, range] :
       {std::pair{0.9, 1.0}, {-0.9, 1.0}, {-1.0, 2.0}, {0.0, 1.0 / 1024}, {64.0, 128.0}}) {
    CAPTURE(value);
    CHECK(fixed_weight(copy("value = " + std::to_string(value))) == value);
    CHECK(copy("value = " + std::to_string(value)).range == range);
    const ProjectionSpec dense =
        read_text(with(image_network, "mask =",
                       "weights = { init = \"constant\", value = " + std::to_string(value) + " }\nmask ="))
            .projections[3];
    CHECK((dense.init == WeightInit::constant && dense.value == value && dense.range == range));
  }
  const std::string constant = "weights = { init = \"constant\", value = -2.0, range = ";
  CHECK(read_text(with(image_network, "mask =", constant + "4.0 }\nmask =")).projections[3].range == 4);
  CHECK(found("mask =", constant + "2.0 }\nmask =") == Codes{"TF-NET-046"});
  CHECK(found("mask =", "weights = { init = \"constant\" }\nmask =") == Codes{"TF-TOML-012"});
  CHECK(found("mask =", "weights = { init = \"zero\", value = 1.0 }\nmask =") == Codes{"TF-NET-005"});
  CHECK(found("mask =", "weights = { value = 1.0 }\nmask =") == Codes{"TF-NET-005"});
  CHECK(found("{ bits = 12 }", "{ value = 1024.0 }") == Codes{"TF-TOML-013"});
  CHECK(found("kernel = [3]\nstride = [2]", "kernel = [3]\nstride = [2]\nweights = { value = 0.5 }") ==
        Codes{"TF-NET-005"});
}

TEST_CASE("ends that do not fit are refused") {
  CHECK(found("shape = [6, 5, 2]", "shape = [60]") == Codes{"TF-NET-040"});
  CHECK(found("shape = [9]", "shape = [8]") == Codes{"TF-NET-040"});
  CHECK(found("shape = [3, 1, 3]", "shape = [3, 1, 2]") ==
        Codes{"TF-NET-040", "TF-NET-040"});  // the copy too
  CHECK(found("shape = [6, 3, 3]", "shape = [8, 3, 3]") == Codes{"TF-NET-041"});
  CHECK(found("stride = [1, 2]", "stride = [1, 4]") == Codes{"TF-NET-041"});
  CHECK(found("padding = [1]", "padding = [3]") == Codes{"TF-NET-041", "TF-NET-041"});
  CHECK(found("kernel = [3, 3]", "kernel = [9, 3]") == Codes{"TF-NET-041"});
  // 6 rows by windows of 3, two apart: 2 wholly inside, a third that hangs over; not 4, not 1.
  CHECK_NOTHROW(read_text(with(with(image_network, "[3, 1, 3]", "[2, 1, 3]"), "[9]", "[6]")));
  CHECK(found("shape = [3, 1, 3]", "shape = [4, 1, 3]") == Codes{"TF-NET-041", "TF-NET-040"});
  CHECK(found("shape = [3, 1, 3]", "shape = [1, 1, 3]") == Codes{"TF-NET-041", "TF-NET-040"});
}

TEST_CASE("keys of other connections, and what a connection cannot do, are refused") {
  const std::string identity = "connect = \"identity\"";
  CHECK(found("kernel = [3]\n", "") == Codes{"TF-TOML-012"});
  CHECK(found(identity, identity + "\nkernel = [1]") == Codes{"TF-NET-005"});
  CHECK(found(identity, identity + "\nbias = true") == Codes{"TF-NET-005"});
  CHECK(found(identity, identity + "\nmask = { density = 0.5 }") == Codes{"TF-NET-005"});
  CHECK(found("{ bits = 12 }", "{ bits = 12, init = \"zero\", range = 2.0 }") ==
        Codes{"TF-NET-005", "TF-NET-005"});
  CHECK(found("{ bits = 12 }", "{ bits = 12 }\nplasticity = { rule = \"oja\" }") == Codes{"TF-NET-005"});
  CHECK(found("density = 0.5", "density = 0.0") == Codes{"TF-TOML-013"});
  CHECK(found("density = 0.5", "density = 1.5") == Codes{"TF-TOML-013"});
  CHECK(found("density = 0.5", "") == Codes{"TF-TOML-012"});
  CHECK(found("dropout = 0.25", "dropout = 1.0") == Codes{"TF-TOML-013"});
  CHECK(found("shape = [4]\n", "shape = [4]\ndropout = 0.5\n") == Codes{"TF-NET-044"});
  CHECK(found("kind = \"input\"", "kind = \"input\"\ndropout = 0.5") == Codes{"TF-NET-005"});
  CHECK(found("connect = \"max_pool\"", "connect = \"maxpool\"") == Codes{"TF-TOML-015"});
  CHECK(found("mask =", "[[projection]]\nfrom = \"pixels\"\nto = \"pooled\"\nname = \"more\"\nmask =") ==
        Codes{"TF-NET-043"});
  CHECK(found("[[projection]]\nname = \"copy\"",
              "[[projection]]\nname = \"back\"\nfrom = \"pooled\"\nto = "
              "\"map\"\nkind = \"feedback\"\nconnect = \"max_pool\"\nkernel = [3]\nstride = [2]\n"
              "[[projection]]\nname = \"copy\"") == Codes{"TF-NET-032", "TF-NET-033"});
  CHECK(found("[[projection]]\nname = \"copy\"",
              "[[projection]]\nname = \"back\"\nfrom = \"pooled\"\nto = "
              "\"map\"\nkind = \"feedback\"\nconnect = \"max_pool\"\nkernel = [2]\nstride = [2]\n"
              "[[projection]]\nname = \"copy\"") == Codes{"TF-NET-032", "TF-NET-033", "TF-NET-042"});
}

TEST_CASE("all mistakes of connections come at once") {
  std::string text = with(image_network, "padding = [1]", "padding = [0]");
  text = with(text, "kernel = [3]\n", "");
  text = with(text, "density = 0.5", "density = 2");
  CHECK(refused([&] { read_text(text); }).size() == 4);  // no kernel, rows and columns of the map, density
}
