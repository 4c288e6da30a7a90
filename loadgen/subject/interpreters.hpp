// The Pythons of this machine that can run the models' twins, and where those are.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/models/interpreter.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace echotrio::loadgen {

// The folder of the twins: what ECHOTRIO_PYTHON_SERVERS names, else beside the programs in
// `bin_dir`, as they lie in the tree or where cmake --install puts them. Error: where it looked.
Result<std::string> find_twin_scripts(const std::string& bin_dir);

// What one says of itself. Error: it can't be started, is no Python, or is older than 3.8.
Result<Interpreter> ask_interpreter(const std::string& path);

// What it has to say, as the question has it printed; pure. Error: no Python, or too old.
Result<Interpreter> interpreter_from_answer(std::string_view answer, const std::string& asked);

// Where Pythons may be: python3, python3.N, python3.Nt, pypy3 on `path` (as PATH is written), and
// those of version managers below `home` (pyenv, asdf, mise, uv). At most 64, in that order.
std::vector<std::string> interpreter_candidates(std::string_view path, const std::string& home);

// Those that were asked for, each once and with labels that tell them apart, oldest first: a path,
// a name on the PATH, or "all": which those that can't serve are left out of and told in
// `left_out`. Error: what one of them is not.
Result<std::vector<Interpreter>> find_interpreters(const std::vector<std::string>& asked,
                                                   std::vector<std::string>& left_out);

}  // namespace echotrio::loadgen
