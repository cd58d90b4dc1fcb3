// How a projection connects its two ends: the keys connect, kernel, stride, padding and mask.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "compiler/network/network_reader.hpp"

namespace trifactor {
namespace {

const std::vector<std::string> kinds = {"dense",       "identity",     "local",
                                        "convolution", "average_pool", "max_pool"};

std::string name_of(Connect kind) { return kinds[static_cast<std::size_t>(kind)]; }

void refuse_key(TomlTable& table, const char* key, const std::string& why) {
  if (table.has(key))
    table.mistakes().add("TF-NET-005", table.place(key), table.named(key) + " " + why,
                         fmt::format("no {}", key));
}

/// One extent for both directions, or rows and columns.
void read_pair(TomlTable& table, const char* key, std::int64_t low, std::array<int, 2>& pair) {
  const auto values = table.integers(key, low, 1024, 1, 2);
  if (!values) return;
  pair = {static_cast<int>(values->front()), static_cast<int>(values->back())};
}

std::string shape_text(const std::vector<int>& shape) {
  std::string text;
  for (const int extent : shape) text += (text.empty() ? "[" : ", ") + std::to_string(extent);
  return text + "]";
}

struct Checker {
  const Network& network;
  const ProjectionSpec& p;
  Mistakes& mistakes;

  void wrong(const char* code, const std::string& found, const std::string& expected,
             const std::string& hint = "") const {
    mistakes.add(code, p.place, fmt::format("connect = \"{}\": {}", name_of(p.connect), found), expected,
                 hint);
  }

  void run() const {
    const PopulationSpec& from = network.populations[static_cast<std::size_t>(p.from)];
    const PopulationSpec& to = network.populations[static_cast<std::size_t>(p.to)];
    if (p.connect == Connect::max_pool && p.feedback && !pooled())
      wrong("TF-NET-042", fmt::format("'{}' is not pooled from '{}' by this window", from.name, to.name),
            "feedback through the window of a max_pool from its to to its from: errors go to who won",
            "give it the same kernel, stride and padding");
    if (from.shape.empty() || to.shape.empty()) return;  // reported
    if (p.connect == Connect::identity && from.neurons() != to.neurons())
      wrong("TF-NET-040",
            fmt::format("'{}' has {} neurons, '{}' has {}", from.name, from.neurons(), to.name, to.neurons()),
            "as many neurons at both ends");
    if (p.connect == Connect::max_pool && !p.feedback) only_one();
    if (!has_window(p.connect)) return;
    const PopulationSpec &image = p.feedback ? to : from, &map = p.feedback ? from : to;
    for (const PopulationSpec* end : {&image, &map})
      if (end->shape.size() != 3) {
        wrong("TF-NET-040", fmt::format("'{}' has the shape {}", end->name, shape_text(end->shape)),
              "[height, width, channels] at both ends");
        return;
      }
    if (p.window.kernel[0] > 0) windows(image, map);  // else reported as missing
    if (is_fixed(p.connect) && image.shape[2] != map.shape[2])
      wrong("TF-NET-040",
            fmt::format("{} channels of '{}' become {} of '{}'", image.shape[2], image.name, map.shape[2],
                        map.name),
            "as many channels at both ends: each is pooled by itself");
  }

  void windows(const PopulationSpec& image, const PopulationSpec& map) const {
    for (std::size_t d = 0; d < 2; ++d) {
      const int kernel = p.window.kernel[d], stride = p.window.stride[d], padding = p.window.padding[d];
      const char* axis = d == 0 ? "rows" : "columns";
      if (padding >= kernel) {
        wrong("TF-NET-041", fmt::format("padding of {} {} for a kernel of {}", padding, axis, kernel),
              fmt::format("padding below {}", kernel));
        continue;
      }
      const int room = image.shape[d] + 2 * padding - kernel;
      const int least = room < 0 ? 1 : room / stride + 1,
                most = room < 0 ? 1 : (room + stride - 1) / stride + 1;
      if (map.shape[d] >= least && map.shape[d] <= most) continue;
      wrong("TF-NET-041",
            fmt::format("{} {} of '{}' become {} of '{}' by a kernel of {}, stride {}, padding {}",
                        image.shape[d], axis, image.name, map.shape[d], map.name, kernel, stride, padding),
            least == most
                ? fmt::format("{} {}", least, axis)
                : fmt::format("{} {}, or {} when the last window may hang over the edge", least, axis, most));
    }
  }

  /// Whether a forward projection pools `from` from `to` through the same window.
  bool pooled() const {
    return std::any_of(network.projections.begin(), network.projections.end(), [&](const ProjectionSpec& o) {
      return !o.feedback && o.connect == Connect::max_pool && o.from == p.to && o.to == p.from &&
             o.window.kernel == p.window.kernel && o.window.stride == p.window.stride &&
             o.window.padding == p.window.padding;
    });
  }

  void only_one() const {
    for (const ProjectionSpec& other : network.projections)
      if (&other != &p && other.to == p.to && !other.feedback)
        wrong("TF-NET-043",
              fmt::format("'{}' is fed by other projections too",
                          network.populations[static_cast<std::size_t>(p.to)].name),
              "a population of its own for what is pooled");
  }
};

}  // namespace

void read_connection(TomlTable& table, NamedProjection& projection) {
  ProjectionSpec& spec = projection.spec;
  const auto kind = table.choice("connect", kinds);
  spec.connect = static_cast<Connect>(kind.value_or(0));
  const bool known = kind || !table.has("connect");  // else which keys belong to it is not known
  if (has_window(spec.connect) || !known) {
    if (known) table.need("kernel");
    read_pair(table, "kernel", 1, spec.window.kernel);
    read_pair(table, "stride", 1, spec.window.stride);
    read_pair(table, "padding", 0, spec.window.padding);
  } else {
    for (const char* key : {"kernel", "stride", "padding"})
      refuse_key(table, key, "is only for connections with a window");
  }
  if (spec.connect == Connect::dense || spec.connect == Connect::local) {
    if (auto mask = table.table("mask")) {
      if (mask->need("density")) spec.density = mask->number("density", 1e-6, 1).value_or(1);
      mask->finish();
    }
  } else {
    refuse_key(table, "mask", "is only for dense and local connections");
  }
  if (!is_fixed(spec.connect)) return;
  refuse_key(table, "plasticity",
             fmt::format("is not for connect = \"{}\": its weights stay", name_of(spec.connect)));
  refuse_key(table, "bias", fmt::format("is not for connect = \"{}\"", name_of(spec.connect)));
}

void check_connections(const Network& network, Mistakes& mistakes) {
  for (const ProjectionSpec& p : network.projections)
    if (p.from >= 0 && p.to >= 0) Checker{network, p, mistakes}.run();
}

double fixed_weight(const ProjectionSpec& spec) {
  return spec.connect == Connect::average_pool ? 1.0 / (spec.window.kernel[0] * spec.window.kernel[1])
                                               : spec.value;
}

double range_of(double weight) {
  const double size = std::max(std::abs(weight), 1.0 / 2048), range = power_of_two(size);
  return range > size ? range : 2 * range;  // the end of the range is not in it
}

}  // namespace trifactor
