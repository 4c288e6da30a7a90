// What strangers send, and what a server must make of it: one table for the session in memory, for
// the three servers, and for another server as an oracle.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

namespace echotrio::test {

// The limit that the table counts on (--max-request), bytes.
inline constexpr std::uint64_t kTableMaxRequest = 16 * 1024;

struct RobustnessCase {
    std::string name;  // letters, digits and _: it becomes a test's name
    std::string input;
    std::vector<int> statuses;  // of the replies in order, 100 included; empty: raw echo
    bool closes = false;        // the server ends the connection, though the client has not
    bool oracle = false;        // nginx is expected to agree on every status
};

// GoogleTest prints a case by its name.
inline void PrintTo(const RobustnessCase& c, std::ostream* out) {
    *out << c.name;
}

std::vector<RobustnessCase> robustness_cases();

// The groups that it is made of.
void add_request_line_cases(std::vector<RobustnessCase>& cases);
void add_header_cases(std::vector<RobustnessCase>& cases);
void add_framing_cases(std::vector<RobustnessCase>& cases);
void add_semantics_cases(std::vector<RobustnessCase>& cases);

}  // namespace echotrio::test
