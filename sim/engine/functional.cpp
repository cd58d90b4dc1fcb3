#include "sim/engine/functional.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <numeric>

#include "rtl/core/core.hpp"
#include "rtl/core/teacher.hpp"
#include "rtl/units/reduce/golden.hpp"
#include "runtime/wire/words.hpp"
#include "sim/engine/parallel.hpp"
#include "sim/engine/unit_frames.hpp"

namespace trifactor {
namespace {

struct PendingRate {
  std::uint64_t from = 0;
  std::uint32_t mantissa = 0;
};

class FunctionalDevice final : public Device {
 public:
  FunctionalDevice(std::string name, std::unique_ptr<Arithmetic> arithmetic)
      : name_(std::move(name)), arithmetic_(std::move(arithmetic)) {}

  std::string engine() const override { return name_; }

  Frame receive() override {
    if (answers_.empty() && !late_.empty()) answer_late();
    if (answers_.empty())
      throw Error(ExitCode::internal, {"TF-DEV-001", name_ + " engine", "no answer is outstanding", "", ""});
    Frame frame = std::move(answers_.front());
    answers_.pop_front();
    return frame;
  }

  void send(const Frame& frame) override {
    while (!late_.empty()) answer_late();  // what was asked for is the state before this frame
    switch (frame.type) {
      case FrameType::chip:
        chip_ = unpack<ChipImage>(frame.words, "chip frame");
        parallel_ = std::make_unique<Parallel>(chip_.threads);
        break;
      case FrameType::core: {
        cores_.emplace_back(unpack<CoreImage>(frame.words, "core frame"), *arithmetic_,
                            static_cast<int>(chip_.machine.core.lanes));
        cores_.back().set_digests(chip_.digests);
        break;
      }
      case FrameType::teacher:
        teachers_.emplace_back(unpack<TeacherImage>(frame.words, "teacher frame"), *arithmetic_);
        break;
      case FrameType::label:
        label_ = LabelUnit(unpack<LabelImage>(frame.words, "label frame"));
        break;
      case FrameType::start:
        start();
        break;
      case FrameType::sample:
        present(frame);
        break;
      case FrameType::rate:
        rates_[frame.unit].push_back({frame.tick, frame.words.at(0)});
        break;
      case FrameType::drain:
        answers_.push_back({FrameType::drained, 0, frame.tick, {}});
        break;
      case FrameType::read_state:
        state_frames(units(), late_);
        break;
      case FrameType::write_state:
        set_state(units(), frame);
        break;
      case FrameType::read_counters:
        counter_frames(units(), answers_);
        break;
      case FrameType::read_weights:
        weight_frames(units(), late_);
        break;
      default:
        throw Error(ExitCode::internal,
                    {"TF-DEV-002", name_ + " engine", "a frame that only the chip sends", "", ""});
    }
  }

 private:
  /// The cores of one population: owners hold consecutive columns, helpers further rows of the same columns.
  struct Population {
    std::uint32_t neurons = 0;
    bool input = false, output = false;
    std::vector<std::size_t> owners, members;  ///< indices into cores_
    std::vector<std::int16_t> activity, error;
    std::vector<std::uint32_t> winners;  ///< of windows, where errors go back through them
    std::vector<std::int16_t> before;    ///< activity of the tick before; empty where no late block reads it
    bool takes_errors = false;
    std::vector<std::size_t> layers;  ///< that learn into it, in layers_: forward ones, then feedback
  };
  /// One plastic projection: which block of which cores it occupies.
  struct Layer {
    std::uint32_t projection = 0, population = 0;
    bool feedback = false, every_step = false;
    bool has_kernel = false;                                        ///< a convolution
    std::vector<std::pair<std::size_t, std::size_t>> owner_blocks;  ///< (core, block)
    std::vector<std::pair<std::size_t, std::size_t>> blocks;
    Teacher* teacher = nullptr;
    bool needs_target = false;
    std::int32_t up_words = 0, input_words = 0;
    Reduction reduction = Reduction::sum;
  };

