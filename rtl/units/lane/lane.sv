// The synapse update lanes: w <- sat(w + round(a0 b0 + a1 b1 - c w)) for LANES columns of a row at a time.
//
// Latency 2: a burst given in cycle t shows its new weights in cycle t+2. Throughput: one burst a cycle.
// The lanes hold a0, a1, c and the generators of one column block while the rows walk past; `load` brings the
// next block, `generators` gives the states back (they include a burst of cycle t from cycle t+1 on). `load`
// and `burst` never come in the same cycle. A weight must not be given again before its result has left.
// Counters include a burst of cycle t from cycle t+3 on and hold 64 bits; `clear_counters` starts them again
// with the burst that arrives in its cycle, so that what is read before is exact. The configuration stays
// steady while bursts are under way. A pair that is not enabled moves nothing: its operands are held at 0
// (operand isolation), its weight comes out as it went in and its bit of `enabled` is 0: no need to write it.
module lane #(
    parameter int unsigned LANES = 8
) (
    input  logic                  clk,
    input  logic                  rst_n,
    input  logic [           4:0] shift,            // F, 0 to 28
    input  logic [           4:0] weight_bits,      // 2 to 16
    input  logic                  stochastic,
    input  logic                  load,
    input  logic [15*LANES-1:0]   load_a0,
    input  logic [15*LANES-1:0]   load_a1,
    input  logic [15*LANES-1:0]   load_c,
    input  logic [32*LANES-1:0]   load_generators,
    output logic [32*LANES-1:0]   generators,
    input  logic                  burst,
    input  logic signed [   15:0] b0,
    input  logic signed [   15:0] b1,
    input  logic [     LANES-1:0] exists,
    input  logic [16*LANES-1:0]   weights,
    output logic                  active,           // the b0, b1 and exists shown enable a pair; at once
    output logic                  done,
    output logic [     LANES-1:0] enabled,
    output logic [     LANES-1:0] saturated,
    output logic [16*LANES-1:0]   new_weights,
    input  logic                  clear_counters,
    output logic [          63:0] applied,          // weight changed
    output logic [          63:0] rounded_to_zero,  // sum not 0, weight unchanged
    output logic [          63:0] saturations,      // clipped
    output logic [          63:0] intended,         // sum of |sum|, in 2^-F weight steps
    output logic [          63:0] change            // sum of |new - old|, in weight steps
);
  logic [LANES-1:0] enable, summed_enable, moved, lost;
  logic summed;
  logic [32*LANES-1:0] magnitudes;
  logic [17*LANES-1:0] changes;
  logic restart, counts;
  logic [63:0] magnitude, burst_magnitude;
  logic [63:0] next_intended, next_applied, next_rounded, next_saturated, next_change;

  assign active = enable != '0;

  for (genvar k = 0; k < LANES; k = k + 1) begin : g_lane
    logic signed [14:0] a0, a1, c;
    logic signed [15:0] gated_b0, gated_b1, gated_weight, weight, result, old_weight;
    logic signed [31:0] sum;
    logic [31:0] generator, next_random, drawn;
    logic [16:0] finished;
    logic moves, not_zero, clipped, was_enabled;

    assign enable[k] = function_pkg::lane_enabled(exists[k], a0, b0, a1, b1, c);
    assign moves = burst && enable[k];
    assign gated_b0 = moves ? b0 : 16'sd0;
    assign gated_b1 = moves ? b1 : 16'sd0;
    assign gated_weight = moves ? $signed(weights[k*16+:16]) : 16'sd0;
    assign next_random = fixed_pkg::xorshift32(generator);

    always_ff @(posedge clk) begin
      if (load) begin
        a0 <= load_a0[k*15+:15];
        a1 <= load_a1[k*15+:15];
        c <= load_c[k*15+:15];
        generator <= load_generators[k*32+:32];
      end else if (moves && stochastic) generator <= next_random;
    end

    // first stage: the exact sum
    always_ff @(posedge clk) begin
      if (burst) begin
        sum <= function_pkg::lane_sum(a0, gated_b0, a1, gated_b1, c, gated_weight);
        weight <= weights[k*16+:16];
        summed_enable[k] <= enable[k];
      end
      if (moves && stochastic) drawn <= next_random;
    end

    // second stage: rounding and saturation
    assign finished = function_pkg::lane_finish(weight, sum, shift, weight_bits, stochastic, drawn);
    always_ff @(posedge clk) begin
      if (summed) begin
        {clipped, result} <= summed_enable[k] ? finished : {1'b0, weight};
        old_weight <= weight;
        not_zero <= sum != 32'sd0;
        was_enabled <= summed_enable[k];
      end
    end
    assign generators[k*32+:32] = generator;
    assign new_weights[k*16+:16] = result;
    assign saturated[k] = clipped;
    assign enabled[k] = was_enabled;

    // for the counters; a disabled pair has sum 0 and result = old weight
    assign magnitudes[k*32+:32] = sum < 32'sd0 ? $unsigned(-sum) : $unsigned(sum);
    assign moved[k] = result != old_weight;
    assign lost[k] = not_zero && result == old_weight;
    assign changes[k*17+:17] = result < old_weight ? 17'(old_weight) - 17'(result)
                                                   : 17'(result) - 17'(old_weight);
  end

  assign restart = !rst_n || clear_counters;
  assign counts = rst_n && done;

  always_comb begin
    magnitude = 64'd0;
    next_intended = counts ? burst_magnitude : 64'd0;
    next_applied = 64'd0;
    next_rounded = 64'd0;
    next_saturated = 64'd0;
    next_change = 64'd0;
    for (int unsigned i = 0; i < LANES; i = i + 1) begin
      magnitude = magnitude + {32'd0, magnitudes[i*32+:32]};
      next_applied = next_applied + {63'd0, counts & moved[i]};
      next_rounded = next_rounded + {63'd0, counts & lost[i]};
      next_saturated = next_saturated + {63'd0, counts & saturated[i]};
      next_change = next_change + (counts ? {47'd0, changes[i*17+:17]} : 64'd0);
    end
  end

  always_ff @(posedge clk) begin
    summed <= rst_n && burst;
    done <= rst_n && summed;
    if (summed) burst_magnitude <= magnitude;
    if (restart || done) begin
      applied <= (restart ? 64'd0 : applied) + next_applied;
      rounded_to_zero <= (restart ? 64'd0 : rounded_to_zero) + next_rounded;
      saturations <= (restart ? 64'd0 : saturations) + next_saturated;
      intended <= (restart ? 64'd0 : intended) + next_intended;
      change <= (restart ? 64'd0 : change) + next_change;
    end
  end
endmodule
