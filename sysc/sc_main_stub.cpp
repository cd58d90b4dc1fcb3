// libsystemc refers to sc_main even in a program that has its own main. A program that defines sc_main itself
// never pulls this member out of the archive.
extern "C" int sc_main(int, char*[]) { return 0; }
