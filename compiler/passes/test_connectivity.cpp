// Which synapses exist and what they weigh: against loops over windows, and the same however a layer is cut.
#include <set>
#include <tuple>

#include "compiler/npz/npz.hpp"
#include "compiler/passes/test_support.hpp"

using namespace trifactor;
using namespace trifactor::testing;

namespace {

struct Shape {
  int rows = 0, columns = 0, channels = 0;
  int at(int y, int x, int c) const { return (y * columns + x) * channels + c; }
  std::string text() const {
    return "[" + std::to_string(rows) + ", " + std::to_string(columns) + ", " + std::to_string(channels) +
           "]";
  }
};

/// An input and a map of it with a window that may hang over on every side.
struct Case {
  Shape image, map;
  int kernel[2], stride[2], padding[2];
  std::string text(const std::string& connect, const std::string& more = "") const {
    const auto pair = [](const int* p) {
      return " = [" + std::to_string(p[0]) + ", " + std::to_string(p[1]) + "]\n";
    };
    return "[network]\nname = \"n\"\nseed = 5\nclasses = 3\n[[population]]\nname = \"a\"\nkind = "
           "\"input\"\nshape = " +
           image.text() + "\n[[population]]\nname = \"b\"\nshape = " + map.text() +
           "\n[[population]]\nname = \"c\"\nshape = [3]\n[[projection]]\nfrom = \"a\"\nto = \"b\"\nconnect = "
           "\"" +
           connect + "\"\nkernel" + pair(kernel) + "stride" + pair(stride) + "padding" + pair(padding) +
           more + "[[projection]]\nfrom = \"b\"\nto = \"c\"\n";
  }
};

Case drawn_case(bool same_channels) {
  Case c;
  c.image = {draw(1, 7), draw(1, 7), draw(1, 3)};
  for (int d = 0; d < 2; ++d) {
    c.kernel[d] = draw(1, 4), c.stride[d] = draw(1, 3), c.padding[d] = draw(0, c.kernel[d] - 1);
    const int size = d == 0 ? c.image.rows : c.image.columns, room = size + 2 * c.padding[d] - c.kernel[d];
    const int least = room < 0 ? 1 : room / c.stride[d] + 1;
    const int most = room < 0 ? 1 : (room + c.stride[d] - 1) / c.stride[d] + 1;
    (d == 0 ? c.map.rows : c.map.columns) = draw(least, most);
  }
  c.map.channels = same_channels ? c.image.channels : draw(1, 3);
  return c;
}

/// visit(neuron of the map, neuron of the image, row and column in the kernel, channels of map and image).
template <class Visit>
void each_tap(const Case& c, Visit visit) {
  for (int oy = 0; oy < c.map.rows; ++oy)
    for (int ox = 0; ox < c.map.columns; ++ox)
      for (int ky = 0; ky < c.kernel[0]; ++ky)
        for (int kx = 0; kx < c.kernel[1]; ++kx) {
          const int y = oy * c.stride[0] - c.padding[0] + ky, x = ox * c.stride[1] - c.padding[1] + kx;
          if (y < 0 || y >= c.image.rows || x < 0 || x >= c.image.columns) continue;
          for (int f = 0; f < c.map.channels; ++f)
            for (int i = 0; i < c.image.channels; ++i)
              visit(c.map.at(oy, ox, f), c.image.at(y, x, i), ky, kx, f, i);
        }
}

}  // namespace

