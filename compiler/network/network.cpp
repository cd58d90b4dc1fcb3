#include "compiler/network/network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <system_error>

#include "compiler/network/network_reader.hpp"

namespace trifactor {
namespace {

class NetworkReader {
 public:
  NetworkReader(const TomlDocument& document, const std::filesystem::path& file, Mistakes& mistakes)
      : mistakes_(mistakes), root_(document.root(mistakes)) {
    network_.file = file;
  }

  Network read() {
    read_head();
    read_populations();
    read_projections();
    if (auto training = root_.table("training")) network_.training = read_training(*training);
    root_.finish();
    find_output();
    check_labels();
    check_graph();
    check_connections(network_, mistakes_);
    fill_in_ranges();
    mistakes_.throw_if_any();
    sort_populations();
    return std::move(network_);
  }

 private:
  void read_head() {
    if (!root_.need("network")) return;
    auto head = root_.table("network");
    if (!head) return;
    if (head->need("name")) network_.name = head->text("name").value_or("");
    network_.seed = static_cast<std::uint64_t>(
        head->integer("seed", 0, std::numeric_limits<std::int64_t>::max()).value_or(1));
    const auto classes = head->integer("classes", 2, 65535);
    classes_known_ = classes || !head->has("classes");
    network_.classes = static_cast<int>(classes.value_or(network_.classes));
    has_steps_ = head->has("steps");
    network_.steps = static_cast<int>(head->integer("steps", 1, most_steps).value_or(1));
    if (const auto weights = head->text("weights")) read_weights_file(*weights, head->place("weights"));
    output_name_ = printable(head->text("output").value_or(""));
    output_place_ = head->place("output");
    head->finish();
  }

  void read_weights_file(const std::string& name, const SourcePlace& place) {
    network_.weights_file = network_.file.parent_path() / name;
    std::error_code error;
    if (!std::filesystem::exists(network_.weights_file, error))
      mistakes_.add("TF-NET-013", place,
                    fmt::format("there is no file '{}'", printable(network_.weights_file.string())),
                    "an .npz beside the network file");
    else if (std::filesystem::is_directory(network_.weights_file, error))
      mistakes_.add("TF-NET-013", place,
                    fmt::format("'{}' is a folder", printable(network_.weights_file.string())),
                    "an .npz beside the network file");
  }

  /// Reports tables beyond `most` and drops them.
  void limit(std::vector<TomlTable>& tables, const char* what, std::size_t most) {
    if (tables.size() <= most) return;
    mistakes_.add("TF-NET-019", tables[most].place(), fmt::format("{} {}", tables.size(), what),
                  fmt::format("at most {}", most));
    tables.erase(tables.begin() + static_cast<std::ptrdiff_t>(most), tables.end());
  }

  void read_populations() {
    if (!root_.need("population")) return;
    std::vector<std::string> inputs;
    SourcePlace second;
    std::vector<TomlTable> tables = root_.tables("population");
    limit(tables, "populations", 256);
    for (TomlTable& table : tables) {
      PopulationSpec population = read_population(table);
      const auto [first, fresh] =
          index_.try_emplace(population.name, static_cast<int>(network_.populations.size()));
      if (!fresh && !population.name.empty())
        mistakes_.add("TF-NET-002", table.place("name"),
                      fmt::format("there are two populations '{}'", population.name),
                      "a name of its own for each",
                      "the first is at " + to_string(network_.populations[first->second].place));
      if (population.input) {
        inputs.push_back(population.name);
        network_.input = static_cast<int>(network_.populations.size());
        if (inputs.size() == 2) second = population.place;
      }
      network_.populations.push_back(std::move(population));
    }
    if (network_.populations.empty()) return;  // reported as a wrong type
    if (inputs.empty())
      mistakes_.add("TF-NET-004", network_.populations.front().place, "no population has kind = \"input\"",
                    "exactly one input");
    if (inputs.size() > 1)
      mistakes_.add("TF-NET-004", second, fmt::format("{} inputs: {}", inputs.size(), listed(inputs)),
                    "exactly one input");
  }

