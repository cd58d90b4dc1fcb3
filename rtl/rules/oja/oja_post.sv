// The post unit of Oja's rule; Post in descriptor.cpp is its definition. 3 cycles a neuron.
module oja_post (
`include "rules/post_ports.svh"
);
`include "rules/post_local.svh"
  logic [5:0] a_shift, c_shift;
  logic stochastic;
  always_ff @(posedge clk)
    if (cfg_we)
      case (cfg_addr)
        8'd0: a_shift <= cfg_data[5:0];
        8'd1: c_shift <= cfg_data[5:0];
        8'd2: stochastic <= cfg_data[0];
        default: ;
      endcase

  logic signed [32:0] gain;    // eta y
  logic signed [48:0] square;  // eta y^2
  always_ff @(posedge clk) begin
    gain <= $signed({1'b0, eta}) * $signed(neuron_z);
    square <= gain * $signed(neuron_z);
  end

  factor_walk walk (
      .*,
      .has_a1(1'b0),
      .has_c(1'b1),
      .exact_a0(64'(gain)),
      .exact_a1(64'd0),
      .exact_c(64'(square))
  );
endmodule
