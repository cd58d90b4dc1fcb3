// A made-up run with every count above zero, for tests and for looking at the report. Not a result.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "host/report/run_record.hpp"

namespace trifactor {

inline RunRecord sample_run(bool timed = true, int width = 6, int height = 4) {
  RunRecord run;
  run.tool_version = "0.1.0";
  run.argv = {"trifactor", "run", "net.h5", "--data", "idx:mnist,split=train", "-o", "out"};
  run.seed = 7;
  run.engine = timed ? "systemc" : "functional";
  run.network = "strokes-phsic";
  Machine& m = run.machine;
  m.name = "generic";
  m.description = "made up";
  m.clock_mhz = 200;
  m.mesh = {width, height, 32, 2, 4};
  m.tree = {true, 1};
  m.core = {256, 1024, 16, 64 * 1024, 1, 2, 8192, 4096, 16384};
  m.host = {4};
  m.core_types = {{"learning", {"phsic_gaussian", "readout"}, true, 0, 0, width - 1, height - 1}};
  run.samples = 12000;
  run.learn_samples = 10000;
  const std::uint64_t length = 21'400'000;
  if (timed) {
    run.cycles = length;
    run.learn_cycles = length / 10 * 9;
    run.latency_p50_cycles = 2310;
    run.latency_p99_cycles = 4170;
  }
  const char* layers[] = {"hidden1", "hidden2", "output"};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      CoreRecord core;
      core.x = x;
      core.y = y;
      core.lanes = m.core.lanes;
      core.synapse_bytes = m.core.synapse_bytes;
      core.neuron_bytes = m.core.neuron_bytes;
      core.history_bytes = m.core.history_bytes;
      core.axon_bytes = m.core.axon_bytes;
      core.post_units = 2;
      core.raising_lanes = core.lanes;
      const int index = y * width + x;
      core.teacher = x == 2;
      const bool idle = index >= width * height - 3;
      core.role = idle ? "idle" : x == 0 ? "input" : "synaptic";
      core.population = idle ? "" : x == 0 ? "pixels" : layers[(x - 1) / 2 % 3];
      if (!idle) {
        core.columns = 64;
        core.rows = 196 - 8 * y;
        core.occupancy = .2 + .12 * x;
        const auto scale = static_cast<std::uint64_t>(40 + 9 * x + 5 * y);
        for (std::size_t e = 0; e < event_count; ++e) {
          if (e >= static_cast<std::size_t>(first_network_event)) break;
          core.events.raw()[e] = 3000 * scale + 17 * e;
        }
        core.events[Event::accumulate] = scale * 900'000;
        core.events[Event::synapse_read] = scale * 100'000;
        core.events[Event::synapse_write] = scale * 40'000;
        core.events[Event::update] = core.role == "input" ? 0 : scale * 500'000;
        core.events[Event::random_draw] = core.events[Event::update] + 12'000;
        core.events[Event::host_word] = core.events[Event::label_word] = 0;
        // Two blocks of different widths in every third core.
        WidthRecord whole{x > 4 ? 16 : 8, 16, {}}, part{8, 15, {}};
        for (const Event event : width_events) {
          part.events[event] = index % 3 == 0 ? core.events[event] / 4 : 0;
          whole.events[event] = core.events[event] - part.events[event];
        }
        core.widths = {whole};
        if (index % 3 == 0) core.widths.push_back(part);
        if (timed) {
          const std::uint64_t busy = length / 130 * scale;
          core.cycles = {busy / 2, busy / 8, busy / 9, busy / 7, 0};
          core.cycles[4] = length - core.cycles[0] - core.cycles[1] - core.cycles[2] - core.cycles[3];
        }
      } else if (timed) {
        core.cycles[4] = length;
      }
      run.cores.push_back(core);
    }
  }
  run.chip_events[Event::host_word] = 4'800'000;
  run.chip_events[Event::label_word] = 24'000;
  for (std::size_t e = static_cast<std::size_t>(first_network_event); timed && e < event_count; ++e)
    run.chip_events.raw()[e] = 9'000'000 + 17 * e;
  run.projections = {{"pixels_to_hidden1",
                      "phsic_gaussian",
                      "s8.9",
                      12,
                      {88'000'000, 231'000'000, 412'000, 1100, 3, 1'400'000'000'000, 334'000'000}},
                     {"hidden1_to_hidden2",
                      "phsic_gaussian",
                      "s8.9",
                      12,
                      {21'000'000, 60'000'000, 92'000, 70, 0, 350'000'000'000, 82'000'000}},
                     {"hidden2_to_output",
                      "readout",
                      "s16.13",
                      10,
                      {9'400'000, 1'200'000, 0, 0, 0, 92'000'000'000, 91'000'000}},
                     {"frozen", "", "s8.7", 0, {}}};
  for (int interval = 1; interval <= 50; ++interval) {
    for (int layer = 0; layer < 2; ++layer) {
      const double t = interval / 50.0;
      LayerSignals s;
      s.sample = 200ULL * interval;
      s.layer = layers[layer];
      s.mean_kernel = layer == 0 ? .55 - .3 * (1 - std::exp(-4 * t)) + .015 * std::sin(9.0 * interval)
                                 : .004 + .03 * std::exp(-9 * t);
      s.sigma = .5;
      s.mean_abs_third_factor = (.12 - .07 * t) * (layer + 1) + .008 * std::cos(5.0 * interval);
      s.same_class_share = .1 + .012 * std::sin(2.3 * interval + layer);
      s.weight_norm = 3.1 + 4 * std::sqrt(t) * (layer + 1);
      s.applied_share = .98 + .01 * std::sin(3.1 * interval + layer);
      s.saturated = 40 * interval;
      s.rounded_to_zero = 4'000'000 - 1000 * interval;
      s.factors_lost = interval;
      s.eta = .04 * (1 - t);
      run.signals.push_back(s);
    }
  }
  for (int k = 0; k <= 20; ++k) {
    AccuracyRow row;
    row.samples_seen = 500ULL * k;
    row.epoch = k / 20;
    const double t = k / 20.0;
    if (k % 5 == 0) row.test_accuracy = .1 + .84 * (1 - std::exp(-5 * t));
    if (k > 0) row.train_accuracy = .1 + .82 * (1 - std::exp(-4.2 * t)) + .008 * std::sin(4.0 * k);
    if (k > 0) row.loss = .25 + 2 * std::exp(-5 * t);
    run.accuracy.push_back(row);
  }
  run.reference_accuracies = {{"fixed random", .872}, {"backpropagation", .951}};
  run.input_hashes = {{"train-images", std::string(64, 'a')}, {"net.h5", std::string(64, 'b')}};
  run.configuration = {
      {"core.lanes", "16"}, {"plasticity.sigma", "0.5"}, {"weird", "a, \"quoted\" <b> value"}};
  run.notes = {"The host port was busy 12 % of the time."};
  run.stage_s = {{"load", .8}, {"learn", 31.5}, {"test", 2.25}};
  run.wall_s = 34.55;
  run.peak_rss_bytes = 151'000'000;
  return run;
}

}  // namespace trifactor