  void start() {
    populations_.resize(chip_.populations);
    std::map<std::uint32_t, std::size_t> by_tile;
    for (std::size_t k = 0; k < cores_.size(); ++k) by_tile[cores_[k].image().core] = k;
    std::map<std::uint32_t, Layer> layers;
    for (std::size_t k = 0; k < cores_.size(); ++k) {
      const CoreImage& image = cores_[k].image();
      Population& population = populations_.at(image.population);
      population.members.push_back(k);
      population.input |= image.input;
      population.output |= image.output;
      population.takes_errors |= cores_[k].takes_errors();
      if (!cores_[k].winners().empty()) population.winners.assign(1, 0);
      population.neurons = std::max(population.neurons, image.first_neuron + image.neurons);
      const bool owner = image.owner == image.core;
      if (owner) population.owners.push_back(k);
      owner_of_.push_back(by_tile.at(image.owner));
      for (std::size_t b = 0; b < image.blocks.size(); ++b) {
        if (!image.blocks[b].plastic) continue;
        Layer& layer = layers[image.blocks[b].projection];
        layer.projection = image.blocks[b].projection;
        layer.population = image.population;
        layer.feedback = image.blocks[b].feedback;
        layer.has_kernel = image.blocks[b].kernel.present();
        layer.every_step = image.blocks[b].plasticity.every_step;
        layer.needs_target = image.blocks[b].plasticity.needs_target;
        layer.up_words = image.blocks[b].plasticity.up_words;
        layer.input_words = image.blocks[b].plasticity.input_words;
        layer.reduction = image.blocks[b].plasticity.reduction;
        layer.blocks.push_back({k, b});
        if (owner) layer.owner_blocks.push_back({k, b});
      }
    }
    for (Teacher& teacher : teachers_) layers.at(teacher.image().projection).teacher = &teacher;
    for (auto& [id, layer] : layers) layers_.push_back(std::move(layer));
    for (const bool feedback : {false, true})
      for (std::size_t k = 0; k < layers_.size(); ++k)
        if (layers_[k].feedback == feedback) populations_[layers_[k].population].layers.push_back(k);
    for (Population& population : populations_) {
      population.activity.assign(population.neurons, 0);
      population.error.assign(population.neurons, 0);
      if (!population.winners.empty()) population.winners.assign(population.neurons, 0);
    }
    for (const Core& core : cores_)
      for (const BlockImage& block : core.image().blocks)
        if (block.late) populations_[block.source].before = populations_[block.source].activity;
    sums_.resize(cores_.size());
    for (std::size_t k = 0; k < cores_.size(); ++k) sums_[k].assign(cores_[k].sum_words(true), 0);
  }

  void present(const Frame& frame) {
    const bool learn = frame.words.at(0) != 0;
    const std::uint16_t label = static_cast<std::uint16_t>(frame.words.at(1));
    label_.events()[Event::host_word] += frame.words.size();
    if (learn) {
      label_.enter(label);
      label_.events()[Event::label_word] += label_.image().teachers.size() + label_.image().targets.size();
      third_factor_digests_.clear();
    }
    for (Population& population : populations_)
      if (population.input) enter(population, frame, learn);
    for (std::uint32_t step = 0; step < chip_.steps; ++step)
      run_step(frame.tick * chip_.steps + step, learn, label);
    for (Core& core : cores_) carry(core, learn);
    answer(frame, learn, label);
    if (learn) ++learned_;
  }

  void run_step(std::uint64_t tick, bool learn, std::uint16_t label) {
    const bool first = tick % chip_.steps == 0;
    for (Population& population : populations_)
      if (!population.before.empty()) population.before = population.activity;
    for (Population& population : populations_)
      if (population.input)
        send_distances(population, learn, tick);
      else
        forward(population, tick, learn, first);
    if (learn) this->learn(tick, label);
    parallel_->each(cores_.size(), [&](std::size_t k) { cores_[k].release(tick); });
  }

  void enter(Population& population, const Frame& frame, bool learn) {
    const std::int32_t own = cores_[population.members.front()].image().label_value;
    for (std::size_t i = 0; i < population.activity.size(); ++i)
      population.activity[i] = own == 0                          ? sample_value(frame, i)
                               : learn && i == frame.words.at(1) ? static_cast<std::int16_t>(own)
                                                                 : std::int16_t{0};
    for (std::size_t k : population.members) {
      const CoreImage& image = cores_[k].image();
      cores_[k].set_input(std::span(population.activity).subspan(image.first_neuron, image.neurons), learn);
    }
    if (!learn || own != 0) return;
    input_distances_.assign(max_partners, 0);
    for (const std::size_t k : population.members)
      if (cores_[k].image().input_partners > 0) cores_[k].contribute_input(input_distances_);
  }

