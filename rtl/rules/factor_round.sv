// The last step of every post unit: an exact product becomes a factor. Its golden twin is FactorRounder
// (factor.hpp). The shifter rounds whatever stands at `exact`, at once: to nearest, or stochastically in a cycle
// of `rounds` when `stochastic` is set, which draws a word and moves the generator. A unit may use it for other
// values in other cycles.
//
// Counters include a cycle of `counts` from the next cycle on; `restart` sets them to 0.
module factor_round (
    input logic clk,
    input logic load,                      // the generator takes neuron_generator
    input logic [31:0] neuron_generator,
    input logic stochastic,
    input logic rounds,
    input logic counts,
    input logic restart,
    input logic signed [63:0] exact,
    input logic [5:0] shift,
    input logic [5:0] bits,                // of the word, 2 to 16: 15 of a factor
    output logic [31:0] generator,
    output logic signed [63:0] rounded,
    output logic signed [15:0] word,       // saturated
    output logic [19:0] factors_lost,      // words of 0 whose product was not
    output logic [19:0] factors_saturated
);
  wire draws = rounds & stochastic;
  wire [31:0] drawn = fixed_pkg::xorshift32(generator);
  assign rounded = draws ? fixed_pkg::stochastic_shift(exact, shift, drawn)
                         : fixed_pkg::round_shift(exact, shift);
  wire signed [63:0] saturated = fixed_pkg::saturate_signed(rounded, bits);
  assign word = saturated[15:0];
  wire lost = saturated == 64'sd0 && exact != 64'sd0;
  wire clipped = saturated != rounded;

  always_ff @(posedge clk) begin
    if (load) generator <= neuron_generator;
    if (draws) generator <= drawn;
    if (restart) begin
      factors_lost <= 20'd0;
      factors_saturated <= 20'd0;
    end else if (counts) begin
      factors_lost <= factors_lost + {19'd0, lost};
      factors_saturated <= factors_saturated + {19'd0, clipped};
    end
  end
endmodule