TEST_CASE("local and convolution have the synapses of their windows, and one weight an entry") {
  CHECK(rc::check("windows", [] {
    const Case c = drawn_case(false);
    const Network local = read_text(c.text("local")), shared = read_text(c.text("convolution"));
    const Connectivity a(local, 0), b(shared, 0);
    const InitialWeights untied(local, 0), tied(shared, 0);
    std::set<std::pair<int, int>> taps;
    std::map<std::tuple<int, int, int, int>, double> kernel;
    each_tap(c, [&](int to, int from, int ky, int kx, int f, int i) {
      taps.emplace(to, from);
      const double w = tied.weight(static_cast<std::size_t>(to), static_cast<std::size_t>(from));
      RC_ASSERT(kernel.try_emplace({f, ky, kx, i}, w).first->second == w);
      RC_ASSERT(b.entry(static_cast<std::size_t>(to), static_cast<std::size_t>(from)) ==
                static_cast<std::size_t>(((f * c.kernel[0] + ky) * c.kernel[1] + kx) * c.image.channels + i));
    });
    std::set<double> values;
    for (const auto& [entry, w] : kernel) values.insert(w);
    RC_ASSERT(values.size() == kernel.size());
    std::set<double> untied_values;
    const double bound = 1 / std::sqrt(c.kernel[0] * c.kernel[1] * c.image.channels);
    for (int to = 0; to < local.populations[1].neurons(); ++to)
      for (int from = 0; from < local.populations[0].neurons(); ++from) {
        const auto t = static_cast<std::size_t>(to), s = static_cast<std::size_t>(from);
        const bool there = taps.count({to, from}) != 0;
        RC_ASSERT(a.exists(t, s) == there);
        RC_ASSERT(b.exists(t, s) == there);
        const auto [begin, end] = a.rows_of(t);
        RC_ASSERT(!there || (begin <= s && s < end));
        if (there) untied_values.insert(untied.weight(t, s));
        RC_ASSERT(there || (untied.weight(t, s) == 0 && tied.weight(t, s) == 0));
        RC_ASSERT(std::abs(untied.weight(t, s)) <= bound);
      }
    RC_ASSERT(untied_values.size() == taps.size());
  }));
}

TEST_CASE("a kernel's geometry names the entry of every synapse, in both directions") {
  CHECK(rc::check("kernels", [] {
    const Case c = drawn_case(false);
    KernelImage kernel = Connectivity(read_text(c.text("convolution")), 0).kernel();
    kernel.bias = toss();
    RC_ASSERT(kernel.channels == static_cast<std::uint32_t>(c.map.channels));
    RC_ASSERT(kernel.rows() == static_cast<std::uint32_t>(c.kernel[0] * c.kernel[1] * c.image.channels) +
                                   (kernel.bias ? 1u : 0u));
    std::map<std::pair<int, int>, std::uint32_t> rows, back;
    each_tap(c, [&](int to, int from, int ky, int kx, int f, int i) {
      const auto tap = static_cast<std::uint32_t>(ky * c.kernel[1] + kx);
      rows[{to, from}] = tap * static_cast<std::uint32_t>(c.image.channels) + static_cast<std::uint32_t>(i);
      back[{from, to}] = tap * static_cast<std::uint32_t>(c.map.channels) + static_cast<std::uint32_t>(f);
    });
    KernelImage other = kernel;  // of errors that go back through the same windows
    other.backwards = true, other.channels = kernel.image_channels;
    const int map = c.map.rows * c.map.columns * c.map.channels,
              image = c.image.rows * c.image.columns * c.image.channels;
    const auto wanted = [](const auto& all, int to, int from) {
      const auto found = all.find({to, from});
      return found == all.end() ? KernelImage::no_row : found->second;
    };
    for (int m = 0; m < map; ++m)
      for (int p = 0; p < image; ++p) {
        const auto a = static_cast<std::uint32_t>(m), b = static_cast<std::uint32_t>(p);
        RC_ASSERT(kernel.row_of(a, b) == wanted(rows, m, p));
        RC_ASSERT(other.row_of(b, a) == wanted(back, p, m));
      }
  }));
}

