// The largest value of a window since `clear`, and the index that came with it; of equal values the lowest index.
// A window of which fewer than `window` values came holds a 0 besides, which nobody brought (index all ones).
//
// `clear` comes before a value of the same cycle. Latency 1: a value shown in cycle t counts in `largest` and
// `winner` in cycle t+1, with the `window` of that cycle. Throughput: one value a cycle.
module pool (
    input  logic        clk,
    input  logic        clear,
    input  logic        value_valid,
    input  logic [15:0] value,
    input  logic [23:0] index,
    input  logic [23:0] window,
    output logic [15:0] largest,
    output logic [23:0] winner
);
  logic [15:0] best;
  logic [23:0] holder, came;

  // What stands there when this cycle's value comes.
  logic [23:0] came_now;
  logic        first, above, level;
  assign came_now = clear ? 24'd0 : came;
  assign first = came_now == 24'd0;
  assign above = $signed(value) > $signed(best);
  assign level = value == best;

  always_ff @(posedge clk) begin
    came <= value_valid ? came_now + 24'd1 : came_now;
    if (value_valid & (first | above | (level & (index < holder)))) begin
      best   <= value;
      holder <= index;
    end else if (clear) begin
      best   <= 16'd0;
      holder <= 24'hffffff;
    end
  end

  logic held;  // the window's value is one that came
  assign held = (came == window) | ($signed(best) > 16'sd0);
  assign largest = held ? best : 16'd0;
  assign winner = held ? holder : 24'hffffff;
endmodule
