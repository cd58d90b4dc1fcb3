#include "host/cli/codes.hpp"

namespace trifactor {

const std::vector<CodeFamily>& code_families() {
  static const std::vector<CodeFamily> families = {
      {"TF-TOML", "a TOML file cannot be read, or an entry has the wrong name or type",
       "The message names file, line and column. Unknown keys are mistakes, never ignored; the nearest known "
       "key is suggested.",
       "2"},
      {"TF-NET", "a network file says something that is not a network",
       "Names must be declared, shapes must chain, values must lie in their ranges. host/examples holds "
       "networks that work.",
       "2"},
      {"TF-MACH", "a machine file does not describe a machine",
       "Every entry must be given; memory sizes may refer to one another but not in a circle. `trifactor "
       "list machines` shows the presets.",
       "2"},
      {"TF-RULE", "a learning rule cannot be used as asked",
       "`trifactor list rules` prints every rule with its parameters, defaults and ranges; the rule's README "
       "has its equations.",
       "2"},
      {"TF-FMT", "numbers do not fit the formats of the hardware",
       "frac(a) + frac(b) = frac(w) + F with F from 0 to 28: eta, decay, sigma and the weights' range decide "
       "the binary points. "
       "`trifactor compile --dry-run` prints every format.",
       "2, 4"},
      {"TF-FIT", "the network does not fit the machine",
       "The message names the limit, the amount and the entry of the machine file. Layers are split over "
       "cores by columns and rows; a "
       "normalisation group and a softmax read-out stay in one core.",
       "4"},
      {"TF-RTL", "the RTL engine was not built for this machine",
       "RTL lanes are built for 8 and 64 lanes; choose one with --set core.lanes=64.", "4"},
      {"TF-NPZ", "a NumPy archive is damaged or holds another type",
       "Little-endian numbers in C or Fortran order, without Python objects.", "2, 3"},
      {"TF-DAT", "a data set cannot be named, found or read",
       "`trifactor list datasets` shows the forms of a SPEC.", "2, 3"},
      {"TF-ENC", "the input cannot be encoded",
       "The encoder of the input population is fitted on the training stream.", "2, 3"},
      {"TF-LAY", "a layout file is missing, damaged or of a newer version", "Compile the network again.",
       "2, 3"},
      {"TF-CKPT", "a checkpoint holds something that this layout or run does not have",
       "Resume with the layout and the options of the interrupted run.", "2, 3"},
      {"TF-CKP", "a checkpoint is missing, damaged or belongs to something else",
       "A checkpoint goes with its layout and with the options of its run.", "2, 3"},
      {"TF-WORD", "packed words do not hold what they should",
       "The file was written by another version, or damaged in a way its checksum does not show.", "3"},
      {"TF-FILE", "a file could not be read to its end", "", "3"},
      {"TF-RUN", "a run cannot be done or its folder not be read",
       "The data must have as many values as the input population and no more classes than the network.",
       "2, 3"},
      {"TF-TECH", "a technology file is wrong",
       "Every figure has a band, a unit, a node, a supply, a tag and a source.", "2, 3"},
      {"TF-OUT", "something could not be written",
       "Existing results are only replaced with --force; nothing half-written is left behind.", "6"},
      {"TF-EVL", "arrays or parameters of `eval` are wrong", "The rule's README lists the arrays.", "2, 3"},
      {"TF-CLI", "the command line is wrong", "`trifactor COMMAND --help` lists the options.", "2"},
      {"TF-DEV", "an engine failed", "This is a fault of the program.", "5"},
      {"TF-SES", "an engine answered what nobody asked", "This is a fault of the program.", "5"},
      {"TF-SWP", "a sweep cannot be done as asked",
       "Keys are those of read_network's overrides, or machine.KEY; a folder belongs to one grid.", "2, 6"},
      {"TF-CMP", "two runs cannot be compared",
       "Both folders must be finished runs; digests are compared where both have them.", "2, 3"},
      {"TF-REF", "the floating-point reference cannot run or diverged",
       "A rate that diverges in floating point will not learn on the chip either.", "1, 2, 3"},
      {"TF-TRN", "a network cannot be trained in mini-batches as asked",
       "compiler/training/README.md says what [training] and each baseline need.", "2, 3"},
      {"TF-NOC", "the mesh was set up wrongly",
       "This is a fault of the program or of a machine file that passed its checks.", "5"},
      {"TF-HW", "the modelled hardware ran into a fault",
       "The message says which unit, when, and what it found: a lost or doubled packet, a wrong count, a "
       "hang.",
       "5"},
      {"TF-VER", "RTL and golden model differ, or a replay file is wrong",
       "The replay file repeats the first divergence.", "1, 3"},
  };
  return families;
}

std::string exit_meaning(const std::string& exit) {
  switch (exit.empty() ? '?' : exit[0]) {
    case '1':
      return "a check failed";
    case '2':
      return "usage or configuration";
    case '3':
      return "a file that is not supported or damaged";
    case '4':
      return "does not fit";
    case '5':
      return "internal fault";
    case '6':
      return "cannot write";
    default:
      return "";
  }
}

}  // namespace trifactor
