// The post unit of pHSIC with a Gaussian kernel: the shared one, with the registers that descriptor.cpp gives it.
module phsic_gaussian_post (
`include "rules/post_ports.svh"
);
  partner_post post (.*);
endmodule
