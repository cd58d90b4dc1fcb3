// 1 / value = mantissa / 2^(16 + exponent), for the normaliser of softmax. value: 1 to 2^40.
// Latency 2, throughput one a cycle.
module reciprocal (
    input  logic        clk,
    input  logic        rst_n,
    input  logic        start,
    input  logic [40:0] value,
    output logic        done,
    output logic [16:0] mantissa,  // 2^15 .. 2^16
    output logic [ 5:0] exponent
);
  logic normal;
  logic [5:0] highest, found;
  logic [15:0] fraction;

  assign highest = fixed_pkg::highest_bit({23'd0, value});

  always_ff @(posedge clk) begin
    if (start) begin
      found <= highest;
      fraction <= function_pkg::normal_fraction({23'd0, value}, highest);
    end
    if (normal) begin
      exponent <= found;
      mantissa <= 17'(function_pkg::reciprocal_mantissa(fraction));
    end
    normal <= rst_n && start;
    done <= rst_n && normal;
  end
endmodule
