// Addresses of a history memory, a ring of slots, one a learning sample.
//
// `slot` (of the sample `age` ago) and `count` (how many of the `depth` past samples exist) answer in the
// same cycle; `advance` moves to the next sample from the next cycle on. `load` restores a checkpoint: head
// is sample modulo slots, past the number of past samples (65535 for more). slots stays steady; age < slots.
module history (
    input  logic        clk,
    input  logic        rst_n,
    input  logic [15:0] slots,
    input  logic        load,
    input  logic [15:0] load_head,
    input  logic [15:0] load_past,
    input  logic        advance,
    input  logic [15:0] age,
    output logic [15:0] slot,
    input  logic [15:0] depth,
    output logic [15:0] count
);
  logic [15:0] head, past;

  assign slot = head >= age ? head - age : head + slots - age;
  assign count = past < depth ? past : depth;

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      head <= 16'd0;
      past <= 16'd0;
    end else if (load) begin
      head <= load_head;
      past <= load_past;
    end else if (advance) begin
      head <= head + 16'd1 == slots ? 16'd0 : head + 16'd1;
      if (past != 16'hffff) past <= past + 16'd1;
    end
  end
endmodule
