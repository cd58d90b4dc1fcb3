// One xorshift32 generator. `draw` in cycle t: `word` is the word drawn from cycle t+1 on; it is also the
// state. `load` sets the state; a seed is never 0. Throughput one word a cycle.
module random (
    input  logic        clk,
    input  logic        load,
    input  logic [31:0] seed,
    input  logic        draw,
    output logic [31:0] word
);
  always_ff @(posedge clk) begin
    if (load) word <= seed;
    else if (draw) word <= fixed_pkg::xorshift32(word);
  end
endmodule
