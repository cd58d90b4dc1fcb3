// The increment of a tied weight takes the share of one of its copies: sum + a0 b0 + a1 b1, decay + c.
// golden.hpp beside this file is its definition.
//
// Latency 2, throughput one a cycle; an increment must not be given again before its result has left. A pair
// that is not enabled leaves it as it was: its operands are held at 0 (operand isolation).
module tied_increment (
    input  logic               clk,
    input  logic               rst_n,
    input  logic               start,
    input  logic               exists,
    input  logic signed [14:0] a0,
    input  logic signed [15:0] b0,
    input  logic signed [14:0] a1,
    input  logic signed [15:0] b1,
    input  logic signed [14:0] c,
    input  logic signed [47:0] sum,
    input  logic signed [31:0] decay,
    input  logic               enabled,    // by a copy before
    output logic               done,
    output logic signed [47:0] new_sum,
    output logic signed [31:0] new_decay,
    output logic               new_enabled
);
  logic moves, formed, enabled_1;
  logic signed [31:0] products, decay_1;
  logic signed [47:0] sum_1;
  logic signed [14:0] c_1, gated_c;
  logic signed [15:0] gated_b0, gated_b1;

  assign moves = start && function_pkg::lane_enabled(exists, a0, b0, a1, b1, c);
  assign gated_b0 = moves ? b0 : 16'sd0;
  assign gated_b1 = moves ? b1 : 16'sd0;
  assign gated_c = moves ? c : 15'sd0;

  always_ff @(posedge clk) begin
    if (start) begin
      products <= function_pkg::lane_sum(a0, gated_b0, a1, gated_b1, 15'sd0, 16'sd0);
      sum_1 <= sum;
      decay_1 <= decay;
      c_1 <= gated_c;
      enabled_1 <= enabled || moves;
    end
    if (formed) begin
      new_sum <= sum_1 + $signed({{16{products[31]}}, products});
      new_decay <= decay_1 + $signed({{17{c_1[14]}}, c_1});
      new_enabled <= enabled_1;
    end
    formed <= rst_n && start;
    done <= rst_n && formed;
  end
endmodule
