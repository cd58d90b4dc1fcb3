// Text, escaped, and the few SVG shapes the charts are made of.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace trifactor {

/// Safe inside HTML text and inside attributes in double quotes; control characters become spaces and bytes
/// that are no UTF-8 become question marks.
std::string escape_html(std::string_view text);

/// Ticks at 1, 2 or 5 times a power of ten, about `count` of them, covering [low, high].
std::vector<double> nice_ticks(double low, double high, int count);

/// A number for an axis or a coordinate, without needless digits.
std::string short_number(double value);

namespace svg {
std::string line(double x1, double y1, double x2, double y2, std::string_view css_class);
std::string rect(double x, double y, double width, double height, std::string_view css_class,
                 std::string_view extra = "");
/// `anchor`: start, middle or end.
std::string text(double x, double y, std::string_view anchor, std::string_view css_class,
                 std::string_view text);
std::string path(std::string_view data, std::string_view css_class);
}  // namespace svg

}  // namespace trifactor