  std::vector<std::string> population_names() const {
    std::vector<std::string> names;
    for (const PopulationSpec& population : network_.populations)
      if (!population.name.empty()) names.push_back(population.name);
    return names;
  }

  /// The index of that population, or -1, which is reported.
  int resolve(const std::string& name, const SourcePlace& place) {
    if (name.empty()) return -1;
    if (const auto it = index_.find(name); it != index_.end()) return it->second;
    const std::vector<std::string> names = population_names();
    mistakes_.add("TF-NET-003", place, fmt::format("there is no population '{}'", name),
                  "one of " + listed(names), did_you_mean(name, names));
    return -1;
  }

  void read_projections() {
    if (!root_.need("projection")) return;
    std::map<std::string, SourcePlace> names;
    std::vector<TomlTable> tables = root_.tables("projection");
    limit(tables, "projections", 4096);
    for (TomlTable& table : tables) {
      NamedProjection projection = read_projection(table);
      ProjectionSpec& spec = projection.spec;
      spec.from = resolve(projection.from, projection.from_place);
      spec.to = resolve(projection.to, projection.to_place);
      if (spec.to >= 0 && network_.populations[spec.to].given())
        mistakes_.add("TF-NET-008", projection.to_place,
                      fmt::format("'{}' is the {}: it takes no projection", projection.to,
                                  network_.populations[spec.to].input ? "input" : "label"),
                      "a population of neurons");
      if (!projection.has_init && !network_.weights_file.empty() && !is_fixed(spec.connect))
        spec.init = WeightInit::file;
      if (projection.has_init && spec.init == WeightInit::file && network_.weights_file.empty())
        mistakes_.add("TF-NET-014", projection.init_place, "init = \"file\", but the network names no file",
                      "weights = \"NAME.npz\" in [network]");
      const auto [first, fresh] = names.try_emplace(spec.name, spec.place);
      if (!fresh && !spec.name.empty())
        mistakes_.add("TF-NET-002", table.place(table.has("name") ? "name" : "from"),
                      fmt::format("there are two projections '{}'", spec.name), "a name of its own for each",
                      fmt::format("the first is at {}; give this one a name", to_string(first->second)));
      network_.projections.push_back(std::move(spec));
    }
  }

  void find_output() {
    std::vector<PopulationSpec>& populations = network_.populations;
    if (populations.empty()) return;
    network_.output = output_name_.empty() ? static_cast<int>(populations.size()) - 1
                                           : resolve(output_name_, output_place_);
    if (network_.output < 0) return;
    if (populations[network_.output].dropout > 0)
      mistakes_.add("TF-NET-044", populations[network_.output].place, "dropout at the output",
                    "dropout of hidden populations only", "every class is asked for in every sample");
    const PopulationSpec& output = populations[network_.output];
    const SourcePlace& place = output_name_.empty() ? output.place : output_place_;
    if (output.input) {
      if (output_name_.empty() && populations.size() > 1)
        mistakes_.add("TF-NET-017", place, "the last population is the input, so the output is not known",
                      "output = \"NAME\" in [network]");
      else
        mistakes_.add("TF-NET-017", place, "the output is the input",
                      "a population of neurons as the output");
    } else if (output.label) {
      mistakes_.add("TF-NET-017", place, "the output is the label", "a population of neurons as the output");
    } else if (classes_known_ && !output.shape.empty() && output.neurons() != network_.classes) {
      mistakes_.add("TF-NET-016", place,
                    fmt::format("the output '{}' has {} neurons for {} classes", output.name,
                                output.neurons(), network_.classes),
                    "one neuron a class", "change its shape, or classes in [network]");
    }
  }

  void check_labels() {
    for (const PopulationSpec& p : network_.populations)
      if (p.label && classes_known_ && !p.shape.empty() && p.neurons() != network_.classes)
        mistakes_.add("TF-NET-045", p.place,
                      fmt::format("the label '{}' has {} neurons for {} classes", p.name, p.neurons(),
                                  network_.classes),
                      "one neuron a class", "change its shape, or classes in [network]");
  }

