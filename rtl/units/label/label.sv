// The label unit: keeps the classes of the last samples in a ring and compares the newest with its partners.
//
// `store` in cycle t takes the class of the next sample; `done` comes in cycle t + count + 1, where count is
// the number of partners that exist, and bits and count then stay until the next store, which comes
// after done, not in its cycle.
// Bit p-1: the sample p ago has the same class. slots: ring size, partners + 1 to SLOTS; partners at most 32.
module label #(
    parameter int unsigned SLOTS = 40
) (
    input  logic        clk,
    input  logic        rst_n,
    input  logic [15:0] slots,
    input  logic [ 5:0] partners,
    input  logic        store,
    input  logic [15:0] class_in,
    output logic        done,
    output logic [31:0] bits,
    output logic [ 5:0] count
);
  logic [16*SLOTS-1:0] ring;
  logic [15:0] now, then, slot, existing, age;
  logic busy, finish;

  assign finish = busy && age > existing;
  assign done = finish;
  assign then = ring[slot*16+:16];

  history addresses (
      .clk(clk),
      .rst_n(rst_n),
      .slots(slots),
      .load(1'b0),
      .load_head(16'd0),
      .load_past(16'd0),
      .advance(finish),
      .age(busy ? age : 16'd0),
      .slot(slot),
      .depth({10'd0, partners}),
      .count(existing)
  );

  always_ff @(posedge clk) begin
    if (!rst_n) busy <= 1'b0;
    else begin
      if (store) begin
        busy <= 1'b1;
        ring[slot*16+:16] <= class_in;
        now <= class_in;
        bits <= 32'd0;
        count <= 6'(existing);
        age <= 16'd1;
      end else if (finish) busy <= 1'b0;
      else if (busy) begin
        bits[5'(age - 16'd1)] <= then == now;
        age <= age + 16'd1;
      end
    end
  end
endmodule
