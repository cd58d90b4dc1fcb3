// The cycle figures of rtl/units/cycles.hpp are true and tight: ready at t, not at t - 1.
#include <Vunit_accumulate.h>
#include <Vunit_accumulate_64.h>
#include <Vunit_activation.h>
#include <Vunit_distance.h>
#include <Vunit_exp_unit.h>
#include <Vunit_label.h>
#include <Vunit_lane.h>
#include <Vunit_lane_array.h>
#include <Vunit_lane_array_64.h>
#include <Vunit_membrane.h>
#include <Vunit_noise.h>
#include <Vunit_pool.h>
#include <Vunit_power.h>
#include <Vunit_random.h>
#include <Vunit_rank.h>
#include <Vunit_reciprocal.h>
#include <Vunit_reduce.h>
#include <Vunit_tied.h>
#include <Vunit_tied_increment.h>
#include <Vunit_trace.h>
#include <Vunit_transform.h>

#include <catch2/catch.hpp>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "rtl/units/cycles.hpp"
#include "sim/lockstep/lane_ports.hpp"
#include "sim/lockstep/model.hpp"

using namespace trifactor;
using namespace trifactor::lockstep;

namespace {

/// Cycles from the one in which `start` is shown to the first in which `ready` holds; 100 when it never does.
template <class Model, class Start, class Stop, class Ready>
int latency_of(Clocked<Model>& model, Start start, Stop stop, Ready ready) {
  start();
  for (int cycle = 1; cycle < 100; ++cycle) {
    model.clock();
    stop();
    model.settle();
    if (ready()) return cycle;
  }
  return 100;
}

template <class Model>
int done_latency() {
  Clocked<Model> model;
  model->start = 0;
  model.reset();
  return latency_of(
      model, [&] { model->start = 1; }, [&] { model->start = 0; }, [&] { return model->done; });
}

/// A synapse memory with so many ports and cycles of read latency; refuses more accesses than it has ports.
class Memory {
 public:
  Memory(std::size_t words, std::int64_t ports, std::int64_t latency)
      : words_(words), ports_(ports), latency_(latency) {}

  void begin() {
    used_ = 0;
    ++now_;
  }
  void read(std::size_t address) {
    REQUIRE(++used_ <= ports_);
    reads_[now_ + latency_] = address;
  }
  void write(std::size_t address, std::int64_t value) {
    REQUIRE(++used_ <= ports_);
    words_[address] = value;
  }
  /// The address whose data is out in this cycle.
  std::optional<std::size_t> out() const {
    const auto at = reads_.find(now_);
    return at == reads_.end() ? std::nullopt : std::optional(at->second);
  }
  std::int64_t at(std::size_t address) const { return words_[address]; }
  std::int64_t now() const { return now_; }

