// The flags of a command line, to be written down so that a shell repeats them.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace echotrio::loadgen {

// As a shell takes it.
std::string shell_word(const std::string& text);

// The flags of `compare` that were given and decide what runs, each after a blank.
std::string given_flags(const CLI::App& command);

}  // namespace echotrio::loadgen
