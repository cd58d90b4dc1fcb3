// The post unit of errors that travel back: a delta rule in each of its roles.
module urfb_post (
`include "rules/post_ports.svh"
);
  delta_post #(.TAKES_ERRORS(1'b1)) rule (.*);
endmodule
