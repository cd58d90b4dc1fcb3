// Squared distance between two vectors of 16-bit values, exact: one pair a cycle, first to last.
//
// Latency 2: the sum that includes a pair of cycle t is complete in cycle t+2, when `done` says so if that pair
// was the `last` one. Throughput: one pair a cycle, vectors back to back. `first` starts a new sum. 2^13 squares
// of the very largest differences fit in 48 bits.
module distance (
    input  logic               clk,
    input  logic               rst_n,
    input  logic               valid,
    input  logic               first,
    input  logic               last,
    input  logic signed [15:0] a,
    input  logic signed [15:0] b,
    output logic               done,
    output logic        [47:0] sum
);
  logic squares, starts, ends;
  logic signed [16:0] difference;
  logic signed [33:0] square;

  assign square = difference * difference;

  always_ff @(posedge clk) begin
    if (valid) begin
      difference <= {a[15], a} - {b[15], b};
      starts <= first;
      ends <= last;
    end
    if (squares) sum <= (starts ? 48'd0 : sum) + {14'd0, square};
    squares <= rst_n && valid;
    done <= rst_n && squares && ends;
  end
endmodule
