#include <algorithm>
#include <optional>

#include "compiler/passes/passes.hpp"
#include "compiler/passes/rows.hpp"

namespace trifactor {
namespace {

int ceil_div(int a, int b) { return (a + b - 1) / b; }

/// One limit of a core: what it is called in a machine file, what there is, what a slice wants.
struct Limit {
  std::string key, what;
  std::int64_t available = 0, wanted = 0;
  std::string cure;
};

std::vector<Limit> limits(const Machine& machine, const CoreUsage& u, bool input) {
  const auto& core = machine.core;
  const auto signed_of = [](std::uint64_t v) { return static_cast<std::int64_t>(v); };
  std::vector<Limit> all;
  if (!input) {
    all.push_back(
        {"core.columns", "neurons", core.columns, u.neurons, "raise core.columns or use fewer neurons"});
    all.push_back({"core.axons", "synapse rows", core.axons, u.rows, "raise core.axons"});
  }
  all.push_back({"core.synapse_bytes", "bytes of synapse memory", core.synapse_bytes,
                 signed_of(u.synapse_bytes), "raise core.synapse_bytes or use fewer weight bits"});
  all.push_back({"core.axon_bytes", "bytes of axon buffers and traces", core.axon_bytes,
                 signed_of(u.axon_bytes), "raise core.axon_bytes"});
  all.push_back({"core.neuron_bytes", "bytes of neuron state", core.neuron_bytes, signed_of(u.neuron_bytes),
                 "raise core.neuron_bytes"});
  all.push_back({"core.history_bytes", "bytes of history memory", core.history_bytes,
                 signed_of(u.history_bytes), "raise core.history_bytes or use fewer partners"});
  return all;
}

const Limit* first_exceeded(const std::vector<Limit>& all) {
  for (const Limit& limit : all)
    if (limit.wanted > limit.available) return &limit;
  return nullptr;
}

class Partitioner {
 public:
  Partitioner(const Network& network, const ResolvedNetwork& resolved, const Machine& machine)
      : network_(network), resolved_(resolved), machine_(machine) {}

  /// The cut of one population into the fewest cores; among those, the fewest row slices.
  std::vector<Slice> cut(std::size_t population) {
    const int neurons = network_.populations[population].neurons();
    const int most = most_row_slices(network_, population);
    const int unit = column_unit(population);
    const int units = neurons / unit;
    const bool input = network_.populations[population].given();
    std::vector<Slice> best;
    std::size_t best_cores = static_cast<std::size_t>(machine_.tiles()) + 1;
    for (int columns = 1; columns <= units && static_cast<std::size_t>(columns) < best_cores; ++columns) {
      const int widest = ceil_div(units, columns) * unit;
      for (int row_slices = 1;
           row_slices <= most && static_cast<std::size_t>(columns * row_slices) < best_cores; ++row_slices) {
        const CoreUsage usage = largest_usage(network_, resolved_, machine_, population, widest, row_slices);
        if (first_exceeded(limits(machine_, usage, input)) != nullptr) continue;
        best = slices(population, columns, row_slices, unit);
        best_cores = best.size();
        break;
      }
    }
    if (best.empty()) refuse(population, input, unit, most);
    return best;
  }

 private:
  /// Columns move together: a group of a dense normalisation, or the whole layer where its rule says so.
  int column_unit(std::size_t population) const {
    int unit = std::max(1, resolved_.populations[population].group_size);
    for (std::size_t k = 0; k < network_.projections.size(); ++k)
      if (static_cast<std::size_t>(network_.projections[k].to) == population &&
          resolved_.projections[k].plan && resolved_.projections[k].plan->whole_population)
        unit = network_.populations[population].neurons();
    return unit;
  }

