// One Euler step of a membrane: u + rate (h - u), with `extra` fraction bits beyond those of h, the sum rounded
// to input_frac and saturated.
//
// Latency 3, throughput one neuron a cycle. The configuration stays steady while neurons are under way:
// sum_frac at most 47, input_frac at most 24, extra at most 20, rate 1 to 65536. |sum| < 2^47, |u| < 2^45.
module membrane (
    input  logic               clk,
    input  logic               rst_n,
    input  logic [        5:0] sum_frac,
    input  logic [        4:0] input_frac,
    input  logic [        4:0] extra,
    input  logic [       16:0] rate,
    input  logic               start,
    input  logic signed [47:0] sum,
    input  logic signed [45:0] u,
    output logic               done,
    output logic signed [45:0] new_u
);
  logic entered, multiplied;
  logic signed [63:0] rounded;
  logic signed [45:0] input_word, target, entering_u, old_u;
  logic signed [63:0] product;

  assign rounded = function_pkg::rescale({{16{sum[47]}}, sum}, sum_frac, {1'b0, input_frac});
  assign target = input_word <<< extra;

  always_ff @(posedge clk) begin
    if (start) begin
      input_word <= 46'(fixed_pkg::saturate_signed(rounded, 6'd46 - {1'b0, extra}));
      entering_u <= u;
    end
    if (entered) begin
      product <= ({{18{target[45]}}, target} - {{18{entering_u[45]}}, entering_u}) * $signed({47'd0, rate});
      old_u <= entering_u;
    end
    if (multiplied) new_u <= old_u + 46'((product + 64'sd32768) >>> 16);
    entered <= rst_n && start;
    multiplied <= rst_n && entered;
    done <= rst_n && multiplied;
  end
endmodule