  /// The distances of a sample's input go to every teacher as often as it teaches.
  void send_distances(const Population& population, bool learn, std::uint64_t tick) {
    if (!learn) return;
    for (const std::size_t k : population.members)
      for (const std::uint32_t projection : cores_[k].image().input_teachers) {
        const TeacherImage& teacher = teacher_of(projection).image();
        if (teacher.steps == chip_.steps || tick % chip_.steps == chip_.steps - 1)
          cores_[k].events()[Event::reduction_word] += static_cast<std::uint64_t>(teacher.input_words);
      }
  }

  void forward(Population& population, std::uint64_t tick, bool learn, bool first) {
    parallel_->each(population.members.size(), [&](std::size_t m) {
      const std::size_t k = population.members[m];
      Core& core = cores_[k];
      if (first && learn) core.recall(tick);
      deliver(core, tick, first);
      std::fill(sums_[k].begin(), sums_[k].end(), 0);
      core.accumulate(tick, sums_[k], learn);
    });
    gather_sums(population, cores_[population.members.front()].raises(tick, learn));
    parallel_->each(population.owners.size(), [&](std::size_t o) {
      Core& core = cores_[population.owners[o]];
      core.evaluate(tick, sums_[population.owners[o]], learn);
      std::copy(core.outputs().begin(), core.outputs().end(),
                population.activity.begin() + core.image().first_neuron);
    });
  }

  /// Activities to forward blocks. What a late block reads at a presentation's first step was carried.
  void deliver(Core& core, std::uint64_t tick, bool first) {
    for (std::size_t b = 0; b < core.image().blocks.size(); ++b) {
      const BlockImage& block = core.image().blocks[b];
      const Population& source = populations_[block.source];
      if (!block.feedback && !(block.late && first))
        deliver(core, tick, b, block.late ? source.before : source.activity);
    }
  }

  /// Errors to feedback blocks.
  void deliver_errors(Core& core, std::uint64_t tick) {
    for (std::size_t b = 0; b < core.image().blocks.size(); ++b)
      if (const BlockImage& block = core.image().blocks[b]; block.feedback) {
        const Population& source = populations_[block.source];
        deliver(core, tick, b, source.error);
        for (std::uint32_t row = 0; block.window != 0 && row < block.rows; ++row)
          core.mark_winner(tick, b, row, source.winners[block.first_row + row]);
      }
  }

  static void deliver(Core& core, std::uint64_t tick, std::size_t b, std::span<const std::int16_t> values) {
    const BlockImage& block = core.image().blocks[b];
    for (std::uint32_t row = 0; row < block.rows; ++row)
      if (const std::int16_t value = values[block.first_row + row]; value != 0)
        core.deliver(tick, b, row, value);
  }

  /// The activities at the end of a learning presentation wait in late blocks for the next one.
  void carry(Core& core, bool learn) {
    if (!learn) return;
    for (std::size_t b = 0; b < core.image().blocks.size(); ++b) {
      const BlockImage& block = core.image().blocks[b];
      if (!block.late) continue;
      core.begin_carry(b);
      for (std::uint32_t row = 0; row < block.rows; ++row)
        if (const std::int16_t value = populations_[block.source].activity[block.first_row + row]; value != 0)
          core.carry(b, row, value);
    }
  }

  /// Partial sums of row slices to their owners.
  void gather_sums(const Population& population, bool with_raised) {
    for (std::size_t k : population.members) {
      if (owner_of_[k] == k) continue;
      const std::uint32_t words = cores_[k].sum_words(with_raised);
      for (std::size_t i = 0; i < words; ++i) sums_[owner_of_[k]][i] += sums_[k][i];
      cores_[k].events()[Event::reduction_word] += words;
    }
  }

