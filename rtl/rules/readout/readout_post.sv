// The post unit of a read-out: a delta rule whose errors come from the layer's own target.
module readout_post (
`include "rules/post_ports.svh"
);
  delta_post rule (.*);
endmodule
