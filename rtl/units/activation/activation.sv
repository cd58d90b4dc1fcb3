// Activation of rate units: an exact sum becomes the 16-bit value z and the derivative f' (u16.15).
//
// Latency 3, throughput one neuron a cycle. The configuration stays steady while neurons are under way.
// kind: 0 linear, 1 leaky ReLU, 2 saturated linear, 3 tanh. |sum| < 2^47; sum_frac at most 46, value_frac 16
// (15 under tanh and saturated linear). Saturated linear of h / 2^k takes k more fraction bits of the sum.
module activation (
    input  logic               clk,
    input  logic               rst_n,
    input  logic [        1:0] kind,
    input  logic [        5:0] sum_frac,
    input  logic [        4:0] value_frac,
    input  logic [       15:0] slope,       // u16.15: of leaky ReLU below 0, of saturated linear within +-1
    input  logic               start,
    input  logic signed [47:0] sum,
    output logic               done,
    output logic signed [15:0] z,
    output logic [       15:0] fprime
);
  logic prepared, looked_up;
  logic [85:0] first, second;
  logic [15:0] magnitude;
  logic [17:0] tanh;

  assign magnitude = first[63] ? 16'd0 - first[15:0] : first[15:0];

  always_ff @(posedge clk) begin
    if (start) first <= function_pkg::activate_prepare(kind, sum_frac, slope, {{16{sum[47]}}, sum});
    if (prepared) begin
      second <= first;
      if (kind == 2'd3) tanh <= function_pkg::tanh_magnitude(magnitude);
    end
    if (looked_up)
      {fprime, z} <= function_pkg::activate_finish(kind, {1'b0, value_frac}, second[85:80], second[79:64],
                                                   second[63:0], tanh);
    prepared <= rst_n && start;
    looked_up <= rst_n && prepared;
    done <= rst_n && looked_up;
  end
endmodule
