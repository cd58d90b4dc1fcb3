#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "compiler/machine_io/machine_file.hpp"
#include "compiler/network/network.hpp"
#include "compiler/passes/passes.hpp"
#include "host/cli/commands.hpp"
#include "host/experiment/run.hpp"
#include "rtl/core/shared_kernel.hpp"
#include "runtime/layout/layout.hpp"

namespace trifactor {
namespace {

struct CompileArguments {
  std::string network, machine = "generic";
  std::vector<std::string> network_set;
  bool dry_run = false;
  std::vector<std::string> explain;  ///< "3", or "core" and "3"
  std::optional<std::uint64_t> placement_seed;
};

std::string share(std::uint64_t used, std::int64_t limit) {
  return fmt::format("{}/{} ({:.0f} %)", used, limit,
                     100.0 * static_cast<double>(used) / static_cast<double>(limit));
}

std::string core_table(const Program& program) {
  const Machine& m = program.machine;
  std::vector<std::vector<std::string>> rows = {{"core", "population", "neurons", "rows", "synapses",
                                                 "synapse bytes", "axon bytes", "neuron bytes",
                                                 "history bytes", "packets out"}};
  for (std::size_t k = 0; k < program.usage.size(); ++k) {
    const CoreUsage& u = program.usage[k];
    rows.push_back({fmt::format("({},{})", u.core % m.mesh.width, u.core / m.mesh.width),
                    program.populations[program.cores[k].population].name,
                    share(u.neurons, program.cores[k].input ? m.core.neuron_bytes / 4 : m.core.columns),
                    share(u.rows, m.core.axons), std::to_string(u.synapses),
                    share(u.synapse_bytes, m.core.synapse_bytes), share(u.axon_bytes, m.core.axon_bytes),
                    share(u.neuron_bytes, m.core.neuron_bytes), share(u.history_bytes, m.core.history_bytes),
                    std::to_string(u.packets_out)});
  }
  return table(rows);
}

std::string format_table(const Program& program) {
  std::vector<std::vector<std::string>> rows = {{"array", "format", "range", "step", "rounding"}};
  for (const ArrayFormat& f : program.formats)
    rows.push_back({f.array, to_string(f.format),
                    fmt::format("{:.6g} .. {:.6g}", f.format.real(f.format.low()), f.format.largest()),
                    fmt::format("{:.3g}", f.format.step()),
                    f.format.rounding == Rounding::stochastic ? "stochastic"
                    : f.format.rounding == Rounding::floor    ? "down"
                                                              : "nearest"});
  return table(rows);
}

std::string explain_core(const Program& program, std::uint32_t tile) {
  const Machine& m = program.machine;
  for (const CoreImage& c : program.cores) {
    if (c.core != tile) continue;
    std::string text = fmt::format("core {} at ({},{}): neurons {} to {} of {}\n", tile, tile % m.mesh.width,
                                   tile / m.mesh.width, c.first_neuron, c.first_neuron + c.neurons - 1,
                                   program.populations[c.population].name);
    if (c.owner != c.core)
      text += fmt::format("  sends partial sums to core {}, which evaluates these neurons\n", c.owner);
    for (const std::uint32_t helper : c.helpers)
      text += fmt::format("  takes partial sums from core {}\n", helper);
    for (const BlockImage& b : c.blocks) {
      const ProjectionInfo& p = program.projections[b.projection];
      text += fmt::format("  {} of {}: rows {} to {}{}, {} bits, {}\n",
                          b.feedback ? "feedback weights" : "synapses", p.name, b.first_row,
                          b.first_row + b.rows - 1, b.bias ? " and the bias" : "", b.weight_bits,
                          p.rule.empty() ? "frozen" : "learning by " + p.rule);
      if (const KernelImage& k = b.kernel; k.present())
        text += fmt::format(
            "    copies of a kernel of {} entries: {} bytes of neuron memory for them and their increments, "
            "which "
            "{}\n",
            k.rows() * k.channels,
            kernel_bytes(std::uint64_t{k.rows()} * k.channels, b.plasticity.uses_c, b.plasticity.weight_age),
            k.root != c.core   ? fmt::format("go to core {} and come back as sums of the layer", k.root)
            : k.others.empty() ? "stay in this core"
                               : fmt::format("meet here with those of {} cores", k.others.size()));
    }
    for (const SourceSlice& s : c.sources)
      text += fmt::format("  receives neurons {} to {} of {} from core {}\n", s.first_neuron,
                          s.first_neuron + s.neurons - 1, program.populations[s.population].name, s.core);
    for (const std::uint32_t destination : c.destinations)
      text += fmt::format("  sends its activities to core {}\n", destination);
    for (const SourceSlice& s : c.error_sources)
      text += fmt::format("  receives errors of neurons {} to {} of {} from core {}\n", s.first_neuron,
                          s.first_neuron + s.neurons - 1, program.populations[s.population].name, s.core);
    for (const std::uint32_t destination : c.error_destinations)
      text += fmt::format("  sends its errors back to core {}\n", destination);
    for (const TeacherImage& t : program.teachers)
      if (t.tile == tile)
        text += fmt::format("  teacher unit of {}: {} words up, {} words down a sample\n",
                            program.projections[t.projection].name, t.up_words, t.down_words);
    return text;
  }
  throw Error(ExitCode::configuration,
              {"TF-CLI-003", "--explain core " + std::to_string(tile), "the program does not use this core",
               "", "the table of `trifactor compile --dry-run` lists those it uses"});
}

nlohmann::json compile_json(const Program& program) {
  nlohmann::json cores = nlohmann::json::array(), formats = nlohmann::json::object();
  for (std::size_t k = 0; k < program.usage.size(); ++k) {
    const CoreUsage& u = program.usage[k];
    cores.push_back({{"core", u.core},
                     {"population", program.populations[program.cores[k].population].name},
                     {"neurons", u.neurons},
                     {"rows", u.rows},
                     {"synapses", u.synapses},
                     {"synapse_bytes", u.synapse_bytes},
                     {"axon_bytes", u.axon_bytes},
                     {"neuron_bytes", u.neuron_bytes},
                     {"history_bytes", u.history_bytes},
                     {"packets_out", u.packets_out}});
  }
  for (const ArrayFormat& f : program.formats) formats[f.array] = to_string(f.format);
  nlohmann::json teachers = nlohmann::json::array();
  for (const TeacherImage& t : program.teachers)
    teachers.push_back({{"projection", program.projections[t.projection].name},
                        {"rule", t.rule},
                        {"tile", t.tile},
                        {"up_words", t.up_words},
                        {"down_words", t.down_words}});
  return {{"network", program.network},
          {"machine", program.machine.name},
          {"cores", cores},
          {"teachers", teachers},
          {"formats", formats}};
}

std::uint32_t number_of_core(const std::vector<std::string>& words) {
  const std::string& number = words.back();
  const bool named = words.size() == 1 || words.front() == "core";
  if (!named || number.empty() || number.size() > 9 ||
      number.find_first_not_of("0123456789") != std::string::npos)
    throw Error(ExitCode::configuration, {"TF-CLI-004", fmt::format("--explain {}", fmt::join(words, " ")),
                                          "is not the number of a core", "for example --explain core 3", ""});
  return static_cast<std::uint32_t>(std::stoul(number));
}

int compile_command(const CompileArguments& a, const Common& common) {
  const bool writes = !a.dry_run && a.explain.empty();
  std::error_code error;
  if (writes && std::filesystem::exists(common.out, error) && !common.force)
    throw Error(ExitCode::cannot_write, {"TF-OUT-002", common.out, "already exists",
                                         "a name that is not taken", "use --force to write over it"});
  const Network network = read_network(a.network, a.network_set);
  const Machine machine = read_machine(a.machine, common.set);
  Network seeded = network;
  if (common.seed) seeded.seed = *common.seed;
  const Program program = compile(seeded, machine, {a.placement_seed});
  if (writes) write_layout(common.out, program);
  if (common.json) {
    fmt::print("{}\n", compile_json(program).dump(2));
  } else if (!a.explain.empty()) {
    fmt::print("{}", explain_core(program, number_of_core(a.explain)));
  } else if (!common.quiet) {
    fmt::print("{} on {} ({} of {} cores used)\n\n{}\n{}", program.network, machine.name,
               program.cores.size(), machine.tiles(), core_table(program), format_table(program));
  }
  if (writes && !common.json && !common.quiet) fmt::print("\nwrote {}\n", common.out);
  return 0;
}

}  // namespace

Action add_compile(CLI::App& command, Common& common) {
  auto a = std::make_shared<CompileArguments>();
  command.add_option("network", a->network, "network file (TOML)")->required();
  command.add_option("--machine", a->machine, "machine: name of a preset or a file")->capture_default_str();
  command.add_option("--network-set", a->network_set, "override a key of the network, KEY=VALUE (repeat)")
      ->allow_extra_args(false);
  command.add_flag("--dry-run", a->dry_run, "print the tables, write nothing");
  command.add_option("--explain", a->explain, "what a core holds and to whom it talks: --explain core 3")
      ->expected(1, 2);
  command.add_option("--placement-seed", a->placement_seed, "shuffle the cores before placing")
      ->check(at_least(0));
  return [a, &common] {
    if (common.out.empty() && !a->dry_run && a->explain.empty())
      throw Error(ExitCode::configuration, {"TF-CLI-005", "trifactor compile", "no output is named",
                                            "-o LAYOUT.h5, --dry-run or --explain core N", ""});
    return compile_command(*a, common);
  };
}

}  // namespace trifactor