 private:
  std::vector<std::int64_t> words_;
  std::int64_t ports_, latency_, now_ = -1, used_ = 0;
  std::map<std::int64_t, std::size_t> reads_;
};

/// An update pass as a core walks it, reading as early as the ports allow. Returns the cycles from the first
/// read to the last write.
template <class Ports>
std::int64_t update_pass(const PassShape& shape) {
  Ports lanes;
  lanes.quiet();
  lanes.configure({0, 16, false});
  lanes.reset();
  std::vector<std::int64_t> load(6 + 6 * Ports::lanes, 1), burst = load, idle = load;
  burst[0] = 0;
  idle[0] = 2;
  const std::int64_t total = shape.bursts();
  Memory memory(static_cast<std::size_t>(total), shape.ports, shape.memory_latency);
  std::int64_t loaded = -1, started = 0, read = 0, written = 0, read_from = 0;
  const auto load_next = [&] {
    lanes.show(load.data());
    ++loaded;
  };
  load_next();  // factors of the first block are there before the pass
  lanes.clock();

  std::deque<std::size_t> in_lanes, to_write;
  while (written < total) {
    memory.begin();
    REQUIRE(memory.now() < 100000);
    lanes.show(idle.data());
    lanes.settle();
    if (lanes.done()) {
      CHECK(lanes.weight(0) == 2);  // 1 + 1 x 1 + 1 x 1 - 1 x 1
      to_write.push_back(in_lanes.front());
      in_lanes.pop_front();
    }
    const bool reads = shape.ports == 2 || memory.now() % 2 == 0, writes = shape.ports == 2 || !reads;
    if (reads && read < total && memory.now() >= read_from) {
      memory.read(static_cast<std::size_t>(read++));
      if (shape.ports == 2 && read % shape.rows == 0)
        read_from = memory.now() + 2;  // a cycle to load factors
    }
    if (writes && !to_write.empty()) {
      memory.write(to_write.front(), 1);
      to_write.pop_front();
      ++written;
    }
    if (const std::optional<std::size_t> data = memory.out()) {
      REQUIRE(loaded == static_cast<std::int64_t>(*data) / shape.rows);
      lanes.show(burst.data());
      in_lanes.push_back(*data);
      ++started;
    } else if (started < total && started / shape.rows > loaded) {
      load_next();
    }
    lanes.clock();
  }
  for (std::int64_t i = 0; i < total; ++i) CHECK(memory.at(static_cast<std::size_t>(i)) == 1);
  return memory.now() + 1;
}

/// A forward pass: one read a cycle. Returns the cycles before the one in which the last sums are complete.
template <class Model>
std::int64_t accumulate_pass(const PassShape& shape) {
  Clocked<Model> model;
  model->burst = 0;
  model.reset();
  const std::int64_t total = shape.bursts();
  Memory memory(static_cast<std::size_t>(total), 1, shape.memory_latency);
  model->value = 3;
  put_bits(model->weights, 0, 16, 5);
  for (std::int64_t read = 0, blocks = 0;;) {
    memory.begin();
    REQUIRE(memory.now() < 100000);
    if (read < total) memory.read(static_cast<std::size_t>(read++));
    const std::optional<std::size_t> data = memory.out();
    const std::int64_t row = data ? static_cast<std::int64_t>(*data) % shape.rows : 0;
    model->burst = data.has_value();
    model->first = row == 0;
    model->last = row == shape.rows - 1;
    model.settle();
    if (model->done) {
      CHECK(get_bits(model->sums, 0, 48) == static_cast<std::uint64_t>(15 * shape.rows));
      if (++blocks == row_bursts(shape.columns, shape.lanes)) return memory.now();
    }
    model.clock();
  }
}

struct Flat8 : FlatLanePorts<Vunit_lane, 8> {};
struct Array8 : ArrayLanePorts<Vunit_lane_array, 8> {};
struct Array64 : ArrayLanePorts<Vunit_lane_array_64, 64> {};

std::vector<PassShape> shapes(std::int64_t lanes) {
  std::vector<PassShape> all;
  for (const std::int64_t rows : {1, 2, 3, 17})
    for (const std::int64_t columns : {1, 7, 8, 9, 63, 64, 65, 200})
      for (const std::int64_t latency : {1, 2, 3, 4})
        for (const std::int64_t ports : {1, 2}) all.push_back({rows, columns, lanes, latency, ports});
  return all;
}

}  // namespace

TEST_CASE("function units are ready after their latency, not before") {
  CHECK(done_latency<Vunit_activation>() == activation_latency);
  CHECK(done_latency<Vunit_exp_unit>() == exp_latency);
  CHECK(done_latency<Vunit_membrane>() == membrane_latency);
  CHECK(done_latency<Vunit_noise>() == noise_latency);
  CHECK(done_latency<Vunit_power>() == power_latency);
  CHECK(done_latency<Vunit_reciprocal>() == reciprocal_latency);
  CHECK(done_latency<Vunit_tied>() == tied_latency);
  CHECK(done_latency<Vunit_tied_increment>() == increment_latency);
  CHECK(done_latency<Vunit_trace>() == trace_latency);
  CHECK(done_latency<Vunit_transform>() == transform_latency);
}

TEST_CASE("a reduction node passes a word in one cycle") {
  Clocked<Vunit_reduce> model;
  model->used = 3;
  model->child_valid = 0;
  model->out_ready = 1;
  model.reset();
  CHECK(latency_of(
            model, [&] { model->child_valid = 3; }, [&] { model->child_valid = 0; },
            [&] { return model->out_valid; }) == reduce_latency);
}

