// Shows the package functions that other modules call directly, so that they are compared with golden over
// their whole range and not only where today's units use them. Simulation only.
module package_probe (
    input  logic               clk,
    input  logic signed [63:0] value,
    input  logic signed [63:0] other,
    input  logic [       31:0] random,
    input  logic [        5:0] shift,
    input  logic [        5:0] bits,
    input  logic [       16:0] rate,
    input  logic signed [31:0] y,
    input  logic [        5:0] frac,
    input  logic [        5:0] to,
    input  logic [        1:0] kind,
    input  logic [       15:0] slope,
    input  logic signed [20:0] exponent,
    output logic [       63:0] saturated,
    output logic [       15:0] saturated16,
    output logic [       63:0] rounded,
    output logic [       63:0] stochastic,
    output logic [        5:0] highest,
    output logic [       63:0] stepped,
    output logic [       63:0] mean,
    output logic [       15:0] exp2,
    output logic [       15:0] exp,
    output logic [       31:0] log2,
    output logic [       15:0] power,
    output logic [       23:0] inverse,
    output logic [       63:0] rescaled,
    output logic [       31:0] activated
);
  // values in the range that each function asks for
  logic signed [63:0] value40, value47, value62;
  logic [63:0] positive;
  assign value40 = {{24{value[39]}}, value[39:0]};
  assign value47 = {{17{value[46]}}, value[46:0]};
  assign value62 = {{2{value[61]}}, value[61:0]};
  assign positive = {15'd0, value[48:0]};

  always_ff @(posedge clk) begin
    saturated <= fixed_pkg::saturate_signed(value62, bits);
    saturated16 <= fixed_pkg::saturate16(value);
    rounded <= fixed_pkg::round_shift(value62, shift);
    stochastic <= fixed_pkg::stochastic_shift(value62, shift, random);
    highest <= fixed_pkg::highest_bit(value);
    stepped <= function_pkg::trace_step(rate, shift[4:0], value40, other);
    mean <= function_pkg::trace_value(shift[4:0], value40);
    exp2 <= function_pkg::exp2_word(y, frac);
    exp <= function_pkg::exp_negative({2'd0, value[61:0]});
    log2 <= function_pkg::log2_word(positive, frac);
    power <= function_pkg::power_word(positive, frac, exponent, to);
    inverse <= function_pkg::reciprocal(positive);
    rescaled <= function_pkg::rescale(value47, frac, to);
    activated <= function_pkg::activate(kind, frac, to, slope, value47);
  end
endmodule
