# trifactor_verilate_module(TARGET name TOP module [PREFIX Vunit_name] SOURCES file... [ARGS argument...])
# One library with the C++ model of one module. The packages come first by themselves. Its headers count as
# system headers, so that generated code does not meet our warnings; the Verilator runtime is compiled once.
include_guard(GLOBAL)

file(STRINGS ${CMAKE_SOURCE_DIR}/rtl/rtl_files.txt rtl_packages REGEX "^package ")
list(TRANSFORM rtl_packages REPLACE "^package +" "")
list(TRANSFORM rtl_packages PREPEND ${CMAKE_SOURCE_DIR}/rtl/)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/rtl/rtl_files.txt)
set(TRIFACTOR_RTL_PACKAGES ${rtl_packages} CACHE INTERNAL "SystemVerilog packages in the order of reading")

if(NOT TARGET trifactor_verilator_runtime)
  add_library(trifactor_verilator_runtime STATIC ${VERILATOR_ROOT}/include/verilated.cpp
                                                 ${VERILATOR_ROOT}/include/verilated_threads.cpp)
  target_include_directories(trifactor_verilator_runtime SYSTEM PUBLIC ${VERILATOR_ROOT}/include
                                                                       ${VERILATOR_ROOT}/include/vltstd)
  target_compile_options(trifactor_verilator_runtime PRIVATE -O3)
  target_link_libraries(trifactor_verilator_runtime PUBLIC Threads::Threads)
endif()

function(trifactor_verilate_module)
  cmake_parse_arguments(V "" "TARGET;TOP;PREFIX" "SOURCES;ARGS" ${ARGN})
  if(NOT V_PREFIX)
    set(V_PREFIX Vunit_${V_TOP})
  endif()
  add_library(${V_TARGET} STATIC)
  verilate(${V_TARGET} PREFIX ${V_PREFIX} TOP_MODULE ${V_TOP} SOURCES ${TRIFACTOR_RTL_PACKAGES} ${V_SOURCES}
           VERILATOR_ARGS +incdir+${CMAKE_SOURCE_DIR}/rtl -O3 -Wno-UNUSED -Wno-DECLFILENAME --x-assign unique --x-initial unique ${V_ARGS}
           OPT_FAST -O3 OPT_SLOW -O1)
  get_target_property(sources ${V_TARGET} SOURCES)
  list(FILTER sources EXCLUDE REGEX "/verilated[^/]*\\.cpp$")
  set_target_properties(${V_TARGET} PROPERTIES SOURCES "${sources}" SYSTEM ON)
  target_link_libraries(${V_TARGET} PUBLIC trifactor_verilator_runtime)
endfunction()
