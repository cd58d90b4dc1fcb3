// The whole chip as a SystemC model behind frames: mesh, cores, teachers, trees, host port.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rtl/core/arithmetic.hpp"
#include "runtime/wire/frame.hpp"
#include "runtime/wire/words.hpp"
#include "sysc/chip/digest_book.hpp"
#include "sysc/core/tile_core.hpp"
#include "sysc/host_port/host_port.hpp"
#include "sysc/noc/mesh.hpp"
#include "sysc/third_factor/tile_teacher.hpp"

namespace trifactor {

struct ChipOptions {
  bool reverse_order =
      false;  ///< build modules and visit routers in the opposite order; must change no result
};

/// One elaboration a process: make one, use it, end the process.
class Chip : public Outlet {
 public:
  explicit Chip(std::unique_ptr<Arithmetic> arithmetic, ChipOptions options = {});
  ~Chip() override;

  /// Throws Error for frames that make no sense.
  void send(const Frame& frame);
  bool has_answer() const { return !answers_.empty() || !late_.empty(); }
  /// The next answer, running the simulation as far as needed.
  Frame receive();

  Mesh& mesh() { return *mesh_; }
  TileCore& core(std::uint32_t tile) { return *cores_.at(tile); }
  /// Every packet handed to a tile, for tests that record them; called before the tile sees it.
  std::function<void(std::uint32_t tile, const Packet&, std::uint64_t cycle)> on_delivery;
  std::uint64_t activations() const;

  // -- what units at the tiles ask of the chip
  std::uint32_t route(std::uint32_t tile, std::vector<std::uint32_t> destinations) override;
  void inject(std::uint32_t tile, const Packet& packet, std::uint64_t ready_cycle) override;
  void inject_train(std::uint32_t tile, std::span<const Packet> packets, std::uint64_t ready_cycle) override;
  void reduce(std::uint32_t tile, std::uint32_t projection, std::uint64_t sample, std::uint32_t first_word,
              std::span<const std::int64_t> partial, std::uint64_t ready_cycle) override;
  void broadcast(std::uint32_t teacher, std::uint32_t projection, std::uint64_t sample,
                 std::span<const std::int16_t> words, std::uint64_t ready_cycle) override;
  void fault(const char* code, std::string text) override;
  std::uint64_t jitter(std::uint32_t tile, std::uint64_t tick, std::uint32_t stage) const override;

 private:
  class Tile;
  struct TreeFacts {
    std::uint32_t links = 0;        ///< of the tree that joins a teacher to its cores
    std::uint32_t input_links = 0;  ///< and to the input cores
    TileTeacher* teacher = nullptr;
    std::map<std::uint32_t, std::uint32_t> hops;  ///< by core
    std::uint32_t broadcast_route = 0;
    std::map<std::uint32_t, std::uint32_t> up_routes;
  };

  void start();
  void connect_core(TileCore& core);
  void connect_teacher(TileTeacher& teacher);
  void expect_digests();
  void run();
  void drain();
  void flush_digests();
  void resume_if_needed(const Frame& sample);
  void answer_late();
  void read_state();
  void write_state(const Frame& frame);
  void read_counters();
  void read_weights();
  void close_cycles();
  UnitCounters core_counters(TileCore& core) const;
  std::string everything_waiting() const;

  std::unique_ptr<Arithmetic> arithmetic_;
  ChipOptions options_;
  ChipImage chip_;
  std::vector<Core> programmed_;  ///< until start
  std::vector<TeacherImage> teacher_images_;
  LabelImage label_image_;
  std::unique_ptr<Mesh> mesh_;
  std::map<std::uint32_t, std::unique_ptr<TileCore>> cores_;        ///< by tile
  std::map<std::uint32_t, std::unique_ptr<TileTeacher>> teachers_;  ///< by projection
  std::unique_ptr<HostPort> host_;
  std::vector<std::unique_ptr<Tile>> tiles_;
  std::vector<TreeFacts> trees_;                                ///< by projection
  std::map<std::uint32_t, std::vector<std::uint32_t>> owners_;  ///< by projection
  DigestBook digests_;
  std::uint64_t tree_hops_ = 0, tree_bits_ = 0, end_packets_ = 0, credit_packets_ = 0;
  bool faulted_ = false, resumed_ = false, started_ = false;
  std::vector<std::uint64_t> blocked_;  ///< by tile: cycles told to its core so far
  std::deque<Frame> answers_;
  /// Answers after those, made one by one as they are taken: weights and states are as large as the chip.
  std::deque<std::function<Frame()>> late_;
  Frame fault_;  ///< the answer to everything after a fault
};

}  // namespace trifactor
