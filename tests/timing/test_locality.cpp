// Nothing but packets reaches a core, and nothing but the label unit knows a label before the third factor.
#include <catch2/catch.hpp>
#include <set>

#include "tests/timing/chip_bench.hpp"

namespace trifactor {
namespace {

constexpr std::uint64_t warm_up = 6, watched = 5;

bool sent_by_core(PacketKind kind) {
  switch (kind) {
    case PacketKind::factor:
    case PacketKind::credit:
    case PacketKind::host_credit:
    case PacketKind::rate_taken:
    case PacketKind::partial:
    case PacketKind::sum:
    case PacketKind::error_sum:
    case PacketKind::result:
    case PacketKind::error:
    case PacketKind::error_end:
    case PacketKind::activity:
    case PacketKind::end:
      return true;
    default:
      return false;
  }
}
bool taken_by_core(PacketKind kind) {
  return kind != PacketKind::same && kind != PacketKind::partial && kind != PacketKind::result &&
         kind != PacketKind::host_credit && kind != PacketKind::rate_taken;
}

/// Where cores on a bench of their own send: packets are noted and go nowhere.
class Nowhere final : public Outlet {
 public:
  std::uint32_t route(std::uint32_t, std::vector<std::uint32_t>) override { return 0; }
  void inject(std::uint32_t tile, const Packet& packet, std::uint64_t ready_cycle) override {
    sent.push_back({ready_cycle, tile, packet});
  }
  void reduce(std::uint32_t tile, std::uint32_t projection, std::uint64_t sample, std::uint32_t first_word,
              std::span<const std::int64_t> partial, std::uint64_t ready_cycle) override {
    for (std::uint32_t w = 0; w < partial.size(); ++w)
      inject(tile, make_packet(PacketKind::partial, tile, 0, sample, first_word + w, projection, partial[w]),
             ready_cycle + w);
  }
  void broadcast(std::uint32_t, std::uint32_t, std::uint64_t, std::span<const std::int16_t>,
                 std::uint64_t) override {
    fault("bench", "no teacher is here");
  }
  void fault(const char* code, std::string text) override { faults.push_back(code + (": " + text)); }
  std::uint64_t jitter(std::uint32_t, std::uint64_t, std::uint32_t) const override { return 0; }

  std::vector<Sent> sent;
  std::vector<std::string> faults;
};

/// Hands recorded packets to cores, in the cycles in which they were recorded.
class Replay : public sc_core::sc_module {
 public:
  Replay(sc_core::sc_module_name name, std::vector<Sent> packets, std::map<std::uint32_t, TileCore*> cores)
      : sc_module(name), packets_(std::move(packets)), cores_(std::move(cores)) {
    SC_METHOD(step);
    sensitive << wake_;
  }
  SC_HAS_PROCESS(Replay);