  void check_graph() {
    const int n = static_cast<int>(network_.populations.size());
    std::vector<bool> reached(n, false);
    bool all_known = !network_.projections.empty();  // else reported as missing
    for (const ProjectionSpec& projection : network_.projections) {
      if (projection.to >= 0 && !projection.feedback) reached[projection.to] = true;
      all_known = all_known && projection.from >= 0 && projection.to >= 0;
    }
    for (int i = 0; all_known && i < n; ++i)  // a name not understood may have meant this one
      if (!reached[i] && !network_.populations[i].given())
        mistakes_.add("TF-NET-007", network_.populations[i].place,
                      fmt::format("no projection ends at population '{}'", network_.populations[i].name),
                      "a [[projection]] with to = its name");
    if (has_steps_)
      close_circles();
    else
      report_circle();
    if (all_known) report_late();
    if (all_known && acyclic_ && network_.output >= 0) check_feedback(network_, mistakes_);
  }

  /// Populations in an order in which sources precede targets, as near to the file's as that allows; those
  /// that lie on or behind a circle are left out. Late projections do not count.
  std::vector<int> sorted_order() const {
    const int n = static_cast<int>(network_.populations.size());
    std::vector<bool> placed(n, false);
    std::vector<int> order;
    for (bool moved = true; moved;) {
      moved = false;
      for (int i = 0; i < n && !moved; ++i) {
        if (placed[i]) continue;
        const bool ready =
            std::none_of(network_.projections.begin(), network_.projections.end(), [&](const auto& p) {
              return p.to == i && !p.feedback && !p.late && p.from >= 0 && !placed[p.from];
            });
        if (ready) placed[i] = moved = true, order.push_back(i);
      }
    }
    return order;
  }

  /// Populations from which forward projections lead to `target`, over any number of others.
  std::vector<bool> upstream_of(int target) const {
    std::vector<bool> found(network_.populations.size(), false);
    for (bool moved = true; moved;) {
      moved = false;
      for (const ProjectionSpec& p : network_.projections) {
        if (p.feedback || p.from < 0 || p.to < 0 || found[p.from] || (p.to != target && !found[p.to]))
          continue;
        found[p.from] = moved = true;
      }
    }
    return found;
  }

  /// On every circle the population that stands first in the file comes first: what leads back to it from
  /// others of its circles is late.
  void close_circles() {
    const int n = static_cast<int>(network_.populations.size());
    std::vector<std::vector<bool>> upstream;
    for (int i = 0; i < n; ++i) upstream.push_back(upstream_of(i));
    for (std::vector<int> order = sorted_order(); static_cast<int>(order.size()) < n;
         order = sorted_order()) {
      std::vector<bool> placed(n, false);
      for (const int i : order) placed[i] = true;
      // Of those left, the first one all of whose unplaced sources lie on circles with it.
      for (int i = 0; i < n; ++i) {
        const auto waits = [&](int j) { return !placed[j] && upstream[i][j] && !upstream[j][i]; };
        bool blocked = placed[i] || !upstream[i][i];
        for (int j = 0; j < n && !blocked; ++j) blocked = waits(j);
        if (blocked) continue;
        for (ProjectionSpec& p : network_.projections)
          if (p.to == i && !p.feedback && p.from >= 0 && !placed[p.from]) p.late = true;
        break;
      }
    }
  }

  void report_late() {
    std::vector<bool> in_time(network_.populations.size(), false), reached = in_time;
    for (const ProjectionSpec& p : network_.projections) {
      if (p.late && !has_steps_)
        mistakes_.add("TF-NET-026", p.place, fmt::format("'{}' is late in a network without steps", p.name),
                      "steps in [network]");
      if (p.late && p.error)
        mistakes_.add(
            "TF-NET-047", p.place,
            fmt::format("'{}' closes a circle, so that it would say errors of the step before", p.name),
            "errors said in the same step",
            "where the file allows it, let the population it starts from stand before the one it ends at; "
            "else make another projection of the circle late");
      if (p.feedback) continue;
      reached[p.to] = true;
      in_time[p.to] = in_time[p.to] || !p.late;
    }
    for (std::size_t i = 0; i < reached.size(); ++i)
      if (reached[i] && !in_time[i])
        mistakes_.add(
            "TF-NET-025", network_.populations[i].place,
            fmt::format("all projections into '{}' are read one step late", network_.populations[i].name),
            "one that is not: it says when a step begins",
            "add a projection from the input or from another population");
  }

