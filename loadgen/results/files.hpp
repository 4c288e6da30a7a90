// Files as a command reads and writes them: whole, bounded, and never half written.
#pragma once

#include "common/base/result.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace echotrio::loadgen {

// All bytes of a file; a pipe is read to its end. Error: it can't be read, is a folder, or is
// longer than `most` bytes.
Result<std::string> read_file(const std::string& path, std::uint64_t most);

// A regular file, or a new one, gets all of the text or nothing: it is written under a temporary
// name beside it, synced and renamed, and keeps its owner and mode. A link stays, what it points to
// is replaced. What is no regular file (a device, a pipe), is mounted by itself, or lies in a
// folder that may not be changed, is written to as it is. "-", and any name of what standard output
// goes to, is standard output. Error: names the file.
Status write_file(const std::string& path, std::string_view text);

// The same of a text that nobody holds whole: `produce` hands over its pieces, in their order, and
// may be asked twice.
using Produce = std::function<void(const std::function<void(std::string_view)>& put)>;
Status write_pieces(const std::string& path, const Produce& produce);

// What a command's --json FILE asks for: a file, or nothing when it is empty.
Status write_output(const std::string& path, std::string_view text);

// "-", or a name of what standard output goes to: "/dev/stdout".
bool is_standard_output(const std::string& path);

// Why this file can't be written, as far as that is known beforehand; empty: it can. For options
// that name a file: nobody should wait for a run whose result has no place.
std::string unwritable(const std::string& path);

}  // namespace echotrio::loadgen
