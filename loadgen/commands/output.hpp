// The end of every command: a summary for people, and a file for programs where one was asked for.
// The summary comes first: should the file not be written, it is what is left of the run.
#pragma once

#include "common/base/cli.hpp"

#include <cstdio>
#include <string>
#include <string_view>

namespace echotrio::loadgen {

// An option that names a file to write, or - for standard output; one that can't be written is
// refused before anything runs.
cli::Option output_option(CLI::App& app, std::string flags, std::string& path, std::string help);

// Where the summary goes: not to standard output where that is what `path` names.
std::FILE* summary_stream(const std::string& path);

// Writes the file, if one was asked for. Returns `status`, or 1 where it could not be written.
int keep(const std::string& path, std::string_view text, int status);

}  // namespace echotrio::loadgen
