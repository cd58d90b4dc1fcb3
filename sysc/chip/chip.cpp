#include "sysc/chip/chip.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "rtl/spec/diagnostic.hpp"
#include "rtl/units/random/golden.hpp"

namespace trifactor {

/// The local port of a tile's router: hands packets to the core, the teacher or the host port there.
class Chip::Tile final : public PacketSink {
 public:
  Tile(Chip& chip, std::uint32_t tile) : chip_(chip), tile_(tile) {}
  TileCore* core = nullptr;
  TileTeacher* teacher = nullptr;
  HostPort* host = nullptr;

  void arrive(const Packet& packet, std::uint64_t cycle) override {
    if (chip_.faulted_) return;
    if (chip_.on_delivery) chip_.on_delivery(tile_, packet, cycle);
    switch (static_cast<PacketKind>(packet.kind)) {
      case PacketKind::same:
        if (teacher != nullptr)
          return teacher->same(packet.index, packet.tick, static_cast<std::uint32_t>(packet.payload), cycle);
        break;
      case PacketKind::partial:
        if (teacher != nullptr)
          return teacher->partial(packet.source, packet.aux, packet.tick, packet.index, packet.payload,
                                  cycle);
        break;
      case PacketKind::result:
      case PacketKind::host_credit:
      case PacketKind::rate_taken:
        if (host != nullptr) return host->arrive(packet, cycle);
        break;
      default:
        if (core != nullptr) return core->arrive(packet, cycle);
    }
    chip_.fault("TF-HW-005", "tile " + std::to_string(tile_) + ": a packet for a unit that is not there");
  }

