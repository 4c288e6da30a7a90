// Reads a byte stream as the HTTP/1.1 replies it holds, strictly: what is not a well-formed reply
// is an error. Written apart from the product's own parsers, so that they can't be wrong together.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace echotrio::test {

struct StreamReply {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> fields;  // names in lower case
    std::string body;

    // The value of the only field of this name; empty: none, or several.
    std::optional<std::string> field(std::string_view name) const;
};

// Takes the first reply off `stream`. Empty: it is not there as a whole yet. A reply to HEAD has a
// Content-Length and no body: that is seen by what follows, the end or the next status line.
// Throws std::runtime_error for what is no reply.
std::optional<StreamReply> take_reply(std::string_view& stream);

std::vector<StreamReply> all_replies(std::string_view stream);
std::vector<int> statuses_of(std::string_view stream);

}  // namespace echotrio::test