TEST_CASE("a kernel is charged to neuron memory in place of masks and a generator a neuron") {
  const Case c{{6, 5, 2}, {6, 5, 3}, {3, 3}, {1, 1}, {1, 1}};
  for (const int age : {0, 2}) {
    const std::string rule =
        "bias = true\nplasticity = { rule = \"phsic_gaussian\", weight_age = " + std::to_string(age) + " }\n";
    const auto usage = [&](const char* connect) {
      const Program program = compile(read_text(c.text(connect, rule)), large_machine());
      for (std::size_t k = 0; k < program.usage.size(); ++k)
        if (program.cores[k].population == 1) return program.usage[k];
      throw std::logic_error("no core of the map");
    };
    const CoreUsage tied = usage("convolution"), local = usage("local");
    const std::uint64_t entries = (3 * 3 * 2 + 1) * 3, n = 90;
    // 48 bits of each increment that may wait, 16 of the entry; generators a channel
    const std::uint64_t kernel = entries * (6 * (static_cast<std::uint64_t>(age) + 1) + 2) + 3 * 4;
    const std::uint64_t waiting = static_cast<std::uint64_t>(age) * n * 2 * 2;  // a0 and a1 that wait
    CHECK(tied.neuron_bytes == local.neuron_bytes - n * 4 - waiting + kernel);
    CHECK(tied.synapse_bytes < local.synapse_bytes);
    CHECK(tied.synapses == local.synapses);
  }
}

TEST_CASE("pools have a window of one channel; identity pairs") {
  CHECK(rc::check("pools", [] {
    const Case c = drawn_case(true);
    const Network average = read_text(c.text("average_pool")), largest = read_text(c.text("max_pool"));
    const InitialWeights a(average, 0), b(largest, 0);
    std::set<std::pair<int, int>> taps;
    each_tap(c, [&](int to, int from, int, int, int f, int i) {
      if (f == i) taps.emplace(to, from);
    });
    for (int to = 0; to < average.populations[1].neurons(); ++to)
      for (int from = 0; from < average.populations[0].neurons(); ++from) {
        const auto t = static_cast<std::size_t>(to), s = static_cast<std::size_t>(from);
        const bool there = taps.count({to, from}) != 0;
        RC_ASSERT(a.weight(t, s) == (there ? 1.0 / (c.kernel[0] * c.kernel[1]) : 0));
        RC_ASSERT(b.weight(t, s) == (there ? 1 : 0));
      }
  }));
}

TEST_CASE("feedback of a local projection has its windows the other way round") {
  const Case c{{5, 4, 2}, {3, 2, 3}, {3, 2}, {2, 2}, {1, 0}};
  std::string text = c.text("local", "plasticity = { rule = \"urfb\" }\n");
  text = with(text, "from = \"b\"\nto = \"c\"\n",
              "from = \"b\"\nto = \"c\"\nplasticity = { rule = \"urfb\" }\n"
              "[[projection]]\nfrom = \"c\"\nto = \"b\"\nkind = \"feedback\"\n");
  // one more layer in front, so that errors travel on from b
  text = with(text, "kind = \"input\"\n", "");
  text = with(text, "[[population]]\nname = \"a\"",
              "[[population]]\nname = \"i\"\nkind = \"input\"\nshape = [4]\n[[population]]\nname = \"a\"");
  text +=
      "[[projection]]\nfrom = \"i\"\nto = \"a\"\nplasticity = { rule = \"urfb\" }\n[[projection]]\nname = "
      "\"back\"\n"
      "from = \"b\"\nto = \"a\"\nkind = \"feedback\"\nconnect = \"local\"\nkernel = [3, 2]\nstride = "
      "[2]\npadding = [1, 0]\n";
  const Network n = read_text(text);
  const Connectivity there(n, 0), back(n, n.projections.size() - 1);
  REQUIRE(n.projections.back().name == "back");
  int taps = 0;
  for (std::size_t a = 0; a < 40; ++a)
    for (std::size_t b = 0; b < 18; ++b) {
      CHECK(there.exists(b, a) == back.exists(a, b));
      const auto [begin, end] = back.rows_of(a);
      if (back.exists(a, b)) CHECK((begin <= b && b < end));
      taps += there.exists(b, a);
    }
  CHECK(taps > 100);
  CHECK(back.fan_in() == 3 * 2 * 3);
  CHECK(there.fan_in() == 3 * 2 * 2);
}

