// Powers of a positive number: (value / 2^frac)^(exponent / 2^15) x 2^out_frac, rounded, 16 bits unsigned,
// saturated. value: 0 (counts as 1) to 2^48; exponent: -2^19 to 2^19. frac at most 48, out_frac 31.
//
// Latency 4, throughput one a cycle; value, frac, exponent and out_frac belong to each request. Divisive
// normalisation asks twice in successive cycles for each group: u^q for the kernel, u^-p for the quotient.
module power (
    input  logic               clk,
    input  logic               rst_n,
    input  logic               start,
    input  logic [       48:0] value,
    input  logic [        5:0] frac,
    input  logic signed [20:0] exponent,
    input  logic [        4:0] out_frac,
    output logic               done,
    output logic [       15:0] result
);
  logic normal, logged, scaled;
  logic [48:0] positive;
  logic [5:0] highest;
  logic [15:0] fraction;
  logic signed [31:0] whole, logarithm, scaled_exponent;
  logic signed [20:0] exponent_1, exponent_2;
  logic [4:0] out_frac_1, out_frac_2, out_frac_3;

  assign positive = value == 49'd0 ? 49'd1 : value;
  assign highest = fixed_pkg::highest_bit({15'd0, positive});

  always_ff @(posedge clk) begin
    if (start) begin
      fraction <= function_pkg::normal_fraction({15'd0, positive}, highest);
      whole <= ($signed({26'd0, highest}) - $signed({26'd0, frac})) <<< 16;
      exponent_1 <= exponent;
      out_frac_1 <= out_frac;
    end
    if (normal) begin
      logarithm <= whole + $signed({14'd0, function_pkg::log2_mantissa(fraction)});
      exponent_2 <= exponent_1;
      out_frac_2 <= out_frac_1;
    end
    if (logged) begin
      scaled_exponent <= function_pkg::power_exponent(logarithm, exponent_2);
      out_frac_3 <= out_frac_2;
    end
    if (scaled) result <= function_pkg::exp2_word(scaled_exponent, {1'b0, out_frac_3});
    normal <= rst_n && start;
    logged <= rst_n && normal;
    scaled <= rst_n && logged;
    done <= rst_n && scaled;
  end
endmodule
