#include "host/report/energy_model.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "host/report/technology_file.hpp"
#include "rtl/spec/diagnostic.hpp"
#include "rtl/spec/packet_format.hpp"
#include "rtl/units/accumulate/golden.hpp"

namespace trifactor::energy_model {
namespace {

constexpr double bytes_per_kb = 1024;
constexpr double um2_per_mm2 = 1e6;
constexpr int word_bits = 16;    // state, history, traces
constexpr int factor_bits = 16;  // a0, a1, c as a multiplier sees them (15 bits and sign handling)
constexpr int host_word_bits = 32;
constexpr int router_ports = 5;  // four neighbours and the core
/// A place in each of a port's buffers, one buffer a virtual network.
constexpr double packet_bits_all_classes =
    std::accumulate(packet_bits_of_class.begin(), packet_bits_of_class.end(), 0u);

double kilobytes(std::int64_t bytes) { return static_cast<double>(bytes) / bytes_per_kb; }

/// A product of `bits_a` x `bits_b`, at most 16 x 16: proportional to the product of the widths up to 8x8,
/// then the power law between the figures at 8 and 16 bits.
double multiply(Figures& f, int bits_a, int bits_b) {
  const double cells = static_cast<double>(bits_a) * bits_b;
  if (cells <= 64) return f("int8_mul") * cells / 64;
  if (cells >= 256) return f("int16_mul") * cells / 256;
  const double t = std::log(cells / 64) / std::log(4.0);
  return std::pow(f("int8_mul"), 1 - t) * std::pow(f("int16_mul"), t);
}

/// A sum of `bits`: the nearest figure at or above, in proportion to the width.
double add(Figures& f, int bits) {
  if (bits <= 8) return f("int8_add") * bits / 8;
  if (bits <= 16) return f("int16_add") * bits / 16;
  return f("int32_add") * bits / 32;
}

/// The fits of the technology files hold for words of up to 256 bits; a wider one lies in banks side by side.
constexpr double widest_word = 256;

double sram_read(Figures& f, std::int64_t bytes, double bits) {
  const double banks = std::max(1.0, std::ceil(bits / widest_word));
  return banks * (f("sram_read_a") + f("sram_read_b") * bits / banks) * std::sqrt(kilobytes(bytes) / banks);
}

double sram_write(Figures& f, std::int64_t bytes, double bits) {
  const double banks = std::max(1.0, std::ceil(bits / widest_word));
  return banks * (f("sram_write_0") + (f("sram_write_a") + f("sram_write_b") * bits / banks) *
                                          std::sqrt(kilobytes(bytes) / banks));
}

/// A synapse memory with two ports pays for them at every access.
double port_factor(Figures& f, const RunRecord& run) {
  return run.machine.core.synapse_ports == 2 ? f("two_port_energy") : 1;
}
double burst_bits(const Place& p) { return static_cast<double>(p.core.lanes) * p.weight_bits; }

double read_burst(Figures& f, const Place& p) {
  return port_factor(f, p.run) * sram_read(f, p.core.synapse_bytes, burst_bits(p));
}
double write_burst(Figures& f, const Place& p) {
  return port_factor(f, p.run) * sram_write(f, p.core.synapse_bytes, burst_bits(p));
}
double accumulate(Figures& f, const Place& p) {
  return multiply(f, p.weight_bits, p.activity_bits) + add(f, sum_bits);
}
/// Three products, their sum with the random word, and the comparison of the saturation.
double update(Figures& f, const Place& p) {
  return 2 * multiply(f, factor_bits, p.activity_bits) + multiply(f, factor_bits, p.weight_bits) +
         3 * add(f, 32) + add(f, p.weight_bits);
}
/// A router and the link to the next tile.
double hop_bit(Figures& f, const Place& p) { return f("router_bit") + f("link_bit_mm") * p.pitch_mm; }

/// Every written burst was read first; a memory that is only written reads nothing.
std::uint64_t update_reads(const EventCounts& e) {
  return std::min(e[Event::synapse_read], e[Event::synapse_write]);
}

template <Event event>
std::uint64_t count_of(const EventCounts& e) {
  return e[event];
}

template <Event event>
PartModel part(std::string_view cause, double (*energy_pj)(Figures&, const Place&), bool uses_pitch = false) {
  return {
      cause,     event_names[static_cast<std::size_t>(event)], count_of<event>, energy_pj, has_width(event),
      uses_pitch};
}

}  // namespace

Figures::Figures(const Technology& technology) {
  for (const RequiredConstant& required : required_constants()) {
    values_.emplace(required.name, find_constant(technology, required.name).value);
  }
}

double Figures::operator()(std::string_view name) {
  if (std::find(used_.begin(), used_.end(), name) == used_.end()) used_.emplace_back(name);
  const auto found = values_.find(name);
  if (found == values_.end()) {  // the model asks for a figure it does not list: a mistake of this program
    throw Error(ExitCode::internal,
                Diagnostic{"TF-TECH-030", std::string(name), "figure not listed", "", ""});
  }
  const Band& band = found->second;
  return level_ == Level::low ? band.low : level_ == Level::nominal ? band.nominal : band.high;
}

void Figures::mark_used(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (std::find(used_.begin(), used_.end(), name) == used_.end()) used_.push_back(name);
  }
}