  void report_circle() {
    const std::vector<int> order = sorted_order();
    acyclic_ = order.size() == network_.populations.size();
    if (acyclic_) return;
    // Every population left over has a source that is left over: walking back must come round.
    std::vector<bool> placed(network_.populations.size(), false);
    for (const int i : order) placed[i] = true;
    int at = static_cast<int>(std::find(placed.begin(), placed.end(), false) - placed.begin());
    std::vector<int> walk;
    std::vector<const ProjectionSpec*> steps;
    while (std::find(walk.begin(), walk.end(), at) == walk.end()) {
      walk.push_back(at);
      for (const ProjectionSpec& projection : network_.projections)
        if (projection.to == at && !projection.feedback && projection.from >= 0 && !placed[projection.from]) {
          steps.push_back(&projection);
          at = projection.from;
          break;
        }
    }
    const auto start = std::find(walk.begin(), walk.end(), at) - walk.begin();
    std::string circle = network_.populations[at].name;
    for (auto i = static_cast<std::ptrdiff_t>(walk.size()) - 1; i >= start; --i)
      circle += " -> " + network_.populations[walk[i]].name;
    const ProjectionSpec* last =
        steps[start];  // of the projections on the circle, the last one in the file closes it
    for (std::size_t i = start; i < steps.size(); ++i) last = std::max(last, steps[i]);
    mistakes_.add(
        "TF-NET-006", last->place, "projections close a circle: " + circle, "a network without circles",
        "with steps in [network] connections that close a circle are read one step late; errors travel back "
        "by kind = \"feedback\"");
  }

  void fill_in_ranges() {
    for (int i = 0; i < static_cast<int>(network_.populations.size()); ++i) {
      PopulationSpec& population = network_.populations[i];
      const bool bounded = is_bounded(population.activation);
      const bool scores = i == network_.output && population.activation == Activation::linear;
      const double grows = population.dropout > 0 ? power_of_two(1 / (1 - population.dropout)) : 1;
      if (population.value_range == 0) population.value_range = grows * (bounded ? 1 : scores ? 32 : 4);
      if (population.output_range == 0)
        population.output_range =
            population.normalise && population.normalise->hands_on ? grows * 4 : population.value_range;
    }
    for (ProjectionSpec& projection : network_.projections)
      if (projection.range == 0)
        projection.range = projection.to == network_.output ? 4 : projection.bits <= 8 ? 0.25 : 1;
  }

  void sort_populations() {
    const std::vector<int> order = sorted_order();
    std::vector<int> position(order.size());
    std::vector<PopulationSpec> sorted;
    for (std::size_t i = 0; i < order.size(); ++i) {
      position[order[i]] = static_cast<int>(i);
      sorted.push_back(std::move(network_.populations[order[i]]));
    }
    network_.populations = std::move(sorted);
    network_.input = position[network_.input];
    network_.output = position[network_.output];
    for (ProjectionSpec& projection : network_.projections)
      projection.from = position[projection.from], projection.to = position[projection.to];
  }

  Mistakes& mistakes_;
  TomlTable root_;
  Network network_;
  std::map<std::string, int> index_;
  std::string output_name_;
  bool classes_known_ = true, acyclic_ = true, has_steps_ = false;
  SourcePlace output_place_;
};

/// What overrides and messages call a population or projection.
std::string entry_name(const TomlLookup& lookup) {
  if (const auto name = lookup("name")) return *name;
  const auto from = lookup("from"), to = lookup("to");
  return from && to ? default_projection_name(*from, *to) : "";
}

}  // namespace

Network read_network(const std::filesystem::path& file, const std::vector<std::string>& overrides) {
  TomlDocument document = TomlDocument::read(file, entry_name);
  Mistakes mistakes;
  document.apply(overrides, mistakes);
  return NetworkReader(document, file, mistakes).read();
}

}  // namespace trifactor
