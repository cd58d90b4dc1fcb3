// One node of a reduction tree: the exact sum of one 48-bit word from each child that is used.
//
// A word passes when every used child offers one and the output is free: latency 1, throughput one word a
// cycle. The partial sums of the node's own core are one of the children. `used` stays steady.
module reduce #(
    parameter int unsigned CHILDREN = 4
) (
    input  logic                   clk,
    input  logic                   rst_n,
    input  logic [   CHILDREN-1:0] used,
    input  logic [   CHILDREN-1:0] child_valid,
    output logic [   CHILDREN-1:0] child_ready,
    input  logic [48*CHILDREN-1:0] child_word,
    output logic                   out_valid,
    input  logic                   out_ready,
    output logic [           47:0] out_word
);
  logic take;
  logic [47:0] total;

  assign take = used != '0 && (child_valid | ~used) == '1 && (!out_valid || out_ready);
  assign child_ready = take ? used : '0;

  always_comb begin
    total = 48'd0;
    for (int unsigned i = 0; i < CHILDREN; i = i + 1)
      total = total + (take && used[i] ? child_word[i*48+:48] : 48'd0);
  end

  always_ff @(posedge clk) begin
    if (take) out_word <= total;
    out_valid <= rst_n && (take || (out_valid && !out_ready));
  end
endmodule