TileArea tile_area(Figures& f, const CoreRecord& core, const RunRecord& run) {
  const auto memory = [&](std::int64_t bytes) { return kilobytes(bytes) * f("area_sram"); };
  const double ports = run.machine.core.synapse_ports == 2 ? f("two_port_area") : 1;
  const double buffer_bits =
      static_cast<double>(run.machine.mesh.buffer_packets) * packet_bits_all_classes * router_ports;
  TileArea um2 = {
      core.synapse_bytes > 0 ? memory(core.synapse_bytes) * ports : 0,
      memory(core.axon_bytes),
      memory(core.neuron_bytes),
      memory(core.history_bytes),
      static_cast<double>(core.lanes) * (f("area_lane") + f("area_accumulate_lane") + f("area_pool_lane")) +
          static_cast<double>(core.raising_lanes) * f("area_transform_lane"),
      f("area_neuron_unit") + f("area_membrane_unit") + f("area_noise_unit") + f("area_tied_unit"),
      core.post_units * f("area_post_unit") + (core.teacher ? f("area_teacher_unit") : 0),
      buffer_bits * f("area_buffer_bit"),
  };
  for (double& part : um2) part /= um2_per_mm2;
  return um2;
}

double tile_leakage(Figures& f, const CoreRecord& core, const TileArea& tile) {
  const double memory_kb =
      kilobytes(core.synapse_bytes + core.axon_bytes + core.neuron_bytes + core.history_bytes);
  const double logic_mm2 = tile[4] + tile[5] + tile[6] + tile[7];
  // Two ports leak with the cells they add, hence in proportion to the memory's area.
  const double plain_mm2 = kilobytes(core.synapse_bytes) * f("area_sram") / um2_per_mm2;
  const double extra_kb = plain_mm2 > 0 ? (tile[0] / plain_mm2 - 1) * kilobytes(core.synapse_bytes) : 0;
  return ((memory_kb + extra_kb) * f("leak_sram") + logic_mm2 * f("leak_logic")) / 1000;
}

const std::vector<CauseModel>& causes() {
  // name, bottom_up, learning, timed
  static const std::vector<CauseModel> all = {
      {"synapse read, forward", true, false, false},
      {"accumulate lanes", true, false, false},
      {"synapse read, update", true, true, false},
      {"synapse write, update", true, true, false},
      {"update lanes", true, true, false},
      {"random words", true, true, false},
      {"neuron units", true, false, false},
      {"normalisation", true, false, false},
      {"neuron state", true, false, false},
      {"axon buffers", true, false, false},
      {"history", true, true, false},
      {"post units", true, true, false},
      {"traces", true, true, false},
      {"teacher units", true, true, false},
      {"reduction", true, true, false},
      {"broadcast", true, true, false},
      {"mesh and trees", false, false, true},
      {"host port", false, false, false},
      {"clock", false, false, true},
      {"leakage", false, false, true},
  };
  return all;
}

