# juncture_embed(TARGET HEADER_NAME file...): puts files into the binary, so that no path from a request is ever opened
# and `juncture demo` works from any folder. Declares juncture::embedded(name) data in a generated .cc.
set(JUNCTURE_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/embed.py)
find_package(Python3 REQUIRED COMPONENTS Interpreter)
function(juncture_embed output)
  add_custom_command(OUTPUT ${output} COMMAND Python3::Interpreter ${JUNCTURE_EMBED_SCRIPT} ${output} ${ARGN}
    DEPENDS ${ARGN} ${JUNCTURE_EMBED_SCRIPT} VERBATIM)
endfunction()