  /// The errors that come back to a population pass its feedback weights as they are before this sample's
  /// updates.
  void return_errors(const Population& population, std::uint64_t tick) {
    parallel_->each(population.members.size(), [&](std::size_t m) {
      const std::size_t k = population.members[m];
      deliver_errors(cores_[k], tick);
      std::fill(sums_[k].begin(), sums_[k].end(), 0);
      cores_[k].accumulate_errors(tick, sums_[k]);
    });
    gather_sums(population, false);
    for (const std::size_t k : population.owners)
      cores_[k].take_errors(std::span(sums_[k]).first(cores_[k].sum_words(false)));
  }

  /// Errors go on through neurons that do not learn.
  void relay(Population& population) {
    parallel_->each(population.owners.size(), [&](std::size_t o) {
      Core& core = cores_[population.owners[o]];
      core.relay();
      const std::uint32_t first = core.image().first_neuron;
      std::copy(core.errors().begin(), core.errors().end(), population.error.begin() + first);
      std::copy(core.winners().begin(), core.winners().end(), population.winners.begin() + first);
    });
  }

  /// From the output backwards: a layer's errors are made of those behind it.
  void learn(std::uint64_t tick, std::uint16_t label) {
    const bool last = tick % chip_.steps == chip_.steps - 1;
    for (std::size_t p = populations_.size(); p-- > 0;) {
      Population& population = populations_[p];
      const bool relays = cores_[population.members.front()].relays_at(tick);
      const bool learns = std::any_of(population.layers.begin(), population.layers.end(),
                                      [&](std::size_t k) { return last || layers_[k].every_step; });
      if (population.takes_errors && (learns || relays)) return_errors(population, tick);
      if (relays) relay(population);
      for (const std::size_t layer : population.layers)
        if (last || layers_[layer].every_step) learn(layers_[layer], tick, label);
    }
  }

  void learn(Layer& layer, std::uint64_t tick, std::uint16_t label) {
    apply_rates(layer);
    std::span<const std::int16_t> words;
    if (layer.teacher != nullptr) {
      std::vector<std::int64_t> up(static_cast<std::size_t>(layer.up_words), reduce_start(layer.reduction));
      for (auto [core, block] : layer.owner_blocks) cores_[core].contribute(block, up);
      std::copy_n(input_distances_.begin(), layer.input_words, up.end() - layer.input_words);
      words =
          layer.teacher->teach(up, label_.same(static_cast<std::uint32_t>(layer.teacher->image().partners)));
    }
    parallel_->each(layer.owner_blocks.size(), [&](std::size_t o) {
      const auto [core, block] = layer.owner_blocks[o];
      cores_[core].form(tick, block, words, layer.needs_target ? label : -1);
      if (cores_[core].image().blocks[block].plasticity.sends_error)
        std::copy(cores_[core].errors().begin(), cores_[core].errors().end(),
                  populations_[layer.population].error.begin() + cores_[core].image().first_neuron);
    });
    if (chip_.digests) digest_factors(layer);
    parallel_->each(layer.blocks.size(), [&](std::size_t m) {
      const auto [core, block] = layer.blocks[m];
      const std::size_t owner = owner_of_[core];
      if (owner != core) {
        const PendingUpdate& formed = cores_[owner].last_formed(block_of(owner, layer.projection));
        const std::size_t n = cores_[core].image().neurons;
        const auto part = [n](const std::vector<std::int16_t>& v) {
          return std::span(v).first(v.empty() ? 0 : n);
        };
        cores_[core].accept(tick, block, part(formed.a0), part(formed.a1), part(formed.c));
      }
    });
    if (layer.has_kernel) add_increments(layer);
    parallel_->each(layer.blocks.size(),
                    [&](std::size_t m) { cores_[layer.blocks[m].first].update(layer.blocks[m].second); });
  }