const std::vector<PartModel>& parts() {
  static const std::vector<PartModel> all = {
      {"synapse read, forward", "synapse_read",
       [](const EventCounts& e) { return e[Event::synapse_read] - update_reads(e); }, read_burst, true,
       false},
      part<Event::accumulate>("accumulate lanes", accumulate),
      // A comparator is a subtractor.
      part<Event::compare>("accumulate lanes",
                           [](Figures& f, const Place& p) { return add(f, p.activity_bits); }),
      part<Event::weight_product>(
          "accumulate lanes",
          [](Figures& f, const Place& p) { return multiply(f, p.weight_bits, p.weight_bits); }),
      {"synapse read, update", "synapse_read", update_reads, read_burst, true, false},
      part<Event::synapse_write>("synapse write, update", write_burst),
      part<Event::update>("update lanes", update),
      part<Event::increment>("update lanes",
                             [](Figures& f, const Place& p) {
                               return 2 * multiply(f, factor_bits, p.activity_bits) + 2 * add(f, 48);
                             }),
      part<Event::random_draw>("random words", [](Figures& f, const Place&) { return f("random_word"); }),
      part<Event::neuron>("neuron units", [](Figures& f, const Place&) { return f("neuron_unit"); }),
      // A product of 46 by 17 bits: three of 16 by 16, and their sums.
      part<Event::membrane>("neuron units", [](Figures& f, const Place&) { return 3 * f("trace_step"); }),
      // The product with the amplitude, the sum, and as much again for the derivative of a tanh.
      part<Event::noise>("neuron units",
                         [](Figures& f, const Place&) { return 2 * (multiply(f, 16, 16) + add(f, 16)); }),
      part<Event::normalise>("normalisation", [](Figures& f, const Place&) { return f("normalise_unit"); }),
      part<Event::reciprocal>("normalisation", [](Figures& f, const Place&) { return f("reciprocal_unit"); }),
      part<Event::state_read>(
          "neuron state",
          [](Figures& f, const Place& p) { return sram_read(f, p.core.neuron_bytes, word_bits); }),
      part<Event::state_write>(
          "neuron state",
          [](Figures& f, const Place& p) { return sram_write(f, p.core.neuron_bytes, word_bits); }),
      part<Event::axon_write>(
          "axon buffers",
          [](Figures& f, const Place& p) { return sram_write(f, p.core.axon_bytes, p.activity_bits); }),
      part<Event::axon_read>(
          "axon buffers",
          [](Figures& f, const Place& p) { return sram_read(f, p.core.axon_bytes, p.activity_bits); }),
      part<Event::history_read>(
          "history",
          [](Figures& f, const Place& p) { return sram_read(f, p.core.history_bytes, word_bits); }),
      part<Event::history_write>(
          "history",
          [](Figures& f, const Place& p) { return sram_write(f, p.core.history_bytes, word_bits); }),
      part<Event::factor>("post units", [](Figures& f, const Place&) { return f("factor_word"); }),
      part<Event::factor_product>("post units", [](Figures& f, const Place&) { return f("factor_product"); }),
      part<Event::trace>("traces", [](Figures& f, const Place&) { return f("trace_step"); }),
      part<Event::teacher_word>("teacher units", [](Figures& f, const Place&) { return f("teacher_word"); }),
      part<Event::exponential>("teacher units",
                               [](Figures& f, const Place&) { return f("exponential_unit"); }),
      part<Event::distance_product>("reduction",
                                    [](Figures& f, const Place&) { return f("distance_product"); }),
      // A comparator of 48 bits is a subtractor.
      part<Event::rank>("reduction", [](Figures& f, const Place&) { return add(f, 48); }),
      // A partial sum of up to 48 bits: three words latched, one sum.
      part<Event::reduction_word>(
          "reduction", [](Figures& f, const Place&) { return 3 * f("register_word") + add(f, 48); }),
      part<Event::broadcast_word>("broadcast", [](Figures& f, const Place&) { return f("register_word"); }),
      part<Event::label_word>("broadcast", [](Figures& f, const Place&) { return f("register_word"); }),
      // A packet passes one router more than links.
      part<Event::packet_bit>("mesh and trees", [](Figures& f, const Place&) { return f("router_bit"); }),
      part<Event::link_bit>("mesh and trees", hop_bit, true),
      part<Event::host_word>("host port",
                             [](Figures& f, const Place&) { return f("host_bit") * host_word_bits; }),
  };
  return all;
}

}  // namespace trifactor::energy_model