TEST_CASE("a squared distance is complete after its latency") {
  Clocked<Vunit_distance> model;
  model->valid = 0;
  model->first = model->last = 1;
  model->a = 5;
  model->b = 2;
  model.reset();
  const int taken = latency_of(
      model, [&] { model->valid = 1; }, [&] { model->valid = 0; }, [&] { return model->done; });
  CHECK(taken == distance_latency);
  CHECK(model->sum == 9);
}

TEST_CASE("a list holds a key after its latency") {
  Clocked<Vunit_rank> model;
  model->clear = 1;
  model->key_valid = 0;
  model->key = 42;
  model.clock();
  model->clear = 0;
  CHECK(latency_of(
            model, [&] { model->key_valid = 1; }, [&] { model->key_valid = 0; },
            [&] { return get_bits(model->ranked, 0, 48) == 42; }) == rank_latency);
}

TEST_CASE("a window holds an activity after its latency") {
  Clocked<Vunit_pool> model;
  model->clear = 1;
  model->value_valid = 0;
  model->value = 7;
  model->index = 5;
  model->window = 4;
  model.clock();
  model->clear = 0;
  CHECK(latency_of(
            model, [&] { model->value_valid = 1; }, [&] { model->value_valid = 0; },
            [&] { return model->largest == 7; }) == pool_latency);
  CHECK(model->winner == 5);
}

TEST_CASE("a drawn word is there after one cycle") {
  Clocked<Vunit_random> model;
  model->load = 1;
  model->seed = 1;
  model->draw = 0;
  model.clock();
  model->load = 0;
  CHECK(latency_of(
            model, [&] { model->draw = 1; }, [&] { model->draw = 0; }, [&] { return model->word != 1; }) ==
        random_latency);
}

TEST_CASE("label bits take one cycle for each partner and one") {
  Clocked<Vunit_label> model;
  model->store = 0;
  model->slots = 33;
  model->partners = 32;
  model.reset();
  for (int sample = 0; sample < 70; ++sample) {
    const int count = sample < 32 ? sample : 32;
    CHECK(latency_of(
              model, [&] { model->store = 1; }, [&] { model->store = 0; }, [&] { return model->done; }) ==
          label_latency(count));
    CHECK(model->count == count);
    model.clock();
  }
}

TEST_CASE("the counters of the lanes include a burst after their latency") {
  Array8 lanes;
  lanes.quiet();
  lanes.configure({0, 16, false});
  lanes.reset();
  std::vector<std::int64_t> vector(6 + 6 * 8, 1);
  lanes.show(vector.data());
  lanes.clock();
  vector[0] = 0;
  lanes.show(vector.data());
  vector[0] = 2;
  for (int cycle = 1; cycle < 6; ++cycle) {
    lanes.clock();
    lanes.show(vector.data());
    lanes.settle();
    CHECK(lanes.losses().applied == (cycle >= lane_counter_latency ? 8u : 0u));
    CHECK(lanes.done() == (cycle == lane_latency));
  }
}

TEST_CASE("an update pass takes the cycles claimed, for flat and array ports, 8 and 64 lanes") {
  for (const PassShape& shape : shapes(8)) {
    INFO(shape.rows << " rows " << shape.columns << " columns latency " << shape.memory_latency << " ports "
                    << shape.ports);
    CHECK(update_pass<Flat8>(shape) == update_cycles(shape));
    CHECK(update_pass<Array8>(shape) == update_cycles(shape));
  }
  for (const PassShape& shape : shapes(64)) {
    INFO(shape.rows << " rows " << shape.columns << " columns latency " << shape.memory_latency << " ports "
                    << shape.ports);
    CHECK(update_pass<Array64>(shape) == update_cycles(shape));
  }
}

TEST_CASE("a forward pass takes the cycles claimed, on 8 and 64 lanes") {
  for (const PassShape& shape : shapes(8))
    CHECK(accumulate_pass<Vunit_accumulate>(shape) == accumulate_cycles(shape));
  for (const PassShape& shape : shapes(64))
    CHECK(accumulate_pass<Vunit_accumulate_64>(shape) == accumulate_cycles(shape));
}