TEST_CASE("the bits of a mask are the same however a layer is cut, and are charged for") {
  std::string text = with(
      least_network, "to = \"hidden\"\n",
      "to = \"hidden\"\nbias = true\nmask = { density = 0.4 }\nplasticity = { rule = \"phsic_gaussian\" }\n");
  text = with(text, "{ rule = \"readout\" }", "{ rule = \"readout\", error = \"linear\" }");
  const Network network = read_text(text);
  const Connectivity wanted(network, 0);
  for (const auto& [columns, axons] : {std::pair{4096, 4096}, {3, 4096}, {4096, 5}, {5, 6}}) {
    Machine machine = large_machine();
    machine.core.columns = columns, machine.core.axons = axons;
    std::size_t seen = 0;
    for (const CoreImage& core : compile(network, machine).cores)
      for (const BlockImage& b : core.blocks) {
        if (b.projection != 0) {
          CHECK(b.mask.empty());
          continue;
        }
        const std::size_t bytes = BlockImage::mask_bytes(core.neurons);
        REQUIRE(b.mask.size() == b.total_rows() * bytes);
        for (std::uint32_t row = 0; row < b.total_rows(); ++row)
          for (std::uint32_t i = 0; i < core.neurons; ++i, ++seen) {
            const bool bit = (b.mask[row * bytes + i / 8] >> (i % 8) & 1) != 0;
            CHECK(bit == (row == b.rows || wanted.exists(core.first_neuron + i, b.first_row + row)));
            if (!bit) CHECK(b.weights[row * core.neurons + i] == 0);
          }
      }
    CHECK(seen == 13 * 8);
  }
  const Machine machine = large_machine();
  const auto bytes = [&](const Network& n) {
    const ResolvedNetwork resolved = resolve(n);
    return slice_usage(n, resolved, machine, {1, 0, 8, 0, 1, 0}).synapse_bytes;
  };
  const std::uint64_t lanes = static_cast<std::uint64_t>(machine.core.lanes);
  CHECK(bytes(network) ==
        bytes(read_text(with(text, "0.4", "1.0"))) + (13 * ((8 + lanes - 1) / lanes) * lanes + 7) / 8);
}

TEST_CASE("a mask depends on seed, projection and density, and a denser one holds a sparser one") {
  const auto mask = [](const std::string& text) {
    const Network n = read_text(text);
    const Connectivity c(n, 0);
    std::vector<bool> bits;
    for (std::size_t i = 0; i < 8; ++i)
      for (std::size_t j = 0; j < 12; ++j) bits.push_back(c.exists(i, j));
    return bits;
  };
  const std::string half =
      with(least_network, "to = \"hidden\"\n", "to = \"hidden\"\nmask = { density = 0.5 }\n");
  CHECK(mask(half) == mask(half));
  CHECK(mask(half) != mask(with(half, "name = \"least\"\n", "name = \"least\"\nseed = 2\n")));
  CHECK(mask(half) != mask(with(half, "to = \"hidden\"\n", "to = \"hidden\"\nname = \"other\"\n")));
  const std::vector<bool> sparse = mask(half), dense = mask(with(half, "0.5", "0.75"));
  for (std::size_t k = 0; k < sparse.size(); ++k) CHECK((!sparse[k] || dense[k]));
  CHECK(sparse != dense);
}

