// A Python that can run the models' twins, and which twin stands for which model. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace echotrio::loadgen {

struct Interpreter {
    std::string path;     // of the program itself
    std::string name;     // "CPython 3.11.2", "CPython 3.13.0 free-threaded", "PyPy 3.10.14"
    std::string version;  // for labels: "3.11", "3.13t", "pypy3.10"
    // A build that can run without the global lock, and with it where it is told so.
    bool free_threaded = false;
};

// A model's twin: what it is called and how it is started.
struct Twin {
    std::string label{};                 // "py-threads 3.11"
    std::string name{};                  // "py-threads"
    std::vector<std::string> program{};  // the interpreter, flags of its own, the script
    std::vector<std::string> arguments{};
    std::string missing{};  // why this Python can't do what is asked; empty = it can
};

// The twin of a model with these arguments in this interpreter. `scripts`: the folder that has
// them. A model without a twin, or a flag that a Python can't have, is `missing` with the reason.
Twin twin_of(std::string_view model, std::span<const std::string> arguments,
             const Interpreter& interpreter, const std::string& scripts);

// The flags with which a model is what this Python is as it comes: without the lock where the build
// is free-threaded.
std::vector<std::string> arguments_like(std::string_view model, const Interpreter& interpreter);

// The files of such a folder that have to be there.
std::vector<std::string_view> twin_scripts();

}  // namespace echotrio::loadgen