 private:
  void step() {
    while (next_ < packets_.size() && packets_[next_].cycle == Mesh::now()) {
      const Sent& sent = packets_[next_++];
      cores_.at(sent.tile)->arrive(sent.packet, sent.cycle);
    }
    if (next_ < packets_.size())
      wake_.notify(
          sc_core::sc_time(static_cast<double>(packets_[next_].cycle - Mesh::now()), sc_core::SC_NS));
  }
  std::vector<Sent> packets_;
  std::map<std::uint32_t, TileCore*> cores_;
  std::size_t next_ = 0;
  sc_core::sc_event wake_;
};

struct Replayed {
  std::vector<std::uint32_t> state, other_states;
  std::vector<Sent> sent;
  std::vector<std::string> faults;
  EventCounts events;
  template <class V>
  friend void visit(V& v, Replayed& r) {
    v(r.state, r.other_states, r.sent, r.faults, r.events);
  }
};

/// No mesh, host, label unit or teacher: `core` with its own state, the other cores with another run's state,
/// and the recorded packets.
Replayed replay(const Program& program, std::uint32_t core, const std::vector<std::uint32_t>& own,
                const State& scrambled, const std::vector<Sent>& packets) {
  return unpack<Replayed>(
      in_child([&] {
        const auto arithmetic = golden_arithmetic();
        Nowhere nowhere;
        std::map<std::uint32_t, std::unique_ptr<TileCore>> cores;
        std::map<std::uint32_t, TileCore*> by_tile;
        for (const CoreImage& image : program.cores) {
          auto tile = std::make_unique<TileCore>(
              ("core_" + std::to_string(image.core)).c_str(),
              Core(image, *arithmetic, static_cast<int>(program.machine.core.lanes)), program.machine,
              nowhere);
          tile->core().restore(image.core == core ? own : scrambled.at(image.core));
          by_tile[image.core] = tile.get();
          cores[image.core] = std::move(tile);
        }
        for (auto& [tile, unit] : cores) {
          unit->connect(0, [&](std::uint32_t destination, bool feedback) {
            std::uint32_t first = ~std::uint32_t{0}, end = 0;
            for (const BlockImage& b : cores.at(destination)->core().image().blocks)
              if (b.feedback == feedback && b.source == unit->core().image().population)
                first = std::min(first, b.first_row), end = std::max(end, b.first_row + b.rows);
            return std::pair{first, end};
          });
          unit->resume_at(warm_up, warm_up);
        }
        Replay driver("replay", packets, by_tile);
        sc_core::sc_start();
        Replayed result;
        result.state = cores.at(core)->core().save();
        for (auto& [tile, unit] : cores)
          if (tile != core) {
            const auto words = unit->core().save();
            result.other_states.insert(result.other_states.end(), words.begin(), words.end());
          }
        for (const Sent& sent : nowhere.sent)
          if (sent.tile == core) result.sent.push_back(sent);
        for (const std::string& fault : nowhere.faults)
          if (fault.find("core " + std::to_string(core) + ":") != std::string::npos)
            result.faults.push_back(fault);
        result.events = cores.at(core)->core().events();
        return pack(result);
      }),
      "replay");
}

std::vector<Sent> chosen(const std::vector<Sent>& all, std::uint32_t tile, bool (*wanted)(PacketKind)) {
  std::vector<Sent> some;
  for (const Sent& sent : all)
    if (sent.tile == tile && wanted(sent.kind())) some.push_back(sent);
  return some;
}

void check_replay(Setup setup) {
  const Program program = compile(setup);
  REQUIRE(program.cores.size() == 4);
  const std::vector<Frame> data = samples(program, 0, warm_up + watched);
  const State before = run(program, {.options = {},
                                     .record = false,
                                     .state = {},
                                     .frames = {data.begin(), data.begin() + warm_up},
                                     .tamper = {},
                                     .prepare = {}})
                           .state;

  // Another network, seed and data on the same cores: weights, histories and generators all differ.
  Setup other = setup;
  other.network_sets.push_back("network.seed=99");
  const Program other_program = compile(other);
  const State scrambled = run(other_program, {.options = {},
                                              .record = false,
                                              .state = {},
                                              .frames = samples(program, 0, warm_up, 5),
                                              .tamper = {},
                                              .prepare = {}})
                              .state;
  const Outcome recorded = run(program, {.options = {},
                                         .record = true,
                                         .state = before,
                                         .frames = {data.begin() + warm_up, data.end()},
                                         .tamper = {},
                                         .prepare = {}});
  REQUIRE(recorded.fault == "");

  for (const CoreImage& image : program.cores)
    if (!image.input) REQUIRE(scrambled.at(image.core) != before.at(image.core));

  std::vector<Sent> all;  // for every core, so that the scrambled ones compute too
  for (const Sent& packet : recorded.delivered)
    if (taken_by_core(packet.kind())) all.push_back(packet);
  for (const CoreImage& image : program.cores) {
    INFO("core " << image.core);
    const std::vector<std::uint32_t>& own = before.at(image.core);
    const Replayed replayed = replay(program, image.core, own, scrambled, all);
    CHECK(replayed.faults == std::vector<std::string>{});
    CHECK(replayed.state == recorded.state.at(image.core));
    // It also did and sent the same: what leaves a core depends on nothing else either.
    CHECK(replayed.events == recorded.counters.at(image.core).events);
    std::vector<Sent> sent = chosen(replayed.sent, image.core, sent_by_core),
                      expected = chosen(recorded.sent, image.core, sent_by_core);
    std::sort(sent.begin(), sent.end()), std::sort(expected.begin(), expected.end());
    CHECK(!expected.empty());
    CHECK(sent == expected);

    // The comparison can fail: the core's own state and its packets do matter.
    if (image.input) continue;
    CHECK(recorded.state.at(image.core) != own);
    CHECK(replay(program, image.core, scrambled.at(image.core), scrambled, all).state !=
          recorded.state.at(image.core));
    std::vector<Sent> changed = all;
    const auto activity = std::find_if(changed.begin(), changed.end(), [&](const Sent& s) {
      return s.tile == image.core && s.kind() == PacketKind::activity;
    });
    REQUIRE(activity != changed.end());
    activity->packet.payload ^= 1 << 5;
    CHECK(replay(program, image.core, own, scrambled, changed).state != recorded.state.at(image.core));
  }
}

TEST_CASE("packets alone make a core what it becomes: layer cut by columns") {
  check_replay(cut_by_columns());
}
TEST_CASE("packets alone make a core what it becomes: layer cut by rows, weight age 1") {
  Setup setup = cut_by_rows();
  setup.network_sets = {"projection.pixels_to_hidden.plasticity.weight_age=1",
                        "projection.hidden_to_scores.plasticity.weight_age=1"};
  check_replay(setup);
}
TEST_CASE("packets alone make a core what it becomes: two points, plain, with decay") {
  Setup setup = cut_by_columns();
  setup.network_sets = {"projection.pixels_to_hidden.plasticity.partners=0",
                        "projection.pixels_to_hidden.plasticity.decay=0.01",
                        "projection.hidden_to_scores.plasticity.decay=0.01"};
  check_replay(setup);
}

/// Words sent up to the first third-factor word of `sample`, in order.
std::vector<Sent> before_third_factor(const std::vector<Sent>& sent, std::uint64_t sample) {
  const auto word = std::find_if(sent.begin(), sent.end(), [&](const Sent& s) {
    return s.kind() == PacketKind::word && s.packet.tick == sample;
  });
  REQUIRE(word != sent.end());
  return {sent.begin(), word};
}

TEST_CASE("a changed label changes only words of the label unit before the third factor") {
  for (const bool own_trees : {false, true}) {
    Setup setup = cut_by_columns();
    if (own_trees) setup.machine_sets.back() = "tree.network=own";
    const Program program = compile(setup);
    for (const std::uint64_t k : {std::uint64_t{3}, std::uint64_t{8}}) {
      INFO("sample " << k << (own_trees ? ", trees of their own" : ", trees on the mesh"));
      const auto sent = [&](std::uint32_t turn) {
        std::vector<Frame> frames = samples(program, 0, 12);
        frames[k].words[1] = (frames[k].words[1] + turn) % program.classes;
        const Outcome outcome =
            run(program,
                {.options = {}, .record = true, .state = {}, .frames = frames, .tamper = {}, .prepare = {}});
        REQUIRE(outcome.fault == "");
        return outcome.sent;
      };
      const std::vector<Sent> plain_all = sent(0), plain = before_third_factor(plain_all, k);
      std::size_t words_of_label_unit = 0, later = 0;
      for (std::uint32_t turn = 1; turn < program.classes; ++turn) {
        const std::vector<Sent> turned_all = sent(turn), turned = before_third_factor(turned_all, k);
        REQUIRE(turned.size() == plain.size());
        std::set<PacketKind> changed;
        for (std::size_t i = 0; i < plain.size(); ++i)
          if (!(plain[i] == turned[i])) {
            changed.insert(plain[i].kind());
            // only what is said about the label: not when, where to or how much
            Sent same = turned[i];
            same.packet.payload = plain[i].packet.payload;
            CHECK(same == plain[i]);
            ++words_of_label_unit;
          }
        for (const PacketKind kind : changed) CHECK((kind == PacketKind::same || kind == PacketKind::target));
        CHECK(changed.count(PacketKind::target) == 1);
        later += plain_all != turned_all;
      }
      CHECK(words_of_label_unit >= program.classes - 1);
      CHECK(later == program.classes - 1);  // the label does reach the rest afterwards
      // and sample k was under way: its activities and partial sums are among the words compared
      for (const PacketKind kind : {PacketKind::activity, PacketKind::partial})
        CHECK(std::any_of(plain.begin(), plain.end(),
                          [&](const Sent& s) { return s.kind() == kind && s.packet.tick == k; }));
    }
  }
}

}  // namespace
}  // namespace trifactor
