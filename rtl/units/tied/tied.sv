// A tied weight moves by the increment of all its copies: w <- sat(w + round(sum - decay w)), the last stage of
// a lane with wider words. golden.hpp beside this file is its definition.
//
// Latency 2, throughput one a cycle; the configuration stays steady while requests are under way. The
// generator belongs to the weight's channel and comes back moved, once, where rounding is stochastic.
module tied (
    input  logic               clk,
    input  logic               rst_n,
    input  logic        [ 4:0] shift,           // F, 0 to 28
    input  logic        [ 4:0] weight_bits,     // 2 to 16
    input  logic               stochastic,
    input  logic               start,
    input  logic signed [47:0] sum,
    input  logic signed [31:0] decay,
    input  logic signed [15:0] weight,
    input  logic        [31:0] generator,
    output logic               done,
    output logic signed [15:0] new_weight,
    output logic               saturated,
    output logic signed [47:0] change,          // unrounded, in 2^-F weight steps
    output logic        [31:0] next_generator
);
  logic formed;
  logic signed [15:0] weight_1;
  logic signed [47:0] change_1, wide, bound, clipped, decayed;
  logic [31:0] generator_1;

  assign decayed = decay * weight;
  assign wide = $signed({{32{weight_1[15]}}, weight_1})
              + ((change_1 + $signed({16'd0, function_pkg::lane_added(shift, stochastic, generator_1)}))
                 >>> shift);
  assign bound = 48'sd1 <<< (weight_bits - 5'd1);
  always_comb begin
    clipped = wide < -bound ? -bound : wide;
    clipped = clipped > bound - 48'sd1 ? bound - 48'sd1 : clipped;
  end

  always_ff @(posedge clk) begin
    if (start) begin
      change_1 <= sum - decayed;
      weight_1 <= weight;
      generator_1 <= stochastic ? fixed_pkg::xorshift32(generator) : generator;
    end
    if (formed) begin
      new_weight <= clipped[15:0];
      saturated <= clipped != wide;
      change <= change_1;
      next_generator <= generator_1;
    end
    formed <= rst_n && start;
    done <= rst_n && formed;
  end
endmodule
