// Noise on a neuron's value: a random word becomes a number in [-amplitude, amplitude) that is added, with
// saturation; under tanh the derivative is formed anew, 1 - z^2.
//
// Latency 3, throughput one neuron a cycle. tanh, value_frac (15 at most) and amplitude stay steady while
// neurons are under way.
module noise (
    input  logic               clk,
    input  logic               rst_n,
    input  logic               tanh,
    input  logic        [ 3:0] value_frac,
    input  logic        [14:0] amplitude,
    input  logic               start,
    input  logic signed [15:0] part,        // the upper half of a random word
    input  logic signed [15:0] z,
    input  logic        [15:0] fprime,      // u16.15
    output logic               done,
    output logic signed [15:0] new_z,
    output logic        [15:0] new_fprime
);
  logic multiplied, squared;
  logic signed [31:0] product, square;
  logic signed [15:0] old_z, noisy, sum;
  logic [15:0] first_fprime, second_fprime;
  logic signed [63:0] shrunk;

  assign sum = fixed_pkg::saturate16({{48{old_z[15]}}, old_z} +
                                     fixed_pkg::round_shift({{32{product[31]}}, product}, 6'd15));
  assign shrunk = function_pkg::rescale({{32{square[31]}}, square}, {1'b0, value_frac, 1'b0}, 6'd15);

  always_ff @(posedge clk) begin
    if (start) begin
      product <= part * $signed({1'b0, amplitude});
      old_z <= z;
      first_fprime <= fprime;
    end
    if (multiplied) begin
      square <= sum * sum;
      noisy <= sum;
      second_fprime <= first_fprime;
    end
    if (squared) begin
      new_z <= noisy;
      if (!tanh) new_fprime <= second_fprime;
      else new_fprime <= shrunk < 64'sd32768 ? 16'd32768 - 16'(shrunk) : 16'd0;
    end
    multiplied <= rst_n && start;
    squared <= rst_n && multiplied;
    done <= rst_n && squared;
  end
endmodule
