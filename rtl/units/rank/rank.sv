// A sorted list of the DEPTH highest keys since `clear`, highest first. A key is 48 bits signed, as
// rtl/units/rank/golden.hpp makes them; empty places hold the lowest number there is.
//
// `clear` comes before a key of the same cycle. Latency 1: a key shown in cycle t stands in `ranked` in cycle t+1. Throughput: one key a cycle.
module rank #(
    parameter int unsigned DEPTH = 8
) (
    input  logic                clk,
    input  logic                clear,
    input  logic                key_valid,
    input  logic [        47:0] key,
    output logic [48*DEPTH-1:0] ranked
);
  localparam logic [47:0] Nobody = 48'h8000_0000_0000;

  logic [DEPTH-1:0] above;  // the key comes before this entry
  for (genvar i = 0; i < DEPTH; i = i + 1) begin : g_entry
    assign above[i] = $signed(key) > $signed(ranked[i*48+:48]);
    // An entry moves down when the key comes before the one above it, and takes the key when it comes only before it.
    always_ff @(posedge clk) begin
      if (clear) ranked[i*48+:48] <= Nobody;
      else if (key_valid & above[i]) begin
        if (i == 0) ranked[i*48+:48] <= key;
        else ranked[i*48+:48] <= above[i == 0 ? 0 : i-1] ? ranked[(i == 0 ? 0 : i-1)*48+:48] : key;
      end
    end
  end
endmodule
