// One packet of each kind lost, doubled or changed: the chip stops with a fault frame or computes other bits.
// Printed as a table; a packet whose loss nobody notices fails the test.
#include <catch2/catch.hpp>
#include <cstdio>

#include "tests/timing/chip_bench.hpp"

namespace trifactor {
namespace {

struct Field {
  const char* name;
  void (*change)(Packet&);
};
constexpr Field tick{"tick", [](Packet&p) { p.tick ^= 1; }},
    tick_high{"tick, highest bit", [](Packet&p) { p.tick ^= 0x8000; }},
    index_field{"index", [](Packet&p) { p.index ^= 1; }},
    index_far{"index, far", [](Packet&p) { p.index ^= 0x80; }}, aux{"aux", [](Packet&p) { p.aux ^= 1; }},
    source{"source", [](Packet&p) { p.source ^= 1; }};
/// Bits that carry something at any time: the lowest of a sum, say, may vanish when it is rounded.
constexpr Field low{"payload, lowest bit", [](Packet&p) { p.payload ^= 1; }},
    middle{"payload, bit 4", [](Packet&p) { p.payload ^= 16; }},
    upper{"payload, bit 10", [](Packet&p) { p.payload ^= 1 << 10; }},
    high{"payload, bit 20", [](Packet&p) { p.payload ^= 1 << 20; }},
    winner{"winner", [](Packet&p) { p.payload ^= 1 << 17; }};

struct Kind {
  PacketKind kind;
  const char* name;
  std::vector<Field> fields;  ///< that packets.hpp says it has
};
const std::vector<Kind> kinds = {
    {PacketKind::input, "input", {tick, tick_high, index_field, index_far, middle}},
    {PacketKind::input_end, "input_end", {tick, tick_high, aux}},
    {PacketKind::rate, "rate", {tick, tick_high, index_field, high}},
    {PacketKind::same, "same", {tick, tick_high, index_field, low}},
    {PacketKind::target, "target", {tick, tick_high, low}},
    {PacketKind::word, "word", {tick, tick_high, index_field, index_far, aux, upper}},
    {PacketKind::factor, "factor", {tick, tick_high, index_field, index_far, aux, middle}},
    {PacketKind::total, "total", {tick, tick_high, index_field, index_far, aux, source, high}},
    {PacketKind::total_end, "total_end", {tick, tick_high, index_field, aux, source}},
    {PacketKind::credit, "credit", {tick, tick_high, source}},
    {PacketKind::host_credit, "host_credit", {tick, tick_high, source}},
    {PacketKind::rate_taken, "rate_taken", {tick, tick_high, index_field, source}},
    {PacketKind::partial, "partial", {tick, tick_high, index_field, index_far, aux, source, high}},
    {PacketKind::sum, "sum", {tick, tick_high, index_field, index_far, source, high}},
    {PacketKind::error_sum, "error_sum", {tick, tick_high, index_field, index_far, source, high}},
    {PacketKind::pool_error,
     "pool_error",
     {tick, tick_high, index_field, index_far, aux, source, upper, winner}},
    {PacketKind::increment, "increment", {tick, tick_high, index_field, index_far, aux, source, high}},
    {PacketKind::increment_end, "increment_end", {tick, tick_high, index_field, aux, source}},
    {PacketKind::result, "result", {tick, tick_high, index_field, index_far, low}},
    {PacketKind::error, "error", {tick, tick_high, index_field, index_far, aux, source, upper}},
    {PacketKind::error_end, "error_end", {tick, tick_high, index_field, index_far, source}},
    {PacketKind::activity, "activity", {tick, tick_high, index_field, index_far, aux, source, middle}},
    {PacketKind::end, "end", {tick, tick_high, index_field, index_far, aux, source}},
};
static_assert(static_cast<int>(PacketKind::end) == 22, "a new kind of packet belongs into this table");

constexpr std::uint64_t sample_count = 10;

/// No network has every kind: one with teachers, one with errors that travel back, both cut by rows, one with
/// kernels, and one with errors that pass a pool.
enum class Needs { teachers, errors, kernels, pools };
Needs needs(PacketKind kind) {
  if (kind == PacketKind::pool_error) return Needs::pools;
  if (kind == PacketKind::total || kind == PacketKind::total_end || kind == PacketKind::increment ||
      kind == PacketKind::increment_end)
    return Needs::kernels;
  return kind == PacketKind::error_sum || class_of(kind) == MessageClass::error ? Needs::errors
                                                                                : Needs::teachers;
}
Setup kernels_cut_by_columns() {
  return {"kernels.toml", {}, {"core.columns=17", "mesh.width=4", "mesh.height=4"}, "small"};
}
Setup relays_cut_by_columns() {
  return {"relays.toml", {}, {"core.columns=17", "mesh.width=4", "mesh.height=4"}, "small"};
}
Setup errors_cut_by_rows() {
  return {"errors.toml", {}, {"core.axons=13", "mesh.width=4", "tree.network=mesh"}, "small"};
}

/// Learning samples, rates between them, and two that only look.
std::vector<Frame> frames(const Program& program) {
  std::vector<Frame> all;
  for (Frame& frame : samples(program, 0, sample_count)) {
    const std::uint64_t k = frame.tick;
    if (k == 4 || k == 5) frame.words[0] = 0;
    if (k == 3 || k == 7)
      for (std::uint32_t p = 0; p < program.projections.size(); ++p)
        if (!program.projections[p].rule.empty())
          all.push_back({FrameType::rate, p, k == 7 ? k - 2 : k, {program.projections[p].eta_mantissa / 2}});
    all.push_back(std::move(frame));
  }
  return all;
}

struct Tamper {
  PacketKind kind = PacketKind::input;
  std::uint64_t nth = 0;  ///< of the kind, from 1
  int copies = 1;
  void (*change)(Packet&) = nullptr;
};

Outcome run_with(const Program& program, const Tamper& tamper) {
  Plan plan;
  plan.frames = frames(program);
  std::uint64_t seen = 0;  // in the child: this function's copy there
  plan.tamper = [&](Packet& packet) {
    if (static_cast<PacketKind>(packet.kind) != tamper.kind || ++seen != tamper.nth) return 1;
    if (tamper.change != nullptr) tamper.change(packet);
    return tamper.copies;
  };
  return run(program, plan);
}

class Table {
 public:
  explicit Table(const Outcome& clean) : clean_(clean) {}
  void row(const std::string& what, const std::string& fault, const std::string& where,
           const Outcome& outcome) {
    std::string text = outcome.fault.empty() ? clean_.first_difference(outcome) : outcome.fault;
    if (text.empty()) text = "UNNOTICED", ++unnoticed_;
    std::printf("%-12s %-24s %-8s %s\n", what.c_str(), fault.c_str(), where.c_str(), text.c_str());
    ++rows_;
  }
  int unnoticed() const { return unnoticed_; }
  int rows() const { return rows_; }