TEST_CASE("a weights file may say nothing of synapses that do not exist, nor tell copies apart") {
  const Case c{{3, 3, 1}, {2, 2, 1}, {2, 2}, {1, 1}, {0, 0}};
  const auto diagnostics = [&](const std::string& connect, const std::vector<double>& weights,
                               std::vector<std::size_t> shape = {4, 9}) {
    const TemporaryFile file("", ".npz");
    write_npz(file.path(), {{"a_to_b", NpyArray::from(weights, std::move(shape))}});
    std::string text = with(c.text(connect, "weights = { init = \"file\" }\n"), "seed = 5\n",
                            "seed = 5\nweights = \"" + file.path().filename().string() + "\"\n");
    text = with(text, "to = \"c\"\n", "to = \"c\"\nweights = { init = \"zero\" }\n");
    try {
      initial_weights(read_text(text));
    } catch (const Error& error) {
      CHECK(error.exit() == ExitCode::data);
      CHECK(complete(error));
      std::vector<std::string> all;
      for (const Diagnostic& item : error.items()) all.push_back(item.code);
      return all;
    }
    return std::vector<std::string>{};
  };
  std::vector<double> weights(36, 0);
  const double kernel[] = {0.125, -0.25, 0.5, 0.0};
  each_tap(c, [&](int to, int from, int ky, int kx, int, int) {
    weights[static_cast<std::size_t>(to * 9 + from)] = kernel[ky * 2 + kx];
  });
  using Codes = std::vector<std::string>;
  CHECK(diagnostics("convolution", weights).empty());
  CHECK(diagnostics("local", weights).empty());
  std::vector<double> unequal = weights, beyond = weights;
  unequal[9] = 0;  // its window does not begin there, so 0 is what it was
  CHECK(diagnostics("convolution", unequal).empty());
  unequal[10] += 1;  // the second neuron's upper left
  CHECK(diagnostics("convolution", unequal) == Codes{"TF-FIT-011"});
  CHECK(diagnostics("local", unequal).empty());
  beyond[8] = 0.5;
  CHECK(diagnostics("local", beyond) == Codes{"TF-FIT-010"});
  beyond[10] += 1;
  CHECK(diagnostics("convolution", beyond) == Codes{"TF-FIT-010", "TF-FIT-011"});

  // Window by window a mask alone leaves synapses out here; each of the 16 places asked for by itself.
  const std::string masked = "local\"\nmask = { density = 0.5 }\nname = \"a_to_b";
  const std::vector<std::size_t> windows = {4, 4};
  CHECK(diagnostics("local", std::vector<double>(16, 0.5), windows).empty());
  CHECK(diagnostics("convolution", {0.5, 0.5, 0.5, 0.5}, {1, 4}).empty());
  int refused = 0;
  for (std::size_t k = 0; k < 16; ++k) {
    std::vector<double> one(16, 0);
    one[k] = 0.5;
    const Codes codes = diagnostics(masked, one, windows);
    if (!codes.empty()) CHECK(codes == Codes{"TF-FIT-010"});
    refused += !codes.empty();
  }
  const Network network = read_text(c.text(masked, ""));
  const Connectivity there(network, 0);
  int missing = 16;
  for (std::size_t to = 0; to < 4; ++to)
    for (std::size_t from = 0; from < 9; ++from) missing -= there.exists(to, from);
  CHECK(missing > 0);
  CHECK(missing < 16);
  CHECK(refused == missing);
}

TEST_CASE("a convolution that learns is refused where increments could overflow, not before") {
  for (const auto& [width, fits] : {std::pair{256, true}, {257, false}}) {
    const Case c{{256, width, 1}, {256, width, 1}, {1, 1}, {1, 1}, {0, 0}};
    bool refused = false;  // whatever else a rule says of so large a layer
    try {
      resolve(read_text(c.text("convolution", "plasticity = { rule = \"phsic_gaussian\" }\n")));
    } catch (const Error& error) {
      for (const Diagnostic& item : error.items()) refused = refused || item.code == "TF-FIT-009";
    }
    CHECK(refused == !fits);
  }
}