  std::vector<Slice> slices(std::size_t population, int columns, int row_slices, int unit) const {
    const std::int64_t units = network_.populations[population].neurons() / unit;
    std::vector<Slice> all;
    for (int c = 0; c < columns; ++c) {
      const int first = static_cast<int>(units * c / columns) * unit,
                end = static_cast<int>(units * (c + 1) / columns) * unit;
      for (int r = 0; r < row_slices; ++r) all.push_back({population, first, end - first, r, row_slices, 0});
    }
    return all;
  }

  /// Of all cuts into as many cores as there are, the one that exceeds fewest limits: the first of these.
  Limit limit_of_best_cut(std::size_t population, bool input, int unit, int most_row_slices) const {
    const int units = network_.populations[population].neurons() / unit,
              tiles = static_cast<int>(machine_.tiles());
    std::optional<Limit> found;
    std::ptrdiff_t fewest = 0;
    for (int columns = std::min(units, tiles); columns >= 1; --columns) {
      const int row_slices = std::min(most_row_slices, tiles / columns),
                widest = ceil_div(units, columns) * unit;
      const std::vector<Limit> all = limits(
          machine_, largest_usage(network_, resolved_, machine_, population, widest, row_slices), input);
      const std::ptrdiff_t exceeded =
          std::count_if(all.begin(), all.end(), [](const Limit& l) { return l.wanted > l.available; });
      if (exceeded > 0 && (!found || exceeded < fewest)) found = *first_exceeded(all), fewest = exceeded;
    }
    return found.value();
  }

  [[noreturn]] void refuse(std::size_t population, bool input, int unit, int row_slices) const {
    const PopulationSpec& spec = network_.populations[population];
    const std::string where = to_string(spec.place) + ": " + spec.name;
    const std::vector<Limit> all =
        limits(machine_, largest_usage(network_, resolved_, machine_, population, unit, row_slices), input);
    const Limit* limit = first_exceeded(all);
    if (limit == nullptr) {
      const Limit first = limit_of_best_cut(population, input, unit, row_slices);
      throw Error(
          ExitCode::does_not_fit,
          {"TF-FIT-002", where,
           std::to_string(spec.neurons()) + " neurons with " +
               std::to_string(total_rows(network_, population)) + " rows need more cores than machine " +
               machine_.name + " has (" + std::to_string(machine_.tiles()) +
               "); cut into as many, one wants " + std::to_string(first.wanted) + " " + first.what,
           "at most " + std::to_string(first.available) + " (" + first.key + ")",
           first.cure + "; or use a larger mesh (mesh.width, mesh.height) or a smaller layer"});
    }
    const std::string least =
        unit > 1 ? " for a group or layer of " + std::to_string(unit) + " neurons that must stay in one core"
                 : " for one neuron";
    throw Error(ExitCode::does_not_fit, {"TF-FIT-001", where,
                                         std::to_string(limit->wanted) + " " + limit->what + least +
                                             ", the smallest cut of this layer",
                                         "at most " + std::to_string(limit->available) + " (" + limit->key +
                                             " of machine " + machine_.name + ")",
                                         limit->cure + (unit > 1 ? ", or use smaller groups" : "")});
  }

  const Network& network_;
  const ResolvedNetwork& resolved_;
  const Machine& machine_;
};

}  // namespace

std::vector<Slice> partition(const Network& network, const ResolvedNetwork& resolved,
                             const Machine& machine) {
  Partitioner partitioner(network, resolved, machine);
  std::vector<Slice> all;
  for (std::size_t p = 0; p < network.populations.size(); ++p) {
    const std::vector<Slice> cut = partitioner.cut(p);
    all.insert(all.end(), cut.begin(), cut.end());
  }
  if (all.size() > static_cast<std::size_t>(machine.tiles()))
    throw Error(
        ExitCode::does_not_fit,
        {"TF-FIT-003", network.file.string(), "the network needs " + std::to_string(all.size()) + " cores",
         "at most " + std::to_string(machine.tiles()) + " (mesh of machine " + machine.name + ")",
         "use a larger mesh (mesh.width, mesh.height) or larger cores (core.columns, core.synapse_bytes)"});
  return all;
}

}  // namespace trifactor