 private:
  Chip& chip_;
  std::uint32_t tile_;
};

Chip::Chip(std::unique_ptr<Arithmetic> arithmetic, ChipOptions options)
    : arithmetic_(std::move(arithmetic)), options_(options) {}
Chip::~Chip() = default;

// ---------------------------------------------------------------- outlet

std::uint32_t Chip::route(std::uint32_t tile, std::vector<std::uint32_t> destinations) {
  return mesh_->add_route(tile, std::move(destinations));
}

void Chip::inject(std::uint32_t tile, const Packet& packet, std::uint64_t ready_cycle) {
  const PacketKind kind = static_cast<PacketKind>(packet.kind);
  end_packets_ += kind == PacketKind::end || kind == PacketKind::error_end || kind == PacketKind::input_end ||
                  kind == PacketKind::increment_end || kind == PacketKind::total_end;
  credit_packets_ += kind == PacketKind::credit || kind == PacketKind::host_credit;
  mesh_->inject(tile, packet, ready_cycle);
}

/// Activities and the like: neither end packets nor credits.
void Chip::inject_train(std::uint32_t tile, std::span<const Packet> packets, std::uint64_t ready_cycle) {
  if (!packets.empty()) mesh_->inject_train(tile, packets, ready_cycle);
}

void Chip::reduce(std::uint32_t tile, std::uint32_t projection, std::uint64_t sample,
                  std::uint32_t first_word, std::span<const std::int64_t> partial,
                  std::uint64_t ready_cycle) {
  const TreeFacts& tree = trees_.at(projection);
  for (std::uint32_t w = 0; w < partial.size(); ++w) {
    const std::uint32_t word = first_word + w;
    if (chip_.machine.tree.own_network) {
      const std::uint64_t hops =
          tree.hops.at(tile) * static_cast<std::uint64_t>(chip_.machine.tree.hop_cycles);
      tree.teacher->partial(tile, projection, sample, word, partial[w], ready_cycle + hops + w + 1);
    } else {
      inject(tile,
             make_packet(PacketKind::partial, tile, tree.up_routes.at(tile), sample, word, projection,
                         partial[w]),
             ready_cycle + w);
    }
  }
}

void Chip::broadcast(std::uint32_t teacher, std::uint32_t projection, std::uint64_t sample,
                     std::span<const std::int16_t> words, std::uint64_t ready_cycle) {
  const TreeFacts& tree = trees_.at(projection);
  if (!chip_.machine.tree.own_network) {
    for (std::uint32_t w = 0; w < words.size(); ++w)
      inject(teacher,
             make_packet(PacketKind::word, teacher, tree.broadcast_route, sample, w, projection, words[w]),
             ready_cycle + w);
    return;
  }
  const TeacherImage& image = tree.teacher->teacher().image();
  const auto input = static_cast<std::uint64_t>(image.input_words),
             up = static_cast<std::uint64_t>(image.up_words) - input;
  const std::uint64_t sums = tree.links * up + tree.input_links * input;
  tree_hops_ += tree.links * words.size() + sums;
  tree_bits_ += tree.links * words.size() * tree_word_bits + sums * tree_sum_bits;
  for (const std::uint32_t core : image.contributors)
    tiles_[core]->core->words_arrive(
        projection, sample, words,
        ready_cycle + tree.hops.at(core) * static_cast<std::uint64_t>(chip_.machine.tree.hop_cycles) +
            words.size());
}

void Chip::fault(const char* code, std::string text) {
  if (faulted_) return;
  faulted_ = true;
  fault_ = {FrameType::fault, 0, 0, pack(FaultWords{code, std::move(text), Mesh::now()})};
  answers_.push_back(fault_);
  sc_core::sc_pause();
}

std::uint64_t Chip::jitter(std::uint32_t tile, std::uint64_t tick, std::uint32_t stage) const {
  if (chip_.machine.jitter_seed == 0) return 0;
  return mix64(mix64(static_cast<std::uint64_t>(chip_.machine.jitter_seed) ^
                     (std::uint64_t{tile} << 32 | stage)) ^
               tick) %
         32;
}

// ---------------------------------------------------------------- programming

void Chip::send(const Frame& frame) {
  while (!late_.empty()) answer_late();  // what was asked for is the state before this frame
  switch (frame.type) {
    case FrameType::chip:
      chip_ = unpack<ChipImage>(frame.words, "chip frame");
      break;
    case FrameType::core:
      programmed_.emplace_back(unpack<CoreImage>(frame.words, "core frame"), *arithmetic_,
                               static_cast<int>(chip_.machine.core.lanes));
      break;
    case FrameType::teacher:
      teacher_images_.push_back(unpack<TeacherImage>(frame.words, "teacher frame"));
      break;
    case FrameType::label:
      label_image_ = unpack<LabelImage>(frame.words, "label frame");
      break;
    case FrameType::start:
      start();
      break;
    case FrameType::sample:
      resume_if_needed(frame);
      host_->present(frame);
      break;
    case FrameType::rate:
      host_->rate(frame.unit, frame.tick, frame.words.at(0), owners_.at(frame.unit));
      break;
    case FrameType::drain:
      drain();
      answers_.push_back({FrameType::drained, 0, frame.tick, {}});
      break;
    case FrameType::read_state:
      read_state();
      break;
    case FrameType::write_state:
      write_state(frame);
      break;
    case FrameType::read_counters:
      read_counters();
      break;
    case FrameType::read_weights:
      read_weights();
      break;
    default:
      throw Error(ExitCode::internal,
                  {"TF-DEV-002", "systemc engine", "a frame that only the chip sends", "", ""});
  }
}

void Chip::start() {
  std::array<std::uint32_t, message_class_count> bits{};
  std::copy(std::begin(packet_bits_of_class), std::end(packet_bits_of_class), bits.begin());
  MeshConfig config = MeshConfig::of(chip_.machine, bits);
  config.reverse_order = options_.reverse_order;
  mesh_ = std::make_unique<Mesh>("mesh", config);
  for (std::uint32_t tile = 0; tile < config.tiles(); ++tile) {
    tiles_.push_back(std::make_unique<Tile>(*this, tile));
    mesh_->connect(tile, *tiles_.back());
  }
  if (options_.reverse_order) std::reverse(teacher_images_.begin(), teacher_images_.end());
  for (std::size_t k = 0; k < programmed_.size(); ++k) {
    Core& core = programmed_[options_.reverse_order ? programmed_.size() - 1 - k : k];
    const CoreImage& image = core.image();
    const std::uint32_t tile = image.core;
    for (const BlockImage& block : image.blocks)
      if (block.plastic && image.owner == image.core) owners_[block.projection].push_back(tile);
    core.set_digests(chip_.digests);
    cores_[tile] = std::make_unique<TileCore>(("core_" + std::to_string(tile)).c_str(), std::move(core),
                                              chip_.machine, *this);
    tiles_[tile]->core = cores_[tile].get();
  }
  std::vector<Core>().swap(programmed_);
  for (auto& [projection, owners] : owners_) std::sort(owners.begin(), owners.end());
  for (TeacherImage& image : teacher_images_) {
    const std::uint32_t projection = image.projection, tile = image.tile;
    teachers_[projection] = std::make_unique<TileTeacher>(("teacher_" + std::to_string(projection)).c_str(),
                                                          Teacher(std::move(image), *arithmetic_), *this);
    tiles_[tile]->teacher = teachers_[projection].get();
  }
  host_ = std::make_unique<HostPort>("host_port", 0, chip_.machine, *this);
  tiles_[0]->host = host_.get();

  std::vector<HostPort::InputCore> inputs;
  std::size_t outputs = 0;
  for (auto& [tile, core] : cores_) {
    const CoreImage& image = core->core().image();
    connect_core(*core);
    if (image.input) inputs.push_back({tile, image.first_neuron, image.neurons, image.label_value});
    if (image.output && image.owner == image.core) outputs += image.neurons;
  }
  for (auto& [projection, teacher] : teachers_) {
    connect_teacher(*teacher);
    const TeacherImage& image = teacher->teacher().image();
    for (const std::uint32_t core : image.input_contributors)
      cores_.at(core)->add_input_teacher(
          {projection, static_cast<std::uint32_t>(image.up_words - image.input_words),
           static_cast<std::uint32_t>(image.input_words), image.steps == chip_.steps});
  }
  for (std::uint32_t t = 0; t < label_image_.teachers.size(); ++t)
    tiles_.at(label_image_.teachers[t])->teacher->set_index(t);
  blocked_.assign(config.tiles(), 0);
  host_->connect(LabelUnit(label_image_), inputs, outputs);
  host_->on_result = [this](std::uint64_t presentation, const ResultWords& result) {
    answers_.push_back({FrameType::result, 0, presentation, pack(result)});
    sc_core::sc_pause();
  };
  if (chip_.digests) expect_digests();
}

void Chip::connect_core(TileCore& core) {
  const CoreImage& image = core.core().image();
  core.connect(host_->tile(), [&](std::uint32_t destination, bool feedback) {
    std::uint32_t first = ~std::uint32_t{0}, end = 0;
    for (const BlockImage& block : cores_.at(destination)->core().image().blocks)
      if (block.source == image.population && block.feedback == feedback)
        first = std::min(first, block.first_row), end = std::max(end, block.first_row + block.rows);
    return std::pair{first, end};
  });
}

/// Dimension-ordered paths from the teacher to its cores; shared links count once.
void Chip::connect_teacher(TileTeacher& teacher) {
  const TeacherImage& image = teacher.teacher().image();
  const std::uint32_t width = static_cast<std::uint32_t>(chip_.machine.mesh.width);
  TreeFacts tree;
  std::set<std::pair<std::uint32_t, std::uint32_t>> links, input_links;
  const auto reach = [&](std::uint32_t core, auto& used) {
    std::uint32_t at = image.tile, hops = 0;
    while (at != core) {
      const std::uint32_t x = at % width, target_x = core % width;
      const std::uint32_t next =
          x != target_x ? (x < target_x ? at + 1 : at - 1) : (at < core ? at + width : at - width);
      used.insert({at, next});
      at = next;
      ++hops;
    }
    tree.hops[core] = hops;
    if (!chip_.machine.tree.own_network) tree.up_routes[core] = route(core, {image.tile});
  };
  for (const std::uint32_t core : image.contributors) reach(core, links);
  for (const std::uint32_t core : image.input_contributors) reach(core, input_links);
  tree.links = static_cast<std::uint32_t>(links.size());
  tree.input_links = static_cast<std::uint32_t>(input_links.size());
  if (!chip_.machine.tree.own_network) tree.broadcast_route = route(image.tile, image.contributors);
  tree.teacher = &teacher;
  if (trees_.size() <= image.projection) trees_.resize(image.projection + 1);
  trees_[image.projection] = std::move(tree);
}

void Chip::expect_digests() {
  std::vector<DigestBook::Expectation> expected(chip_.populations);
  for (auto& [tile, core] : cores_) {
    const CoreImage& image = core->core().image();
    DigestBook::Expectation& e = expected[image.population];
    if (image.owner == image.core || image.input) ++e.evaluations;
    TileCore* const self = core.get();
    const std::uint32_t population = image.population;
    core->on_evaluated = [this, self, population](std::uint64_t presentation, bool) {
      digests_.activity(presentation, population, self->core().activity_digest());
    };
    for (const BlockImage& block : image.blocks) {
      if (!block.plastic) continue;
      e.projection = block.projection;
      const std::uint32_t times = block.plasticity.every_step ? chip_.steps : 1;
      e.updates.insert(e.updates.end(), times, block.plasticity.weight_age);
      if (image.owner == image.core) e.factors += times;
    }
    core->on_formed = [this, self, population](std::size_t block, std::uint64_t sample) {
      digests_.third_factor(sample, population, self->core().factor_digest(block));
    };
    core->on_updated = [this, self, population](std::size_t block, std::uint64_t sample) {
      digests_.weights(sample + self->image().blocks[block].plasticity.weight_age, population,
                       self->core().take_weight_digest(block));
    };
  }
  for (auto& [projection, teacher] : teachers_) {
    const std::uint32_t population =
        cores_.at(teacher->teacher().image().contributors.front())->core().image().population;
    expected[population].factors += teacher->teacher().image().steps;
    TileTeacher* const self = teacher.get();
    teacher->on_taught = [this, self, population](std::uint64_t sample) {
      digests_.third_factor(sample, population, self->teacher().digest());
    };
  }
  digests_.expect(std::move(expected));
  host_->on_enter = [this](std::uint64_t presentation, bool learn, std::uint64_t sample) {
    digests_.enter(presentation, learn, sample);
  };
}

// ---------------------------------------------------------------- running

void Chip::run() {
  if (faulted_) return;
  started_ = true;
  sc_core::sc_start();
}

void Chip::answer_late() {
  answers_.push_back(late_.front()());
  late_.pop_front();
}

Frame Chip::receive() {
  if (answers_.empty() && !late_.empty()) answer_late();
  if (answers_.empty()) run();
  if (chip_.digests && started_) flush_digests();
  if (answers_.empty()) fault("TF-HW-010", "the chip hangs: " + everything_waiting());
  if (answers_.empty()) return fault_;
  Frame frame = std::move(answers_.front());
  answers_.pop_front();
  return frame;
}

void Chip::flush_digests() {
  digests_.flush([this](std::uint64_t presentation, const DigestWords& words) {
    answers_.push_back({FrameType::digest, words.population, presentation, pack(words)});
  });
}

/// Runs until nothing moves; whatever still waits then has lost something.
void Chip::drain() {
  for (std::size_t before = answers_.size() + 1; !faulted_ && answers_.size() != before;) {
    before = answers_.size();
    run();
  }
  if (faulted_) return;
  for (auto& [tile, core] : cores_) core->core();  // digests of all that happened
  if (chip_.digests) flush_digests();
  close_cycles();
  mesh_->restart_turns();  // no checkpoint holds them
  if (const std::string waiting = everything_waiting(); !waiting.empty())
    fault("TF-HW-010", "the chip hangs: " + waiting);
}

std::string Chip::everything_waiting() const {
  std::string text;
  const auto add = [&](const std::string& more) {
    if (!more.empty()) text += (text.empty() ? "" : "; ") + more;
  };
  add(host_->waiting());
  for (const auto& [tile, core] : cores_) add(core->waiting());
  for (const auto& [projection, teacher] : teachers_) add(teacher->waiting());
  if (mesh_->packets_inside() != 0) add(std::to_string(mesh_->packets_inside()) + " packets are in the mesh");
  return text;
}

void Chip::resume_if_needed(const Frame& sample) {
  if (resumed_) return;
  resumed_ = true;
  const std::uint64_t learned = host_->learned();
  for (auto& [tile, core] : cores_) core->resume_at(sample.tick, learned);
  for (auto& [projection, teacher] : teachers_) teacher->resume_at(learned);
  host_->resume_at(sample.tick);
}

// ---------------------------------------------------------------- reading and writing state

void Chip::read_state() {
  for (auto& [tile, core] : cores_)
    late_.push_back([tile = tile, &core = *core] {
      return Frame{FrameType::state, tile, 0, core.core().save()};
    });
  for (auto& [projection, teacher] : teachers_) {
    std::vector<std::uint32_t> words;
    Packer packer(words);
    teacher->teacher().visit_state(packer);
    late_.push_back([frame = Frame{FrameType::state, teacher_unit + projection, 0, words}] { return frame; });
  }
  std::vector<std::uint32_t> words;
  Packer packer(words);
  host_->label().visit_state(packer);
  packer(host_->learned());
  late_.push_back([frame = Frame{FrameType::state, label_unit, 0, words}] { return frame; });
  late_.push_back([] { return Frame{}; });
}

void Chip::write_state(const Frame& frame) {
  if (frame.unit == label_unit) {
    Unpacker unpacker(frame.words, "state of the label unit");
    host_->label().visit_state(unpacker);
    unpacker(host_->learned());
    return unpacker.finish();
  }
  for (auto& [projection, teacher] : teachers_)
    if (frame.unit == teacher_unit + projection) {
      Unpacker unpacker(frame.words, "state of a teacher unit");
      teacher->teacher().visit_state(unpacker);
      return unpacker.finish();
    }
  const auto core = cores_.find(frame.unit);
  if (core == cores_.end())
    throw Error(ExitCode::data,
                {"TF-CKPT-001", "checkpoint", "state of a unit that this layout does not have", "",
                 "use the layout with which the checkpoint was made"});
  core->second->core().restore(frame.words);
}

/// At drains, so that a run and its continuation from a checkpoint count alike.
void Chip::close_cycles() {
  for (auto& [tile, core] : cores_) {
    const std::uint64_t blocked = mesh_->blocked_cycles(tile);
    core->close_cycles(Mesh::now(), blocked - blocked_[tile]);
    blocked_[tile] = blocked;
  }
}

UnitCounters Chip::core_counters(TileCore& core) const {
  UnitCounters counters;
  counters.events = core.core().events();
  counters.cycles = core.cycles();
  counters.now = Mesh::now();
  for (std::size_t b = 0; b < core.core().image().blocks.size(); ++b) {
    counters.projections.push_back(core.core().image().blocks[b].projection);
    counters.updates.push_back(core.core().update_counts(b));
    counters.block_events.push_back(core.core().block_events(b));
  }
  return counters;
}

void Chip::read_counters() {
  close_cycles();
  for (auto& [tile, core] : cores_)
    answers_.push_back({FrameType::counters, tile, 0, pack(core_counters(*core))});
  for (auto& [projection, teacher] : teachers_) {
    UnitCounters counters;
    counters.events = teacher->teacher().events();
    const TeacherMonitor& m = teacher->teacher().monitor();
    counters.kernel_sum = m.kernel, counters.third_factor_sum = m.third_factor;
    counters.same_class = m.same_class, counters.partners = m.partners;
    counters.cycles[static_cast<std::size_t>(CycleCause::computing)] = teacher->busy_cycles();
    answers_.push_back({FrameType::counters, teacher_unit + projection, 0, pack(counters)});
  }
  UnitCounters label;
  label.events = host_->label().events();
  answers_.push_back({FrameType::counters, label_unit, 0, pack(label)});
  UnitCounters network;
  for (std::size_t c = 0; c < message_class_count; ++c) {
    const std::uint64_t packets = mesh_->injected(static_cast<MessageClass>(c));
    const std::uint64_t hops = mesh_->hops(static_cast<MessageClass>(c));
    network.events[Event::packet] += packets;
    network.events[Event::hop] += hops;
    network.events[Event::packet_bit] += packets * packet_bits_of_class[c];
    network.events[Event::link_bit] += hops * packet_bits_of_class[c];
  }
  network.events[Event::end_packet] = end_packets_;
  network.events[Event::credit_packet] = credit_packets_;
  network.events[Event::tree_hop] = tree_hops_;
  network.events[Event::link_bit] += tree_bits_;
  network.now = Mesh::now();
  network.activations = activations();
  answers_.push_back({FrameType::counters, network_unit, 0, pack(network)});
  answers_.push_back({FrameType::done, 0, 0, {}});
}

void Chip::read_weights() {
  for (auto& [tile, core] : cores_)
    for (std::size_t b = 0; b < core->core().image().blocks.size(); ++b)
      late_.push_back([tile = tile, b, &core = *core] {
        return Frame{FrameType::weights, tile, 0, pack(core.core().read_weights(b))};
      });
  late_.push_back([] { return Frame{}; });
}

std::uint64_t Chip::activations() const {
  return mesh_->activations() + host_->activations() + alarm().activations();
}

}  // namespace trifactor