 private:
  const Outcome& clean_;
  int unnoticed_ = 0, rows_ = 0;
};

TEST_CASE("a packet of any kind lost, doubled or changed is noticed") {
  const Needs which = GENERATE(Needs::teachers, Needs::errors, Needs::kernels, Needs::pools);
  const Program program = compile(which == Needs::kernels  ? kernels_cut_by_columns()
                                  : which == Needs::pools  ? relays_cut_by_columns()
                                  : which == Needs::errors ? errors_cut_by_rows()
                                                           : cut_by_rows());
  Plan plan;
  plan.frames = frames(program);
  std::array<std::uint64_t, 23> counts{};
  plan.record = true;
  const Outcome clean = run(program, plan);
  REQUIRE(clean.fault == "");
  REQUIRE(clean.results.size() == sample_count);
  for (const Sent& sent : clean.sent) ++counts[static_cast<std::size_t>(sent.kind())];
  Table table(clean);
  // What is counted here reaches every kind of packet, and the clean run is the same twice.
  REQUIRE(clean.first_difference(run_with(program, {})).empty());
  for (const Kind& kind : kinds) {
    if (needs(kind.kind) != which) continue;
    const std::uint64_t count = counts[static_cast<std::size_t>(kind.kind)];
    INFO(kind.name);
    REQUIRE(count > 0);
    for (const auto& [where, nth] :
         {std::pair<const char*, std::uint64_t>{"first", 1}, {"middle", count / 2 + 1}, {"last", count}}) {
      table.row(kind.name, "lost", where, run_with(program, {kind.kind, nth, 0}));
      table.row(kind.name, "doubled", where, run_with(program, {kind.kind, nth, 2}));
    }
    for (const Field& field : kind.fields)
      table.row(kind.name, field.name, "middle",
                run_with(program, {kind.kind, count / 2 + 1, 1, field.change}));
  }
  CHECK(table.rows() > (which == Needs::teachers ? 130 : which == Needs::pools ? 10 : 30));
  CHECK(table.unnoticed() == 0);
}

TEST_CASE("a packet of any class that the network loses, doubles or changes is noticed") {
  const bool errors = GENERATE(false, true);
  const Program program = compile(errors ? errors_cut_by_rows() : cut_by_rows());
  Plan plan;
  plan.frames = frames(program);
  plan.record = true;
  const Outcome clean = run(program, plan);
  REQUIRE(clean.fault == "");
  Table table(clean);
  for (std::size_t c = 0; c < message_class_count; ++c) {
    std::uint64_t count = 0;
    for (const Sent& sent : clean.sent) count += class_of(sent.kind()) == static_cast<MessageClass>(c);
    if ((static_cast<MessageClass>(c) == MessageClass::error) != errors) continue;
    REQUIRE(count > 0);
    for (const auto& [name, kind] : {std::pair{"lost", FaultKind::drop},
                                     {"doubled", FaultKind::duplicate},
                                     {"payload bit 0", FaultKind::corrupt}}) {
      int noticed = 0;
      for (const std::uint64_t nth : {count / 3, count / 2, count / 2 + 1, count - 1}) {
        plan.prepare = [&](Mesh& mesh) { mesh.set_fault(kind, static_cast<MessageClass>(c), nth); };
        const Outcome outcome = run(program, plan);
        // bit 0 of the payload means nothing in some packets, so of the changed ones only some are noticed
        if (kind != FaultKind::corrupt)
          table.row(std::string(message_class_names[c]), name, std::to_string(nth), outcome);
        noticed += !outcome.fault.empty() || !clean.first_difference(outcome).empty();
      }
      if (kind == FaultKind::corrupt) CHECK(noticed > 0);
    }
  }
  CHECK(table.unnoticed() == 0);
}

}  // namespace
}  // namespace trifactor
