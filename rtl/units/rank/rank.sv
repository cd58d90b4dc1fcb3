// Who is first, second, ...: a sorted list of DEPTH keys, the highest one in the lowest bits of `ranked`. A key is
// 48 bits signed, the value above and the index below, so that equal values are ordered too.
//
// Latency 1: the list of cycle t+1 holds the key of cycle t. Throughput: one key a cycle. `clear` empties the
// list before the key of the same cycle is put in; an empty entry is below every key.
module rank #(
    parameter int unsigned DEPTH = 8
) (
    input  logic                       clk,
    input  logic                       rst_n,
    input  logic                       clear,
    input  logic                       key_valid,
    input  logic signed [        47:0] key,
    output logic        [48*DEPTH-1:0] ranked
);
  localparam logic [47:0] Nobody = 48'h8000_0000_0000;
  logic [DEPTH-1:0] above;  // the key belongs above this entry

  for (genvar i = 0; i < DEPTH; i = i + 1) begin : g_entry
    logic [47:0] entry, standing, moved;

    assign standing = clear ? Nobody : entry;
    assign above[i] = key_valid && key > $signed(standing);
    if (i == 0) begin : g_highest
      assign moved = key;
    end else begin : g_lower
      assign moved = above[i-1] ? g_entry[i-1].standing : key;
    end
    always_ff @(posedge clk) entry <= !rst_n ? Nobody : above[i] ? moved : standing;
    assign ranked[i*48+:48] = entry;
  end
endmodule
