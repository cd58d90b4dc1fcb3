// `synthetic:strokes`: deformed, handwritten-like digits 0 to 9, drawn from (seed, index) alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace trifactor {

inline constexpr std::size_t strokes_side = 28;
inline constexpr std::size_t strokes_pixels = strokes_side * strokes_side;

/// The class of image `index`, 0 to 9, independent and uniform.
int strokes_label(std::uint64_t seed, std::uint64_t index);

/// Draws image `index`: rows from top to bottom, 0 background, 255 ink. The same bytes on every machine:
/// only + - * / and sqrt on doubles, which IEEE 754 rounds exactly, and pixels are quantised to bytes.
void strokes_image(std::uint64_t seed, std::uint64_t index, std::span<std::uint8_t, strokes_pixels> pixels);

}  // namespace trifactor