  /// The increments of a kernel meet at the layer's root, which gives their sum to all.
  void add_increments(Layer& layer) {
    const auto root = std::find_if(layer.blocks.begin(), layer.blocks.end(), [&](const auto& at) {
      return cores_[at.first].image().core == cores_[at.first].image().blocks[at.second].kernel.root;
    });
    if (root == layer.blocks.end())
      throw Error(ExitCode::data, {"TF-LAY-008", "projection " + std::to_string(layer.projection),
                                   "no core is the root of its kernel",
                                   "a layout as `trifactor compile` writes it", "compile the network again"});
    Core& core = cores_[root->first];
    for (auto [other, block] : layer.blocks) {
      if (other == root->first) continue;
      cores_[other].send_increments(block);
      core.add_increments(root->second, cores_[other].increments(block));
    }
    core.set_increments(root->second, core.increments(root->second));
    parallel_->each(layer.blocks.size(), [&](std::size_t m) {
      if (const auto [other, block] = layer.blocks[m]; other != root->first)
        cores_[other].set_increments(block, core.increments(root->second));
    });
  }

  Teacher& teacher_of(std::uint32_t projection) {
    return *std::find_if(teachers_.begin(), teachers_.end(),
                         [&](Teacher& t) { return t.image().projection == projection; });
  }

  std::size_t block_of(std::size_t core, std::uint32_t projection) const {
    const auto& blocks = cores_[core].image().blocks;
    std::size_t b = 0;
    while (blocks[b].projection != projection) ++b;
    return b;
  }

  void apply_rates(Layer& layer) {
    auto& waiting = rates_[layer.projection];
    while (!waiting.empty() && waiting.front().from <= learned_) {
      for (auto [core, block] : layer.blocks) cores_[core].set_eta(block, waiting.front().mantissa);
      waiting.pop_front();
    }
  }

  void digest_factors(const Layer& layer) {
    std::uint64_t digest = layer.teacher == nullptr ? 0 : layer.teacher->digest();
    for (auto [core, block] : layer.owner_blocks) digest += cores_[core].factor_digest(block);
    third_factor_digests_[layer.projection] += digest;
  }

  void answer(const Frame& frame, bool learn, std::uint16_t label) {
    ResultWords result;
    result.label = label;
    result.learned = learn;
    for (const Population& population : populations_)
      if (population.output)
        result.values.insert(result.values.end(), population.activity.begin(), population.activity.end());
    Frame out{FrameType::result, 0, frame.tick, pack(result)};
    label_.events()[Event::host_word] += (result.values.size() + 1) / 2;
    if (chip_.digests) {
      for (std::uint32_t p = 0; p < populations_.size(); ++p) {
        DigestWords digest;
        digest.population = p;
        digest.projection = 0xffffffffu;
        digest.learned = learn;
        for (std::size_t k : populations_[p].owners) digest.activity += cores_[k].activity_digest();
        for (const Layer& layer : layers_) {
          if (layer.population != p || !learn) continue;
          digest.projection = layer.projection;
          digest.third_factor += third_factor_digests_[layer.projection];
          for (auto [core, block] : layer.blocks) digest.weights += cores_[core].take_weight_digest(block);
        }
        answers_.push_back({FrameType::digest, p, frame.tick, pack(digest)});
      }
    }
    answers_.push_back(std::move(out));
  }

  void answer_late() {
    answers_.push_back(late_.front()());
    late_.pop_front();
  }

  ChipUnits units() { return {cores_, teachers_, label_, learned_}; }

  std::string name_;
  std::unique_ptr<Arithmetic> arithmetic_;
  std::unique_ptr<Parallel> parallel_;
  ChipImage chip_;
  std::vector<Core> cores_;
  std::deque<Teacher> teachers_;
  LabelUnit label_;
  std::vector<Population> populations_;
  std::vector<Layer> layers_;
  std::vector<std::size_t> owner_of_;
  std::vector<std::vector<std::int64_t>> sums_;
  std::vector<std::int64_t> input_distances_;  ///< of the sample under way to those before
  std::map<std::uint32_t, std::deque<PendingRate>> rates_;
  std::map<std::uint32_t, std::uint64_t> third_factor_digests_;
  std::uint64_t learned_ = 0;
  std::deque<Frame> answers_;
  /// Answers after those, made one by one as they are taken: weights and states are as large as the chip.
  LateFrames late_;
};

}  // namespace

std::unique_ptr<Device> make_functional_device(std::string name, std::unique_ptr<Arithmetic> arithmetic) {
  return std::make_unique<FunctionalDevice>(std::move(name), std::move(arithmetic));
}

}  // namespace trifactor
