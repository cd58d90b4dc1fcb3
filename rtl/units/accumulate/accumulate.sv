// The accumulate lanes: exact sums of weight x value for LANES columns while the rows of a block walk past.
//
// Latency 2: the sums that include a burst of cycle t are complete in cycle t+2, when `done` says so if that
// burst was the `last` of its block. Throughput: one burst a cycle, blocks back to back. `first` starts new
// sums. 2^16 products of 16 x 17 bits fit in 48; more than 2^15 bursts of the very largest do not.
module accumulate #(
    parameter int unsigned LANES = 8
) (
    input  logic                clk,
    input  logic                rst_n,
    input  logic                burst,
    input  logic                first,
    input  logic                last,
    input  logic signed [ 16:0] value,
    input  logic [16*LANES-1:0] weights,
    output logic                done,
    output logic [48*LANES-1:0] sums
);
  logic multiplied, starts, ends;

  for (genvar k = 0; k < LANES; k = k + 1) begin : g_lane
    logic signed [16:0] gated_value;
    logic signed [15:0] gated_weight;
    logic signed [32:0] product;
    logic signed [47:0] sum;

    assign gated_value = burst ? value : 17'sd0;
    assign gated_weight = burst ? $signed(weights[k*16+:16]) : 16'sd0;
    always_ff @(posedge clk) begin
      if (burst) product <= gated_weight * gated_value;
      if (multiplied) sum <= (starts ? 48'sd0 : sum) + {{15{product[32]}}, product};
    end
    assign sums[k*48+:48] = sum;
  end

  always_ff @(posedge clk) begin
    multiplied <= rst_n && burst;
    done <= rst_n && multiplied && ends;
    if (burst) begin
      starts <= first;
      ends <= last;
    end
  end
endmodule
