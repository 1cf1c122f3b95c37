// The juncture binary: everything is in apps, so that tests can call it.
#include "apps/cli.h"

int main(int argc, char** argv) {
  return juncture::apps::run_command_line(argc, argv);
}
