// No core holds more than its machine states. Bytes are counted here from the core's image alone: what a core
// that runs this image must remember.
#include "compiler/passes/test_support.hpp"

using namespace trifactor;
using namespace trifactor::testing;

namespace {

struct Bytes {
  std::int64_t synapse = 0, axon = 0, neuron = 0, history = 0, rows = 0;
};

Bytes bytes_of(const CoreImage& core, std::int64_t lanes) {
  Bytes bytes;
  const std::int64_t n = core.neurons, size = core.normalise.group_size, groups = size == 0 ? 0 : n / size;
  if (core.input) {
    bytes.neuron = 2 * n * 2;  // 16 bits, of the presentation that is sent and of the next
    return bytes;
  }
  const bool owner = core.owner == core.core;
  bytes.neuron = n * 48 / 8;                            // the sum
  std::int64_t values = 1, scales = 1, activities = 1;  // samples remembered
  for (const BlockImage& b : core.blocks) {
    const PlasticityImage& p = b.plasticity;
    const std::int64_t rows = b.rows + (b.bias ? 1 : 0), bursts = n / lanes + (n % lanes != 0);
    const std::int64_t bits = rows * bursts * lanes * b.weight_bits;
    bytes.rows += rows;
    bytes.synapse += bits / 8 + (bits % 8 != 0);
    bytes.axon += rows * 2 * 2;  // 16 bits, of two presentations
    if (!b.plastic) continue;
    const std::int64_t waiting = p.weight_age, factors = 1 + (p.uses_a1 ? 1 : 0) + (p.uses_c ? 1 : 0);
    const std::int64_t scalars = p.b1 == RowTrace::none ? 1 : 2;
    if (p.b0 == RowTrace::before || p.b1 == RowTrace::before) bytes.axon += rows * 2;
    if (p.b1 == RowTrace::mean) bytes.axon += rows * 4;
    bytes.axon += waiting * rows * 2 * scalars;       // b0, b1 of updates not yet written
    bytes.neuron += n * 4;                            // the update's generator
    bytes.neuron += (waiting + 1) * n * 2 * factors;  // factors of updates not yet written
    if (!owner) continue;
    bytes.neuron += n * 4;  // the factors' generator
    bytes.neuron += p.mean_words * n * 4 + p.held_words * (size == 0 ? n : groups) * 4;
    values = std::max(values, waiting + 1 + (p.compared == Compared::value ? p.partners : 0));
    scales = std::max(scales, waiting + 1 + (p.compared == Compared::group_scale ? p.partners : 0));
    activities = std::max(activities, waiting + 1 + (p.remembers_activity ? 1 : 0));
  }
  if (owner) {
    bytes.history = values * n * 2 + scales * groups * 2;
    bytes.neuron += activities * n * (size == 0 ? 2 : 4);  // f', in groups also r
  }
  return bytes;
}

}  // namespace

TEST_CASE("no core exceeds a limit of its machine, and reports say what it takes") {
  for_drawn("memory", [](const Drawn& d) {
    RC_ASSERT(d.program.usage.size() == d.program.cores.size());
    const auto& limit = d.machine.core;
    for (std::size_t k = 0; k < d.program.cores.size(); ++k) {
      const CoreImage& core = d.program.cores[k];
      const CoreUsage& usage = d.program.usage[k];
      const Bytes bytes = bytes_of(core, limit.lanes);
      if (!core.input) RC_ASSERT(core.neurons <= limit.columns);
      RC_ASSERT(bytes.rows <= limit.axons);
      RC_ASSERT(bytes.synapse <= limit.synapse_bytes);
      RC_ASSERT(bytes.axon <= limit.axon_bytes);
      RC_ASSERT(bytes.neuron <= limit.neuron_bytes);
      RC_ASSERT(bytes.history <= limit.history_bytes);
      RC_ASSERT(usage.core == core.core);
      RC_ASSERT(usage.neurons == core.neurons);
      RC_ASSERT(usage.rows == bytes.rows);
      RC_ASSERT(usage.synapses == std::uint64_t{core.neurons} * bytes.rows);
      RC_ASSERT(usage.synapse_bytes == bytes.synapse);
      RC_ASSERT(usage.axon_bytes == bytes.axon);
      RC_ASSERT(usage.neuron_bytes == bytes.neuron);
      RC_ASSERT(usage.history_bytes == bytes.history);
      const bool sends = core.owner == core.core && !core.destinations.empty();
      RC_ASSERT(usage.packets_out == (sends ? core.neurons + 1 : 0));  // and the end packet
    }
  });
}

TEST_CASE("a core whose later rows are the heavier ones does not exceed its memory") {
  // Rows of 4 bits come before rows of 16: measured by its first part alone, the cut in two seems to fit.
  const std::string text = R"([network]
name = "heavier"
classes = 4
[[population]]
name = "a"
kind = "input"
shape = [32]
[[population]]
name = "b"
shape = [32]
[[population]]
name = "c"
shape = [4]
[[projection]]
from = "a"
to = "b"
[[projection]]
from = "a"
to = "c"
weights = { bits = 4 }
[[projection]]
from = "b"
to = "c"
weights = { bits = 16 }
)";
  Machine machine = large_machine();
  machine.mesh.width = machine.mesh.height = 8;
  machine.core_types = {{"all", {}, false, 0, 0, 7, 7}};
  machine.core.lanes = 4, machine.core.axons = 1024;
  for (machine.core.synapse_bytes = 130; machine.core.synapse_bytes < 400; ++machine.core.synapse_bytes)
    for (const CoreImage& core : compile(read_text(text), machine).cores)
      CHECK(bytes_of(core, 4).synapse <= machine.core.synapse_bytes);
}
