// The post unit of the HSIC bottleneck: the shared one, with the registers that descriptor.cpp gives it.
module hsic_memory_post (
`include "rules/post_ports.svh"
);
  partner_post post (.*);
endmodule
