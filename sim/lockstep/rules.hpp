// The rules as subjects of verification: post and teacher units in SystemVerilog against golden.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sim/lockstep/subject.hpp"
#include "sim/lockstep/verify.hpp"

namespace trifactor {

/// The rules whose RTL is built in, in alphabetical order.
std::vector<std::string> verifiable_rules();

/// Vectors are samples of random layers. Throws Error (configuration, TF-VER-001) for a name not in
/// verifiable_rules().
VerifyResult verify_rule(const std::string& name, const VerifyOptions& options);

namespace lockstep {
/// For lockstep::replay(), by name in alphabetical order.
std::span<const SubjectEntry> rule_subjects();
}  // namespace lockstep

}  // namespace trifactor
