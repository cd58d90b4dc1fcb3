// Simulation only: the lanes of lane.sv with array ports, cycle for cycle and bit for bit the same (a test
// holds the two against each other). yosys cannot read array ports; a C++ compiler vectorises them, which
// makes the simulation several times faster. The arithmetic is the same package functions. See lane.sv for
// the meaning and timing of every port.
//
// What makes the loops vectorise: unsigned index and bound, automatic tasks, no branch inside. Arrays are
// assigned at once (Verilator takes no delayed assignment of arrays in loops), in one process, last stage
// first; outside, arrays are read between clock edges only.
module lane_array #(
    parameter int unsigned LANES = 64
) (
    input  logic               clk,
    input  logic               rst_n,
    input  logic        [ 4:0] shift,
    input  logic        [ 4:0] weight_bits,
    input  logic               stochastic,
    input  logic               load,
    input  logic signed [14:0] load_a0        [LANES],
    input  logic signed [14:0] load_a1        [LANES],
    input  logic signed [14:0] load_c         [LANES],
    input  logic        [31:0] load_generators[LANES],
    output logic        [31:0] generators     [LANES],
    input  logic               burst,
    input  logic signed [15:0] b0,
    input  logic signed [15:0] b1,
    input  logic               exists         [LANES],
    input  logic signed [15:0] weights        [LANES],
    output logic               active,
    output logic               done,
    output logic               enabled        [LANES],
    output logic               saturated      [LANES],
    output logic signed [15:0] new_weights    [LANES],
    input  logic               clear_counters,
    output logic        [63:0] applied,
    output logic        [63:0] rounded_to_zero,
    output logic        [63:0] saturations,
    output logic        [63:0] intended,
    output logic        [63:0] change
);
  logic signed [14:0] a0[LANES], a1[LANES], c[LANES];
  logic signed [15:0] weight[LANES], old_weight[LANES];
  logic signed [31:0] sum[LANES];
  logic [31:0] drawn[LANES];
  logic summed_enable[LANES], not_zero[LANES];
  logic summed;
  logic [63:0] burst_intended;

  function automatic logic any_enabled();
    any_enabled = 1'b0;
    for (int unsigned k = 0; k < LANES; k = k + 1)
      any_enabled = any_enabled | function_pkg::lane_enabled(exists[k], a0[k], b0, a1[k], b1, c[k]);
  endfunction
  assign active = any_enabled();

  // In one process and never read by another: see above.
  /* verilator lint_off BLKSEQ */
  task automatic take_block();
    for (int unsigned k = 0; k < LANES; k = k + 1) begin
      a0[k] = load_a0[k];
      a1[k] = load_a1[k];
      c[k] = load_c[k];
      generators[k] = load_generators[k];
    end
  endtask

  task automatic first_stage();
    for (int unsigned k = 0; k < LANES; k = k + 1) begin
      logic enable;
      logic [31:0] random;
      enable = function_pkg::lane_enabled(exists[k], a0[k], b0, a1[k], b1, c[k]);
      random = fixed_pkg::xorshift32(generators[k]);
      sum[k] = enable ? function_pkg::lane_sum(a0[k], b0, a1[k], b1, c[k], weights[k]) : 32'sd0;
      weight[k] = weights[k];
      summed_enable[k] = enable;
      drawn[k] = random;
      generators[k] = enable && stochastic ? random : generators[k];
    end
  endtask

  task automatic second_stage();
    logic [63:0] total;
    total = 64'd0;
    for (int unsigned k = 0; k < LANES; k = k + 1) begin
      logic [16:0] finished;
      finished = function_pkg::lane_finish(weight[k], sum[k], shift, weight_bits, stochastic, drawn[k]);
      new_weights[k] = summed_enable[k] ? $signed(finished[15:0]) : weight[k];
      saturated[k] = summed_enable[k] & finished[16];
      enabled[k] = summed_enable[k];
      old_weight[k] = weight[k];
      not_zero[k] = sum[k] != 32'sd0;
      total = total + {32'd0, sum[k] < 32'sd0 ? $unsigned(-sum[k]) : $unsigned(sum[k])};
    end
    burst_intended <= total;
  endtask
  /* verilator lint_on BLKSEQ */

  task automatic count();
    logic [31:0] moved, lost, clipped, moved_by;
    moved = 32'd0;
    lost = 32'd0;
    clipped = 32'd0;
    moved_by = 32'd0;
    for (int unsigned k = 0; k < LANES; k = k + 1) begin
      logic signed [31:0] step;
      step = 32'(new_weights[k]) - 32'(old_weight[k]);
      moved = moved + {31'd0, step != 32'sd0};
      lost = lost + {31'd0, not_zero[k] & (step == 32'sd0)};
      clipped = clipped + {31'd0, saturated[k]};
      moved_by = moved_by + $unsigned(step < 32'sd0 ? -step : step);
    end
    applied <= (clear_counters ? 64'd0 : applied) + 64'(moved);
    rounded_to_zero <= (clear_counters ? 64'd0 : rounded_to_zero) + 64'(lost);
    saturations <= (clear_counters ? 64'd0 : saturations) + 64'(clipped);
    intended <= (clear_counters ? 64'd0 : intended) + burst_intended;
    change <= (clear_counters ? 64'd0 : change) + 64'(moved_by);
  endtask

  always_ff @(posedge clk) begin
    if (!rst_n || (clear_counters && !done)) begin
      applied <= 64'd0;
      rounded_to_zero <= 64'd0;
      saturations <= 64'd0;
      intended <= 64'd0;
      change <= 64'd0;
    end else if (done) count();
    // later stages first: each reads what the stage before it wrote one cycle ago
    if (summed) second_stage();
    if (burst) first_stage();
    if (load) take_block();
    summed <= rst_n && burst;
    done <= rst_n && summed;
  end
endmodule
