// What a person gives `trifactor eval` on the command line, checked against the rule's own table.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "rtl/rules/rule.hpp"
#include "rtl/spec/number_format.hpp"

namespace trifactor {

/// name=value pairs over the defaults of the rule's parameters and bench parameters. Throws Error
/// (configuration) with every mistake: TF-EVL-010 not name=value, 011 unknown name, 012 given twice, 013
/// wrong type, 014 out of range.
Parameters eval_parameters(const Rule& rule, const std::vector<std::string>& given);

/// "w=16.14,x=8.7": names to formats (bits.fraction; the fraction may exceed the bits or be negative), laid
/// over `defaults`, whose names are those allowed. w: 4 to 16 bits, x: 8 or 16, others 16. Throws Error
/// (configuration) TF-EVL-016 with every mistake.
using FormatMap = std::map<std::string, NumberFormat>;
FormatMap eval_formats(const std::string& given, const FormatMap& defaults);

/// "w=s16.14,x=s8.7", in the order of names.
std::string formats_text(const FormatMap& formats);

}  // namespace trifactor
