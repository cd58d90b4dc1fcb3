// Weights raised to a power: round(sign(w) |w|^(p-1)), p = 2, 3, 4, |w| as a fraction of its range; 16 bits
// signed with 15 fraction bits. golden.hpp beside this file is its definition.
//
// Latency 2, throughput one a cycle; power and weight_bits belong to each request. A lane that forms both
// sums has one of these before its second accumulator.
module transform (
    input  logic               clk,
    input  logic               rst_n,
    input  logic               start,
    input  logic        [ 2:0] power,        // 2 to 4
    input  logic        [ 4:0] weight_bits,  // 4 to 16
    input  logic signed [15:0] weight,
    output logic               done,
    output logic signed [15:0] result
);
  logic squared, negative;
  logic [2:0] power_1;
  logic [15:0] size, size_1, magnitude;
  logic [31:0] square;
  logic [47:0] cube;

  assign size = (weight[15] ? 16'd0 - weight : weight) << (5'd16 - weight_bits);  // at most 2^15
  assign cube = {16'd0, square} * {32'd0, size_1};
  always_comb begin
    case (power_1)
      3'd3: magnitude = 16'((square + 32'd16384) >> 15);
      3'd4: magnitude = 16'((cube + 48'h0000_2000_0000) >> 30);
      default: magnitude = size_1;
    endcase
  end

  always_ff @(posedge clk) begin
    if (start) begin
      square <= {16'd0, size} * {16'd0, size};
      size_1 <= size;
      negative <= weight[15];
      power_1 <= power;
    end
    if (squared) result <= negative ? 16'd0 - magnitude : magnitude;
    squared <= rst_n && start;
    done <= rst_n && squared;
  end
endmodule
