// e^-x as u16.15 (1.0 is 32768) for kernels and softmax. x >= 0 with 16 fraction bits; more than 2^21 (32.0)
// counts as that. Latency 2, throughput one a cycle. (Not named exp: C++ has a function of that name.)
module exp_unit (
    input  logic        clk,
    input  logic        rst_n,
    input  logic        start,
    input  logic [62:0] x,
    output logic        done,
    output logic [15:0] result
);
  logic scaled;
  logic signed [31:0] exponent;

  always_ff @(posedge clk) begin
    if (start) exponent <= function_pkg::exp_exponent({1'b0, x});
    if (scaled) result <= function_pkg::exp2_word(exponent, 6'd15);
    scaled <= rst_n && start;
    done <= rst_n && scaled;
  end
endmodule
